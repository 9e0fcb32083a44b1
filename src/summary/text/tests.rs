//! Whole texts, compared to the column.

use std::time::Duration;

use crate::metrics::sink::Sink;
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot, Section, Snapshot, ThresholdSnapshot};
use crate::metrics::{Contains, Kind};
use crate::options::runtime::SummaryMode;
use crate::summary::{Summary, SummaryOptions};

fn metric(name: &str, kind: Kind, contains: Contains, values: &[f64]) -> MetricSnapshot {
    let (name, selector) = match name.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').map(str::to_owned)),
        None => (name, None),
    };
    let mut sink = Sink::new(kind);
    values.iter().for_each(|v| sink.add(*v));
    MetricSnapshot { name: name.to_owned(), selector, kind, contains, sink, thresholds: Vec::new() }
}

fn time(name: &str, values: &[f64]) -> MetricSnapshot {
    metric(name, Kind::Trend, Contains::Time, values)
}

fn counter(name: &str, sum: f64) -> MetricSnapshot {
    metric(name, Kind::Counter, Contains::Default, &[sum])
}

fn with(mut metric: MetricSnapshot, thresholds: &[(&str, bool)]) -> MetricSnapshot {
    let threshold = |&(source, ok): &(&str, bool)| ThresholdSnapshot { source: source.to_owned(), ok };
    metric.thresholds = thresholds.iter().map(threshold).collect();
    metric
}

fn network(received: f64, sent: f64) -> [MetricSnapshot; 2] {
    let data = |name, sum| metric(name, Kind::Counter, Contains::Data, &[sum]);
    [data("data_sent", sent), data("data_received", received)]
}

fn check(scenario: &str, group: &str, name: &str, passes: u64, fails: u64) -> CheckSnapshot {
    let scenario = Some(scenario.to_owned());
    CheckSnapshot { scenario, group: group.into(), name: name.into(), passes, fails }
}

fn section(scenario: &str, group: &str, metrics: Vec<MetricSnapshot>) -> Section {
    Section { scenario: Some(scenario.to_owned()), group: group.to_owned(), metrics }
}

fn print(snapshot: Snapshot, options: SummaryOptions) -> String {
    Summary { snapshot, client: None, options }.stdout().unwrap()
}

fn full() -> SummaryOptions {
    SummaryOptions { mode: SummaryMode::Full, ..SummaryOptions::default() }
}

#[test]
fn a_short_run_without_requests() {
    let mut metrics = vec![time("iteration_duration", &[150.5, 151.0, 151.0]), counter("iterations", 2.0)];
    metrics.push(time("group_duration", &[100.0]));
    metrics.extend(network(0.0, 0.0));
    let snapshot = Snapshot { duration: Duration::from_millis(400), metrics, ..Snapshot::default() };
    let expected = "

  █ TOTAL RESULTS\u{20}

    EXECUTION
    iteration_duration...: avg=150.83ms min=150.5ms med=151ms max=151ms p(90)=151ms p(95)=151ms
    iterations...........: 2   5/s

    NETWORK
    data_received........: 0 B 0 B/s
    data_sent............: 0 B 0 B/s



";
    assert_eq!(print(snapshot, SummaryOptions::default()), expected);
}

#[test]
fn sub_metrics_stand_below_their_metric() {
    let values = [60.5, 61.0, 60.25, 61.0];
    let mut metrics = vec![
        with(time("http_req_duration{kind:none}", &[]), &[("max<1", true)]),
        with(time("http_req_duration{kind:b}", &[61.0]), &[("max<0.001", false), ("p(99) > 7", true)]),
        counter("http_reqs", 4.0),
        time("http_req_waiting", &values),
        metric("http_req_failed", Kind::Rate, Contains::Default, &[0.0; 4]),
        time("http_req_duration{expected_response:true}", &values),
        time("http_req_duration", &values),
    ];
    metrics.extend(network(268.0, 1280.0));
    let snapshot = Snapshot { duration: Duration::from_millis(250), metrics, ..Snapshot::default() };
    let expected = "

  █ THRESHOLDS\u{20}

    http_req_duration{kind:b}
    ✗ 'max<0.001' max=61ms
    ✓ 'p(99) > 7' p(99)=61ms

    http_req_duration{kind:none}
    ✓ 'max<1' max=0s


  █ TOTAL RESULTS\u{20}

    HTTP
    http_req_duration..............: avg=60.68ms min=60.25ms med=60.75ms max=61ms p(90)=61ms p(95)=61ms
      { expected_response:true }...: avg=60.68ms min=60.25ms med=60.75ms max=61ms p(90)=61ms p(95)=61ms
      { kind:b }...................: avg=61ms    min=61ms    med=61ms    max=61ms p(90)=61ms p(95)=61ms
      { kind:none }................: avg=0s      min=0s      med=0s      max=0s   p(90)=0s   p(95)=0s \u{20}
    http_req_failed................: 0.00%  0 out of 4
    http_reqs......................: 4      16/s

    NETWORK
    data_received..................: 268 B  1.1 kB/s
    data_sent......................: 1.3 kB 5.1 kB/s



";
    assert_eq!(print(snapshot, SummaryOptions::default()), expected);
}

