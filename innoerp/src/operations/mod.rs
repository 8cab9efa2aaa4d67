//! What operators ask of a running installation: whether it is in order, and whether its backups are good.

pub mod backup;
pub mod doctor;
pub(crate) mod places;
mod programs;

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

/// The answer to one question, in one line.
#[derive(Debug)]
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
    asked: usize,
    wrong: usize,
}

impl Report {
    fn say(&mut self, subject: &str, answer: &Answer) {
        self.asked += 1;
        self.wrong += usize::from(answer.verdict == Verdict::Wrong);
        let verdict = match answer.verdict {
            Verdict::Fine => "ok",
            Verdict::Beware => "beware",
            Verdict::Wrong => "WRONG",
        };
        // A reader that went away does not matter: the exit code says it all.
        let _ = writeln!(std::io::stdout(), "{verdict:<7} {subject:<20} {}", answer.text);
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// A sentence that counts what is wrong.
    fn end(&self) -> Result<(), crate::Failure> {
        match self.wrong {
            0 => Ok(()),
            wrong => Err(crate::Failure(format!("{wrong} of {} answers are wrong", self.asked))),
        }
    }
}
