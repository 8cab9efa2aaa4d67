//! Whose failures are counted together.

/// Whose failures are counted together: a keyed hash, for people type passwords where a mail address belongs, and nobody
/// without the secret learns it from here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Account(pub(crate) Vec<u8>);
