//! Remote write, decoded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use prost::Message;

use super::slow_server::{Request, Server, respond};
use super::{figure, finish, run};

/// The messages once more, written down from Prometheus' own files and not from the code under test.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(oneof = "Count", tags = "1, 2")]
    count: Option<Count>,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(double, tag = "5")]
    zero_threshold: f64,
    #[prost(uint64, optional, tag = "6")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(int64, tag = "15")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Count {
    #[prost(uint64, tag = "1")]
    Int(u64),
    #[prost(double, tag = "2")]
    Float(f64),
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

/// Reads a request, and that it is one.
fn decoded(request: &Request) -> WriteRequest {
    for (name, value) in [
        ("content-type", "application/x-protobuf"),
        ("content-encoding", "snappy"),
        ("x-prometheus-remote-write-version", "0.1.0"),
    ] {
        assert_eq!(request.header(name), Some(value), "{:?}", request.headers);
    }
    let bytes = snap::raw::Decoder::new().decompress_vec(&request.body).unwrap();
    let message = WriteRequest::decode(&*bytes).unwrap();
    assert_eq!(message.encode_to_vec(), bytes, "there is something in it that the protocol has not");
    message
}

type Last = BTreeMap<Vec<(String, String)>, (i64, f64)>;

/// The last value of every series; times must grow, labels must be in order.
fn last_values(requests: &[Request]) -> Last {
    let mut last = Last::new();
    for series in requests.iter().flat_map(|request| decoded(request).timeseries) {
        let labels: Vec<_> = series.labels.into_iter().map(|label| (label.name, label.value)).collect();
        assert!(labels.windows(2).all(|pair| pair[0].0 < pair[1].0), "{labels:?}");
        assert!(labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()), "{labels:?}");
        assert_eq!((series.samples.len(), series.histograms.len()), (1, 0), "{labels:?}");
        for sample in series.samples {
            let before = last.insert(labels.clone(), (sample.timestamp, sample.value));
            assert!(before.is_none_or(|(time, _)| time < sample.timestamp), "{labels:?}");
        }
    }
    last
}

/// The sum of the values of all series of a name.
fn sum(last: &Last, name: &str) -> f64 {
    let named =
        last.iter().filter(|(labels, _)| labels.iter().any(|pair| pair.0 == "__name__" && pair.1 == name));
    let values: Vec<_> = named.map(|(_, (_, value))| *value).collect();
    assert!(!values.is_empty(), "no {name} in {last:?}");
    values.iter().sum()
}

