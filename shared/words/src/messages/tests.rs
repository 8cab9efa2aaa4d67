use super::*;

const OWN: fn(Language) -> &'static str = |language| match language {
    Language::English => {
        "said = { $x }\ntopic = { $x-capital } waits.\nleave = leave { $when }\nenglish = only { $x }\n"
    }
    Language::German => "said = { $x }\ntopic = Es wartet: { $x }.\nleave = Urlaub { $when }\n",
    Language::Bengali => "said = { $x }\ntopic = { $x }।\nleave = { $when } ছুটি\n",
    Language::Arabic => "said = { $x }\ntopic = بانتظاركم: { $x }.\nleave = إجازة { $when }\n",
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn reader(language: Language) -> Reader {
    Reader { language, zone: Tz::Asia__Dhaka }
}

/// What a value reads as, in every language.
fn everywhere(value: &Value) -> [String; 4] {
    let messages = Messages::new(OWN);
    Language::ALL.map(|language| messages.value(reader(language), value).unwrap())
}

#[test]
fn a_day_is_written_as_people_of_each_language_write_it() {
    let value = Value::Day { day: day("2026-03-09") };
    assert_eq!(everywhere(&value), ["9 March 2026", "9. März 2026", "৯ মার্চ, ২০২৬", "9 مارس 2026"]);
}

#[test]
fn what_both_days_of_a_period_share_is_said_once() {
    let period = |first, last| everywhere(&Value::Period { first: day(first), last: day(last) });
    assert_eq!(
        period("2026-03-09", "2026-03-09"),
        ["on 9 March 2026", "am 9. März 2026", "৯ মার্চ, ২০২৬ তারিখে", "يوم 9 مارس 2026"]
    );
    assert_eq!(
        period("2026-03-09", "2026-03-13"),
        [
            "from 9 to 13 March 2026",
            "vom 9. bis 13. März 2026",
            "৯ থেকে ১৩ মার্চ, ২০২৬ পর্যন্ত",
            "من 9 إلى 13 مارس 2026",
        ]
    );
    assert_eq!(
        period("2026-03-30", "2026-04-02"),
        [
            "from 30 March to 2 April 2026",
            "vom 30. März bis 2. April 2026",
            "৩০ মার্চ থেকে ২ এপ্রিল, ২০২৬ পর্যন্ত",
            "من 30 مارس إلى 2 أبريل 2026",
        ]
    );
    assert_eq!(
        period("2026-11-30", "2027-04-02"),
        [
            "from 30 November 2026 to 2 April 2027",
            "vom 30. November 2026 bis 2. April 2027",
            "৩০ নভেম্বর, ২০২৬ থেকে ২ এপ্রিল, ২০২৭ পর্যন্ত",
            "من 30 نوفمبر 2026 إلى 2 أبريل 2027",
        ]
    );
}

#[test]
fn an_instant_is_told_by_the_readers_clock() {
    // In Dhaka it is the next day, six hours later.
    let value = Value::Instant { at: "2026-03-08T20:30:00Z".parse().unwrap() };
    assert_eq!(
        everywhere(&value),
        [
            "9 March 2026 at 02:30",
            "9. März 2026 um 02:30 Uhr",
            "৯ মার্চ, ২০২৬, ০২:৩০",
            "9 مارس 2026 الساعة 02:30"
        ]
    );
    let messages = Messages::new(OWN);
    let in_berlin = Reader { language: Language::German, zone: Tz::Europe__Berlin };
    assert_eq!(messages.value(in_berlin, &value).unwrap(), "8. März 2026 um 21:30 Uhr");
}

#[test]
fn numbers_have_the_digits_and_marks_of_their_language() {
    let value = Value::Number { number: number("1234567.50") };
    assert_eq!(everywhere(&value), ["1,234,567.5", "1.234.567,5", "১২,৩৪,৫৬৭.৫", "1,234,567.5"]);
}

#[test]
fn counts_have_the_plurals_of_their_language() {
    let days = |count| everywhere(&Value::Count { count: number(count), unit: Unit::Day });
    for (count, expected) in [
        ("0", ["0 days", "0 Tage", "০ দিন", "0 يوم"]),
        ("1.00", ["1 day", "1 Tag", "১ দিন", "يوم واحد"]),
        ("2", ["2 days", "2 Tage", "২ দিন", "يومان"]),
        ("3", ["3 days", "3 Tage", "৩ দিন", "3 أيام"]),
        ("11", ["11 days", "11 Tage", "১১ দিন", "11 يومًا"]),
        ("100", ["100 days", "100 Tage", "১০০ দিন", "100 يوم"]),
        ("0.50", ["0.5 days", "0,5 Tage", "০.৫ দিন", "0.5 يوم"]),
    ] {
        assert_eq!(days(count), expected, "{count}");
    }
    let hours = everywhere(&Value::Count { count: number("16"), unit: Unit::Hour });
    assert_eq!(hours, ["16 hours", "16 Stunden", "১৬ ঘণ্টা", "16 ساعة"]);
}

