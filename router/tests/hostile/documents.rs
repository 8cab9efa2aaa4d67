//! Hostile documents, each in an honest body.

use serde_json::{Value, json};

use crate::Maker;
use crate::random::Random;

/// The most that a body may hold, about.
const BYTES: usize = 900_000;

/// Every kind of hostile document.
pub const MAKERS: &[(&str, Maker)] = &[
    ("nesting", |r| document(nesting(r))),
    ("nesting that closes", |r| document(nested_and_closed(r))),
    ("inline fragments within each other", |r| document(inline_fragments(r))),
    ("fragments that double", |r| document(doubling(r))),
    ("fragments in a chain", |r| document(chain(r))),
    ("fragments in a circle", |r| document(circle(r))),
    ("fragments that nobody uses", |r| document(unused(r))),
    ("directives", |r| document(directives(r))),
    ("aliases", |r| document(aliases(r))),
    ("fields that must merge", |r| document(merging(r))),
    ("fields that differ under one key", |r| document(conflicting(r))),
    ("long names, numbers and strings", |r| document(long(r))),
    ("block strings", |r| document(block_strings(r))),
    ("comments and commas", |r| document(noise(r))),
    ("many operations", operations),
    ("introspection", |r| document(introspection(r))),
    ("deep joins", |r| document(joins(r))),
    ("pages within pages", |r| document(pages(r))),
    ("types that do not fit", |r| document(misfits(r))),
    ("variables in the document", |r| document(definitions(r))),
    ("tokens in any order", |r| document(soup(r))),
    ("any characters", |r| document(characters(r))),
    ("a document with a fault", |r| document(spoilt(r))),
];

fn document(text: String) -> Vec<u8> {
    json!({ "query": text }).to_string().into_bytes()
}

/// So many pieces, as far as they fit.
fn many(count: usize, mut piece: impl FnMut(usize) -> String) -> String {
    let mut text = String::new();
    for i in 0..count {
        text += &piece(i);
        if text.len() > BYTES {
            break;
        }
    }
    text
}

fn nesting(r: &mut Random) -> String {
    let open =
        r.pick(&["{", "[", "(", "{a", "{a(b:", "{a(b:[", "{a(b:{c:", "{me", "query($a:[", "{a @b(c:[", "(["]);
    let before =
        r.pick(&["", "{ sum(of: ", "query ", "{ hello } fragment F on Query ", "# \"\n", "\"\"\"\"\"\""]);
    let count = r.size(BYTES / open.len());
    before.to_owned() + &many(count, |_| open.to_owned())
}

fn nested_and_closed(r: &mut Random) -> String {
    let count = r.size(20_000);
    match r.below(4) {
        0 => format!("{{ sum(of: {}1{}) }}", "[".repeat(count), "]".repeat(count)),
        1 => format!("{{ size(tree: {}{{}}{}) }}", "{children:[".repeat(count), "]}".repeat(count)),
        2 => format!("{{ me {}{{ id }}{} }}", "{ friends ".repeat(count), "}".repeat(count)),
        _ => format!("query ($a: {}Int{}) {{ hello }}", "[".repeat(count), "]".repeat(count)),
    }
}

fn inline_fragments(r: &mut Random) -> String {
    let count = r.size(10_000);
    let on = r.pick(&["... on Query", "...", "... @include(if: true)"]);
    format!("{{ {} hello {} }}", format!("{on} {{").repeat(count), "}".repeat(count))
}

fn doubling(r: &mut Random) -> String {
    let (depth, width) = (r.size(60), 1 + r.size(20));
    let field = r.pick(&["", "hello", "me { id }", "a: __typename"]);
    let fragments = many(depth, |i| {
        format!("fragment F{i} on Query {{ {field} {} }} ", format!("...F{} ", i + 1).repeat(width))
    });
    format!("{{ ...F0 }} {fragments} fragment F{depth} on Query {{ hello }}")
}

fn chain(r: &mut Random) -> String {
    let length = r.size(10_000);
    let links = many(length, |i| format!("fragment F{i} on Query {{ ...F{} }} ", i + 1));
    format!("{{ ...F0 }} {links} fragment F{length} on Query {{ hello }}")
}

fn circle(r: &mut Random) -> String {
    let length = 1 + r.size(200);
    let links = many(length, |i| format!("fragment F{i} on Query {{ hello ...F{} }} ", (i + 1) % length));
    let within = if r.coin() { "fragment P on Person { friends { ...P } } " } else { "" };
    format!("{{ ...F0 me {{ ...P }} }} {links} {within}")
}

fn unused(r: &mut Random) -> String {
    let count = r.size(20_000);
    let on = r.pick(&["Query", "Nobody", "Person", "Colour"]);
    format!("{{ hello }} {}", many(count, |i| format!("fragment F{i} on {on} {{ x }} ")))
}