#[test]
fn what_arrives_adds_up_to_the_summary() {
    let server = Server::new(|_, stream| respond(stream, "204 No Content", "", b""));
    let url = server.url("/api/v1/write").to_string();
    let mut run = run(
        &["experimental-prometheus-rw"],
        &[
            ("K6_PROMETHEUS_RW_SERVER_URL", &url),
            ("K6_PROMETHEUS_RW_PUSH_INTERVAL", "50ms"),
            ("K6_PROMETHEUS_RW_TREND_STATS", "count,sum,p(99),max"),
            ("K6_PROMETHEUS_RW_USERNAME", "me"),
            ("K6_PROMETHEUS_RW_PASSWORD", "s3cret"),
            ("K6_PROMETHEUS_RW_HEADERS_X_SCOPE", "7"),
        ],
    );
    let (outcome, figures) = finish(&mut run);
    let shown = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(shown.contains(&format!("output: Prometheus remote write ({url})")), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let requests = server.requests();
    assert_eq!(requests[0].line, "POST /api/v1/write HTTP/1.1");
    assert_eq!(requests[0].header("authorization"), Some("Basic bWU6czNjcmV0"));
    assert_eq!(requests[0].header("x_scope"), Some("7"));
    let last = last_values(&requests);
    assert_eq!(sum(&last, "k6_my_count_total"), figure(&figures, "my_count", "count"));
    assert_eq!(sum(&last, "k6_iterations_total"), 40.0);
    assert_eq!(sum(&last, "k6_my_gauge"), 7.0);
    assert_eq!(sum(&last, "k6_my_rate_rate"), 0.25);
    assert_eq!(sum(&last, "k6_my_time_count"), 40.0);
    assert!((sum(&last, "k6_my_time_sum") - 82.0).abs() < 1e-9, "seconds");
    assert_eq!(sum(&last, "k6_my_size_sum"), 780.0);
    // Of either zone: 4.0 s and 3.9 s.
    assert!((sum(&last, "k6_my_time_max") - 7.9).abs() < 1e-9);
    let zones: Vec<_> = last
        .keys()
        .filter(|labels| labels.iter().any(|(_, value)| value == "k6_my_time_p99"))
        .map(|labels| {
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        zones,
        [
            "__name__=k6_my_time_p99 scenario=default zone=a",
            "__name__=k6_my_time_p99 scenario=default zone=b, \"c\"=d",
        ]
    );
}

#[test]
fn histograms_and_ends() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b""));
    let out = format!("experimental-prometheus-rw={}", server.url("/push"));
    let variables = [("K6_FEATURES", "native-histograms"), ("K6_PROMETHEUS_RW_STALE_MARKERS", "true")];
    finish(&mut run(&[&out], &variables));
    let series: Vec<_> = server.requests().iter().flat_map(|request| decoded(request).timeseries).collect();
    let named = |name: &str| {
        let is = |series: &&TimeSeries| series.labels.iter().any(|l| l.name == "__name__" && l.value == name);
        series.iter().filter(is).collect::<Vec<_>>()
    };
    let (mut count, mut sum, mut buckets) = (0, 0.0, 0);
    let times = named("k6_my_time_seconds");
    for histogram in times.iter().flat_map(|series| &series.histograms) {
        let Some(Count::Int(values)) = histogram.count else { panic!("{histogram:?}") };
        count += values;
        sum += histogram.sum;
        let mut bucket = 0;
        buckets += histogram
            .positive_deltas
            .iter()
            .map(|delta| {
                bucket += delta;
                bucket
            })
            .sum::<i64>();
        let lengths: u32 = histogram.positive_spans.iter().map(|span| span.length).sum();
        assert_eq!((lengths as usize, histogram.schema), (histogram.positive_deltas.len(), 3));
    }
    assert_eq!((count, buckets), (40, 40));
    assert!((sum - 82.0).abs() < 1e-9);
    // Every series ends, histograms too: two zones, each with a histogram and an end.
    assert_eq!(times.len(), 4);
    let ends = named("k6_my_count_total")
        .iter()
        .filter(|s| s.samples[0].value.to_bits() == 0x7ff0_0000_0000_0002)
        .count();
    assert_eq!(ends, 2);
}

#[test]
fn a_server_that_is_busy_gets_everything_later() {
    for first in ["500 Internal Server Error", "429 Too Many Requests", "503 Service Unavailable"] {
        let refused = AtomicUsize::new(0);
        let server = Server::new(move |_, stream| match refused.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => respond(stream, first, "Retry-After: 0\r\n", b"not now"),
            _ => respond(stream, "200 OK", "", b""),
        });
        let out = format!("experimental-prometheus-rw={}", server.url("/push"));
        let (outcome, _) = finish(&mut run(&[&out], &[]));
        let requests = server.requests();
        let again: Vec<_> = requests[..3].iter().map(|request| request.body.clone()).collect();
        assert!(again[0] == again[1] && again[1] == again[2], "the same push is tried again");
        assert_eq!(sum(&last_values(&requests[2..]), "k6_my_count_total"), 100.0);
        let said = format!("failed, it is tried again: the server answered {first}: not now");
        assert_eq!(outcome.stderr.matches(&said).count(), 1, "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("could not be delivered"), "{}", outcome.stderr);
    }
}

#[test]
fn a_lost_push_is_made_up_for() {
    let first = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| match first.fetch_add(1, Ordering::SeqCst) {
        0 => respond(stream, "400 Bad Request", "", b"out of bounds"),
        _ => respond(stream, "200 OK", "", b""),
    });
    let out = format!("experimental-prometheus-rw={}", server.url("/push"));
    let script = super::SCRIPT
        .replace("export default function () {", "export default function () { sleep(0.02);")
        .replace("import { check }", "import { check, sleep }");
    let mut run = run(&[&out], &[("K6_PROMETHEUS_RW_PUSH_INTERVAL", "50ms")]).file("script.js", &script);
    let (outcome, _) = finish(&mut run);
    assert_eq!(sum(&last_values(&server.requests()[1..]), "k6_my_count_total"), 100.0);
    assert!(
        outcome.stderr.contains("pushes could not be delivered to the output Prometheus"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("400 Bad Request: out of bounds"), "{}", outcome.stderr);
}