#[test]
fn a_change_has_its_sign_and_so_has_less_than_nothing() {
    let change = |count| everywhere(&Value::Change { count: number(count), unit: Unit::Day });
    assert_eq!(change("2.0"), ["+2 days", "+2 Tage", "+২ দিন", "\u{200E}+2 يوم"]);
    assert_eq!(change("-1"), ["-1 day", "-1 Tag", "-১ দিন", "\u{200E}-1 يوم"]);
    assert_eq!(change("0"), ["0 days", "0 Tage", "০ দিন", "0 يوم"]);
    let count = everywhere(&Value::Count { count: number("-2"), unit: Unit::Hour });
    assert_eq!(count, ["-2 hours", "-2 Stunden", "-২ ঘণ্টা", "\u{200E}-2 ساعة"]);
}

#[test]
fn money_has_the_decimals_of_its_currency_and_its_code() {
    let money = |amount, currency: &str| {
        everywhere(&Value::Money { amount: number(amount), currency: currency.to_owned() })
    };
    assert_eq!(
        money("1234.5", "EUR"),
        ["EUR\u{A0}1,234.50", "1.234,50\u{A0}EUR", "১,২৩৪.৫০\u{A0}EUR", "1,234.50\u{A0}\u{2068}EUR\u{2069}",]
    );
    assert_eq!(money("1234", "JPY")[0], "JPY\u{A0}1,234");
    assert_eq!(money("0.0125", "USD")[0], "USD\u{A0}0.0125");
}

#[test]
fn kinds_of_things_have_names_and_new_ones_their_english_one() {
    assert_eq!(
        everywhere(&Value::kind("LeaveRequest")),
        ["leave request", "Urlaubsantrag", "ছুটির আবেদন", "طلب إجازة"]
    );
    let [english, german, _, arabic] = everywhere(&Value::kind("SpaceShip"));
    assert_eq!((english.as_str(), german.as_str()), ("space ship", "space ship"));
    assert_eq!(arabic, "\u{2068}space ship\u{2069}");
}

#[test]
fn a_text_that_goes_the_other_way_has_marks_around_it_and_no_other_has() {
    let said = |text: &str| everywhere(&Value::text(text));
    assert_eq!(said("SAW-1")[..3], ["SAW-1"; 3]);
    assert_eq!(said("SAW-1")[3], "\u{2068}SAW-1\u{2069}");
    assert_eq!(said("منشار")[3], "منشار");
    assert_eq!(said("منشار")[0], "\u{2068}منشار\u{2069}");
    // Marks of its own would turn what comes after it.
    assert_eq!(said("\u{202E}SAW-1\u{2069}")[0], "SAW-1");
}

#[test]
fn a_phrase_has_its_words_in_every_language_and_begins_a_sentence_where_it_is_to() {
    let messages = Messages::new(OWN);
    let when = Value::Period { first: day("2026-03-09"), last: day("2026-03-13") };
    let leave = Value::Phrase { message: "leave".to_owned(), values: Values::default().with("when", when) };
    let values = Values::default().with("x", leave);
    let said = Language::ALL.map(|language| messages.say(reader(language), "topic", &values).unwrap());
    assert_eq!(
        said,
        [
            "Leave from 9 to 13 March 2026 waits.",
            "Es wartet: Urlaub vom 9. bis 13. März 2026.",
            "৯ থেকে ১৩ মার্চ, ২০২৬ পর্যন্ত ছুটি।",
            "بانتظاركم: إجازة من 9 إلى 13 مارس 2026.",
        ]
    );
}

#[test]
fn phrases_within_phrases_end_somewhere() {
    let messages = Messages::new(OWN);
    let mut value = Value::text("deep");
    for _ in 0..=PHRASES_MAX {
        value = Value::Phrase { message: "said".to_owned(), values: Values::default().with("x", value) };
    }
    assert_eq!(messages.value(reader(Language::English), &value), None);
}

#[test]
fn what_a_language_lacks_is_said_in_english_and_what_nobody_has_not_at_all() {
    let messages = Messages::new(OWN);
    let values = Values::default().with("x", Value::Number { number: number("2.5") });
    let german = reader(Language::German);
    assert_eq!(messages.say(german, "english", &values).as_deref(), Some("only 2.5"));
    assert_eq!(messages.say_exactly(german, "english", &values), None);
    assert_eq!(messages.say(german, "said", &values).as_deref(), Some("2,5"));
    assert_eq!(messages.say(german, "said", &Values::default()), None);
    assert_eq!(messages.say(german, "of-nobody", &values), None);
    assert_eq!(messages.say(german, "said.title", &values), None);
}
