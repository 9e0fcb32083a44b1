//! A file of the script as a debugger knows it: its text as the user wrote it, and where it can pause.

use std::fmt::Write as _;

use super::instrument::PointKind;
use super::scopes::Scopes;

/// A place in a file. Both numbers count from zero, columns in UTF-16 code units, as in the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// A place in front of a statement.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Unique in the process.
    pub number: u32,
    pub place: Place,
    pub kind: PointKind,
    /// The function around it, as an index of [`Script::functions`].
    pub function: u32,
    /// The innermost scope, as an index of [`Script::scopes`].
    pub scope: u32,
}

/// A function, or the code of a file outside of all functions.
#[derive(Debug, Default)]
pub struct Function {
    /// Empty if it has none.
    pub name: String,
    pub start: Place,
    pub end: Place,
}

/// One file.
#[derive(Debug)]
pub struct Script {
    /// From one.
    pub id: u32,
    /// With its special characters escaped: `file:///dir/a%20b.js`.
    pub url: String,
    /// The same as the rest of the program has it, without escapes.
    pub file: String,
    /// As the user wrote it.
    pub text: String,
    pub is_module: bool,
    /// Whether it is the file that was named on the command line.
    pub is_main: bool,
    /// What the file says about where its source map is, if it is no map of ours.
    pub source_map_url: Option<String>,
    /// The number of the first of `points`, which are numbered in the order of the rewritten text.
    pub first: u32,
    pub points: Vec<Point>,
    /// Indices of `points` in the order of their places.
    pub by_place: Vec<usize>,
    pub functions: Vec<Function>,
    pub scopes: Scopes,
}

impl Script {
    /// A point by its number.
    pub fn point(&self, number: u32) -> Option<&Point> {
        self.points.get(number.checked_sub(self.first)? as usize)
    }

    /// The function around a point.
    pub fn function_of(&self, point: &Point) -> Option<&Function> {
        self.functions.get(point.function as usize)
    }

    /// The first point at a place or behind it.
    pub fn point_from(&self, place: Place) -> Option<&Point> {
        let at = self.by_place.partition_point(|index| self.points[*index].place < place);
        self.points.get(*self.by_place.get(at)?)
    }

    /// The points from one place to another, which is not included, in order.
    pub fn points_between(&self, from: Place, to: Option<Place>) -> Vec<&Point> {
        let start = self.by_place.partition_point(|index| self.points[*index].place < from);
        let points = self.by_place[start..].iter().map(|index| &self.points[*index]);
        points.take_while(|point| to.is_none_or(|to| point.place < to)).collect()
    }

    /// Where the text ends.
    pub fn end(&self) -> Place {
        Lines::of(&self.text).place(self.text.len())
    }

    /// SHA-256 of the text, in hexadecimal digits.
    pub fn hash(&self) -> String {
        use sha2::{Digest as _, Sha256};
        Sha256::digest(self.text.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        })
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        let mut starts = vec![0];
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let ends_line = match c {
                '\r' => chars.peek().is_none_or(|(_, next)| *next != '\n'),
                c => matches!(c, '\n' | '\u{2028}' | '\u{2029}'),
            };
            if ends_line {
                starts.push(at + c.len_utf8());
            }
        }
        Self { text, starts }
    }

    /// The place of a byte offset.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let before = self.text.get(self.starts[line]..offset).unwrap_or_default();
        Place { line: line as u32, column: before.encode_utf16().count() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_in_utf16() {
        let text = "a\r\n😀b\rc\n";
        let lines = Lines::of(text);
        let place = |piece: &str| lines.place(text.find(piece).unwrap());
        assert_eq!(place("b"), Place { line: 1, column: 2 });
        assert_eq!(place("c"), Place { line: 2, column: 0 });
        assert_eq!(lines.place(text.len()), Place { line: 3, column: 0 });
    }
}
