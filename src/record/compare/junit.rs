//! A comparison as JUnit XML: a test case for each bound, or for each figure where there are no bounds.

use super::text::{change, probability, value};
use super::{Comparison, Row, Verdict};

/// The document.
pub fn document(comparison: &Comparison) -> String {
    let cases: Vec<(String, &Row, bool)> = if comparison.bounds.is_empty() {
        let rows = comparison.rows.iter();
        rows.map(|row| (format!("{}({})", row.figure, row.metric), row, row.verdict == Verdict::Worse))
            .collect()
    } else {
        let bounds = comparison.bounds.iter();
        bounds.map(|judged| (judged.bound.source.clone(), &judged.row, judged.failed)).collect()
    };
    let failures = cases.iter().filter(|(_, _, failed)| *failed).count();
    let count = cases.len();
    let suite = safe(&format!("{} → {}", comparison.base, comparison.head));
    let cases: String = cases.iter().map(|(name, row, failed)| case(name, row, *failed)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{count}\" failures=\"{failures}\">\n\
         <testsuite name=\"{suite}\" tests=\"{count}\" failures=\"{failures}\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

fn case(name: &str, row: &Row, failed: bool) -> String {
    let name = safe(name);
    let begin = format!("<testcase classname=\"ssek compare\" name=\"{name}\"");
    if !failed {
        return format!("{begin}/>\n");
    }
    let message = format!(
        "{} → {} ({}, p {})",
        value(row, row.base),
        value(row, row.head),
        change(row),
        probability(row.p)
    );
    format!("{begin}><failure message=\"{}\"/></testcase>\n", safe(&message))
}

/// Text for attributes; XML has no way to write most control characters.
fn safe(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
