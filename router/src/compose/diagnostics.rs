//! What is to be said of many things, in one line that stays short however many they are.

use apollo_compiler::validation::DiagnosticList;

/// How many findings of a parser are told: the first explain most of the others.
const FINDINGS_MAX: usize = 5;
/// Bytes of one finding. Parsers repeat what they did not understand, which may be a megabyte.
const FINDING_BYTES_MAX: usize = 300;

/// How many subgraphs are named in one line.
const NAMES_MAX: usize = 20;

/// What is wrong with SDL: the first findings, each with its place, and how many more there are.
pub(super) fn told(findings: &DiagnosticList) -> String {
    let finding = findings.iter().map(|finding| {
        let message = finding.error.to_string();
        match finding.line_column_range() {
            Some(place) => format!("line {}, column {}: {message}", place.start.line, place.start.column),
            None => message,
        }
    });
    listed(finding, FINDINGS_MAX)
}

/// The first of some sentences, each cut where it is long, and how many more there are.
pub(crate) fn listed(sentences: impl ExactSizeIterator<Item = String>, max: usize) -> String {
    joined(sentences, max, "; ")
}

/// The first of some names, and how many more there are.
pub(crate) fn names(of: &[String]) -> String {
    joined(of.iter().cloned(), NAMES_MAX, ", ")
}

fn joined(sentences: impl ExactSizeIterator<Item = String>, max: usize, separator: &str) -> String {
    let more = sentences.len().saturating_sub(max);
    let mut told: Vec<String> = sentences.take(max).map(in_one_line).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told.join(separator)
}

/// The sentence in one line, and cut where it is long.
pub(crate) fn in_one_line(mut sentence: String) -> String {
    if sentence.len() > FINDING_BYTES_MAX {
        sentence.truncate(sentence.floor_char_boundary(FINDING_BYTES_MAX));
        sentence.push('…');
    }
    if sentence.contains('\n') { sentence.replace('\n', " ") } else { sentence }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ast::Document;

    use super::*;

    fn of(sdl: &str) -> String {
        told(&Document::parse(sdl, "any.graphql").expect_err("is not well-formed").errors)
    }

    #[test]
    fn findings_are_few_and_short_and_say_where() {
        assert_eq!(of("type Query {\n  a: X"), "line 2, column 7: syntax error: expected R_CURLY, got EOF");
        let many = of(&"nonsense\n".repeat(1_000));
        assert!(
            many.starts_with("line 1, column 1: syntax error: ") && many.ends_with("; and 995 more"),
            "{many}"
        );
        for long in ["x".repeat(100_000), format!("\"{}", "ä".repeat(100_000)), "?".repeat(100_000)] {
            let told = of(&long);
            assert!(told.len() < 2_000 && !told.contains('\n'), "{told}");
        }
    }
}
