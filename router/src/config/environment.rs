//! Variables in values: `${NAME}`, and `${NAME:-default}` for one that is not set or empty.

/// Answers a variable's value; `None` when it is not set.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

/// The text with the values of its variables; `None` when it names none. `$${` stands for `${` itself.
///
/// # Errors
/// A sentence that names the variable that is not set, or the place that is not well-formed.
pub(super) fn substitute(text: &str, lookup: Lookup<'_>) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let (mut result, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        let after = &after["${".len()..];
        if let Some(before) = before.strip_suffix('$') {
            result += before;
            result += "${";
            rest = after;
            continue;
        }
        let (variable, after) = after.split_once('}').ok_or("`${` without its `}`")?;
        result += before;
        result += &value(variable, lookup)?;
        rest = after;
    }
    Ok(Some(result + rest))
}

fn value(variable: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    let is_name = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(format!("`${{{variable}}}` names no variable; write ${{NAME}} or ${{NAME:-default}}"));
    }
    match (lookup(name), default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("the environment variable {name} is not set")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substituted(text: &str) -> Result<Option<String>, String> {
        let lookup = |name: &str| match name {
            "HOST" => Some("example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${HOST}".to_owned()),
            _ => None,
        };
        substitute(text, &lookup)
    }

    #[test]
    fn variables_are_replaced_once() {
        for (text, expected) in [
            ("plain $ text }", None),
            ("https://${HOST}:${PORT:-443}/", Some("https://example.com:443/")),
            ("${EMPTY}|${EMPTY:-x}|${MISSING:-}", Some("|x|")),
            ("${TRICK}", Some("${HOST}")),
            ("$${HOST} $HOST", Some("${HOST} $HOST")),
            ("${A:-b:-c}", Some("b:-c")),
        ] {
            assert_eq!(substituted(text), Ok(expected.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_named() {
        let not_set = Err("the environment variable MISSING is not set".to_owned());
        assert_eq!(substituted("a ${MISSING} b"), not_set);
        for text in ["${", "${HOST", "${}", "${1A}", "${A-b}", "${ HOST }"] {
            assert!(substituted(text).is_err(), "{text}");
        }
    }
}
