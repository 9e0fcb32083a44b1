//! Several records to one: percentiles of the whole, for histograms add up.

use std::collections::HashMap;
use std::time::Duration;

use super::collector::{coarser, sort};
use super::meta::SECOND;
use super::{Breakdown, MOST_VALUES, OTHERS, Of, Point, Record, Series, client};
use crate::k6::builtin::{VUS, VUS_MAX};
use crate::metrics::Packed;
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot, Section, Snapshot};

/// How many requests a merged record shows.
const MOST_REQUESTS: usize = 500;

/// Merges records of one test, by several machines or several times. The order does not matter, except for the
/// last value of a gauge, which is that of the last record.
///
/// Points stand where they stood in time. The duration, by which counters are divided, is how long at least
/// one of the runs was under way. A threshold passed if it passed everywhere; it is not evaluated anew, for
/// the records hold no samples.
///
/// `None` without records.
pub fn merge(mut records: Vec<Record>) -> Option<Record> {
    let origin = records.iter().map(|record| record.meta.second_zero()).min()?;
    let step = records.iter().map(|record| record.step).max()?;
    let duration = covered(&records);
    let meta = merged_meta(&records);
    let clients = records.iter_mut().map(|record| record.client.take()).collect();
    let mut whole = Record {
        meta,
        step,
        client: client::merged(clients),
        complete: records.iter().all(|record| record.complete),
        exit_code: records.iter().map(|record| record.exit_code).max().unwrap_or(0),
        ..Record::default()
    };
    let mut traces = Vec::new();
    for record in records {
        // Seconds of one test: a century fits.
        let shift = u32::try_from((record.meta.second_zero() - origin) / SECOND).unwrap_or(u32::MAX);
        add_series(&mut whole.series, record.series, step, shift);
        add_breakdowns(&mut whole.breakdowns, record.breakdowns);
        add_snapshot(&mut whole.snapshot, record.snapshot);
        whole.request_count += record.request_count;
        whole.missing += record.missing;
        traces.push(record.requests);
    }
    let share = MOST_REQUESTS / traces.len().max(1);
    for mut requests in traces {
        // Each was drawn at random; every so many of them are, too.
        let every = requests.len().div_ceil(share.max(1)).max(1);
        whole.requests.extend(requests.drain(..).step_by(every));
    }
    whole.requests.sort_by_key(|request| request.start);
    sort(&mut whole.series);
    for metric in whole.snapshot.metrics.iter_mut().filter(|metric| is_users(&metric.name)) {
        let series = whole.series.iter().find(|series| series.metric == metric.name && series.of == Of::All);
        if let Some(series) = series.filter(|_| metric.selector.is_none()) {
            metric.sink = series.total.sink();
        }
    }
    whole.snapshot.duration = duration;
    Some(whole)
}

fn merged_meta(records: &[Record]) -> super::Meta {
    let mut meta = records.first().map(|record| record.meta.clone()).unwrap_or_default();
    meta.start = records.iter().map(|record| record.meta.start).min().unwrap_or(0);
    meta.runs = records.iter().map(|record| record.meta.runs.max(1)).sum();
    for record in &records[1..] {
        let other = &record.meta;
        for model in &other.models {
            if !meta.models.contains(model) {
                meta.models.push(model.clone());
            }
        }
        if meta.target != other.target {
            meta.target = format!("{}, {}", meta.target, other.target);
        }
        if meta.host != other.host {
            meta.host.cpus = meta.host.cpus.max(other.host.cpus);
            meta.host.memory = meta.host.memory.max(other.host.memory);
        }
    }
    meta.models.sort();
    meta
}

/// For how long at least one of the runs was measured.
fn covered(records: &[Record]) -> Duration {
    let span = |record: &Record| {
        let start = i128::from(record.meta.start);
        (start, start + record.snapshot.duration.as_nanos() as i128)
    };
    let mut spans: Vec<_> = records.iter().map(span).collect();
    spans.sort_unstable();
    let (mut all, mut end) = (0, i128::MIN);
    for (from, to) in spans {
        all += (to - from.max(end)).max(0);
        end = end.max(to);
    }
    Duration::from_nanos(u64::try_from(all).unwrap_or(u64::MAX))
}

