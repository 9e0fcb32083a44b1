//! The lines of a record's file, between values and JSON. `docs/run-record.md` describes them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::client::ClientLine;
use super::{Breakdown, Meta, Of, Point, Series};
use crate::metrics::packed::{Cell, PackedTrend};
use crate::metrics::sink::{CounterSink, GaugeSink, RateSink, Sink};
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot, Section, ThresholdSnapshot};
use crate::metrics::trace::RequestTrace;
use crate::metrics::{Contains, Kind, Packed, trend};

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    /// The version; what tells a record from any other JSON.
    pub ssek_record: u32,
    pub meta: Meta,
    pub step: u32,
    /// Nanoseconds.
    pub duration: u64,
    /// Nanoseconds of the warm-up and of the cool-down.
    pub left_out: (u64, u64),
    pub groups: Vec<String>,
    pub client: Option<ClientLine>,
    pub complete: bool,
    pub exit_code: u8,
    pub request_count: u64,
    pub missing: u64,
}

/// Every line after the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Series(SeriesLine),
    Breakdown(BreakdownLine),
    Metric(MetricLine),
    Check(CheckLine),
    Section(SectionLine),
    Request(RequestTrace),
    /// The last line: how many there were before it.
    End(u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SeriesLine {
    metric: String,
    kind: String,
    contains: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scenario: Option<String>,
    /// Of each point the second and the figures.
    points: Box<RawValue>,
    total: Box<RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct BreakdownLine {
    metric: String,
    kind: String,
    contains: String,
    tag: String,
    value: String,
    total: Box<RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct MetricLine {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    kind: String,
    contains: String,
    total: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    thresholds: Vec<ThresholdLine>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ThresholdLine {
    source: String,
    ok: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct CheckLine {
    scenario: Option<String>,
    group: String,
    name: String,
    passes: u64,
    fails: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SectionLine {
    scenario: Option<String>,
    group: String,
    metrics: Vec<MetricLine>,
}

/// Sum and number of samples.
type CounterRow = (f64, u64);
/// Last, smallest and largest value, number of samples.
type GaugeRow = (f64, f64, f64, u64);
/// How many were not zero, and how many there were.
type RateRow = (u64, u64);
/// Sum, minimum and maximum; then in turn the distance of a key to the one before and its count.
type TrendRow = (f64, f64, f64, Vec<i64>);
/// All values of a short trend.
type ExactRow = (Vec<f64>,);

#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    Counter(CounterRow),
    Gauge(GaugeRow),
    Rate(RateRow),
    Trend(TrendRow),
    Exact(ExactRow),
}

/// What is wrong with a line, for people.
pub type Wrong = String;

impl SeriesLine {
    pub fn of(series: &Series) -> Result<Self, serde_json::Error> {
        let points: Vec<_> = series.points.iter().map(|point| (point.second, row(&point.value))).collect();
        let (selector, scenario) = match &series.of {
            Of::All => (None, None),
            Of::Selector(tags) => (Some(tags.clone()), None),
            Of::Scenario(name) => (None, Some(name.clone())),
        };
        Ok(Self {
            metric: series.metric.clone(),
            kind: series.kind.name().to_owned(),
            contains: series.contains.name().to_owned(),
            selector,
            scenario,
            points: serde_json::value::to_raw_value(&points)?,
            total: serde_json::value::to_raw_value(&row(&series.total))?,
        })
    }

    pub fn read(self) -> Result<Series, Wrong> {
        let kind = kind(&self.kind)?;
        let points = match kind {
            Kind::Counter => points(&self.points, counter)?,
            Kind::Gauge => points(&self.points, gauge)?,
            Kind::Rate => points(&self.points, rate)?,
            Kind::Trend => points(&self.points, trend)?,
        };
        Ok(Series {
            kind,
            contains: contains(&self.contains)?,
            of: match (self.selector, self.scenario) {
                (Some(tags), _) => Of::Selector(tags),
                (None, Some(name)) => Of::Scenario(name),
                (None, None) => Of::All,
            },
            points,
            total: packed(kind, &self.total)?,
            metric: self.metric,
        })
    }
}

impl BreakdownLine {
    pub fn of(breakdown: &Breakdown) -> Result<Self, serde_json::Error> {
        Ok(Self {
            metric: breakdown.metric.clone(),
            kind: breakdown.kind.name().to_owned(),
            contains: breakdown.contains.name().to_owned(),
            tag: breakdown.tag.clone(),
            value: breakdown.value.clone(),
            total: serde_json::value::to_raw_value(&row(&breakdown.total))?,
        })
    }

    pub fn read(self) -> Result<Breakdown, Wrong> {
        let kind = kind(&self.kind)?;
        Ok(Breakdown {
            kind,
            contains: contains(&self.contains)?,
            total: packed(kind, &self.total)?,
            metric: self.metric,
            tag: self.tag,
            value: self.value,
        })
    }
}

impl MetricLine {
    pub fn of(metric: &MetricSnapshot) -> Result<Self, serde_json::Error> {
        let exact = match &metric.sink {
            Sink::Trend(trend) => trend.exact(),
            _ => None,
        };
        let row =
            exact.map_or_else(|| row(&Packed::of(&metric.sink)), |values| Row::Exact((values.to_vec(),)));
        let thresholds = metric.thresholds.iter();
        Ok(Self {
            name: metric.name.clone(),
            selector: metric.selector.clone(),
            kind: metric.kind.name().to_owned(),
            contains: metric.contains.name().to_owned(),
            total: serde_json::value::to_raw_value(&row)?,
            thresholds: thresholds.map(|t| ThresholdLine { source: t.source.clone(), ok: t.ok }).collect(),
        })
    }

    pub fn read(self) -> Result<MetricSnapshot, Wrong> {
        let kind = kind(&self.kind)?;
        let exact = (kind == Kind::Trend).then(|| serde_json::from_str::<ExactRow>(self.total.get()).ok());
        let sink = match exact.flatten() {
            Some((values,)) => {
                let mut sink = Sink::new(kind);
                values.iter().for_each(|value| sink.add(*value));
                sink
            }
            None => packed(kind, &self.total)?.sink(),
        };
        let thresholds = self.thresholds.into_iter();
        Ok(MetricSnapshot {
            name: self.name,
            selector: self.selector,
            kind,
            contains: contains(&self.contains)?,
            sink,
            thresholds: thresholds.map(|t| ThresholdSnapshot { source: t.source, ok: t.ok }).collect(),
        })
    }
}

impl From<&CheckSnapshot> for CheckLine {
    fn from(check: &CheckSnapshot) -> Self {
        let CheckSnapshot { scenario, group, name, passes, fails } = check.clone();
        Self { scenario, group, name, passes, fails }
    }
}

impl From<CheckLine> for CheckSnapshot {
    fn from(line: CheckLine) -> Self {
        let CheckLine { scenario, group, name, passes, fails } = line;
        Self { scenario, group, name, passes, fails }
    }
}

impl SectionLine {
    pub fn of(section: &Section) -> Result<Self, serde_json::Error> {
        Ok(Self {
            scenario: section.scenario.clone(),
            group: section.group.clone(),
            metrics: section.metrics.iter().map(MetricLine::of).collect::<Result<_, _>>()?,
        })
    }

    pub fn read(self) -> Result<Section, Wrong> {
        Ok(Section {
            scenario: self.scenario,
            group: self.group,
            metrics: self.metrics.into_iter().map(MetricLine::read).collect::<Result<_, _>>()?,
        })
    }
}

fn row(packed: &Packed) -> Row {
    match packed {
        Packed::Counter(sink) => Row::Counter((sink.sum, sink.count)),
        Packed::Gauge(sink) => Row::Gauge((sink.value, sink.min, sink.max, sink.count)),
        Packed::Rate(sink) => Row::Rate((sink.trues, sink.total)),
        Packed::Trend(trend) => {
            let mut flat = Vec::new();
            let mut before = 0;
            for (key, count) in trend.cells() {
                flat.extend([i64::from(key - before), count as i64]);
                before = key;
            }
            Row::Trend((trend.sum(), trend.min(), trend.max(), flat))
        }
    }
}

fn packed(kind: Kind, text: &RawValue) -> Result<Packed, Wrong> {
    match kind {
        Kind::Counter => counter(parsed(text)?),
        Kind::Gauge => gauge(parsed(text)?),
        Kind::Rate => rate(parsed(text)?),
        Kind::Trend => trend(parsed(text)?),
    }
}

fn points<'a, R: Deserialize<'a>>(
    text: &'a RawValue,
    read: impl Fn(R) -> Result<Packed, Wrong>,
) -> Result<Vec<Point>, Wrong> {
    let rows: Vec<(u32, R)> = parsed(text)?;
    let points: Vec<_> = rows
        .into_iter()
        .map(|(second, row)| Ok(Point { second, value: read(row)? }))
        .collect::<Result<_, Wrong>>()?;
    if !points.is_sorted_by(|a, b| a.second < b.second) {
        return Err("its points are out of order".to_owned());
    }
    Ok(points)
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Result<T, Wrong> {
    serde_json::from_str(text.get()).map_err(|error| error.to_string())
}

fn counter((sum, count): CounterRow) -> Result<Packed, Wrong> {
    Ok(Packed::Counter(CounterSink { sum, count }))
}

fn gauge((value, min, max, count): GaugeRow) -> Result<Packed, Wrong> {
    Ok(Packed::Gauge(GaugeSink { value, min, max, count }))
}

fn rate((trues, total): RateRow) -> Result<Packed, Wrong> {
    if trues > total {
        return Err("a rate has more hits than samples".to_owned());
    }
    Ok(Packed::Rate(RateSink { trues, total }))
}

fn trend((sum, min, max, flat): TrendRow) -> Result<Packed, Wrong> {
    let bad = || "a histogram is no list of ascending buckets with counts".to_owned();
    let mut cells: Vec<Cell> = Vec::with_capacity(flat.len() / 2);
    let (mut key, mut all) = (0_i64, 0_u64);
    let (pairs, rest) = flat.as_chunks::<2>();
    for (place, [distance, count]) in pairs.iter().enumerate() {
        key = key.checked_add(*distance).ok_or_else(bad)?;
        let fits = i32::try_from(key).ok().filter(|key| *key == 0 || trend::value(*key) != 0.0);
        let count = u64::try_from(*count).ok().filter(|count| *count > 0);
        let (Some(fits), Some(count)) = (fits, count) else { return Err(bad()) };
        if place > 0 && *distance <= 0 {
            return Err(bad());
        }
        all = all.checked_add(count).ok_or_else(bad)?;
        cells.push((fits, count));
    }
    if !rest.is_empty() {
        return Err(bad());
    }
    Ok(Packed::Trend(PackedTrend::new(&cells, sum, min, max)))
}

fn kind(name: &str) -> Result<Kind, Wrong> {
    let kinds = [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend];
    kinds
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("there is no kind of metric '{name}'"))
}

fn contains(name: &str) -> Result<Contains, Wrong> {
    let all = [Contains::Default, Contains::Time, Contains::Data];
    all.into_iter().find(|it| it.name() == name).ok_or_else(|| format!("values are never '{name}'"))
}
