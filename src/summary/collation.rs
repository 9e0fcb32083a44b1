//! The order of names: that of the Unicode root collation, as far as metric names need it.

use std::cmp::Ordering;

/// The punctuation and symbols of ASCII, in the order of the Unicode root collation; they come
/// before digits, and digits before letters.
const SYMBOLS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares two names: first without regard to case, then small letters before capitals.
pub fn compare(a: &str, b: &str) -> Ordering {
    let keys = |text: &str| text.chars().map(primary).collect::<Vec<_>>();
    let small_first = || {
        let case = |text: &str| text.chars().map(char::is_uppercase).collect::<Vec<_>>();
        case(a).cmp(&case(b))
    };
    keys(a).cmp(&keys(b)).then_with(small_first).then_with(|| a.cmp(b))
}

/// Class and place of a character when case is left out.
fn primary(c: char) -> (u8, u32) {
    if let Some(place) = SYMBOLS.find(c) {
        (0, place as u32)
    } else if c.is_ascii_digit() {
        (1, u32::from(c))
    } else {
        // ASCII letters come before all others, which keep the order of their code points.
        (2, u32::from(c.to_lowercase().next().unwrap_or(c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_localecompare_does() {
        let sorted = [
            "_a",
            "http_req_duration",
            "http_req_failed",
            "http_reqs",
            "iteration_duration",
            "iterations",
            "my-rate",
            "my1",
            "mya",
            "myA",
            "Mya",
            "myb",
            "Zoo",
            "éa",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, sorted);
    }
}
