//! The counts of all checks, then each check.

use super::Page;
use super::metrics::{Cells, Row, Table};
use crate::metrics::snapshot::CheckSnapshot;
use crate::summary::{number, per_second};

/// The counts of one check over all groups and scenarios that were asked for.
struct Tally<'a> {
    name: &'a str,
    passes: u64,
    fails: u64,
}

/// Writes the block; nothing where no check has run.
pub(super) fn write(page: &mut Page, indent: usize, checks: &[&CheckSnapshot]) {
    let tallies = tally(checks);
    let passes: u64 = tallies.iter().map(|t| t.passes).sum();
    let fails: u64 = tallies.iter().map(|t| t.fails).sum();
    if passes + fails == 0 {
        return;
    }
    totals(page, indent, passes, passes + fails);
    page.blank();
    for check in tallies {
        one(page, indent, &check);
    }
    page.blank();
}

/// Adds up checks of the same name, in the order in which they come first.
fn tally<'a>(checks: &[&'a CheckSnapshot]) -> Vec<Tally<'a>> {
    let mut tallies: Vec<Tally> = Vec::new();
    for check in checks {
        let found = match tallies.iter().position(|t| t.name == check.name) {
            Some(at) => at,
            None => {
                tallies.push(Tally { name: &check.name, passes: 0, fails: 0 });
                tallies.len() - 1
            }
        };
        tallies[found].passes += check.passes;
        tallies[found].fails += check.fails;
    }
    tallies
}

fn totals(page: &mut Page, indent: usize, passes: u64, total: u64) {
    let share = |part: u64| {
        let value = number::percent(part as f64 / total as f64);
        Cells::Value { value, extras: vec![format!("{part} out of {total}")] }
    };
    let rate = format!("{}/s", number::count(per_second(total as f64, page.summary.snapshot.duration)));
    let row = |name: &str, cells| Row { name: name.to_owned(), cells };
    let rows = [
        row("checks_total", Cells::Value { value: total.to_string(), extras: vec![rate] }),
        row("checks_succeeded", share(passes)),
        row("checks_failed", share(total - passes)),
    ];
    let table = Table::of(rows.iter());
    for row in &rows {
        page.line(indent, &table.line(row, page));
    }
}

fn one(page: &mut Page, indent: usize, check: &Tally) {
    if check.fails == 0 {
        let line = page.style.green(&format!("✓ {}", check.name));
        return page.line(indent, &line);
    }
    let percent = 100 * check.passes / (check.passes + check.fails);
    // k6 indents the second line twice over in groups within others.
    let inner = " ".repeat(2 * (2 * indent - 1));
    let lines = format!("✗ {}\n{inner}↳  {percent}% — ✓ {} / ✗ {}", check.name, check.passes, check.fails);
    let lines = page.style.red(&lines);
    page.line(indent, &lines);
}
