//! The rows of docs/compat.md.

use std::fmt;

/// Where the rows begin; they end with the next heading of the same level.
const HEADING: &str = "## Row by row\n";

/// How ssek compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Differs,
    Absent,
}

/// A line of a table.
#[derive(Debug)]
pub struct Row {
    pub section: String,
    pub name: String,
    pub verdict: Verdict,
    pub note: String,
}

impl Row {
    pub fn key(&self) -> (String, String) {
        (self.section.clone(), self.name.clone())
    }

    /// What stands in quotes in the note.
    pub fn quoted(&self) -> Option<&str> {
        self.note.split('"').nth(1)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({:?})", self.section, self.name, self.verdict)
    }
}

/// Reads all rows.
///
/// # Panics
///
/// A verdict is none, or a row that is not the same does not say how or what to do.
pub fn rows(text: &str) -> Vec<Row> {
    let (_, rest) = text.split_once(HEADING).expect("docs/compat.md has the rows");
    let rest = rest.split("\n## ").next().unwrap();
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in rest.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.replace('`', "");
        }
        let Some(cells) = line.strip_prefix("| `") else { continue };
        let mut cells = cells.trim_end_matches('|').splitn(3, " | ");
        let name = cells.next().unwrap().trim_end_matches('`').to_owned();
        let verdict = match cells.next().map(str::trim) {
            Some("same") => Verdict::Same,
            Some("differs") => Verdict::Differs,
            Some("absent") => Verdict::Absent,
            other => panic!("{section}, {name}: {other:?} is no verdict"),
        };
        let note = cells.next().unwrap_or_default().trim().to_owned();
        assert!(verdict == Verdict::Same || !note.is_empty(), "{section}, {name}: how, or what to do?");
        rows.push(Row { section: section.clone(), name, verdict, note });
    }
    rows
}
