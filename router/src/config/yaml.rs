//! Reads YAML 1.2 (<https://yaml.org/spec/1.2.2/>, core schema) into a tree that knows its lines.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_json::Number;

use super::environment::{self, Lookup};
use super::problem::Problem;
use super::tree::{Content, Entry, Node};

/// Values of a file at most, those that an alias repeats included.
const NODES_MAX: usize = 100_000;
/// Lists and sections within each other at most.
const DEPTH_MAX: usize = 32;

/// Reads a text, with the values of variables in place of `${NAME}`.
pub(super) fn read(text: &str, lookup: Lookup<'_>) -> Result<Node, Problem> {
    let mut reader = Reader { lookup, anchors: HashMap::new(), nodes: 0, open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| reader.no_yaml(text, &error))?;
        reader.take(event, span)?;
    }
    Ok(reader.root.unwrap_or(Node { line: 1, content: Content::Map(Vec::new()) }))
}

/// A list or a section that is not complete yet.
struct Open {
    line: usize,
    /// Characters before it on its line.
    column: usize,
    anchor: usize,
    content: Content,
    /// The key whose value comes next.
    key: Option<(String, usize)>,
}

struct Reader<'l> {
    lookup: Lookup<'l>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Reader<'_> {
    /// What the parser says, about the line that is at fault: it may notice only further down.
    fn no_yaml(&self, text: &str, error: &ScanError) -> Problem {
        let (line, message) = (error.marker().line(), error.info());
        if message == "simple key expect ':'" {
            let lines: Vec<_> = text.lines().take(line.saturating_sub(1)).map(str::trim_start).collect();
            let key = lines.iter().rposition(|line| !line.is_empty() && !line.starts_with('#'));
            let message = "a key needs a colon and a space after it".to_owned();
            return Problem::at(key.map_or(line, |at| at + 1), message);
        }
        let is_flow = |open: &&Open| {
            let begins =
                text.lines().nth(open.line.saturating_sub(1)).and_then(|line| line.chars().nth(open.column));
            open.line < line && matches!(begins, Some('[' | '{'))
        };
        match self.open.last().filter(is_flow) {
            Some(open) => {
                Problem::at(open.line, format!("what begins here is not closed (line {line}: {message})"))
            }
            None => Problem::at(line, message.to_owned()),
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        let tag = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag,
            _ => &None,
        };
        if tag.is_some() {
            return Err(Problem::at(line, "tags (`!…`) mean nothing here".to_owned()));
        }
        match event {
            Event::Scalar(text, style, anchor, _) => self.scalar(&text, style, anchor, line),
            Event::SequenceStart(anchor, _) => self.begin(Content::List(Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => self.begin(Content::Map(Vec::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let node = Node { line: open.line, content: open.content };
                    self.place(node, open.anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => {
                    self.nodes += size(&node);
                    self.place(node, 0)
                }
                None => Err(Problem::at(line, "this alias stands within what it names".to_owned())),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Problem::at(line, "one document (`---`) only".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), Problem> {
        let (line, column) = (span.start.line(), span.start.col());
        if self.open.len() >= DEPTH_MAX {
            return Err(Problem::at(line, format!("nested more than {DEPTH_MAX} times")));
        }
        if self.awaits_key() {
            return Err(Problem::at(line, "a key is text".to_owned()));
        }
        self.open.push(Open { line, column, anchor, content, key: None });
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, line: usize) -> Result<(), Problem> {
        if self.awaits_key() {
            if let Some(open) = self.open.last_mut() {
                open.key = Some((text.to_owned(), line));
            }
            return Ok(());
        }
        let substituted =
            environment::substitute(text, self.lookup).map_err(|message| Problem::at(line, message))?;
        let content = match substituted {
            Some(substituted) => Content::Substituted { text: substituted, written: text.to_owned() },
            None if style == ScalarStyle::Plain => plain(text),
            None => Content::Text(text.to_owned()),
        };
        self.place(Node { line, content }, anchor)
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.content, Content::Map(_)) && open.key.is_none())
    }

    /// Puts a complete value where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Problem::at(node.line, format!("the file holds more than {NODES_MAX} values")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.content, open.key.take()) {
            (Content::Map(entries), Some((key, line))) => {
                if entries.iter().any(|entry| entry.key == key) {
                    return Err(Problem::at(line, format!("`{key}` stands here twice")));
                }
                // A section begins with its first entry, on the next line; to people it begins with its key.
                entries.push(Entry { key, line, value: Node { line, ..node } });
            }
            (Content::List(items), _) => items.push(node),
            // An alias in the place of a key.
            _ => return Err(Problem::at(node.line, "a key is text".to_owned())),
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Content::Map(entries) => 1 + entries.iter().map(|entry| size(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

/// What a scalar without quotes is, by the core schema (YAML 1.2.2, section 10.3.2).
fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        _ => number(text).map_or_else(|| Content::Text(text.to_owned()), Content::Number),
    }
}

/// A number as the core schema writes it; infinities and what JSON cannot say are text.
pub(super) fn number(text: &str) -> Option<Number> {
    let is_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let radix = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+')).map(Number::from)
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    if let Ok(number) = text.strip_prefix('+').unwrap_or(text).parse::<u64>() {
        return Some(number.into());
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    let has_float_form = is_digit(text) && text.bytes().all(|byte| b"+-.eE0123456789".contains(&byte));
    text.parse::<f64>().ok().filter(|_| has_float_form).and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, String> {
        let lookup = |name: &str| (name == "PORT").then(|| "8000".to_owned());
        read(text, &lookup).map_err(|problem| problem.to_string())
    }

    #[test]
    fn scalars_are_what_the_core_schema_says() {
        let json = |text: &str| match plain(text) {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => value.to_string(),
            Content::Number(number) => number.to_string(),
            _ => "text".to_owned(),
        };
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("True", "true"),
            ("yes", "text"),
            ("12", "12"),
            ("+12", "12"),
            ("-1", "-1"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("0x+1", "text"),
            ("1.5", "1.5"),
            ("1e3", "1000.0"),
            ("e", "text"),
            (".", "text"),
            ("inf", "text"),
            ("127.0.0.1", "text"),
            ("127.0.0.1:80", "text"),
            ("5s", "text"),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn quoted_text_stays_text_and_variables_wait_for_their_place() {
        let tree = parse("a: '12'\nb: ${PORT}\nc: 12\n").expect("YAML");
        let Content::Map(entries) = tree.content else { panic!("a map") };
        assert!(matches!(&entries[0].value.content, Content::Text(text) if text == "12"));
        assert!(matches!(&entries[1].value.content, Content::Substituted { text, .. } if text == "8000"));
        assert!(matches!(&entries[2].value.content, Content::Number(_)));
    }

    #[test]
    fn every_value_knows_its_line() {
        let tree = parse("a:\n  b:\n    - 1\n    - c: 2\n\n      d: 3\n").expect("YAML");
        for (path, line) in [("a", 1), ("a.b", 2), ("a.b[0]", 3), ("a.b[1]", 4), ("a.b[1].d", 6), ("a.x", 1)]
        {
            assert_eq!(tree.line_of(path), line, "{path}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused_with_its_line() {
        for (text, expected) in [
            ("a: 1\na: 2\n", "line 2: `a` stands here twice"),
            ("a: 1\n---\nb: 2\n", "line 2: one document (`---`) only"),
            ("a: !!str 1\n", "line 1: tags (`!…`) mean nothing here"),
            ("[a]: 1\n", "line 1: a key is text"),
            ("a: ${MISSING}\n", "line 1: the environment variable MISSING is not set"),
            ("a: &a [*a]\n", "line 1: this alias stands within what it names"),
        ] {
            assert_eq!(parse(text).expect_err(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_told_with_the_line_that_is_at_fault() {
        let key = "a key needs a colon and a space after it";
        for (text, expected) in [
            ("a: 1\n\nc:3\n\n# here\nd: 4\n", format!("line 3: {key}")),
            ("a: 1\nb\nd: 4\n", format!("line 2: {key}")),
            ("a:\n  b: 1\n  c\n", format!("line 3: {key}")),
            ("a: 1\nb: [1\nc: 2\n", "line 2: what begins here is not closed (line 3: ".to_owned()),
            ("a: 1\nb: {c: 1\nd: 2\n", "line 2: what begins here is not closed (line 3: ".to_owned()),
            ("a: 1\nb: @x\nc: 2\n", "line 2: ".to_owned()),
            ("a: [1, @x]\nb: 2\n", "line 1: unexpected".to_owned()),
        ] {
            let refused = parse(text).expect_err(text);
            assert!(refused.starts_with(&expected), "{text}: {refused}");
        }
    }

    #[test]
    fn aliases_repeat_and_do_not_explode() {
        let tree = parse("a: &x {b: 1}\nc: *x\n").expect("YAML");
        assert_eq!(tree.line_of("c.b"), 1);
        let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "));
        }
        assert!(parse(&bomb).expect_err("a bomb").contains("more than 100000 values"));
        let deep = |depth: usize| parse(&format!("a: {}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(deep(30).is_ok());
        assert_eq!(deep(40).expect_err("too deep"), "line 1: nested more than 32 times");
        assert!(deep(100_000).is_err());
    }

    #[test]
    fn nothing_is_an_empty_section() {
        assert!(
            matches!(parse("# a comment\n").expect("YAML").content, Content::Map(entries) if entries.is_empty())
        );
    }
}
