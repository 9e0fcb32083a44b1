//! Two records side by side: what changed, and whether that is more than chance.
//!
//! The method is in `docs/run-record.md`: errors of figures by a circular block bootstrap over seconds (H. R.
//! Künsch, The Jackknife and the Bootstrap for General Stationary Observations, Annals of Statistics 17, 1989;
//! D. N. Politis and J. P. Romano, A Circular Block-Resampling Procedure for Stationary Data, 1992), a
//! difference in those errors by Welch's t, and all figures of a table together by Holm's procedure.

pub mod bound;
pub mod figure;
pub mod html;
pub mod junit;
mod notes;
mod student;
pub mod text;
mod units;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{Of, Record, Series};
use crate::k6::builtin;
use crate::metrics::{Contains, Kind};
use crate::options::runtime::SummaryMode;
use crate::summary::class;
pub use bound::{Bound, BoundError};
pub use figure::Figure;
use units::Units;

/// How a comparison is made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The probability that a table of two equal runs has any change in it.
    pub alpha: f64,
    /// Smaller relative changes are of no interest, however sure they are.
    pub least: f64,
    /// For the random numbers: equal seeds, equal results.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.01, least: 0.05, seed: 1 }
    }
}

/// Times that differ by less, in milliseconds, are equal: that is what timers and schedulers are good for.
const LEAST_TIME: f64 = 0.1;

/// How often seconds are drawn to estimate an error.
const REPLICATES: usize = 400;

/// What became of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No change that matters, or none that is sure.
    Same,
    Better,
    Worse,
    /// Neither better nor worse.
    Changed,
}

/// One figure in both records.
#[derive(Clone, Debug)]
pub struct Row {
    /// `name` or `name{tags}`.
    pub metric: String,
    pub kind: Kind,
    pub contains: Contains,
    pub figure: Figure,
    pub base: f64,
    pub head: f64,
    /// The 95 % confidence interval of `head - base`.
    pub interval: (f64, f64),
    /// The probability of a difference at least as large between equal runs, of this figure alone.
    pub p: f64,
    /// Whether it counts as a change, given all the other figures.
    pub significant: bool,
    pub verdict: Verdict,
}

/// A bound, and how the records keep it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub bound: Bound,
    pub row: Row,
    /// It is exceeded, and that is no chance.
    pub failed: bool,
}

/// Two records compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub base: String,
    pub head: String,
    /// What makes the records hard to compare, such as different machines.
    pub notes: Vec<String>,
    pub rows: Vec<Row>,
    pub bounds: Vec<Judged>,
}

/// Why a bound could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    #[error("--fail-on '{expression}': the metric '{metric}' is not in {place}; it has {there}")]
    NoMetric { expression: String, metric: String, place: String, there: String },
    #[error("--fail-on '{expression}': {metric} is a {kind}, which has no {figure}")]
    NoFigure { expression: String, metric: String, kind: &'static str, figure: String },
}

/// Compares two records, called by their names.
///
/// # Errors
/// A bound is about a metric or a figure that is not in both.
pub fn compare(
    (base_name, base): (&str, &Record),
    (head_name, head): (&str, &Record),
    bounds: &[Bound],
    settings: &Settings,
) -> Result<Comparison, CompareError> {
    let mut rows = Vec::new();
    for ours in base.series.iter().filter(|series| is_shown(series)) {
        let same = |theirs: &&Series| {
            theirs.metric == ours.metric && theirs.of == ours.of && theirs.kind == ours.kind
        };
        if let Some(theirs) = head.series.iter().find(same) {
            rows.extend(compared((base, ours), (head, theirs), Figure::of(ours.kind), settings));
        }
    }
    correct(&mut rows, settings);
    let mut judged = Vec::new();
    for bound in bounds {
        let ours = find(bound, base, base_name)?;
        let theirs = find(bound, head, head_name)?;
        // A series has points, or it would not be there; so there is a row for each bound.
        judged.extend(compared((base, ours), (head, theirs), &[bound.figure], settings));
    }
    correct(&mut judged, settings);
    let judged = bounds.iter().zip(judged).map(|(bound, row)| Judged {
        failed: row.p <= settings.alpha && row.significant && bound.is_exceeded(row.base, row.head),
        bound: bound.clone(),
        row,
    });
    Ok(Comparison {
        base: base_name.to_owned(),
        head: head_name.to_owned(),
        notes: notes::notes(base, head),
        bounds: judged.collect(),
        rows,
    })
}

