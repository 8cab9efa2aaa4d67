//! What operators ask of a running installation: whether it is in order, and whether its backups are good.

pub mod backup;
pub mod doctor;
mod programs;
pub(crate) mod readiness;
pub mod status;

use std::fmt;
use std::io::Write as _;

/// How one question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is as it should be.
    Fine,
    /// It works, and somebody should know.
    Beware,
    /// It does not work, or not safely.
    Wrong,
}

impl Verdict {
    /// The word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Beware => "beware",
            Self::Wrong => "WRONG",
        }
    }
}

/// The answer to one question, in one line.
#[derive(Clone, Debug)]
struct Answer {
    verdict: Verdict,
    text: String,
}

impl Answer {
    fn fine(text: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Fine, text: text.to_string() }
    }

    fn beware(text: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Beware, text: text.to_string() }
    }

    fn wrong(text: impl fmt::Display) -> Self {
        Self { verdict: Verdict::Wrong, text: text.to_string() }
    }

    /// `fine`, unless there are sentences that say what is not.
    fn unless(sentences: &[String], fine: impl fmt::Display) -> Self {
        if sentences.is_empty() { Self::fine(fine) } else { Self::wrong(sentences.join("; ")) }
    }
}

/// The answers so far, each printed as it is known.
#[derive(Default)]
struct Report {
    answers: Vec<(String, Answer)>,
    is_silent: bool,
}

impl Report {
    /// One that prints nothing: whoever asked shows the answers in another form.
    fn silent() -> Self {
        Self { is_silent: true, ..Self::default() }
    }

    fn say(&mut self, subject: &str, answer: &Answer) {
        self.answers.push((subject.to_owned(), answer.clone()));
        if !self.is_silent {
            // A reader that went away does not matter: the exit code says it all.
            let _ = writeln!(std::io::stdout(), "{:<7} {subject:<20} {}", answer.verdict.word(), answer.text);
        }
    }

    /// How many answers are wrong.
    fn wrong(&self) -> usize {
        self.answers.iter().filter(|(_, answer)| answer.verdict == Verdict::Wrong).count()
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// A sentence that counts what is wrong.
    fn end(&self) -> Result<(), crate::Failure> {
        match self.wrong() {
            0 => Ok(()),
            wrong => Err(crate::Failure(format!("{wrong} of {} answers are wrong", self.answers.len()))),
        }
    }
}
