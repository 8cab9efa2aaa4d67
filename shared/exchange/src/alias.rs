//! Columns as other programs call them: what there is a place for is taken under our names, and what there is none for is left
//! out and told.

use crate::Sheet;
use crate::cell::defused;
use crate::sheet::Row;

/// A column as another program calls it.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// Its name there; `#` stands for a number.
    pub theirs: &'static str,
    /// The name of our column; `None` for what there is no place for.
    pub ours: Option<&'static str>,
    /// What stands between the values of several columns that are one of ours; `None` where the first that says something
    /// stands for all.
    pub between: Option<&'static str>,
    /// What is written in brackets behind each value.
    pub label: Option<&'static str>,
}

/// What some programs write between several values in one cell.
const SEVERAL: &str = " ::: ";

/// A column as it is to be: its name, and the columns that it is made of.
struct Made {
    name: String,
    of: Vec<(usize, Option<&'static Alias>)>,
}

impl Sheet {
    /// Takes columns of other programs' under our names. Such files have every column that there could be: one in which
    /// nothing stands says nothing, and clears nothing. Answers the names of those columns that there is no place for and in
    /// which something stands; `None` when no column is another program's.
    pub fn take_aliases(&mut self, aliases: &'static [Alias]) -> Option<Vec<String>> {
        let found: Vec<Option<&Alias>> = self.header.iter().map(|name| find(aliases, name)).collect();
        if found.iter().all(Option::is_none) {
            return None;
        }
        let (mut made, mut left_out): (Vec<Made>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, (name, alias)) in self.header.iter().zip(found).enumerate() {
            let says_something = self.rows.iter().any(|row| row.fault.is_none() && row.cell(at).is_some());
            match (alias, alias.and_then(|alias| alias.ours)) {
                (None, _) => made.push(Made { name: name.clone(), of: vec![(at, None)] }),
                (Some(_), _) if !says_something => {}
                (Some(_), None) => left_out.push(name.clone()),
                (Some(_), Some(ours)) => {
                    let is_same = |one: &&mut Made| one.name == ours && one.of[0].1.is_some();
                    match made.iter_mut().find(is_same) {
                        Some(one) => one.of.push((at, alias)),
                        None => made.push(Made { name: ours.to_owned(), of: vec![(at, alias)] }),
                    }
                }
            }
        }
        for row in self.rows.iter_mut().filter(|row| row.fault.is_none()) {
            row.cells = made.iter().map(|one| one.cell(row)).collect();
        }
        self.header = made.into_iter().map(|one| one.name).collect();
        Some(left_out)
    }
}

fn find(aliases: &'static [Alias], name: &str) -> Option<&'static Alias> {
    let numbered = numbered(name);
    let exactly = aliases.iter().find(|alias| alias.theirs == name);
    exactly.or_else(|| aliases.iter().find(|alias| alias.theirs == numbered))
}

/// `E-mail 2 - Value` as `E-mail # - Value`.
fn numbered(name: &str) -> String {
    let words = name.split(' ').map(|word| {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { "#" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Made {
    fn cell(&self, row: &Row) -> String {
        let mut values: Vec<String> = Vec::new();
        let mut between = "";
        for (at, alias) in &self.of {
            let Some(alias) = alias else { return row.cells.get(*at).cloned().unwrap_or_default() };
            let Some(text) = row.cell(*at) else { continue };
            let Some(joined) = alias.between else {
                return defused(text.trim()).into_owned();
            };
            between = joined;
            let each = text.split(SEVERAL).map(str::trim).filter(|value| !value.is_empty());
            values.extend(each.map(|value| match alias.label {
                Some(label) => format!("{value} ({label})"),
                None => value.to_owned(),
            }));
        }
        defused(&values.join(between)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn alias(
        theirs: &'static str,
        ours: Option<&'static str>,
        between: Option<&'static str>,
        label: Option<&'static str>,
    ) -> Alias {
        Alias { theirs, ours, between, label }
    }

    const ALIASES: &[Alias] = &[
        alias("Mail", Some("emails"), Some(", "), None),
        alias("Mail #", Some("emails"), Some(", "), None),
        alias("Mobile", Some("phones"), Some(", "), Some("mobile")),
        alias("Site #", Some("website"), None, None),
        alias("Fax", None, None, None),
        alias("Pager", None, None, None),
    ];

    fn taken(csv: &str) -> (Option<Vec<String>>, Vec<String>, Vec<Vec<String>>) {
        let mut sheet = Sheet::read(csv).unwrap();
        let left_out = sheet.take_aliases(ALIASES);
        let cell = |row: &Row, at| row.cell(at).unwrap_or("-").to_owned();
        let rows = sheet.rows.iter().map(|row| (0..sheet.header.len()).map(|at| cell(row, at)).collect());
        (left_out, sheet.header.clone(), rows.collect())
    }

    #[test]
    fn columns_of_others_are_taken_under_our_names_and_what_has_no_place_is_told_once() {
        let csv = "Mail,name,Fax,Mail 2,Mobile,Pager,Site 1,Site 2\n\
            a@x,Ada,1,b@x ::: c@x,+43 1,,,y.example\n\
            ,Bob,2,d@x,,,x.example,y.example\n";
        let (left_out, header, rows) = taken(csv);
        assert_eq!(left_out, Some(vec!["Fax".to_owned()]));
        assert_eq!(header, ["emails", "name", "phones", "website"]);
        assert_eq!(
            rows,
            [["a@x, b@x, c@x", "Ada", "+43 1 (mobile)", "y.example"], ["d@x", "Bob", "-", "x.example"]]
        );
    }

    #[test]
    fn a_file_of_ours_stays_as_it_is_and_columns_of_others_that_say_nothing_are_not_there() {
        let (left_out, header, _) = taken("name,emails\nAda,a@x\n");
        assert_eq!((left_out, header), (None, vec!["name".to_owned(), "emails".to_owned()]));
        let (left_out, header, rows) = taken("Mail,name,Fax\n,'=Ada,\n");
        assert_eq!((left_out, header), (Some(vec![]), vec!["name".to_owned()]));
        assert_eq!(rows, [["=Ada"]]);
    }
}
