//! Who may see what: `@authenticated`, `@requiresScopes` and `@policy`
//! (<https://www.apollographql.com/docs/graphos/routing/security/authorization>), held before anybody is asked.
//!
//! What a field asks of its caller is known once a schema is read ([`Rules`]): what stands at the field, at the type
//! that it is of, and at the type that it returns, all of it together. An operation is then planned once for each way in
//! which its demands are met ([`Judged`]), as for the variables of `@skip` and `@include`: not once for each set of
//! scopes that a token may have. What is refused is never asked of a subgraph; the answer has null and an error there.
//!
//! Refused is what the reading of a rule leaves open: a demand without alternatives (`scopes: []`), a policy that
//! nobody knows, a caller without a token whatever is demanded.

mod judged;
mod root_fields;
mod rules;

use std::mem::{Discriminant, discriminant};

use common::Caller;

pub(crate) use judged::{Demands, Judged, has_refused, is_refused};
pub(crate) use root_fields::RootFields;
pub(crate) use rules::Rules;

/// What one directive asks of a caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Demand {
    /// A token that counts.
    Authenticated,
    /// All scopes of one of these lists.
    Scopes(Vec<Vec<String>>),
    /// All policies of one of these lists.
    Policies(Vec<Vec<String>>),
}

impl Demand {
    /// What it names, each with the kind of demand; of each kind also nothing, for that it is there.
    fn names(&self) -> impl Iterator<Item = (Discriminant<Self>, &str)> {
        let kind = discriminant(self);
        let any = match self {
            Self::Authenticated => &[][..],
            Self::Scopes(any) | Self::Policies(any) => any.as_slice(),
        };
        std::iter::once((kind, "")).chain(any.iter().flatten().map(move |name| (kind, name.as_str())))
    }

    /// Whether a caller may see what asks for it.
    pub fn is_met_by(&self, caller: &Caller) -> bool {
        let Some(member) = caller.member() else { return false };
        let (any, granted) = match self {
            Self::Authenticated => return true,
            Self::Scopes(any) => (any, &member.granted.scopes),
            Self::Policies(any) => (any, &member.granted.policies),
        };
        any.iter().any(|all| all.iter().all(|one| granted.contains(one)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::{Granted, IdentityId, Member, MembershipId, OrganizationId, SessionId};

    use super::*;

    fn member(scopes: &[&str], policies: &[&str]) -> Caller {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Caller::Member(Arc::new(Member {
            organization_id: OrganizationId::new(),
            identity_id: IdentityId::new(),
            membership_id: MembershipId::new(),
            session_id: SessionId::new(),
            roles: Vec::new(),
            expires_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
            modules: None,
            granted: Arc::new(Granted { scopes: set(scopes), policies: set(policies) }),
        }))
    }

    fn lists(any: &[&[&str]]) -> Vec<Vec<String>> {
        any.iter().map(|all| all.iter().map(|one| (*one).to_owned()).collect()).collect()
    }

    #[test]
    fn one_list_must_be_granted_as_a_whole() {
        let demand = Demand::Scopes(lists(&[&["a", "b"], &["c"]]));
        for (scopes, is_met) in
            [(&["a", "b"][..], true), (&["c"], true), (&["a"], false), (&["b", "d"], false), (&[], false)]
        {
            assert_eq!(demand.is_met_by(&member(scopes, &["a", "b", "c"])), is_met, "{scopes:?}");
        }
        let demand = Demand::Policies(lists(&[&["a", "b"]]));
        assert!(demand.is_met_by(&member(&[], &["a", "b", "c"])));
        assert!(!demand.is_met_by(&member(&["a", "b"], &["a"])));
    }

    #[test]
    fn nobody_is_refused_everything_and_what_has_no_alternative_is_refused_to_all() {
        for demand in [Demand::Authenticated, Demand::Scopes(lists(&[&[]])), Demand::Policies(lists(&[&[]]))]
        {
            assert!(!demand.is_met_by(&Caller::Anonymous), "{demand:?}");
            assert!(demand.is_met_by(&member(&[], &[])), "{demand:?}");
        }
        assert!(!Demand::Scopes(Vec::new()).is_met_by(&member(&["a"], &[])));
    }
}
