//! The blocks of metrics and the table that lines up names, values and columns.

use super::Page;
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::summary::style::width;
use crate::summary::{SummaryOptions, by_name, class, counter_rate, number};

/// One line of a table, not yet lined up.
pub(super) struct Row {
    pub name: String,
    pub cells: Cells,
}

/// What stands behind a name.
pub(super) enum Cells {
    /// Label and value of each column.
    Trend(Vec<(String, String)>),
    /// The main value, and what explains it.
    Value { value: String, extras: Vec<String> },
}

/// The widths that the lines of one section share.
#[derive(Default)]
pub(super) struct Table {
    name: usize,
    columns: Vec<usize>,
    value: usize,
    extras: Vec<usize>,
}

/// Writes the metrics that are shown, block after block, each with a blank line behind it.
pub(super) fn write(page: &mut Page, indent: usize, metrics: &[&MetricSnapshot]) {
    let options = &page.summary.options;
    let mut shown: Vec<_> = metrics
        .iter()
        .copied()
        .filter(|m| options.includes(m) && class::is_shown(&m.name, options.mode))
        .collect();
    shown.sort_by(|a, b| by_name(a, b));
    let duration = page.summary.snapshot.duration;
    let rows: Vec<_> =
        shown.iter().map(|metric| (options.heading(&metric.name), row(metric, options, duration))).collect();
    let table = Table::of(rows.iter().map(|(_, row)| row));
    for class in class::CLASSES {
        let mut lines = rows.iter().filter(|(heading, _)| *heading == class.heading).peekable();
        if lines.peek().is_none() {
            continue;
        }
        let heading = page.style.bold(class.heading);
        page.line(indent, &heading);
        for (_, row) in lines {
            page.line(indent, &table.line(row, page));
        }
        page.blank();
    }
}

fn row(metric: &MetricSnapshot, options: &SummaryOptions, duration: std::time::Duration) -> Row {
    let name = match &metric.selector {
        Some(selector) => format!("  {{ {selector} }}"),
        None => metric.name.clone(),
    };
    let format = |value: f64| number::value(value, metric.contains, options.time_unit);
    let cells = match &metric.sink {
        Sink::Trend(trend) => {
            let cell = |stat: &TrendStat| {
                let value = stat.of(trend);
                let text = if *stat == TrendStat::Count { number::shortest(value) } else { format(value) };
                (stat.name().to_owned(), text)
            };
            Cells::Trend(options.trend_stats.iter().map(cell).collect())
        }
        Sink::Counter(counter) => Cells::Value {
            value: format(counter.sum),
            extras: vec![format!("{}/s", format(counter_rate(counter, duration)))],
        },
        Sink::Gauge(gauge) => Cells::Value {
            value: format(gauge.value),
            extras: vec![format!("min={}", format(gauge.min)), format!("max={}", format(gauge.max))],
        },
        Sink::Rate(rate) => Cells::Value {
            value: number::percent(rate.rate()),
            extras: vec![format!("{} out of {}", rate.trues, rate.total)],
        },
    };
    Row { name, cells }
}

impl Table {
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut table = Self::default();
        for row in rows {
            table.name = table.name.max(width(&row.name));
            match &row.cells {
                Cells::Trend(cells) => widen(&mut table.columns, cells.iter().map(|(_, value)| value)),
                Cells::Value { value, extras } => {
                    table.value = table.value.max(width(value));
                    widen(&mut table.extras, extras.iter());
                }
            }
        }
        table
    }

    /// A row as a line of text: name, dots, values. Columns are padded, even the last; an extra
    /// that stands alone is not.
    pub(super) fn line(&self, row: &Row, page: &Page) -> String {
        let style = page.style;
        let dots = style.faint_white(&format!("{}:", ".".repeat(self.name - width(&row.name) + 3)));
        let behind = |text: &str, to: usize| " ".repeat(to.saturating_sub(width(text)));
        let values = match &row.cells {
            Cells::Trend(cells) => {
                let cells = cells.iter().zip(&self.columns).map(|((label, value), to)| {
                    format!("{label}={}{}", style.cyan(value), behind(value, *to))
                });
                cells.collect::<Vec<_>>().join(" ")
            }
            Cells::Value { value, extras } => {
                let value = format!("{}{}", style.cyan(value), behind(value, self.value));
                let extras = match extras.as_slice() {
                    [alone] => style.faint_cyan(alone),
                    several => {
                        let padded = several
                            .iter()
                            .zip(&self.extras)
                            .map(|(extra, to)| format!("{}{}", style.faint_cyan(extra), behind(extra, *to)));
                        padded.collect::<Vec<_>>().join(" ")
                    }
                };
                format!("{value} {extras}")
            }
        };
        format!("{}{dots} {values}", row.name)
    }
}

/// Makes each column wide enough for one more row.
fn widen<'a>(columns: &mut Vec<usize>, texts: impl Iterator<Item = &'a String>) {
    for (place, text) in texts.enumerate() {
        match columns.get_mut(place) {
            Some(column) => *column = (*column).max(width(text)),
            None => columns.push(width(text)),
        }
    }
}
