//! What consents are about: a channel and a purpose.

use graphql::choices;

choices! {
    /// A way to reach somebody.
    ConsentChannel {
        /// By mail of the internet.
        Email,
        /// By phone.
        Phone,
        /// By a message to their phone.
        Message,
        /// By letter.
        Post,
    }
}

/// A purpose in its one spelling; `None` when it is none.
pub(crate) fn purpose(text: &str) -> Option<String> {
    const MAX: usize = 40;
    let purpose = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_one = (1..=MAX).contains(&purpose.len())
        && purpose.starts_with(|c: char| c.is_ascii_lowercase())
        && purpose.chars().all(is_word);
    is_one.then_some(purpose)
}

/// What a contact's row keeps of something that is allowed: `EMAIL:newsletter`.
pub(crate) fn grant(channel: ConsentChannel, text: &str) -> Option<String> {
    Some(format!("{}:{}", exchange::print(&channel), purpose(text)?))
}
