//! Sheets: CSV text with a header, read as spreadsheets of all countries write it.

use common::{Refusal, Result};

use crate::cell::restored;

/// The most bytes of a file.
pub const BYTES_MAX: usize = 1_000_000;
/// The most rows of a file.
pub const ROWS_MAX: usize = 10_000;

const TOO_LARGE: Refusal = Refusal::of("csv", "CSV_TOO_LARGE", "");
const TOO_MANY_ROWS: Refusal = Refusal::of("csv", "CSV_TOO_MANY_ROWS", "");
const EMPTY: Refusal =
    Refusal::of("csv", "CSV_EMPTY", "the file has no header; begin with the names of its columns");
const NOT_UTF8: Refusal = Refusal::of("csv", "CSV_NOT_UTF8", "");
const QUOTE_OPEN: Refusal = Refusal::of("csv", "CSV_QUOTE_OPEN", "");
const ROW_LENGTH: Refusal = Refusal::whole("ROW_LENGTH", "");

/// The cells of a file.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The names of its columns.
    pub(crate) header: Vec<String>,
    /// Its rows, empty ones left out.
    pub rows: Vec<Row>,
    /// Whether its numbers may have a decimal comma: a program that writes one puts semicolons between cells.
    pub(crate) has_commas: bool,
}

/// One row of a sheet.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line of the file that it begins in; the header's is 1.
    pub line: i32,
    /// Why it cannot be read.
    pub(crate) fault: Option<Refusal>,
    pub(crate) cells: Vec<String>,
}

impl Row {
    /// What stands in a column; `None` when nothing does.
    pub(crate) fn cell(&self, at: usize) -> Option<&str> {
        let cell = restored(self.cells.get(at)?);
        (!cell.trim().is_empty()).then_some(cell)
    }
}

impl Sheet {
    /// Reads a file: UTF-8 with or without its mark, with commas, semicolons or tabs between cells. In one with semicolons
    /// numbers may have a decimal comma, as spreadsheets write them where that is the custom.
    ///
    /// # Errors
    /// Refuses `csv` when nothing of the file can be taken. What is wrong with one row is told of it by
    /// [`crate::Columns::read`].
    pub fn read(csv: &str) -> Result<Self, Refusal> {
        if csv.len() > BYTES_MAX {
            let message =
                format!("a file has {BYTES_MAX} bytes at most, not {}; send it in pieces", csv.len());
            return Err(TOO_LARGE.saying(message));
        }
        let csv = csv.strip_prefix('\u{FEFF}').unwrap_or(csv);
        if let Some(lost) = lost(csv) {
            return Err(NOT_UTF8.saying(lost));
        }
        let delimiter = delimiter(csv);
        if let Some(at) = open_quote(csv, delimiter) {
            let place = place(csv, at);
            return Err(
                QUOTE_OPEN.saying(format!("the cell that a quotation mark opens in {place} is never closed"))
            );
        }
        let mut records = Records::new(csv, delimiter);
        let Some((_, header)) = records.next() else { return Err(EMPTY) };
        let mut header: Vec<String> = header.iter().map(|name| restored(name).trim().to_owned()).collect();
        // Spreadsheets write delimiters after the last name, too.
        header.truncate(header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
        let mut rows = Vec::new();
        for (line, mut cells) in records {
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(
                    TOO_MANY_ROWS.saying(format!("a file has {ROWS_MAX} rows at most; send it in pieces"))
                );
            }
            while cells.len() > header.len() && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
                cells.pop();
            }
            let fault = (cells.len() != header.len()).then(|| {
                let (has, wanted) = (cells.len(), header.len());
                ROW_LENGTH.saying(format!("the row has {has} cells and the header {wanted}"))
            });
            rows.push(Row { line, fault, cells });
        }
        Ok(Self { header, rows, has_commas: delimiter == b';' })
    }

    /// The cells of a column that are not empty, each beside its row's position; none of rows that cannot be read.
    pub fn column(&self, name: &str) -> impl Iterator<Item = (usize, &str)> {
        let at = self.header.iter().position(|column| column == name);
        let rows = self.rows.iter().enumerate().filter(|(_, row)| row.fault.is_none());
        rows.filter_map(move |(row, cells)| Some((row, cells.cell(at?)?)))
    }
}

/// Records of a file, each with the line that it begins in.
struct Records<'a> {
    csv: &'a str,
    reader: csv::Reader<&'a [u8]>,
    line: i32,
    /// Up to where lines are counted.
    counted: usize,
}

impl<'a> Records<'a> {
    fn new(csv: &'a str, delimiter: u8) -> Self {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter);
        Self { csv, reader: builder.from_reader(csv.as_bytes()), line: 1, counted: 0 }
    }
}

impl Iterator for Records<'_> {
    type Item = (i32, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = csv::StringRecord::new();
        // Text in memory that is UTF-8, of records of any length, leaves nothing that could fail.
        if !self.reader.read_record(&mut record).ok()? {
            return None;
        }
        let bytes = self.csv.as_bytes();
        let mut start = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or_default();
        // A record's position is where the one before ended, empty lines included.
        while bytes.get(start).is_some_and(|byte| *byte == b'\n' || *byte == b'\r') {
            start += 1;
        }
        let is_line_end =
            |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        let lines = (self.counted..start).filter(is_line_end).count();
        self.line = self.line.saturating_add(i32::try_from(lines).unwrap_or(i32::MAX));
        self.counted = start;
        Some((self.line, record.iter().map(ToOwned::to_owned).collect()))
    }
}

