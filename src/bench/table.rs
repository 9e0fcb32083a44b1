//! Tables of text: columns as wide as what stands in them.

use crate::summary::style::width;

/// Rows of cells; the first column is flush left, the others flush right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// How many columns in front are flush left.
    left: usize,
}

impl Table {
    /// A table with a head, of which so many columns are flush left.
    pub fn new(head: &[&str], left: usize) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()], left }
    }

    /// One more row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether there is nothing but the head.
    pub fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// The lines, each behind so many blanks; the head as `head` paints it.
    pub fn render(&self, indent: usize, head: impl Fn(&str) -> String) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<_> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let blanks = " ".repeat(widths[column].saturating_sub(width(cell)));
                let gap = if column == 0 { "" } else { "  " };
                match column < self.left {
                    true => line.extend([gap, cell, &blanks]),
                    false => line.extend([gap, &blanks, cell]),
                }
            }
            let line = line.trim_end();
            let line = if number == 0 { head(line) } else { line.to_owned() };
            text.extend([&" ".repeat(indent), &line, "\n"]);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["name", "p50", "note"], 1);
        assert!(table.is_empty());
        table.row(vec!["µ".into(), "12.5ms".into(), "x".into()]);
        table.row(vec!["longer".into(), "3s".into()]);
        let text = table.render(2, str::to_uppercase);
        assert_eq!(text, "  NAME       P50  NOTE\n  µ       12.5ms     x\n  longer      3s\n");
    }
}
