use super::*;

fn codes(form: Form) -> Vec<String> {
    match form.check() {
        Err(Error::Refused(refusals)) => refusals.iter().map(|refusal| refusal.code.to_string()).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn everything_that_is_wrong_is_told_and_nothing_wrong_is_taken() {
    let (mut form, mut name, mut code, mut days) = (Form::default(), "Old".to_owned(), String::new(), 3);
    let mut limit = Some(2);
    form.name("name", Value("  ".into()), &mut name);
    form.code("code", Value("a".into()), &mut code);
    form.number("days", Value(9), 0..=5, &mut days);
    form.optional_number("limit", Value(9), 0..=5, &mut limit);
    assert_eq!((name.as_str(), code.as_str(), days, limit), ("Old", "", 3, Some(2)));
    assert_eq!(codes(form), ["NAME_INVALID", "CODE_INVALID", "OUT_OF_RANGE", "OUT_OF_RANGE"]);
}

#[test]
fn what_is_absent_stays_and_null_clears_what_may_be_nothing() {
    let (mut form, mut name, mut zone) = (Form::default(), "Old".to_owned(), Some("Asia/Tokyo".to_owned()));
    form.name("name", Undefined, &mut name);
    form.optional_time_zone("timeZone", Undefined, &mut zone);
    assert_eq!((name.as_str(), zone.as_deref()), ("Old", Some("Asia/Tokyo")));
    form.optional_time_zone("timeZone", Null, &mut zone);
    form.name("name", Null, &mut name);
    assert_eq!((name.as_str(), zone), ("Old", None));
    assert_eq!(codes(form), ["REQUIRED"]);
}

#[test]
fn a_time_zone_has_a_name_of_the_iana_database() {
    let mut zone = String::new();
    for (name, is_right) in [("Europe/Berlin", true), ("", false), ("Berlin", false), ("+02:00", false)] {
        let mut form = Form::default();
        form.time_zone("timeZone", Value(name.into()), &mut zone);
        assert_eq!(codes(form).is_empty(), is_right, "{name}");
    }
}

#[test]
fn a_number_that_was_rounded_when_it_was_read_is_none_of_few_decimals() {
    for given in [
        "0.0000000000000000000000000000001",
        "24.00000000000000000000000000000000001",
        "5.0000000000000000000000000000001",
    ] {
        let (mut form, mut days) = (Form::default(), Decimal::ZERO);
        form.decimal("days", Value(given.parse().unwrap()), Decimal::ZERO..=Decimal::from(366), 2, &mut days);
        assert_eq!(codes(form), ["TOO_MANY_DECIMALS"], "{given}");
    }
}

#[test]
fn zeros_at_the_end_of_a_number_do_not_count() {
    let (mut form, mut days) = (Form::default(), Decimal::ZERO);
    form.decimal("days", Value("25.000".parse().unwrap()), Decimal::ZERO..=Decimal::from(366), 2, &mut days);
    assert_eq!((days, codes(form)), (Decimal::from(25), vec![]));
    let mut form = Form::default();
    form.amount("amount", Value("1.5".parse().unwrap()), "JPY", Decimal::ZERO..=Decimal::from(9), &mut days);
    assert_eq!((days, codes(form)), (Decimal::from(25), vec!["TOO_MANY_DECIMALS".to_owned()]));
}

#[test]
fn what_is_wrong_with_a_row_is_told_with_its_path() {
    let (mut form, mut names) = (Form::default(), vec!["Old".to_owned()]);
    form.each("lines", Value(vec!["A", " "]), 1..=2, &mut names, |form, given| {
        let mut name = String::new();
        form.name("what", Value(given.into()), &mut name);
        name
    });
    let Err(Error::Refused(refusals)) = form.check() else { panic!("it was taken") };
    assert_eq!(refusals[0].field.as_deref(), Some("lines.1.what"));
    let mut form = Form::default();
    form.each("lines", Value(vec!["A"; 3]), 1..=2, &mut names, |_, given| given.to_owned());
    assert_eq!(codes(form), ["OUT_OF_RANGE"]);
}

#[test]
fn each_of_a_list_is_taken_once_and_a_list_that_is_refused_or_absent_leaves_what_was() {
    let (mut form, mut tags) = (Form::default(), vec![9]);
    form.each_once("tags", Undefined, 0..=3, &mut tags);
    form.each_once("tags", Value(vec![1, 2, 3, 4]), 0..=3, &mut tags);
    form.each_once("tags", Null, 0..=3, &mut tags);
    assert_eq!(
        (tags.as_slice(), codes(form)),
        (&[9][..], vec!["OUT_OF_RANGE".to_owned(), "REQUIRED".to_owned()])
    );
    let mut form = Form::default();
    form.each_once("tags", Value(vec![2, 1, 2]), 0..=3, &mut tags);
    assert_eq!((tags.as_slice(), codes(form).len()), (&[2, 1][..], 0));
}

#[test]
fn a_name_that_may_be_nothing_is_cleared_by_null_and_not_by_blanks() {
    let (mut form, mut name) = (Form::default(), Some("Old".to_owned()));
    form.optional_name_within("city", Value("  ".into()), 10, &mut name);
    assert_eq!((name.as_deref(), codes(form)), (Some("Old"), vec!["NAME_INVALID".to_owned()]));
    let mut form = Form::default();
    form.optional_name_within("city", Value(" Vienna ".into()), 10, &mut name);
    assert_eq!(name.as_deref(), Some("Vienna"));
    form.optional_name_within("city", Null, 10, &mut name);
    assert_eq!((name, codes(form).len()), (None, 0));
}
