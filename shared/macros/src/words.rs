//! Names in their several spellings.

use proc_macro2::{Ident, Span};

/// `WorkLocation` → `work_location`.
pub fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `work_location_create` → `WorkLocationCreate`.
pub fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(word).collect()
}

/// `work_location_create` → `workLocationCreate`, as it is spelt in the graph.
pub fn camel(name: &str) -> String {
    let pascal = pascal(name);
    pascal[..1].to_ascii_lowercase() + &pascal[1..]
}

/// `work_location` → `work location`.
pub fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// `work location` → `WORK_LOCATION`.
pub fn upper(name: &str) -> String {
    name.replace([' ', '-'], "_").to_ascii_uppercase()
}

/// An identifier where the macro was called.
pub fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_is_found_from_another() {
        assert_eq!(snake("WorkLocation"), "work_location");
        assert_eq!(pascal("work_location_create"), "WorkLocationCreate");
        assert_eq!(camel("work_location_create"), "workLocationCreate");
        assert_eq!(spaced("work_location"), "work location");
        assert_eq!(upper("work location"), "WORK_LOCATION");
    }
}
