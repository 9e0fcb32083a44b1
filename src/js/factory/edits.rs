//! Text taken out of a script and put into it, such that every line stays where it is.

use oxc::span::Span;

use crate::js::insertions::Insertions;

/// What to change in a text.
#[derive(Default)]
pub(super) struct Edits {
    blanks: Vec<Span>,
    pieces: Vec<(u32, String)>,
}

impl Edits {
    /// Makes white space of a statement or the head of one. A semicolon stays, so that what is before
    /// does not go on with what is behind.
    pub fn blank(&mut self, start: u32, end: u32) {
        self.blanks.push(Span::new(start, end));
    }

    /// Puts a piece in, which must have no line ends. Pieces at one place stay in order.
    pub fn insert(&mut self, offset: u32, piece: impl Into<String>) {
        self.pieces.push((offset, piece.into()));
    }

    /// Adds other changes; their pieces come behind those at the same place.
    pub fn append(&mut self, mut others: Self) {
        self.blanks.append(&mut others.blanks);
        self.pieces.append(&mut others.pieces);
    }

    /// The changed text. `blank`s must not overlap, nor have a piece within them.
    pub fn apply(mut self, text: &str) -> (String, Insertions) {
        self.blanks.sort_unstable_by_key(|span| span.start);
        self.pieces.sort_by_key(|(offset, _)| *offset);
        let mut out = String::with_capacity(text.len());
        let mut moved = Vec::with_capacity(self.pieces.len());
        let mut pieces = self.pieces.iter().peekable();
        let mut done = 0;
        let end = Span::empty(text.len() as u32);
        for blank in self.blanks.iter().chain([&end]) {
            let (start, stop) = (blank.start as usize, blank.end as usize);
            while let Some((offset, piece)) = pieces.next_if(|(offset, _)| *offset <= blank.start) {
                moved.push((out.len() + (*offset as usize - done), piece.as_str()));
            }
            out.push_str(&text[done..start]);
            let mut fill = ';';
            for c in text[start..stop].chars() {
                let ends_line = matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                out.push(if ends_line { c } else { fill });
                fill = ' ';
            }
            done = stop;
        }
        Insertions::put(&out, &moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_stay() {
        let text = "import é from\n'x'; a\nexport b";
        let at = |piece: &str| text.find(piece).unwrap() as u32;
        let mut edits = Edits::default();
        edits.blank(at("export"), at("b"));
        edits.blank(0, at("; a"));
        edits.insert(at("a\n"), "<");
        edits.insert(0, "head ");
        let (out, insertions) = edits.apply(text);
        assert_eq!(out, "head ;            \n   ; <a\n;      b");
        assert_eq!(insertions.original_column(2, 7), 6);
        assert_eq!(insertions.original_column(1, 6), 1);
    }
}
