//! Forty broken files: what is wrong is told by its line and column, and nothing of it is half done.

use crate::files::{told, try_import};
use crate::*;

/// A broken CSV file, and what is told of it: `CODE: part of the sentence` of the whole file, `line column CODE` of rows.
const SHEETS: [(&str, &[&str]); 30] = [
    // Encodings.
    ("firstName\nAda\nJos\u{FFFD}\n", &["CSV_NOT_UTF8: line 3, column 4"]),
    ("\u{FFFD}\u{FFFD}f\0i\0r\0s\0t\0", &["CSV_NOT_UTF8: line 1, column 1"]),
    ("f\0i\0r\0s\0t\0N\0a\0m\0e\0\n\0A\0d\0a\0", &["CSV_NOT_UTF8: line 1, column 2"]),
    ("firstName\r\nAda\u{7}\r\n", &["2 firstName NAME_INVALID", "2 lastName REQUIRED"]),
    ("firstName\nAda\u{202E}evol\n", &["2 firstName NAME_INVALID", "2 lastName REQUIRED"]),
    ("firstName\n\u{200B}\n", &["2 firstName NAME_INVALID", "2 lastName REQUIRED"]),
    // Delimiters.
    ("firstName|lastName\nAda|Love\n", &["COLUMN_UNKNOWN: firstName|lastName"]),
    ("firstName,lastName\nAda;Love\n", &["2 - ROW_LENGTH"]),
    ("firstName;lastName\nAda;Love;Countess\n", &["2 - ROW_LENGTH"]),
    ("firstName\tlastName\nAda Love\n", &["2 - ROW_LENGTH"]),
    ("firstName,lastName\nAda\n\nBob,Name,\nX,,Y\n", &["2 - ROW_LENGTH", "5 - ROW_LENGTH"]),
    // Quotation marks.
    ("firstName,lastName\nAda,\"Love\nBob,Name\n", &["CSV_QUOTE_OPEN: line 2, column 5"]),
    ("firstName,\"lastName\nAda,Love\n", &["CSV_QUOTE_OPEN: line 1, column 11"]),
    ("firstName,lastName\r\nAda,\"Lo\"\"ve\r\nBob,Name\r\n", &["CSV_QUOTE_OPEN: line 2, column 5"]),
    ("\u{201C}firstName\u{201D}\nAda\n", &["COLUMN_UNKNOWN: firstName"]),
    ("firstName,lastName\n\"two\nlines\",Love\n", &["2 firstName NAME_INVALID"]),
    // Headers.
    ("", &["CSV_EMPTY: header"]),
    ("\u{FEFF}\r\n\r\n", &["CSV_EMPTY: header"]),
    ("Ada,Love\nBob,Name\n", &["COLUMN_UNKNOWN: \"Ada\"", "COLUMN_UNKNOWN: \"Love\""]),
    ("firstName,,lastName\nAda,,Love\n", &["COLUMN_UNKNOWN: \"\""]),
    ("firstName,firstName\nAda,Eva\n", &["COLUMN_TWICE: firstName"]),
    ("firstName,custom.shirt_size\nAda,S\n", &["COLUMN_UNKNOWN: custom.shirt_size"]),
    // Cells.
    ("firstName,emails\nAda,ada@@x.example\n", &["2 emails EMAIL_INVALID"]),
    ("firstName,phones,country\nAda,12,AT\n", &["2 phones PHONE_INVALID"]),
    (
        "firstName,birthday\nAda,10.12.1815\nBob,1815-02-30\n",
        &["2 birthday DATE_INVALID", "3 birthday DATE_INVALID"],
    ),
    ("legalName,annualRevenue\nMill,\"1.000,50 EUR\"\n", &["2 annualRevenue MONEY_INVALID"]),
    ("firstName,isDoNotContact\nAda,perhaps\n", &["2 isDoNotContact BOOLEAN_INVALID"]),
    ("firstName,roles,status\nAda,KING,GONE\n", &["2 roles CHOICE_UNKNOWN", "2 status CHOICE_UNKNOWN"]),
    ("firstName,parentCompany\nAda,Nowhere Inc\n", &["2 parentCompany CONTACT_NOT_FOUND"]),
    ("firstName,website\nAda,javascript:alert(1)\n", &["2 website URL_INVALID"]),
];

