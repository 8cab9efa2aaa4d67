use async_graphql::Name;

use super::*;

/// Reads an answer to `{ a }`, and gives what it says of `a`.
fn read_a(answer: &str) -> Result<Option<String>, ReadError> {
    let entry = Entry::new(Name::new("a"), 1, 0);
    let reading = Reading { place: 0, slots: 2, ty: TypeId::UNSAID, types: Vec::new(), entries: vec![entry] };
    let mut store = Store::default();
    let read =
        read(&mut store, &Types::default(), &Bytes::from(answer.to_owned()), Expected::Root(&reading))?;
    let Some(Data::Root(object)) = read.data else { return Ok(None) };
    Ok(match store.slot(object, 1) {
        Node::Leaf(leaf) => Some(String::from_utf8_lossy(store.json(leaf)).into_owned()),
        _ => None,
    })
}

#[test]
fn a_leaf_is_passed_on_as_it_came() {
    for leaf in [
        "0",
        "-0",
        "12",
        "-1.5e+10",
        "1E2",
        "true",
        "false",
        r#""""#,
        r#""text""#,
        r#""\u00e9\n\"\\\/""#,
        r#""eight by eight, and the rest é""#,
        r#"{"any":[1,{"x":null}]}"#,
        "[]",
        "[ 1 , 2 ]",
    ] {
        let answer = format!("{{\"data\":{{\"b\":[{leaf},{{\"c\":{leaf}}}],\"a\":{leaf}}}}}");
        assert_eq!(read_a(&answer).expect(leaf).as_deref(), Some(leaf));
        // Whatever this accepts, other parsers accept, too.
        serde_json::from_str::<serde_json::Value>(&answer).expect(leaf);
    }
}

#[test]
fn what_is_not_json_is_refused_wherever_it_stands() {
    for leaf in [
        "",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "nul",
        "True",
        "\"",
        "\"\n\"",
        "\"\t\"",
        r#""\x""#,
        r#""\u12g4""#,
        r#""\u12""#,
        "[1,]",
        "[,]",
        "[1 2]",
        "{",
        "{\"x\"}",
        "{\"x\":}",
        "{x:1}",
        "{\"x\":1,}",
        "'a'",
        "NaN",
        "a long text without quotes",
        "\"a long text without an end",
        "\"seven..\u{1}\"",
    ] {
        for answer in [format!("{{\"data\":{{\"a\":{leaf}}}}}"), format!("{{\"data\":{{\"b\":{leaf}}}}}")] {
            assert!(read_a(&answer).is_err(), "{answer}");
            assert!(serde_json::from_str::<serde_json::Value>(&answer).is_err(), "{answer}");
        }
    }
    for answer in ["", "{", "{}x", "[]", "null", "{\"data\":{}}}"] {
        assert!(read_a(answer).is_err(), "{answer}");
    }
}

#[test]
fn nesting_without_end_is_refused_not_followed() {
    for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
        let deep =
            |times: usize| format!("{{\"data\":{{\"a\":{}1{}}}}}", open.repeat(times), close.repeat(times));
        assert!(read_a(&deep(DEPTH_MAX - 2)).is_ok());
        assert!(matches!(read_a(&deep(DEPTH_MAX - 1)), Err(ReadError::Depth(_))));
        assert!(matches!(read_a(&deep(1_000_000)), Err(ReadError::Depth(_))));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let mut store = Store::default();
    let reading = Reading { place: 0, slots: 1, ty: TypeId::UNSAID, types: Vec::new(), entries: Vec::new() };
    let answer = Bytes::from_static(b"{\"data\":{\"a\":\"\xff\"}}");
    let refused = read(&mut store, &Types::default(), &answer, Expected::Root(&reading));
    assert!(matches!(refused, Err(ReadError::Encoding)));
}

/// What `{ a }` is read as.
fn kind_of(leaf: &str) -> LeafKind {
    let entry = Entry::new(Name::new("a"), 1, 0);
    let reading = Reading { place: 0, slots: 2, ty: TypeId::UNSAID, types: Vec::new(), entries: vec![entry] };
    let (mut store, answer) = (Store::default(), format!("{{\"data\":{{\"b\":{leaf},\"a\":{leaf}}}}}"));
    let read = read(&mut store, &Types::default(), &Bytes::from(answer), Expected::Root(&reading));
    let Ok(Read { data: Some(Data::Root(object)), .. }) = read else { panic!("{leaf} is JSON") };
    let Node::Leaf(leaf) = store.slot(object, 1) else { panic!("{leaf} is a leaf") };
    leaf.kind
}

#[test]
fn what_others_could_not_read_is_told_from_what_they_can() {
    let digits = "9".repeat(400);
    for broken in [
        "1e400",
        "-1E+999",
        &digits,
        r#""\ud800""#,
        r#""a\ud83d""#,
        r#""\udc00\ud800""#,
        r#""\ud83d\u0041""#,
        r#""\ud83dx""#,
        r#"{"x":[1,{"y":1e400}]}"#,
        r#"[{"\udfff":1}]"#,
    ] {
        assert_eq!(kind_of(broken), LeafKind::Broken, "{broken}");
    }
    for (whole, kind) in [
        (r#""\ud83d\ude00""#, LeafKind::String),
        (r#""\uD83D\uDE00 \u00e9""#, LeafKind::String),
        ("1e308", LeafKind::Number),
        ("1e-400", LeafKind::Number),
        ("123456789012345678901234567890", LeafKind::Integer),
        (r#"{"x":[1e5]}"#, LeafKind::Composite),
    ] {
        assert_eq!(kind_of(whole), kind, "{whole}");
    }
}