fn add_series(whole: &mut Vec<Series>, part: Vec<Series>, step: u32, shift: u32) {
    for mut series in part {
        series.points = coarser(series.points, step, shift);
        let known = whole.iter_mut().find(|known| {
            known.metric == series.metric && known.of == series.of && known.kind == series.kind
        });
        let Some(known) = known else {
            whole.push(series);
            continue;
        };
        if is_users(&known.metric) {
            add_users(known, series.points);
            continue;
        }
        known.total.merge(&series.total);
        let mut points = std::mem::take(&mut known.points);
        points.extend(series.points);
        points.sort_by_key(|point| point.second);
        known.points = coarser(points, step, 0);
    }
}

/// Whether a gauge counts virtual users, of which several machines have more than one.
fn is_users(metric: &str) -> bool {
    [VUS, VUS_MAX].iter().any(|builtin| builtin.name == metric)
}

/// Adds up the users of runs that go on at the same time.
fn add_users(known: &mut Series, points: Vec<Point>) {
    for point in points {
        let at = known.points.partition_point(|old| old.second < point.second);
        match (known.points.get_mut(at), &point.value) {
            (Some(Point { second, value: Packed::Gauge(old) }), Packed::Gauge(new))
                if *second == point.second =>
            {
                old.value += new.value;
                old.min += new.min;
                old.max += new.max;
                old.count += new.count;
            }
            _ => known.points.insert(at, point),
        }
    }
    known.total = Packed::new(known.kind);
    for point in &known.points {
        known.total.merge(&point.value);
    }
}

fn add_breakdowns(whole: &mut Vec<Breakdown>, part: Vec<Breakdown>) {
    for mut breakdown in part {
        let of_tag = |known: &&Breakdown| known.metric == breakdown.metric && known.tag == breakdown.tag;
        let is_known = whole.iter().filter(of_tag).any(|known| known.value == breakdown.value);
        if !is_known && whole.iter().filter(of_tag).count() > MOST_VALUES {
            breakdown.value = OTHERS.to_owned();
        }
        let same = whole.iter_mut().find(|known| {
            known.metric == breakdown.metric && known.tag == breakdown.tag && known.value == breakdown.value
        });
        match same {
            Some(known) => known.total.merge(&breakdown.total),
            None => whole.push(breakdown),
        }
    }
}

fn add_snapshot(whole: &mut Snapshot, part: Snapshot) {
    whole.left_out.0 = whole.left_out.0.max(part.left_out.0);
    whole.left_out.1 = whole.left_out.1.max(part.left_out.1);
    add_metrics(&mut whole.metrics, part.metrics);
    for check in part.checks {
        let same = |known: &&mut CheckSnapshot| {
            (&known.scenario, &known.group, &known.name) == (&check.scenario, &check.group, &check.name)
        };
        match whole.checks.iter_mut().find(same) {
            Some(known) => {
                known.passes += check.passes;
                known.fails += check.fails;
            }
            None => whole.checks.push(check),
        }
    }
    let fresh: Vec<_> = part.groups.into_iter().filter(|group| !whole.groups.contains(group)).collect();
    whole.groups.extend(fresh);
    for section in part.sections {
        let same = |known: &&mut Section| known.scenario == section.scenario && known.group == section.group;
        match whole.sections.iter_mut().find(same) {
            Some(known) => add_metrics(&mut known.metrics, section.metrics),
            None => whole.sections.push(section),
        }
    }
}

