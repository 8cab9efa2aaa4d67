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
    Substituted(String),
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
        line
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) | Content::Substituted(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a section with keys",
        }
    }
}
