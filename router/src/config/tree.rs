//! Configuration as it was written: values, and the lines on which they stand.

use serde_json::{Number, Value};

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Counted from 1; 0 for a value that was not read from a text.
    pub line: usize,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    /// A text that holds a variable's value: it becomes what its place asks for, and is never shown.
    Substituted {
        text: String,
        /// As it stands in the file, with the variable's name.
        written: String,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub line: usize,
    pub value: Node,
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => Content::Number(number.clone()),
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => Content::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => Content::Map(
                entries
                    .iter()
                    .map(|(key, value)| Entry { key: key.clone(), line: 0, value: value.into() })
                    .collect(),
            ),
        };
        Self { line: 0, content }
    }
}

impl Node {
    /// The line of what a path such as `subgraphs[2].url` names, or of the innermost part of it that is there.
    pub fn line_of(&self, path: &str) -> usize {
        self.at(path).1
    }

    /// The message with the names of variables in place of their values, as far as what a path names holds some: a
    /// value may be a secret.
    pub fn without_values(&self, path: &str, message: String) -> String {
        let mut values = Vec::new();
        self.at(path).0.collect_values(&mut values);
        // Those that hold others come first.
        values.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        values.into_iter().fold(message, |message, (text, written)| replaced(&message, text, written))
    }

    fn collect_values<'n>(&'n self, values: &mut Vec<(&'n str, &'n str)>) {
        match &self.content {
            Content::Substituted { text, written } if !text.is_empty() => values.push((text, written)),
            Content::List(items) => items.iter().for_each(|item| item.collect_values(values)),
            Content::Map(entries) => entries.iter().for_each(|entry| entry.value.collect_values(values)),
            _ => {}
        }
    }

    /// What a path names, or the innermost part of it that is there, and its line.
    fn at(&self, path: &str) -> (&Self, usize) {
        let (mut node, mut line) = (self, self.line);
        for step in path.split(['.', '[']).map(|step| step.trim_end_matches(']')) {
            let next = match &node.content {
                Content::Map(entries) => entries.iter().find(|entry| entry.key == step).map(|entry| {
                    line = entry.line;
                    &entry.value
                }),
                Content::List(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
            let Some(next) = next else { break };
            if matches!(node.content, Content::List(_)) {
                line = next.line;
            }
            node = next;
        }
        (node, line)
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) | Content::Substituted { .. } => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a section with keys",
        }
    }
}

/// A message with a text replaced wherever it stands by itself, and not within a longer word.
fn replaced(message: &str, text: &str, by: &str) -> String {
    let is_within_word = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
    let (mut result, mut rest) = (String::new(), 0);
    for (at, found) in message.match_indices(text) {
        let (before, after) = (&message[..at], &message[at + found.len()..]);
        if !is_within_word(before.chars().next_back()) && !is_within_word(after.chars().next()) {
            result += &message[rest..at];
            result += by;
            rest = at + found.len();
        }
    }
    result + &message[rest..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_where_it_stands_by_itself() {
        for (message, expected) in [
            ("there is no file e", "there is no file ${X}"),
            ("`e` and e/f, end", "`${X}` and ${X}/f, end"),
            ("here", "here"),
        ] {
            assert_eq!(replaced(message, "e", "${X}"), expected);
        }
    }
}
