//! A comparison for people, as text.

use std::fmt::Write as _;

use super::{Comparison, Row, Verdict};
use crate::metrics::Kind;
use crate::summary::number;
use crate::summary::style::{Style, pad, width};

/// The table with what belongs to it; each line ends with a line feed.
pub fn render(comparison: &Comparison, style: Style) -> String {
    let mut out = format!("\n  base  {}\n  head  {}\n\n", comparison.base, comparison.head);
    for note in &comparison.notes {
        // Writing to a String cannot fail; so below.
        let _ = writeln!(out, "  {} {note}", style.yellow("note:"));
    }
    if !comparison.notes.is_empty() {
        out.push('\n');
    }
    let mut lines =
        vec![["metric", "", "base", "head", "change", "95 % interval", "p", ""].map(str::to_owned)];
    let mut before = "";
    for row in &comparison.rows {
        let name = if row.metric == before { "" } else { &row.metric };
        before = &row.metric;
        lines.push([
            name.to_owned(),
            row.figure.to_string(),
            value(row, row.base),
            value(row, row.head),
            change(row),
            interval(row),
            probability(row.p),
            word(row.verdict).to_owned(),
        ]);
    }
    let widths: Vec<usize> = (0..8)
        .map(|column| lines.iter().map(|line| width(&line[column])).max().unwrap_or_default())
        .collect();
    for (place, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, to))| match column {
            0 | 1 => pad(cell, *to),
            7 if place > 0 => painted(comparison.rows[place - 1].verdict, cell, style),
            7 => cell.clone(),
            _ => format!("{}{cell}", " ".repeat(to - width(cell))),
        });
        let text = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(
            out,
            "  {}",
            if place == 0 { style.bold(text.trim_end()) } else { text.trim_end().to_owned() }
        );
    }
    let (worse, better) = comparison.counts();
    let said = match (worse, better) {
        (0, 0) => "no significant change".to_owned(),
        _ => format!("{worse} of {} figures worse, {better} better", comparison.rows.len()),
    };
    let _ = writeln!(out, "\n  {said}");
    for judged in &comparison.bounds {
        let mark = if judged.failed { style.red("✗") } else { style.green("✓") };
        let row = &judged.row;
        let sure = if row.significant { "" } else { ", which may be chance" };
        let (base, head, change) = (value(row, row.base), value(row, row.head), change(row));
        let _ = writeln!(
            out,
            "  {mark} {}: {base} → {head} ({change}, p {}{sure})",
            judged.bound.source,
            probability(row.p)
        );
    }
    out.push('\n');
    out
}

/// A figure in its unit.
pub fn value(row: &Row, value: f64) -> String {
    match row.kind {
        Kind::Rate => number::percent(value),
        Kind::Counter => format!("{}/s", number::value(rounded(value), row.contains, None)),
        _ => number::value(rounded(value), row.contains, None),
    }
}

/// Four digits say enough of a figure that is compared.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// `+10.2%`, `-3.0%`; points of a share as `+0.50pp`.
pub fn change(row: &Row) -> String {
    if row.kind == Kind::Rate {
        return format!("{:+.2}pp", (row.head - row.base) * 100.0);
    }
    match row.change() {
        Some(change) => percent(change),
        None if row.head == 0.0 => "0.0%".to_owned(),
        None => "new".to_owned(),
    }
}

fn interval(row: &Row) -> String {
    let (low, high) = row.interval;
    if !low.is_finite() || !high.is_finite() {
        return String::new();
    }
    if row.kind == Kind::Rate {
        let (low, high) = (low.max(-1.0), high.min(1.0));
        return format!("{:+.2} to {:+.2}pp", low * 100.0, high * 100.0);
    }
    if row.base == 0.0 {
        return String::new();
    }
    // Nothing of ours falls by more than all of it, however wide the error is.
    let low = (low / row.base.abs()).max(-1.0);
    format!("{} to {}", percent(low), percent(high / row.base.abs()))
}

fn percent(share: f64) -> String {
    let text = format!("{:+.1}%", share * 100.0);
    // A change that rounds to nothing has no direction.
    if text == "-0.0%" || text == "+0.0%" { "0.0%".to_owned() } else { text }
}

/// `0.03`, `<0.001`
pub fn probability(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// What is said of a figure.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "~",
        Verdict::Better => "better",
        Verdict::Worse => "WORSE",
        Verdict::Changed => "changed",
    }
}

fn painted(verdict: Verdict, text: &str, style: Style) -> String {
    match verdict {
        Verdict::Worse => style.red(text),
        Verdict::Better => style.green(text),
        Verdict::Changed => style.yellow(text),
        Verdict::Same => style.faint(text),
    }
}