fn add_metrics(whole: &mut Vec<MetricSnapshot>, part: Vec<MetricSnapshot>) {
    for metric in part {
        let same = whole.iter_mut().find(|known| {
            known.name == metric.name && known.selector == metric.selector && known.kind == metric.kind
        });
        let Some(known) = same else {
            whole.push(metric);
            continue;
        };
        known.sink.merge(&metric.sink);
        let mut verdicts: HashMap<_, _> =
            metric.thresholds.iter().map(|threshold| (threshold.source.clone(), threshold.ok)).collect();
        for threshold in &mut known.thresholds {
            threshold.ok &= verdicts.remove(&threshold.source).unwrap_or(true);
        }
        let more = metric.thresholds.into_iter().filter(|t| verdicts.contains_key(&t.source));
        known.thresholds.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::packed::Tally;
    use crate::metrics::sink::Sink;
    use crate::metrics::{Contains, Kind};
    use crate::record::Meta;

    fn run(start: i64, seconds: u64, values: &[f64]) -> Record {
        let mut tally = Tally::new(Kind::Trend);
        let mut sink = Sink::new(Kind::Trend);
        for value in values {
            tally.add(*value);
            sink.add(*value);
        }
        let total: Packed = tally.pack();
        let (kind, contains) = (Kind::Trend, Contains::Time);
        let points = vec![Point { second: 1, value: total.clone() }];
        Record {
            meta: Meta { start, runs: 1, ..Meta::default() },
            step: 1,
            series: vec![Series { metric: "m".into(), kind, contains, of: Of::All, points, total }],
            snapshot: Snapshot {
                duration: Duration::from_secs(seconds),
                metrics: vec![MetricSnapshot {
                    name: "m".into(),
                    selector: None,
                    kind,
                    contains,
                    sink,
                    thresholds: Vec::new(),
                }],
                ..Snapshot::default()
            },
            ..Record::default()
        }
    }

    #[test]
    fn users_of_several_machines_add_up() {
        let users = |start: i64, counts: &[f64]| {
            let mut record = run(start, 5, &[1.0]);
            let points = counts.iter().enumerate().map(|(second, users)| {
                let mut sink = Sink::new(Kind::Gauge);
                sink.add(*users);
                Point { second: second as u32, value: Packed::of(&sink) }
            });
            record.series[0] = Series {
                metric: "vus".into(),
                kind: Kind::Gauge,
                contains: Contains::Default,
                of: Of::All,
                points: points.collect(),
                total: Packed::new(Kind::Gauge),
            };
            record
        };
        let whole =
            merge(vec![users(SECOND, &[1.0, 5.0, 5.0]), users(2 * SECOND, &[3.0, 4.0, 2.0])]).unwrap();
        let value = |point: &Point| match &point.value {
            Packed::Gauge(gauge) => gauge.value,
            other => panic!("{other:?}"),
        };
        assert_eq!(whole.series[0].points.iter().map(value).collect::<Vec<_>>(), [1.0, 8.0, 9.0, 2.0]);
        let Packed::Gauge(total) = &whole.series[0].total else { panic!() };
        assert_eq!((total.value, total.min, total.max), (2.0, 1.0, 9.0));
    }

    #[test]
    fn points_stay_where_they_were_and_time_is_counted_once() {
        let second = SECOND;
        let records = vec![
            run(100 * second + 5, 10, &[1.0, 2.0]),
            run(103 * second, 10, &[3.0]),
            run(500 * second, 4, &[4.0]),
        ];
        let whole = merge(records).unwrap();
        let seconds: Vec<_> = whole.series[0].points.iter().map(|p| (p.second, p.value.count())).collect();
        assert_eq!(seconds, [(1, 2), (4, 1), (401, 1)]);
        assert_eq!(whole.snapshot.duration, Duration::from_nanos(17_000_000_000 - 5));
        assert_eq!((whole.meta.runs, whole.series[0].total.count()), (3, 4));
        let Sink::Trend(trend) = &whole.snapshot.metrics[0].sink else { panic!() };
        assert_eq!((trend.count(), trend.min(), trend.max()), (4, 1.0, 4.0));
        assert!(merge(Vec::new()).is_none());
    }
}