#[test]
fn every_kind_of_metric_lines_up() {
    let whole: Vec<f64> = (1..=100).map(f64::from).collect();
    let mut metrics = vec![
        metric("my_trend", Kind::Trend, Contains::Default, &whole),
        time("my_time", &[1.5, 150.0]),
        metric("my_rate", Kind::Rate, Contains::Default, &[1.0, 0.0, 1.0]),
        metric("my_gauge", Kind::Gauge, Contains::Default, &[5.0, 2.0]),
        metric("my_counter", Kind::Counter, Contains::Default, &[1.5, 2.0]),
        metric("sse_stalls", Kind::Counter, Contains::Default, &[3.0]),
        metric("sse_event", Kind::Counter, Contains::Default, &[6.0]),
    ];
    metrics.extend(network(0.0, 0.0));
    let snapshot = Snapshot { duration: Duration::from_millis(3), metrics, ..Snapshot::default() };
    let trend_stats = ["avg", "count", "p(99.9)"].map(|s| s.parse().unwrap()).to_vec();
    let expected = "

  █ TOTAL RESULTS\u{20}

    CUSTOM
    my_counter......: 3.5    1166.666667/s
    my_gauge........: 2      min=2         max=5
    my_rate.........: 66.66% 2 out of 3
    my_time.........: avg=75.75ms count=2   p(99.9)=149.85ms
    my_trend........: avg=50.5    count=100 p(99.9)=99.901 \u{20}
    sse_event.......: 6      2000/s

    STREAMING
    sse_stalls......: 3      1000/s

    NETWORK
    data_received...: 0 B    0 B/s
    data_sent.......: 0 B    0 B/s



";
    let text = print(snapshot, SummaryOptions { trend_stats, streaming: true, ..SummaryOptions::default() });
    assert_eq!(text, expected);
}

#[test]
fn thresholds_name_what_they_were_compared_with() {
    let metrics = vec![
        with(time("http_req_duration{a:b}", &[3.0]), &[("avg<5", true)]),
        with(time("http_req_duration", &[3.0]), &[("p(95)<5", true), ("avg<5", true), ("p(50)<1", false)]),
        with(counter("http_reqs", 6.0), &[("count>2", true), ("rate>9", false)]),
        with(metric("ga", Kind::Gauge, Contains::Default, &[]), &[("value<5", true)]),
        with(metric("checks", Kind::Rate, Contains::Default, &[1.0]), &[("rate > 0.9", true)]),
    ];
    let snapshot = Snapshot { duration: Duration::from_secs(2), metrics, ..Snapshot::default() };
    let trend_stats = vec!["p(95)".parse().unwrap()];
    let options = SummaryOptions { trend_stats, ..SummaryOptions::default() };
    let expected = "

  █ THRESHOLDS\u{20}

    checks
    ✓ 'rate > 0.9' rate=100.00%

    ga
    ✓ 'value<5' value=0

    http_req_duration
    ✓ 'p(95)<5' p(95)=3ms
    ✓ 'avg<5' avg=
    ✗ 'p(50)<1' p(50)=3ms

      {a:b}
      ✓ 'avg<5' avg=

    http_reqs
    ✓ 'count>2' count=6
    ✗ 'rate>9' rate=3/s


  █ TOTAL RESULTS\u{20}

    CUSTOM
    ga..................: 0 min=0 max=0

    HTTP
    http_req_duration...: p(95)=3ms
      { a:b }...........: p(95)=3ms
    http_reqs...........: 6 3/s



";
    assert_eq!(print(snapshot, options), expected);
}

