//! Text put into a script, and the way back from the columns that it shifts.

use std::collections::BTreeMap;

/// Pieces that were put into a text. None of them has a line end, so lines keep their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Insertions {
    /// By line, from one: the pieces' columns in the original, from one, and their lengths, in
    /// characters.
    lines: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Insertions {
    /// Puts each piece in at its byte offset. Pieces must be in the order of their offsets.
    pub fn put(text: &str, pieces: &[(usize, &str)]) -> (String, Self) {
        let added: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut lines = BTreeMap::<u32, Vec<(u32, u32)>>::new();
        let mut pieces = pieces.iter().peekable();
        let (mut line, mut column) = (1, 1);
        let mut chars = text.char_indices().peekable();
        loop {
            let at = chars.peek().map_or(text.len(), |(at, _)| *at);
            while let Some((_, piece)) = pieces.next_if(|(offset, _)| *offset <= at) {
                out.push_str(piece);
                lines.entry(line).or_default().push((column, piece.chars().count() as u32));
            }
            let Some((_, c)) = chars.next() else { break };
            out.push(c);
            let ends_line = match c {
                '\r' => chars.peek().is_none_or(|(_, next)| *next != '\n'),
                c => matches!(c, '\n' | '\u{2028}' | '\u{2029}'),
            };
            (line, column) = if ends_line { (line + 1, 1) } else { (line, column + 1) };
        }
        (out, Self { lines })
    }

    /// The column in the original text; both count characters from one.
    pub fn original_column(&self, line: u32, column: u32) -> u32 {
        let mut shift = 0;
        for (at, length) in self.lines.get(&line).into_iter().flatten() {
            if column < at + shift {
                break;
            }
            if column < at + shift + length {
                return *at;
            }
            shift += length;
        }
        column - shift
    }
}

/// The line and column of a byte offset; both count from one, columns in characters.
pub(super) fn place(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let (mut line, mut column) = (1, 1);
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        let ends_line = match c {
            '\r' => chars.peek().is_none_or(|next| *next != '\n'),
            c => matches!(c, '\n' | '\u{2028}' | '\u{2029}'),
        };
        (line, column) = if ends_line { (line + 1, 1) } else { (line, column + 1) };
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_lead_back() {
        let text = "aé b\r\ncd\ne";
        let offset = |piece: &str| text.find(piece).unwrap();
        let pieces = [(offset("b"), "<é"), (offset("\r"), ">"), (offset("d"), "("), (offset("d"), "[")];
        let (out, insertions) = Insertions::put(text, &pieces);
        assert_eq!(out, "aé <éb>\r\nc([d\ne");
        for (line, column, original) in [
            (1, 3, 3),
            (1, 4, 4),
            (1, 5, 4),
            (1, 6, 4),
            (1, 7, 5),
            (1, 8, 5),
            (2, 1, 1),
            (2, 3, 2),
            (2, 4, 2),
            (3, 1, 1),
        ] {
            assert_eq!(insertions.original_column(line, column), original, "{line}:{column}");
        }
    }
}