fn directives(r: &mut Random) -> String {
    let directive =
        r.pick(&["@a", "@skip(if: false)", "@include(if: $x)", "@deprecated", "@specifiedBy(url: \"a\")"]);
    let flood = directive.repeat(r.size(BYTES / directive.len()));
    match r.below(4) {
        0 => format!("{{ hello {flood} }}"),
        1 => format!("query {flood} {{ hello }}"),
        2 => format!("query ($x: Boolean {flood}) {{ hello }}"),
        _ => format!("{{ ...F {flood} }} fragment F on Query {flood} {{ hello }}"),
    }
}

fn aliases(r: &mut Random) -> String {
    let count = r.size(80_000);
    let field = r.pick(&["hello", "__typename", "me { id }", "nothing", "__schema { queryType { name } }"]);
    let is_same = r.coin();
    format!("{{ {} }}", many(count, |i| format!("a{}: {field} ", if is_same { 0 } else { i })))
}

/// Equal fields are compared with each other, level by level.
fn merging(r: &mut Random) -> String {
    let (depth, width) = (1 + r.size(10), 1 + r.size(2_000));
    let inner = (0..depth).fold("id name".to_owned(), |inner, _| format!("friends {{ {inner} }}"));
    format!("{{ {} }}", many(width, |_| format!("me {{ {inner} }} ")))
}

fn conflicting(r: &mut Random) -> String {
    let count = r.size(3_000);
    let one = |i: usize| format!("... on Query {{ x: echo(text: \"{i}\") }} ");
    let other = |i: usize| format!("x{}: echo(number: {i}, text: \"a\") ", i % 7);
    let is_one = r.coin();
    format!("{{ {} }}", many(count, |i| if is_one { one(i) } else { other(i) }))
}

fn long(r: &mut Random) -> String {
    let length = r.size(BYTES);
    match r.below(6) {
        0 => format!("{{ {} }}", "a".repeat(length)),
        1 => format!("{{ hello @{} }}", "a".repeat(length)),
        2 => format!("{{ sum(of: [[{}]]) }}", "9".repeat(length)),
        3 => format!("{{ echo(number: 1.{}e-{}) }}", "0".repeat(length), r.below(1_000)),
        4 => format!("{{ echo(text: \"{}\") }}", "\\u0041".repeat(length / 6)),
        _ => format!("query {} {{ hello }}", "Q".repeat(length)),
    }
}

fn block_strings(r: &mut Random) -> String {
    let length = r.size(BYTES / 4);
    let piece = r.pick(&["\\\"\"\"", "\n ", "\"", "\\", "\n\t\n", "\r", "\"\" "]);
    let end = r.pick(&["\"\"\"", "\"\"", "\\\"\"\"", ""]);
    format!("{{ echo(text: \"\"\"{}{end}) }}", piece.repeat(length / piece.len()))
}

fn noise(r: &mut Random) -> String {
    let piece = r.pick(&[",", "#\n", "# {[(\"\n", " ", "\u{feff}", "\r\n", "#", ",\t"]);
    let flood = piece.repeat(r.size(BYTES / piece.len()));
    format!("{flood}{{{flood} hello }}")
}

fn operations(r: &mut Random) -> Vec<u8> {
    let count = r.size(30_000);
    let is_same = r.coin();
    let name = |i: usize| if is_same { "Q".to_owned() } else { format!("Q{i}") };
    let text = many(count, |i| format!("query {} {{ hello }} ", name(i)));
    let body = match r.below(4) {
        0 => json!({ "query": text }),
        1 => json!({ "query": text, "operationName": name(r.below(count)) }),
        2 => json!({ "query": text, "operationName": "Missing" }),
        _ => json!({ "query": format!("{text} {{ hello }} {{ hello }}") }),
    };
    body.to_string().into_bytes()
}

fn introspection(r: &mut Random) -> String {
    let depth = r.size(30);
    let step = r.pick(
        &[
            ("fields { type { ", " } }"),
            ("ofType { ", " }"),
            ("possibleTypes { ", " }"),
            ("fields { args { type { ", " } } }"),
            ("interfaces { fields { type { ", " } } }"),
        ]
        .each_ref(),
    );
    let inner = format!("{} name {}", step.0.repeat(depth), step.1.repeat(depth));
    match r.below(4) {
        0 => format!("{{ __schema {{ types {{ {inner} }} }} }}"),
        1 => format!("{{ __type(name: \"Query\") {{ {inner} }} }}"),
        2 => format!(
            "{{ {} }}",
            many(1 + r.size(30), |i| format!("a{i}: __schema {{ types {{ fields {{ name }} {inner} }} }} "))
        ),
        _ => format!(
            "{{ __schema {{ types {{ ...T }} }} }} fragment T on __Type {{ name ofType {{ ...T }} {inner} }}"
        ),
    }
}