/// What stands between the cells: of `,`, `;` and tab, whichever the header has most of outside quotation marks.
fn delimiter(csv: &str) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in csv.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if !is_quoted => {
                counts
                    .iter_mut()
                    .filter(|(delimiter, _)| *delimiter == byte)
                    .for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let mut best = counts[0];
    for count in counts {
        if count.1 > best.1 {
            best = count;
        }
    }
    best.0
}

/// Where the quotation mark stands within which the file ends: its cell has swallowed the rows after it.
fn open_quote(csv: &str, delimiter: u8) -> Option<usize> {
    let (mut opened, mut is_quoted, mut is_start) = (0, false, true);
    for (at, byte) in csv.bytes().enumerate() {
        if is_quoted {
            // Two of them mean one: the first closes, the second opens again.
            is_quoted = byte != b'"';
            is_start = byte == b'"';
        } else {
            is_quoted = is_start && byte == b'"';
            // The second of two goes on with the cell of the first.
            if is_quoted && !(at > opened && csv.as_bytes()[at - 1] == b'"') {
                opened = at;
            }
            is_start = byte == delimiter || byte == b'\n' || byte == b'\r';
        }
    }
    is_quoted.then_some(opened)
}

/// What to say of a file with characters that were lost; `None` when it has none.
#[must_use]
pub fn lost(file: &str) -> Option<String> {
    // What a decoder puts where it could not read, and every other byte of what is UTF-16.
    let at = file.find(['\u{FFFD}', '\0'])?;
    let place = place(file, at);
    Some(format!(
        "the character in {place} was lost when the file was read; save it as UTF-8 and send it again"
    ))
}

/// A byte of a text as people find it in an editor: `line 3, column 14`, counted in characters.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(csv: &str) -> Vec<Vec<String>> {
        let sheet = Sheet::read(csv).unwrap();
        let all = (0..sheet.rows.len()).map(|row| {
            (0..sheet.header.len()).map(|at| sheet.rows[row].cell(at).unwrap_or("-").to_owned()).collect()
        });
        all.collect()
    }

    fn code(csv: &str) -> String {
        Sheet::read(csv).unwrap_err().code.into_owned()
    }

    #[test]
    fn a_file_is_read_as_any_spreadsheet_writes_it() {
        let expected = [["1", "x,y"], ["-", "\"q\"\r\nz"]];
        for csv in [
            "a,b\n1,\"x,y\"\n,\"\"\"q\"\"\r\nz\"\n",
            "\u{FEFF}a;b\r\n1;x,y\r\n\r\n;\"\"\"q\"\"\r\nz\"",
            "a\tb\r1\tx,y\r\t\"\"\"q\"\"\r\nz\"\r",
            "\"a\";\"b\";;\n1;x,y;;\n;;;\n;\"\"\"q\"\"\r\nz\";;\n",
        ] {
            assert_eq!(cells(csv), expected, "{csv:?}");
        }
        assert_eq!(cells("only\n'=1\n"), [["=1"]]);
    }

    #[test]
    fn each_row_knows_the_line_that_it_begins_in() {
        for end in ["\n", "\r\n", "\r"] {
            let csv = ["a,b", "1,\"x", "y\"", "", "2,z"].join(end);
            let lines: Vec<i32> = Sheet::read(&csv).unwrap().rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 5], "{end:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_whole_is_refused() {
        for empty in ["", "\u{FEFF}", "\r\n\n"] {
            assert_eq!(code(empty), "CSV_EMPTY");
        }
        assert_eq!(code("name\nJos\u{FFFD}\n"), "CSV_NOT_UTF8");
        assert_eq!(code("n\0a\0m\0e\0"), "CSV_NOT_UTF8");
        assert_eq!(code("a,b\n1,\"x\n2,y\n3,z\n"), "CSV_QUOTE_OPEN");
        assert_eq!(code("a,b\n1,\"x\"\"\n2,y\n"), "CSV_QUOTE_OPEN");
        assert_eq!(code(&"x".repeat(BYTES_MAX + 1)), "CSV_TOO_LARGE");
        // Where it begins is told, in lines of whatever end and in characters.
        let message = |csv: &str| Sheet::read(csv).unwrap_err().message.into_owned();
        for (csv, place) in [
            ("a,b\n1,\"x\n2,y\n", "line 2, column 3"),
            ("a,b\r\nü,\"x\"\"y\r\n2,y\r\n", "line 2, column 3"),
            ("a,b\r\"1\",x\r\r\"\"\"2,y\r", "line 4, column 1"),
            ("name\nJosé\nJos\u{FFFD}\n", "line 3, column 4"),
        ] {
            assert!(message(csv).contains(place), "{csv:?}: {}", message(csv));
        }
        // A quotation mark within a cell is one.
        assert_eq!(cells("a,b\n1,5\" disk\n"), [["1", "5\" disk"]]);
    }

    #[test]
    fn so_many_rows_are_read_and_no_more() {
        let csv = |count: usize| format!("a\n{}\n\n", vec!["1"; count].join("\n"));
        assert_eq!(Sheet::read(&csv(ROWS_MAX)).unwrap().rows.len(), ROWS_MAX);
        assert_eq!(code(&csv(ROWS_MAX + 1)), "CSV_TOO_MANY_ROWS");
    }

    #[test]
    fn a_row_of_another_length_is_a_fault_of_that_row_alone() {
        let sheet = Sheet::read("a,b\n1\n1,2\n1,2,3\n").unwrap();
        let faults: Vec<bool> = sheet.rows.iter().map(|row| row.fault.is_some()).collect();
        assert_eq!(faults, [true, false, true]);
    }

    #[test]
    fn a_megabyte_in_one_cell_is_read_in_no_time() {
        let csv = format!("a,b\n1,\"{}\"\n", "\n".repeat(BYTES_MAX - 20));
        assert_eq!(Sheet::read(&csv).unwrap().rows.len(), 1);
    }
}
