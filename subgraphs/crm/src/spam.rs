//! How much what comes by a web form looks like spam. Nothing is asked of anybody else: what a stranger wrote stays here.

/// What somebody has filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) message: &'a str,
    /// What stands in a field that people do not see.
    pub(crate) trap: &'a str,
    /// How many have come with this mail address today.
    pub(crate) before_today: i64,
}

const WORDS: [&str; 12] = [
    "viagra",
    "casino",
    "crypto",
    "bitcoin",
    "backlink",
    "seo service",
    "loan offer",
    "porn",
    "forex",
    "guest post",
    "cheap followers",
    "make money",
];

/// The points, 0 to 100.
pub(crate) fn points(filled: &Filled<'_>) -> i32 {
    let text = format!("{} {}", filled.name, filled.message).to_lowercase();
    let mut points = 0;
    if !filled.trap.trim().is_empty() {
        points += 100;
    }
    let links =
        ["http://", "https://", "www.", "[url"].iter().map(|link| text.matches(link).count()).sum::<usize>();
    points += match links {
        0 => 0,
        1 => 15,
        2 => 40,
        _ => 70,
    };
    points +=
        35 * i32::try_from(WORDS.iter().filter(|word| text.contains(**word)).count()).unwrap_or(3).min(3);
    if filled.name.contains("http") || filled.name.contains("www.") {
        points += 60;
    }
    let letters = filled.message.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = filled.message.chars().filter(|c| c.is_uppercase()).count();
    if letters > 20 && capitals * 10 > letters * 7 {
        points += 25;
    }
    if text.contains('<') && text.contains('>') {
        points += 30;
    }
    let digits =
        filled.email.split('@').next().unwrap_or_default().chars().filter(char::is_ascii_digit).count();
    if digits >= 6 {
        points += 15;
    }
    points += match filled.before_today {
        0 => 0,
        1 | 2 => 15,
        _ => 50,
    };
    points.clamp(0, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_has_few_points_and_what_machines_write_has_many() {
        let of = |name: &'static str, message: &'static str| {
            points(&Filled { name, message, email: "a@b.example", ..Filled::default() })
        };
        assert_eq!(of("Ada Lovelace", "We need 20 trail cameras by May. Could you call me?"), 0);
        assert!(of("Ada", "Our site is https://lovelace.example, have a look.") < 60);
        assert!(of("Bob", "CHEAP followers https://a.example http://b.example www.c.example") >= 60);
        assert!(of("https://x.example", "hello") >= 60);
        assert!(of("Bob", "Casino bonus: bitcoin") >= 60);
        let trapped = Filled { trap: "x", ..Filled::default() };
        assert_eq!(points(&trapped), 100);
        let often = Filled { before_today: 5, email: "abc123456@b.example", ..Filled::default() };
        assert!(points(&often) >= 60);
    }
}
