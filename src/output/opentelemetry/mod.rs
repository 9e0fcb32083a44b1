//! `--out opentelemetry`: sums over the run, exported by OTLP.

mod config;
mod exporter;
mod gen_ai;
mod instrument;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::delivery::{Delivery, Parcel};
use super::slots::Slots;
use super::{Output, OutputContext, OutputKind};
use crate::log;
use crate::metrics::{Registry, Sample, Timestamp};
use config::Config;
use exporter::Route;
use gen_ai::Twin;
use instrument::{Instrument, Point, Span, attribute, unit};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "opentelemetry", open };

/// The name that it had in k6 before.
pub const EXPERIMENTAL: OutputKind =
    OutputKind { name: "experimental-opentelemetry", open: open_experimental };

/// How many points a request has at most: about a megabyte. Collectors take four.
const POINTS_PER_REQUEST: usize = 1_000;

struct OpenTelemetry {
    config: Config,
    measured: Slots<Measured>,
    delivery: Option<Delivery>,
    /// When the output was opened.
    start: Timestamp,
}

/// A metric under a set of tags, and its twin in the conventions for generative AI.
struct Measured {
    own: Instrument,
    twin: Option<Twin>,
}

fn open_experimental(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    log::warn("The output experimental-opentelemetry is deprecated, use opentelemetry instead");
    open(arg, context)
}

fn open(_: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let config = Config::read(context.env)?;
    let route = Route::new(&config, context.env).context("the output opentelemetry")?;
    let delivery = Delivery::start(config.describe(), "exports", 1, move || route.exporter())?;
    let start = Timestamp::now();
    Ok(Box::new(OpenTelemetry { config, measured: Slots::default(), delivery: Some(delivery), start }))
}

impl Output for OpenTelemetry {
    fn describe(&self) -> String {
        self.config.describe()
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        let prefix = &self.config.metric_prefix;
        for sample in batch {
            let slot = self.measured.of(sample.series, registry, |metric, tags| {
                let attributes = tags.iter().map(|(key, value)| attribute(key, value)).collect();
                let name = format!("{prefix}{}", metric.name);
                let own = Instrument::new(name, metric.kind, unit(metric.contains), attributes);
                Measured { own, twin: Twin::of(&metric.name, tags, &registry.protocols) }
            });
            if let Some(measured) = slot {
                measured.own.add(sample.value);
                measured.twin.iter_mut().for_each(|twin| twin.add(sample.value));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let nanos = |time: Timestamp| u64::try_from(time.0).unwrap_or(0);
        let span = Span { start: nanos(self.start), now: nanos(Timestamp::now()) };
        let single = self.config.single_counter_for_rate;
        let mut due = Vec::new();
        for measured in self.measured.iter_mut() {
            let twin = measured.twin.as_ref().map(|twin| &twin.instrument);
            for instrument in std::iter::once(&measured.own).chain(twin) {
                due.extend(instrument.points(span, single));
            }
            if due.len() >= POINTS_PER_REQUEST {
                put(&self.delivery, &self.config, std::mem::take(&mut due));
            }
        }
        put(&self.delivery, &self.config, due);
        Ok(())
    }

    fn interval(&self) -> Duration {
        self.config.export_interval
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        if let Some(delivery) = self.delivery.take() {
            delivery.finish();
        }
        self.measured.verdict(&self.config.describe()).iter().for_each(log::error);
        Ok(())
    }
}

/// Sends points, if there are any.
fn put(delivery: &Option<Delivery>, config: &Config, points: Vec<Point>) {
    if let Some(delivery) = delivery
        && !points.is_empty()
    {
        delivery.put(Parcel { body: request(config, points).encode_to_vec().into(), holds: 1 });
    }
}

/// The message with these points, those of one metric put together.
fn request(config: &Config, points: Vec<Point>) -> ExportMetricsServiceRequest {
    let mut metrics: Vec<Metric> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, unit, data) in points {
        let place = *places.entry(name.clone()).or_insert_with(|| {
            metrics.push(Metric { name, unit: unit.to_owned(), ..Metric::default() });
            metrics.len() - 1
        });
        join(&mut metrics[place].data, data);
    }
    let scope = InstrumentationScope { name: "k6".to_owned(), ..InstrumentationScope::default() };
    let scope_metrics = ScopeMetrics { scope: Some(scope), metrics, schema_url: String::new() };
    let attributes = vec![
        attribute("service.name", &config.service_name),
        attribute("service.version", &config.service_version),
    ];
    let resource = Resource { attributes, ..Resource::default() };
    let resource_metrics = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope_metrics],
        schema_url: String::new(),
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
}

/// Adds points of a metric to those that it has. All points of a metric are of one kind.
fn join(data: &mut Option<Data>, more: Data) {
    match (data, more) {
        (Some(Data::Sum(data)), Data::Sum(more)) => data.data_points.extend(more.data_points),
        (Some(Data::Gauge(data)), Data::Gauge(more)) => data.data_points.extend(more.data_points),
        (Some(Data::Histogram(data)), Data::Histogram(more)) => data.data_points.extend(more.data_points),
        (data, more) => *data = Some(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Kind;

    #[test]
    fn points_of_a_metric_are_together() {
        let span = Span { start: 0, now: 1 };
        let points = |name: &str, kind, zone: &str| {
            let mut instrument = Instrument::new(name.to_owned(), kind, "", vec![attribute("zone", zone)]);
            instrument.add(1.0);
            instrument.points(span, true)
        };
        let all = [
            points("a", Kind::Counter, "1"),
            points("b", Kind::Trend, "1"),
            points("a", Kind::Counter, "2"),
            points("c", Kind::Gauge, "1"),
            points("b", Kind::Trend, "2"),
        ];
        let config = Config::read(&|_| None).unwrap();
        let request = request(&config, all.concat());
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let counts = metrics.iter().map(|metric| match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => sum.data_points.len(),
            Data::Gauge(gauge) => gauge.data_points.len(),
            Data::Histogram(histogram) => histogram.data_points.len(),
            _ => 0,
        });
        let names = metrics.iter().map(|metric| &*metric.name);
        assert_eq!(names.zip(counts).collect::<Vec<_>>(), [("a", 2), ("b", 2), ("c", 1)]);
    }
}
