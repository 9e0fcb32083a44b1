//! Records of runs that never were, for pages to be made of.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::time::Duration;

use ssek::k6::builtin::{Contains, Kind};
use ssek::metrics::snapshot::{CheckSnapshot, MetricSnapshot, ThresholdSnapshot};
use ssek::metrics::trace::{Marks, Phases, RequestTrace};
use ssek::metrics::{Registry, Sample, SeriesId, Snapshot, TagSet, Timestamp};
use ssek::record::{Collector, Host, Meta, Record};

/// The start of all of them: nanoseconds since the Unix epoch.
const START: i64 = 1_795_308_512_000_000_000;

/// A name that a page must not take for markup.
pub const NASTY: &str = "</script><script>window.broken = 1</script><!--";

/// What is simulated.
#[derive(Clone, Copy)]
pub struct Shape {
    pub seconds: u32,
    pub users: u32,
    pub requests_a_second: u32,
    pub events: u32,
    /// Whether the requests are chat completions.
    pub llm: bool,
}

struct Maker {
    registry: Registry,
    collector: Collector,
    state: u64,
    batch: Vec<Sample>,
    known: HashMap<(&'static str, Of), SeriesId>,
}

/// A scenario and an outcome, both of which may be empty.
type Of = (&'static str, &'static str);

impl Maker {
    /// A number from 0 to 1; the same ones each time.
    fn random(&mut self) -> f64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 40) as f64 / (1_u64 << 24) as f64
    }

    /// Around a median, with a long tail.
    fn latency(&mut self, median: f64) -> f64 {
        let spread = self.random() + self.random() + self.random() - 1.5;
        let outlier = if self.random() < 0.01 { 4.0 } else { 1.0 };
        median * (spread * 0.9).exp() * outlier
    }

    fn series(&self, metric: &'static str, (scenario, outcome): Of) -> SeriesId {
        let (kind, contains) = kind_of(metric);
        let tags: &[(&str, &str)] = match (scenario, outcome) {
            ("", _) => &[],
            (_, "") => &[("scenario", scenario), ("group", "::login"), ("name", NASTY), ("status", "200")],
            _ => &[("scenario", scenario), ("outcome", outcome)],
        };
        let mut set = TagSet::default();
        tags.iter().for_each(|(key, value)| set.set(key, value));
        let id = match self.registry.find(metric) {
            Some(found) => found.id,
            None => self.registry.register(metric, kind, contains).unwrap(),
        };
        self.registry.series(id, self.registry.tag_set(&set))
    }

    fn put(&mut self, metric: &'static str, of: Of, at: f64, value: f64) {
        let series = match self.known.get(&(metric, of)) {
            Some(series) => *series,
            None => {
                let series = self.series(metric, of);
                self.known.insert((metric, of), series);
                series
            }
        };
        let time = Timestamp(START + (at * 1e9) as i64);
        self.batch.push(Sample { series, time, value });
    }
}

fn kind_of(metric: &str) -> (Kind, Contains) {
    match metric {
        "llm_completion_tokens_total" | "llm_requests" | "sse_streams" | "sse_event" => {
            (Kind::Counter, Contains::Default)
        }
        "llm_completion_tokens" | "llm_output_tokens_per_second" => (Kind::Trend, Contains::Default),
        _ => (Kind::Trend, Contains::Time),
    }
}

/// A record of such a run.
pub fn record(shape: Shape) -> Record {
    let registry = Registry::new();
    let collector = Collector::new(Timestamp(START), &[]);
    let mut maker = Maker { registry, collector, state: 7, batch: Vec::new(), known: HashMap::new() };
    let mut requests = Vec::new();
    for second in 0..shape.seconds {
        let wave = 1.0 + 0.3 * (f64::from(second) / f64::from(shape.seconds) * 12.0).sin();
        let users = shape.users.min(1 + second * shape.users * 4 / shape.seconds);
        maker.put("vus", ("", ""), f64::from(second), f64::from(users));
        for number in 0..shape.requests_a_second {
            let at = f64::from(second) + f64::from(number) / f64::from(shape.requests_a_second);
            let trace = request(&mut maker, shape, at, wave);
            if requests.len() < 200 && maker.random() < 0.2 {
                requests.push(trace);
            }
        }
        let batch = std::mem::take(&mut maker.batch);
        maker.collector.add(&batch, &maker.registry);
    }
    let collected = maker.collector.collected();
    let meta = Meta {
        ssek: "0.1.0".to_owned(),
        target: "tests/chat.js".to_owned(),
        name: if shape.llm { format!("chat {NASTY}") } else { "shop".to_owned() },
        models: if shape.llm { vec!["qwen3-8b-instruct".to_owned()] } else { Vec::new() },
        start: START,
        command: ["ssek", "run", "--report", "tests/chat.js"].map(str::to_owned).to_vec(),
        host: Host { os: "linux".to_owned(), arch: "x86_64".to_owned(), cpus: 8, memory: 32 << 30 },
        runs: 1,
        ..Meta::default()
    };
    Record {
        meta,
        step: collected.step,
        series: collected.series,
        breakdowns: collected.breakdowns,
        snapshot: snapshot(shape),
        complete: true,
        exit_code: if shape.llm { 99 } else { 0 },
        request_count: requests.len() as u64,
        requests,
        ..Record::default()
    }
}

