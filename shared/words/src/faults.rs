//! What is wrong with messages: asked by the tests of whoever has some.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::language::Language;
use crate::messages::{Messages, common};

/// What one pattern says: a message's or an attribute's, by its whole name.
#[derive(Default)]
struct Said {
    /// The values, without what is told of them beside.
    values: BTreeSet<String>,
    /// The messages that it takes words of.
    references: BTreeSet<String>,
}

type Patterns = BTreeMap<String, Said>;

/// What a message is told of a value, beside what it reads as.
const BESIDE: [&str; 3] = ["-plural", "-sign", "-capital"];

impl Messages {
    /// What is wrong: what cannot be read, stands there twice, is in one language and not in another, names other values in one
    /// language than in another, or takes words of a message that there is not. Empty when nothing is.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let files = Language::ALL.map(|language| self.patterns(language, &mut faults));
        let [english, ..] = &files;
        for (language, file) in Language::ALL.into_iter().zip(&files) {
            let tag = language.tag();
            faults.extend(
                english.keys().filter(|id| !file.contains_key(*id)).map(|id| format!("{tag} lacks {id}")),
            );
            faults.extend(
                file.keys().filter(|id| !english.contains_key(*id)).map(|id| format!("{tag} alone has {id}")),
            );
            for (id, said) in file {
                let lost = said.references.iter().filter(|other| !file.contains_key(*other));
                faults.extend(
                    lost.map(|other| format!("{tag}: {id} takes words of {other}, which is not there")),
                );
                let (here, there) = (values_of(file, id), values_of(english, id));
                if english.contains_key(id) && here != there {
                    faults.push(format!("{tag}: {id} says {here:?}, and in English {there:?}"));
                }
            }
        }
        faults
    }

    /// The names of the values that a message says in English, with those of what it takes words of; its attributes included.
    #[must_use]
    pub fn values_of(&self, message: &str) -> BTreeSet<String> {
        let patterns = self.patterns(Language::English, &mut Vec::new());
        let is_its = |id: &str| id.split('.').next() == Some(message);
        patterns.keys().filter(|id| is_its(id)).flat_map(|id| values_of(&patterns, id)).collect()
    }

    fn patterns(&self, language: Language, faults: &mut Vec<String>) -> Patterns {
        let mut patterns = Patterns::new();
        for source in [common(language), self.own[language as usize]] {
            let (file, errors) = match parser::parse(source) {
                Ok(file) => (file, Vec::new()),
                Err((readable, errors)) => (readable, errors),
            };
            faults.extend(errors.iter().map(|error| format!("{} cannot be read: {error}", language.tag())));
            for entry in &file.body {
                for (id, said) in said_by(entry) {
                    if patterns.insert(id.clone(), said).is_some() {
                        faults.push(format!("{} has {id} twice", language.tag()));
                    }
                }
            }
        }
        patterns
    }
}

/// What the patterns of a message or a term say, each with its whole name.
fn said_by(entry: &Entry<&str>) -> Vec<(String, Said)> {
    let (id, value, attributes) = match entry {
        Entry::Message(message) => (message.id.name.to_owned(), message.value.as_ref(), &message.attributes),
        Entry::Term(term) => (format!("-{}", term.id.name), Some(&term.value), &term.attributes),
        _ => return Vec::new(),
    };
    let whole = value.map(|value| (id.clone(), value));
    let parts = attributes.iter().map(|part| (format!("{id}.{}", part.id.name), &part.value));
    let said = |(id, value): (String, &Pattern<&str>)| {
        let mut said = Said::default();
        said.read(value);
        (id, said)
    };
    whole.into_iter().chain(parts).map(said).collect()
}

/// The values that a pattern says, with those of what it takes words of.
fn values_of(patterns: &Patterns, id: &str) -> BTreeSet<String> {
    let (mut seen, mut values) = (BTreeSet::new(), BTreeSet::new());
    let mut left = vec![id.to_owned()];
    while let Some(id) = left.pop() {
        if let Some(said) = patterns.get(&id).filter(|_| seen.insert(id.clone())) {
            values.extend(said.values.iter().cloned());
            left.extend(said.references.iter().cloned());
        }
    }
    values
}

impl Said {
    fn read(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.read_expression(expression);
            }
        }
    }

    fn read_expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.read_inline(inline),
            Expression::Select { selector, variants } => {
                self.read_inline(selector);
                for variant in variants {
                    self.read(&variant.value);
                }
            }
        }
    }

    fn read_inline(&mut self, inline: &InlineExpression<&str>) {
        let whole = |id: &str, attribute: Option<&str>| match attribute {
            Some(attribute) => format!("{id}.{attribute}"),
            None => id.to_owned(),
        };
        match inline {
            InlineExpression::VariableReference { id } => {
                let value = BESIDE.iter().find_map(|beside| id.name.strip_suffix(*beside)).unwrap_or(id.name);
                self.values.insert(value.to_owned());
            }
            InlineExpression::MessageReference { id, attribute } => {
                self.references.insert(whole(id.name, attribute.as_ref().map(|attribute| attribute.name)));
            }
            InlineExpression::TermReference { id, attribute, .. } => {
                let id = format!("-{}", id.name);
                self.references.insert(whole(&id, attribute.as_ref().map(|attribute| attribute.name)));
            }
            InlineExpression::FunctionReference { arguments, .. } => {
                arguments.positional.iter().for_each(|argument| self.read_inline(argument));
                arguments.named.iter().for_each(|argument| self.read_inline(&argument.value));
            }
            InlineExpression::Placeable { expression } => self.read_expression(expression),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_messages_are_the_same_in_every_language() {
        assert_eq!(Messages::new(|_| "").faults(), Vec::<String>::new());
    }

    #[test]
    fn what_one_language_lacks_or_names_otherwise_is_told() {
        let messages = Messages::new(|language| match language {
            Language::English => "a = { $x } { $x-plural }\nb = { a }\nc = C\n    .d = { $y }\ne = E\n",
            Language::German => "a = { $x }\nb = { $x }\nc = C\n    .d = { $z }\n",
            Language::Bengali => "a = { $x }\nb = { f }\nc = C\n    .d = { $y }\ne = E\ne = E\n",
            Language::Arabic => "a = { $x }\nb = { $x }\nc = C\n    .d = { $y }\ne = E\ng = G\nh = {\n",
        });
        let mut faults = messages.faults();
        let unreadable = faults.iter().position(|fault| fault.starts_with("ar cannot be read: "));
        faults.remove(unreadable.unwrap());
        faults.sort();
        let expected = [
            "ar alone has g",
            "bn has e twice",
            "bn: b says {}, and in English {\"x\"}",
            "bn: b takes words of f, which is not there",
            "de lacks e",
            "de: c.d says {\"z\"}, and in English {\"y\"}",
        ];
        assert_eq!(faults, expected);
        assert_eq!(messages.values_of("c"), BTreeSet::from(["y".to_owned()]));
        assert_eq!(messages.values_of("b"), BTreeSet::from(["x".to_owned()]));
    }
}