/// A broken file of vCards, and what is told of it.
const CARDS: [(&str, &[&str]); 8] = [
    ("BEGIN:VCARD\r\nFN:Jos\u{FFFD}\r\nEND:VCARD\r\n", &["VCARD_NOT_UTF8: line 2, column 7"]),
    ("firstName,lastName\nAda,Love\n", &["VCARD_INVALID: line 1"]),
    ("BEGIN:VCARD\nFN:Ada\nEND:VCARD\nFN:Bob\n", &["VCARD_INVALID: line 4"]),
    ("\n\n", &["VCARD_EMPTY: BEGIN:VCARD"]),
    ("BEGIN:VCARD\nVERSION:3.0\nFN:Ada\n", &["1 - CARD_OPEN"]),
    ("BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\nEND:VCARD\n", &["1 - CARD_NESTED"]),
    // Folded within nothing: it goes on from no line.
    ("BEGIN:VCARD\n FN:Ada\nEND:VCARD\n", &["1 - CARD_INVALID"]),
    ("BEGIN:VCARD\nVERSION:3.0\nKIND:group\nFN:Friends\nEND:VCARD\n", &["1 - CARD_OF_A_GROUP"]),
];

/// What is told of a file, in short.
fn in_short(answer: &Value, report: &Value) -> Vec<String> {
    let whole = answer["userErrors"].as_array().unwrap().iter();
    let mut all: Vec<String> =
        whole.map(|error| format!("{}: {}", text(&error["code"]), text(&error["message"]))).collect();
    if report.is_object() {
        all.extend(told(report).1);
    }
    all
}

/// What is told of a file in place of what is wanted; nothing where it is that.
fn differs(file: &str, wanted: &[&str], got: &[String]) -> Option<String> {
    let is_told = |(wanted, got): (&&str, &String)| match wanted.split_once(": ") {
        Some((code, part)) => got.starts_with(&format!("{code}: ")) && got.contains(part),
        None => got == wanted,
    };
    let is_right = wanted.len() == got.len() && wanted.iter().zip(got).all(is_told);
    (!is_right).then(|| format!("{file:?}: {got:?}, not {wanted:?}"))
}

#[tokio::test]
async fn of_a_broken_sheet_it_is_told_where_it_is_broken_and_nothing_of_it_is_done() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let mut wrong = Vec::new();
    for (file, wanted) in SHEETS {
        let answer = try_import(&admin, file, json!({})).await.0["data"]["contactImport"].clone();
        wrong.extend(differs(file, wanted, &in_short(&answer, &answer["report"])));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Of the one row that was whole.
    assert_eq!(names(&admin, "").await, ["Bob Name"]);
}

#[tokio::test]
async fn of_broken_cards_it_is_told_where_they_are_broken_and_nothing_of_them_is_done() {
    const IMPORT: &str = "mutation($input: ContactVcardImportInput!) { contactImportVcard(input: $input) {
        report { cards { created updated unchanged failed rows { line userErrors { field code } } } }
        userErrors { field code message } } }";
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let mut wrong = Vec::new();
    for (file, wanted) in CARDS {
        let answer = admin.run_with(IMPORT, json!({ "input": { "vcard": file } })).await.0;
        let answer = &answer["data"]["contactImportVcard"];
        wrong.extend(differs(file, wanted, &in_short(answer, &answer["report"]["cards"])));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(names(&admin, "").await.is_empty());
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_at_a_glance_and_a_formula_is_a_name_and_no_formula() {
    let (app, admin) = office().await;
    let admin = app.as_(&admin);
    let many = "Ada,Love\n".repeat(100_000_000 / 9);
    let answer = try_import(&admin, &format!("firstName,lastName\n{many}"), json!({})).await;
    assert_eq!(answer.refusals(), ["CSV_TOO_LARGE"]);
    for formula in ["=HYPERLINK(\"\"http://x\"\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)"] {
        let file = format!("lastName\n\"{formula}\"\n");
        try_import(&admin, &file, json!({})).await.ok();
    }
    let csv = text(&admin.run("{ contactsExport { csv } }").await.ok()["contactsExport"]["csv"]);
    let cells = csv.lines().skip(1).flat_map(|line| line.split(',')).map(|cell| cell.trim_start_matches('"'));
    let formulas: Vec<_> = cells.filter(|cell| cell.starts_with(['=', '+', '-', '@'])).collect();
    assert_eq!(formulas, Vec::<&str>::new(), "{csv}");
    assert_eq!(names(&admin, "").await.len(), 4);
}