fn request(maker: &mut Maker, shape: Shape, at: f64, wave: f64) -> RequestTrace {
    let scenario = if maker.random() < 0.6 { "chat" } else { "search" };
    let failed = maker.random() < 0.02;
    let outcome = if failed { "timeout_idle" } else { "ok" };
    let tags = (scenario, "");
    let first = maker.latency(180.0 * wave);
    let mut trace = RequestTrace {
        start: START + (at * 1e9) as i64,
        name: "POST /v1/chat/completions".to_owned(),
        scenario: scenario.to_owned(),
        vu: 1 + (at as u64) % u64::from(shape.users),
        outcome: outcome.to_owned(),
        status: 200,
        phases: Phases { blocked: 0.4, waiting: first - 5.0, ..Phases::default() },
        marks: Marks { headers: Some(first - 4.0), ..Marks::default() },
        ..RequestTrace::default()
    };
    for (metric, value) in [
        ("http_req_blocked", 0.4),
        ("http_req_connecting", 0.2),
        ("http_req_tls_handshaking", 0.1),
        ("http_req_sending", 0.05),
        ("http_req_waiting", first - 5.0),
        ("http_req_receiving", 3.0),
        ("http_req_duration", first),
        ("http_req_failed", f64::from(u8::from(failed))),
        ("http_reqs", 1.0),
        ("data_received", 14_000.0),
        ("data_sent", 600.0),
        ("iterations", 1.0),
        ("iteration_duration", first + 1.0),
        ("my_latency", first / 3.0),
    ] {
        maker.put(metric, tags, at, value);
    }
    if shape.llm {
        let mut now = first;
        trace.event(now);
        for _ in 1..shape.events {
            let gap = maker.latency(22.0 * wave);
            now += gap;
            trace.event(now);
            maker.put("sse_event_gap", tags, at, gap);
        }
        let tokens = f64::from(shape.events);
        for (metric, value) in [
            ("llm_time_to_first_token", first),
            ("llm_time_per_output_token", (now - first) / (tokens - 1.0).max(1.0)),
            ("llm_request_duration", now),
            ("llm_output_tokens_per_second", tokens * 1000.0 / now),
            ("llm_completion_tokens", tokens),
            ("llm_completion_tokens_total", tokens),
        ] {
            maker.put(metric, tags, at, value);
        }
        maker.put("llm_requests", (scenario, outcome), at, 1.0);
        trace.marks.first_token = Some(first);
        trace.marks.end = now;
        trace.tokens = Some(u64::from(shape.events));
    } else {
        trace.marks.end = first;
    }
    trace
}

fn snapshot(shape: Shape) -> Snapshot {
    let threshold = |source: &str, ok| ThresholdSnapshot { source: source.to_owned(), ok };
    let metric = MetricSnapshot {
        name: "http_req_duration".to_owned(),
        selector: Some("scenario:chat".to_owned()),
        kind: Kind::Trend,
        contains: Contains::Time,
        sink: ssek::metrics::sink::Sink::new(Kind::Trend),
        thresholds: vec![threshold("p(95)<500", !shape.llm), threshold("avg<9000", true)],
    };
    let check = |name: &str, fails| CheckSnapshot {
        scenario: Some("chat".to_owned()),
        group: "::login".to_owned(),
        name: name.to_owned(),
        passes: 980,
        fails,
    };
    Snapshot {
        duration: Duration::from_secs(shape.seconds.into()),
        metrics: vec![metric],
        checks: vec![check("status is 200", 0), check(NASTY, 20)],
        ..Snapshot::default()
    }
}
