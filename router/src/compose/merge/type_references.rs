//! The types that fields and arguments refer to, where subgraphs differ.

use apollo_compiler::ast::Type;

use super::Merger;

/// How subgraphs agree on a type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    Equal,
    /// One of them contains the others.
    Subtypes,
    None,
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// The widest type wins: whoever asks must be ready for everything that any subgraph answers.
    Output,
    /// The narrowest type wins: every subgraph must be able to take what is given.
    Input,
}

impl Merger<'_> {
    /// One of several types, which contains all others, or is contained in them. The first, when there is none.
    pub fn agree<'t>(
        &self,
        types: impl Iterator<Item = &'t Type> + Clone,
        position: Position,
    ) -> Option<(Type, Agreement)> {
        let first = types.clone().next()?;
        if types.clone().all(|ty| ty == first) {
            return Some((first.clone(), Agreement::Equal));
        }
        let serves_all = |one: &&Type| match position {
            Position::Output => types.clone().all(|other| self.contains(one, other)),
            Position::Input => types.clone().all(|other| self.contains(other, one)),
        };
        let chosen = types.clone().find(serves_all);
        let agreement = if chosen.is_some() { Agreement::Subtypes } else { Agreement::None };
        Some((chosen.unwrap_or(first).clone(), agreement))
    }

    /// Whether every value of one type is a value of the other: equal types, non-null in nullable ones, members in
    /// unions and interfaces, and lists of these.
    pub fn contains(&self, wide: &Type, narrow: &Type) -> bool {
        match (wide, narrow) {
            (Type::Named(wide), Type::Named(narrow) | Type::NonNullNamed(narrow))
            | (Type::NonNullNamed(wide), Type::NonNullNamed(narrow)) => {
                wide == narrow || self.supertypes.get(narrow).is_some_and(|wider| wider.contains(wide))
            }
            (Type::List(wide), Type::List(narrow) | Type::NonNullList(narrow))
            | (Type::NonNullList(wide), Type::NonNullList(narrow)) => self.contains(wide, narrow),
            _ => false,
        }
    }
}