impl Comparison {
    /// Whether a bound was exceeded.
    pub fn failed(&self) -> bool {
        self.bounds.iter().any(|judged| judged.failed)
    }

    /// How many figures got worse, and how many better.
    pub fn counts(&self) -> (usize, usize) {
        let count = |verdict| self.rows.iter().filter(|row| row.verdict == verdict).count();
        (count(Verdict::Worse), count(Verdict::Better))
    }
}

impl Row {
    /// The change as a share of the base, `None` from zero.
    pub fn change(&self) -> Option<f64> {
        (self.base != 0.0).then(|| (self.head - self.base) / self.base.abs())
    }
}

fn find<'a>(bound: &Bound, record: &'a Record, place: &str) -> Result<&'a Series, CompareError> {
    let expression = bound.source.clone();
    let found = record.series.iter().find(|series| series.full_name() == bound.metric);
    let Some(series) = found else {
        let names: Vec<_> = record.series.iter().map(Series::full_name).collect();
        let (metric, place) = (bound.metric.clone(), place.to_owned());
        return Err(CompareError::NoMetric { expression, metric, place, there: names.join(", ") });
    };
    if !bound.figure.fits(series.kind) {
        return Err(CompareError::NoFigure {
            expression,
            metric: bound.metric.clone(),
            kind: series.kind.name(),
            figure: bound.figure.to_string(),
        });
    }
    Ok(series)
}

/// What the compact summary shows, but ssek's own state.
fn is_shown(series: &Series) -> bool {
    let own = series.metric == builtin::CLIENT_LAG.name || series.metric == builtin::SCHEDULE_DELAY.name;
    !own && !matches!(series.of, Of::Scenario(_))
        && (class::is_shown(&series.metric, SummaryMode::Compact) || series.metric == builtin::CHECKS.name)
}

fn compared(
    (base, ours): (&Record, &Series),
    (head, theirs): (&Record, &Series),
    figures: &[Figure],
    settings: &Settings,
) -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let (a, b) = (Units::of(ours, base, &mut random), Units::of(theirs, head, &mut random));
    let ours_estimated = estimates(&a, figures, &mut random);
    let theirs_estimated = estimates(&b, figures, &mut random);
    let row = |(figure, (a, b)): (&Figure, (&Estimate, &Estimate))| {
        let error = a.error.hypot(b.error);
        let difference = b.value - a.value;
        let df = welch(a, b);
        let margin = student::quantile(0.05, df) * error;
        let t = if difference == 0.0 { 0.0 } else { difference / error };
        Row {
            metric: ours.full_name(),
            kind: ours.kind,
            contains: ours.contains,
            figure: *figure,
            base: a.value,
            head: b.value,
            interval: (difference - margin, difference + margin),
            p: student::two_sided(t, df),
            significant: false,
            verdict: Verdict::Same,
        }
    };
    figures.iter().zip(ours_estimated.iter().zip(&theirs_estimated)).map(row).collect()
}

/// A figure with its standard error.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    value: f64,
    error: f64,
    /// Degrees of freedom of the error.
    df: f64,
}

