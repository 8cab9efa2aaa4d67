//! Attributes in cells: their names, `Colour; Size`, and what a variant is in each, `Colour=Red; Size=M`. A backslash stands
//! before a semicolon, an equals sign or a backslash that is part of a name.

/// The names that a cell lists.
pub(super) fn names(cell: &str) -> Vec<String> {
    let names = split(cell, ';').into_iter().map(|name| plain(&name));
    names.filter(|name| !name.is_empty()).collect()
}

/// The attributes that a cell names, and what each is said to be; nothing when it says that of none or in another way.
pub(super) fn pairs(cell: &str) -> Option<Vec<(String, String)>> {
    let each = split(cell, ';').into_iter().filter(|part| !part.trim().is_empty());
    let each = each.map(|part| match split(&part, '=').as_slice() {
        [name, choice] => Some((plain(name), plain(choice))),
        _ => None,
    });
    each.collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())
}

/// What [`names`] reads.
pub(super) fn print_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(escaped).collect::<Vec<_>>().join("; ")
}

/// What [`pairs`] reads.
pub(super) fn print_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = pairs.map(|(name, choice)| format!("{}={}", escaped(name), escaped(choice)));
    pairs.collect::<Vec<_>>().join("; ")
}

/// Whether two names are the same in a file: whatever the case.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace('=', "\\=")
}

/// What stands between a character that has no backslash before it.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut part, mut is_escaped) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        if letter == at && !is_escaped {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(letter);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    parts.push(part);
    parts
}

/// A part without the backslashes that stand before something.
fn plain(part: &str) -> String {
    let (mut plain, mut is_escaped) = (String::new(), false);
    for letter in part.trim().chars() {
        is_escaped = letter == '\\' && !is_escaped;
        if !is_escaped {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_variant_is_comes_back_as_it_went_out_whatever_its_names_have_in_them() {
        for wanted in [
            vec![("Colour", "Red")],
            vec![("Colour", "Red"), ("Size", "M")],
            vec![("a;b", "c=d"), ("\\", "e\\;"), ("=", ";")],
        ] {
            let cell = print_pairs(wanted.iter().copied());
            let told = pairs(&cell).unwrap();
            let told: Vec<_> = told.iter().map(|(name, choice)| (name.as_str(), choice.as_str())).collect();
            assert_eq!(told, wanted, "{cell}");
            let listed = print_names(wanted.iter().map(|(name, _)| *name));
            assert_eq!(names(&listed), wanted.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{listed}");
        }
    }

    #[test]
    fn a_cell_is_read_as_people_write_it_and_one_that_is_none_is_not() {
        let colour = |choice: &str| ("Colour".to_owned(), choice.to_owned());
        assert_eq!(pairs(" Colour = Red ;"), Some(vec![colour("Red")]));
        assert_eq!(pairs("Colour=dark red;Colour=Blue"), Some(vec![colour("dark red"), colour("Blue")]));
        for wrong in ["", ";", "Colour", "Colour=Red=Blue", "Colour=Red; Size"] {
            assert_eq!(pairs(wrong), None, "{wrong}");
        }
        assert_eq!(names("Colour;Size ; "), ["Colour", "Size"]);
        assert!(names(" ").is_empty());
    }
}