#[test]
fn scenarios_and_groups_have_their_sections() {
    let rate = |passes: usize, fails: usize| {
        let values = [vec![1.0; passes], vec![0.0; fails]].concat();
        metric("checks", Kind::Rate, Contains::Default, &values)
    };
    let snapshot = Snapshot {
        left_out: Default::default(),
        duration: Duration::from_secs(2),
        metrics: vec![counter("iterations", 7.0), rate(14, 4), counter("http_reqs", 2.0)],
        checks: vec![
            check("b", "", "two", 0, 4),
            check("a", "", "one", 10, 0),
            check("a", "::outer", "one", 2, 0),
            check("a", "::outer::inner", "three", 1, 2),
            check("default", "::plain", "four", 1, 0),
        ],
        groups: ["::outer", "::outer::inner", "::plain"].map(str::to_owned).to_vec(),
        sections: vec![
            section("default", "", vec![counter("iterations", 1.0)]),
            section("default", "::plain", vec![counter("http_reqs", 2.0), time("http_req_waiting", &[1.0])]),
            section("b", "", vec![counter("iterations", 4.0)]),
            section("a", "", vec![counter("iterations", 2.0), counter("iterations{x:y}", 2.0)]),
            section("a", "::outer", vec![time("group_duration", &[1.0])]),
            section("a", "::outer::inner", vec![counter("mine", 3.0)]),
        ],
    };
    let expected = "

  █ TOTAL RESULTS\u{20}

    checks_total.......: 20     10/s
    checks_succeeded...: 70.00% 14 out of 20
    checks_failed......: 30.00% 6 out of 20

    ✗ two
      ↳  0% — ✓ 0 / ✗ 4
    ✓ one
    ✗ three
      ↳  33% — ✓ 1 / ✗ 2
    ✓ four

    HTTP
    http_reqs....: 2 1/s

    EXECUTION
    iterations...: 7 3.5/s


  █ GROUP: plain\u{20}

    checks_total.......: 1       0.5/s
    checks_succeeded...: 100.00% 1 out of 1
    checks_failed......: 0.00%   0 out of 1

    ✓ four

    HTTP
    http_req_waiting...: avg=1ms min=1ms med=1ms max=1ms p(90)=1ms p(95)=1ms
    http_reqs..........: 2 1/s


  █ SCENARIO: a\u{20}

    checks_total.......: 15     7.5/s
    checks_succeeded...: 86.66% 13 out of 15
    checks_failed......: 13.33% 2 out of 15

    ✓ one
    ✗ three
      ↳  33% — ✓ 1 / ✗ 2

    EXECUTION
    iterations...: 2 1/s

    ↳ GROUP: outer\u{20}

      checks_total.......: 5      2.5/s
      checks_succeeded...: 60.00% 3 out of 5
      checks_failed......: 40.00% 2 out of 5

      ✓ one
      ✗ three
          ↳  33% — ✓ 1 / ✗ 2

      ↳ GROUP: inner\u{20}

        checks_total.......: 3      1.5/s
        checks_succeeded...: 33.33% 1 out of 3
        checks_failed......: 66.66% 2 out of 3

        ✗ three
              ↳  33% — ✓ 1 / ✗ 2

        CUSTOM
        mine...: 3 1.5/s


  █ SCENARIO: b\u{20}

    checks_total.......: 4       2/s
    checks_succeeded...: 0.00%   0 out of 4
    checks_failed......: 100.00% 4 out of 4

    ✗ two
      ↳  0% — ✓ 0 / ✗ 4

    EXECUTION
    iterations...: 4 2/s



";
    assert_eq!(print(snapshot, full()), expected);
}

#[test]
fn terminals_get_colours_unless_they_are_refused() {
    let snapshot = Snapshot {
        duration: Duration::from_secs(2),
        metrics: vec![
            with(time("t1", &[2.0]), &[("med<1", false)]),
            metric("g1", Kind::Gauge, Contains::Default, &[1.0]),
        ],
        checks: vec![check("default", "", "good", 1, 0), check("default", "", "bad", 0, 1)],
        ..Snapshot::default()
    };
    let trend_stats = ["med", "max"].map(|s| s.parse().unwrap()).to_vec();
    let options = SummaryOptions { trend_stats, stdout_is_terminal: true, ..SummaryOptions::default() };
    let expected = "

  █ <1>THRESHOLDS<0>\u{20}

    t1
    <31>✗<0> <37>'med<1'<0> <37>med<0>=<36>2ms<0>


  █ <1>TOTAL RESULTS<0>\u{20}

    checks_total<2;37>.......:<0> <36>2<0>      <2;36>1/s<0>
    checks_succeeded<2;37>...:<0> <36>50.00%<0> <2;36>1 out of 2<0>
    checks_failed<2;37>......:<0> <36>50.00%<0> <2;36>1 out of 2<0>

    <32>✓ good<0>
    <31>✗ bad
      ↳  0% — ✓ 0 / ✗ 1<0>

    <1>CUSTOM<0>
    g1<2;37>...:<0> <36>1<0> <2;36>min=1<0> <2;36>max=1<0>
    t1<2;37>...:<0> med=<36>2ms<0> max=<36>2ms<0>



";
    // `<31>` stands for the escape sequence; threshold sources hold a `<` too.
    let codes = ["0", "1", "31", "32", "36", "37", "2;36", "2;37"];
    let replace = |with: &dyn Fn(&str) -> String| {
        codes.iter().fold(expected.to_owned(), |text, code| text.replace(&format!("<{code}>"), &with(code)))
    };
    assert_eq!(print(snapshot.clone(), options.clone()), replace(&|code| format!("\x1b[{code}m")));
    let uncoloured = print(snapshot, SummaryOptions { no_color: true, ..options });
    assert_eq!(uncoloured, replace(&|_| String::new()));
}

#[test]
fn a_disabled_summary_is_silent() {
    let options = SummaryOptions { mode: SummaryMode::Disabled, ..SummaryOptions::default() };
    assert_eq!(Summary { snapshot: Snapshot::default(), client: None, options }.stdout(), None);
}
