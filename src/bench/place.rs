//! Where in a file something is wrong.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::k6::json_place;

/// A mistake in a file that the user wrote: `prompts.jsonl:3:14: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub file: PathBuf,
    /// Line and column, from one; `None` where the whole file is meant.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and what to do.
    pub text: String,
}

impl Mistake {
    /// About the file as a whole.
    pub fn whole(file: &Path, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: None, text: text.into() }
    }

    /// About a place in it.
    pub fn at(file: &Path, line: usize, column: usize, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: Some((line, column)), text: text.into() }
    }

    /// About the value at `path` (keys and indices joined by dots) of a JSON text that begins at `line`.
    pub fn in_json(file: &Path, line: usize, json: &str, path: &str, text: impl Into<String>) -> Self {
        let (below, column) = json_place::place(json, path);
        Self::at(file, line + below - 1, column, text)
    }

    /// The text at `line` is no JSON, or not of the wanted form.
    pub fn of_json(file: &Path, line: usize, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The place stands at the end of serde's sentence, and in front of ours.
        let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
        Self::at(file, line + error.line().max(1) - 1, error.column().max(1), text)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl Mistake {
    /// As the end of a run.
    pub fn failure(self) -> Failure {
        Failure::new(ExitCode::INVALID_CONFIG, self.to_string())
    }
}

/// The text of a file, without a byte order mark.
///
/// # Errors
/// It cannot be read, or is no UTF-8.
pub fn read(file: &Path) -> Result<String, Mistake> {
    let bytes =
        std::fs::read(file).map_err(|error| Mistake::whole(file, format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.len() - before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) + 1;
        Mistake::at(file, line, column, "the text is no UTF-8 from here on")
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_the_start_of_the_file() {
        let file = Path::new("a.jsonl");
        let error = serde_json::from_str::<serde_json::Value>("{\"a\": }").unwrap_err();
        assert_eq!(Mistake::of_json(file, 3, &error).to_string(), "a.jsonl:3:7: expected value");
        let json = "{\n  \"a\": [1, \"x\"]\n}";
        assert_eq!(
            Mistake::in_json(file, 5, json, "a.1", "no number").to_string(),
            "a.jsonl:6:12: no number"
        );
        assert_eq!(Mistake::whole(file, "is empty").to_string(), "a.jsonl: is empty");
    }
}