fn estimates(units: &Units, figures: &[Figure], random: &mut ChaCha8Rng) -> Vec<Estimate> {
    let count = units.len();
    if count == 0 {
        // Of a record that somebody made by hand: nothing is known.
        return vec![Estimate { value: 0.0, error: f64::INFINITY, df: 1.0 }; figures.len()];
    }
    // The length at which the bootstrap's estimate of a variance is best grows with the cube root (P. Hall,
    // J. L. Horowitz and B.-Y. Jing, On blocking rules for the bootstrap with dependent data, 1995).
    let block = if units.in_time { ((count as f64).cbrt() + 1e-9) as usize } else { 1 }.max(1);
    let blocks = count as f64 / block as f64;
    let all = units.all();
    let mut moments = vec![(0.0, 0.0); figures.len()];
    let values: Vec<_> = figures.iter().map(|figure| units.figure(*figure, &all)).collect();
    for _ in 0..REPLICATES {
        let drawn = units.draw(block, random);
        for ((figure, value), (sum, squares)) in figures.iter().zip(&values).zip(&mut moments) {
            // As distances to the estimate, for the sake of precision.
            let distance = units.figure(*figure, &drawn) - value;
            *sum += distance;
            *squares += distance * distance;
        }
    }
    let replicates = REPLICATES as f64;
    let estimate = |(value, (sum, squares)): (&f64, &(f64, f64))| {
        let variance = (squares - sum * sum / replicates).max(0.0) / (replicates - 1.0);
        // A bootstrap of few blocks makes errors too small, as a variance does that is divided by n.
        let few = if blocks > 1.0 { blocks / (blocks - 1.0) } else { f64::INFINITY };
        let error = if variance == 0.0 && blocks > 1.0 { 0.0 } else { (variance * few).sqrt() };
        Estimate {
            value: *value,
            error: if error.is_nan() { f64::INFINITY } else { error },
            df: blocks - 1.0,
        }
    };
    values.iter().zip(&moments).map(estimate).collect()
}

/// Welch's and Satterthwaite's degrees of freedom.
fn welch(a: &Estimate, b: &Estimate) -> f64 {
    let part = |estimate: &Estimate| estimate.error.powi(4) / estimate.df.max(1.0);
    let df = (a.error.powi(2) + b.error.powi(2)).powi(2) / (part(a) + part(b));
    if df.is_finite() { df } else { a.df.min(b.df) }
}

/// Says which of these figures changed, so that the probability of any mistake among all of them is `alpha` at
/// most: S. Holm, A simple sequentially rejective multiple test procedure, 1979.
fn correct(rows: &mut [Row], settings: &Settings) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*a].p.total_cmp(&rows[*b].p));
    let count = rows.len();
    for (rank, place) in order.into_iter().enumerate() {
        let row = &mut rows[place];
        if row.p > settings.alpha / (count - rank) as f64 {
            break;
        }
        row.significant = true;
        row.verdict = verdict(row, settings);
    }
}

fn verdict(row: &Row, settings: &Settings) -> Verdict {
    let difference = row.head - row.base;
    let small = match row.kind {
        // Shares near zero double easily, and that matters.
        Kind::Rate => false,
        _ => difference.abs() < row.base.abs() * settings.least,
    };
    if small || (row.contains == Contains::Time && difference.abs() < LEAST_TIME) {
        return Verdict::Same;
    }
    match more_is(row) {
        Some(Good::Better) if difference > 0.0 => Verdict::Better,
        Some(Good::Better) => Verdict::Worse,
        Some(Good::Worse) if difference > 0.0 => Verdict::Worse,
        Some(Good::Worse) => Verdict::Better,
        None => Verdict::Changed,
    }
}

enum Good {
    Better,
    Worse,
}

/// Whether it is good or bad when a figure grows; `None` where that depends.
fn more_is(row: &Row) -> Option<Good> {
    let name = row.metric.split('{').next().unwrap_or_default();
    match name {
        "checks"
        | "llm_goodput"
        | "llm_output_tokens_per_second"
        | "http_reqs"
        | "iterations"
        | "sse_event"
        | "llm_requests"
        | "sse_streams" => Some(Good::Better),
        "http_req_failed" | "dropped_iterations" | "sse_stalls" | "llm_retries" => Some(Good::Worse),
        _ if row.kind == Kind::Trend && row.contains == Contains::Time => Some(Good::Worse),
        _ => None,
    }
}