/// Fields of the two subgraphs in turns, so that planning has much to join.
fn joins(r: &mut Random) -> String {
    let depth = 1 + r.below(9);
    let mut inner = "id name bought { id }".to_owned();
    for _ in 0..depth {
        inner = match r.below(4) {
            0 => format!("id name friends {{ {inner} }}"),
            1 => format!("bestFriend {{ {inner} }} name"),
            2 => format!("bought {{ buyers {{ {inner} }} }}"),
            _ => format!("bestFriend {{ {inner} }} friends {{ {inner} }}"),
        };
        if inner.len() > 10_000 {
            break;
        }
    }
    format!(
        "{{ me {{ {inner} }} products {{ buyers {{ name }} }} anything {{ ... on Person {{ {inner} }} }} }}"
    )
}

fn pages(r: &mut Random) -> String {
    let first = r.pick(&["100", "2147483647", "-1", "99999999999999999999", "$n", "null", "1e3"]);
    let depth = r.size(14);
    format!("{{ me {}{{ id }}{} }}", format!("{{ friends(first: {first}) ").repeat(depth), "}".repeat(depth))
}

fn misfits(r: &mut Random) -> String {
    let value = r.pick(&[
        "1",
        "-0",
        "1e999",
        "1.5",
        "\"a\"",
        "RED",
        "PURPLE",
        "null",
        "true",
        "[]",
        "[[]]",
        "[[null]]",
        "{}",
        "{a: 1}",
        "{value: 1, value: 2}",
        "$x",
        "[[99999999999]]",
        "{children: [{children: null}, null]}",
        "\"\\uD800\"",
        "\"\\u{1F600}\"",
        "\"\\u{110000}\"",
        "\"\\x\"",
        "0123",
        "1.",
        ".5",
        "0x1",
        "-",
        "--1",
    ]);
    let field = r.pick(&[
        "sum(of: ",
        "echo(text: ",
        "echo(colour: ",
        "echo(number: ",
        "size(tree: ",
        "me(id: ",
        "hello(x: ",
    ]);
    format!(
        "{} {{ {field}{value}) }}",
        r.pick(&["query", "mutation", "subscription", "query ($x: Int)", "query ($x: Tree!)"])
    )
}

fn definitions(r: &mut Random) -> String {
    let count = r.size(30_000);
    let ty = r.pick(&[
        "Int",
        "[[Int!]!]!",
        "Nobody",
        "Tree",
        "Person",
        "String = \"a\"",
        "Tree = {value: 1}",
        "Int = $x",
    ]);
    let is_used = r.coin();
    let used = if is_used {
        many(count.min(2_000), |i| format!("e{i}: echo(text: $a{i}) "))
    } else {
        "hello".to_owned()
    };
    format!("query ({}) {{ {used} }}", many(count, |i| format!("$a{i}: {ty} ")))
}

fn soup(r: &mut Random) -> String {
    const TOKENS: [&str; 44] = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "=",
        "!",
        "|",
        "&",
        "@",
        "$",
        "...",
        ",",
        "\"\"",
        "\"a\"",
        "\"\"\"b\"\"\"",
        "1",
        "-1",
        "1.5e3",
        "true",
        "null",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "type",
        "extend",
        "schema",
        "hello",
        "me",
        "friends",
        "Person",
        "Query",
        "__typename",
        "__schema",
        "id",
        "name",
        "#\n",
        "@skip(if: true)",
        "...F",
        "fragment F on Query { hello }",
    ];
    let count = r.size(3_000);
    many(count, |_| format!("{} ", r.pick(&TOKENS)))
}

fn characters(r: &mut Random) -> String {
    let count = r.size(20_000);
    many(count, |_| {
        let code = match r.below(4) {
            0 => r.below(0x20),
            1 => r.below(0x80),
            2 => r.below(0x0800),
            _ => r.below(0x11_0000),
        };
        char::from_u32(u32::try_from(code).unwrap()).unwrap_or('\u{fffd}').to_string()
    })
}

/// An honest document with a few characters lost, doubled or changed.
fn spoilt(r: &mut Random) -> String {
    let honest = "query A($f: Int = 1, $c: Colour) { me { id name friends(first: $f) { ...P } } pets { name ... on Cat \
                  { colour } } echo(text: \"\"\"a\"\"\", colour: $c) size(tree: {children: [{value: 1}]}) } fragment P on Person \
                  { bought { id buyers @include(if: true) { name } } }";
    let mut characters: Vec<char> = honest.chars().collect();
    for _ in 0..=r.below(4) {
        let at = r.below(characters.len());
        match r.below(3) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, characters[at]),
            _ => {
                characters[at] =
                    r.pick(&["{", "}", "(", ")", "\"", "$", "@", ":", "!", "0"]).chars().next().unwrap()
            }
        }
    }
    characters.into_iter().collect()
}

/// A value with lists and objects within each other.
pub fn deep(r: &mut Random) -> Value {
    let depth = r.below(110);
    let is_list = r.coin();
    (0..depth)
        .fold(json!(1), |inner, _| if is_list { json!([inner]) } else { json!({ "children": [inner] }) })
}
