//! The colours of the summary and of the progress lines.

/// Wraps texts in terminal colours, or leaves them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
}

impl Style {
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }

    pub fn white(self, text: &str) -> String {
        self.paint("37", text)
    }

    pub fn faint_cyan(self, text: &str) -> String {
        self.paint("2;36", text)
    }

    pub fn faint_white(self, text: &str) -> String {
        self.paint("2;37", text)
    }

    /// Faint in the colour at hand, which stays on behind it.
    pub fn faint(self, text: &str) -> String {
        if self.color { format!("\x1b[2m{text}\x1b[22m") } else { text.to_owned() }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// How many columns a text takes; the names and figures shown here have one column a character.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text with blanks behind it, up to a width.
pub fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out_unless_asked_for() {
        let (on, off) = (Style { color: true }, Style { color: false });
        assert_eq!((on.bold("x"), off.bold("x")), ("\x1b[1mx\x1b[0m".into(), "x".into()));
        assert_eq!((on.faint("-"), off.faint("-")), ("\x1b[2m-\x1b[22m".into(), "-".into()));
    }
}
