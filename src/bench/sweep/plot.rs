//! Throughput against latency: as characters, and as a drawing.

use std::fmt::Write as _;

use super::By;
use super::search::{Search, Verdict};
use crate::metrics::Contains;
use crate::summary::number;

/// A load in the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub load: f64,
    /// Requests a second.
    pub x: f64,
    /// Time to the first token, 99th percentile, in milliseconds.
    pub y: f64,
    pub meets: bool,
}

/// One point a load.
pub fn points(search: &Search) -> Vec<Point> {
    let point = |level: &super::search::Level| Point {
        load: level.load,
        x: level.throughput(),
        y: level.mean(|trial| trial.ttft.p99),
        meets: search.verdict(level) == Verdict::Meets,
    };
    search.levels().iter().map(point).filter(|point| point.x.is_finite() && point.y.is_finite()).collect()
}

/// Size of the plane in characters.
const COLUMNS: usize = 64;
const ROWS: usize = 14;

fn most(points: &[Point], of: fn(&Point) -> f64) -> f64 {
    points.iter().map(of).fold(0.0, f64::max).max(1e-9)
}

/// The plane in characters: `●` where the objectives are kept, `○` where not.
pub fn terminal(points: &[Point]) -> String {
    let (right, top) = (most(points, |point| point.x), most(points, |point| point.y));
    let mut cells = vec![[' '; COLUMNS]; ROWS];
    for point in points {
        let column = ((point.x / right) * (COLUMNS - 1) as f64).round() as usize;
        let row = ROWS - 1 - ((point.y / top) * (ROWS - 1) as f64).round() as usize;
        cells[row.min(ROWS - 1)][column.min(COLUMNS - 1)] = if point.meets { '●' } else { '○' };
    }
    let label = |row: usize| match row {
        0 => time(top),
        row if row == ROWS / 2 => time(top / 2.0),
        row if row == ROWS - 1 => "0".to_owned(),
        _ => String::new(),
    };
    let mut text = String::new();
    for (row, line) in cells.iter().enumerate() {
        let line: String = line.iter().collect();
        let _ = writeln!(text, "  {:>9} │{}", label(row), line.trim_end());
    }
    let _ = writeln!(text, "  {:>9} └{}", "", "─".repeat(COLUMNS));
    let end = format!("{right:.1} req/s");
    let _ = writeln!(text, "  {:>9}  0{}{end}", "", " ".repeat(COLUMNS.saturating_sub(end.len() + 1)));
    let _ = writeln!(text, "  ● keeps the objectives   ○ does not");
    text
}

fn time(milliseconds: f64) -> String {
    number::value((milliseconds * 100.0).round() / 100.0, Contains::Time, None)
}

/// The plane as an SVG file of its own, with the load beside each point.
pub fn svg(points: &[Point], by: By) -> String {
    const WIDTH: f64 = 760.0;
    const HEIGHT: f64 = 420.0;
    const LEFT: f64 = 80.0;
    const BOTTOM: f64 = 60.0;
    let (right, top) = (most(points, |point| point.x), most(points, |point| point.y));
    let x = |value: f64| LEFT + value / right * (WIDTH - LEFT - 50.0);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - 40.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for part in 0..=4 {
        let share = f64::from(part) / 4.0;
        let (at, value) = (y(top * share), time(top * share));
        let _ = writeln!(text, "<path d=\"M{LEFT} {at:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - 50.0);
        let _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            LEFT - 8.0,
            at + 4.0
        );
        let (at, value) = (x(right * share), right * share);
        let _ = writeln!(
            text,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{value:.1}</text>",
            HEIGHT - 38.0
        );
    }
    let what = match by {
        By::Concurrency => "users",
        By::Rate => "requests started a second",
    };
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">requests a second</text>",
        WIDTH / 2.0,
        HEIGHT - 14.0
    );
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"22\">time to first token, p99; beside each point: {what}</text>"
    );
    let path: Vec<_> = points.iter().map(|point| format!("{:.1} {:.1}", x(point.x), y(point.y))).collect();
    if !path.is_empty() {
        let _ = writeln!(text, "<path d=\"M{}\" fill=\"none\" stroke=\"#888\"/>", path.join("L"));
    }
    for point in points {
        let fill = if point.meets { "#2a7" } else { "#c43" };
        let (cx, cy) = (x(point.x), y(point.y));
        let _ = writeln!(text, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5\" fill=\"{fill}\"/>");
        let load = number::count(point.load);
        let _ = writeln!(text, "<text x=\"{:.1}\" y=\"{:.1}\">{load}</text>", cx + 8.0, cy - 6.0);
    }
    text + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_they_should() {
        let points = [
            Point { load: 1.0, x: 1.0, y: 10.0, meets: true },
            Point { load: 8.0, x: 8.0, y: 400.0, meets: false },
        ];
        let text = terminal(&points);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains("400ms") && lines[0].ends_with('○'), "{text}");
        assert!(lines[ROWS - 1].contains('●') && lines[ROWS + 1].ends_with("8.0 req/s"), "{text}");
        let drawing = svg(&points, By::Rate);
        assert_eq!(drawing.matches("<circle").count(), 2);
        assert!(drawing.ends_with("</svg>\n") && terminal(&[]).lines().count() > ROWS);
    }
}
