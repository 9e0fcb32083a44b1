//! The phases of a call, one below the other, on one scale.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::llm::Report;

/// Columns of the bars.
const WIDTH: usize = 48;

/// A phase: its name, when it began and how long it took.
pub(super) struct Phase {
    pub name: &'static str,
    pub begun: Duration,
    pub took: Duration,
}

/// The phases that were reached, in their order; times count from the beginning of the last attempt.
pub(super) fn phases(report: &Report) -> Vec<Phase> {
    let Some(trail) = report.hop().map(|hop| hop.trail) else { return Vec::new() };
    let start = trail.start;
    let since = |at: Instant| at.saturating_duration_since(start);
    let mut phases = Vec::new();
    let mut add = |name, begun, took| phases.push(Phase { name, begun, took });
    let mut at = Duration::ZERO;
    for (name, took) in [("name lookup", trail.dns), ("connect", trail.connecting), ("TLS", trail.tls)] {
        if took > Duration::ZERO {
            add(name, at, took);
        }
        at += took;
    }
    if let Some(sent) = trail.got_conn {
        add("send", since(sent), trail.sending);
        add("wait for head", since(sent) + trail.sending, trail.waiting);
    }
    let marks = &report.marks;
    let mut between = |name, from: Option<Instant>, to: Option<Instant>| {
        if let (Some(from), Some(to)) = (from, to)
            && to > from
        {
            phases.push(Phase { name, begun: since(from), took: to.saturating_duration_since(from) });
        }
    };
    between("wait for token", marks.headers, marks.first_token.or(Some(marks.end)));
    let visible = marks.first_visible;
    if marks.first_token != visible {
        between("thoughts", marks.first_token, visible.or(marks.last_token));
    }
    between("answer", visible, marks.last_token);
    between("tail", marks.last_token, Some(marks.end));
    phases
}

/// The phases as lines.
pub(super) fn draw(phases: &[Phase]) -> String {
    let total = phases.iter().map(|phase| phase.begun + phase.took).max().unwrap_or_default();
    let column = |time: Duration| {
        let share = time.as_secs_f64() / total.as_secs_f64().max(1e-9);
        (share * WIDTH as f64).round() as usize
    };
    let mut lines = String::new();
    for phase in phases {
        let begin = column(phase.begun).min(WIDTH - 1);
        let end = column(phase.begun + phase.took);
        let bar = if end > begin { "█".repeat(end - begin) } else { "▏".to_owned() };
        let took = phase.took.as_secs_f64() * 1e3;
        let place = format!("{}{bar}", " ".repeat(begin));
        let _ = writeln!(lines, "  {:<14} {took:9.1} ms  {place}", phase.name);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_where_the_phase_does() {
        let ms = Duration::from_millis;
        let phase = |name, begun, took| Phase { name, begun: ms(begun), took: ms(took) };
        let drawn = draw(&[phase("connect", 0, 0), phase("wait", 0, 500), phase("answer", 500, 500)]);
        let half = WIDTH / 2;
        let want = [
            "  connect              0.0 ms  ▏".to_owned(),
            format!("  wait               500.0 ms  {}", "█".repeat(half)),
            format!("  answer             500.0 ms  {}{}", " ".repeat(half), "█".repeat(half)),
        ];
        assert_eq!(drawn.lines().collect::<Vec<_>>(), want);
        assert_eq!(draw(&[]), "");
    }
}
