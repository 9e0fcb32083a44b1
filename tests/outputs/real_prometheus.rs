//! Remote write into a real Prometheus, where one is installed: what it answers is what the summary says.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{figure, finish, nobody, raw_http, run};

/// How long it may take until it answers, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(40);

struct Prometheus {
    child: Child,
    addr: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// `None` where there is none.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        std::fs::write(&config, "scrape_configs: []\n").unwrap();
        let addr = nobody();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={addr}"))
            .args(["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            println!("skipped: there is no prometheus; on Debian: apt install prometheus");
            return None;
        };
        let mut prometheus = Self { child, addr: addr.parse().unwrap(), _folder: folder };
        let until = Instant::now() + PATIENCE;
        while !prometheus.is_ready() {
            assert!(Instant::now() < until, "prometheus does not get ready");
            assert!(prometheus.child.try_wait().unwrap().is_none(), "prometheus has ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(prometheus)
    }

    fn is_ready(&self) -> bool {
        std::net::TcpStream::connect(self.addr).is_ok()
            && raw_http::exchange(self.addr, "GET /-/ready", "").starts_with("HTTP/1.1 200")
    }

    /// The values that a query gives now.
    fn query(&self, query: &str) -> Vec<f64> {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
        let answer = raw_http::exchange(self.addr, &format!("GET /api/v1/query?{query}"), "");
        let answer: Value =
            serde_json::from_str(&raw_http::body(&answer)).unwrap_or_else(|_| panic!("{answer}"));
        assert_eq!(answer["status"], "success", "{answer}");
        let values = answer["data"]["result"].as_array().unwrap().iter();
        values.map(|result| result["value"][1].as_str().unwrap().parse().unwrap()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_answers_with_the_figures_of_the_summary() {
    let Some(prometheus) = Prometheus::start() else { return };
    let url = format!("http://{}/api/v1/write", prometheus.addr);
    let variables = [
        ("K6_PROMETHEUS_RW_SERVER_URL", &*url),
        ("K6_PROMETHEUS_RW_PUSH_INTERVAL", "50ms"),
        ("K6_PROMETHEUS_RW_TREND_STATS", "count,sum,avg,p(95),max"),
    ];
    let (outcome, figures) = finish(&mut run(&["experimental-prometheus-rw"], &variables));
    assert!(!outcome.stderr.contains("level=error"), "{}", outcome.stderr);
    for (query, want) in [
        ("sum(k6_my_count_total)", figure(&figures, "my_count", "count")),
        ("sum(k6_iterations_total)", figure(&figures, "iterations", "count")),
        ("sum(k6_my_rate_rate)", figure(&figures, "my_rate", "rate")),
        ("sum(k6_my_gauge)", figure(&figures, "my_gauge", "value")),
        ("max(k6_my_time_max)", figure(&figures, "my_time", "max") / 1000.0),
        ("sum(k6_my_time_sum) / sum(k6_my_time_count)", figure(&figures, "my_time", "avg") / 1000.0),
        ("sum(k6_my_size_sum)", 780.0),
        ("k6_my_time_p95{zone=\"a\"}", figure(&figures, "my_time{zone:a}", "p(95)") / 1000.0),
        ("count(k6_my_time_p95)", 2.0),
    ] {
        let got = prometheus.query(query);
        assert!(got.len() == 1 && (got[0] - want).abs() < 1e-9, "{query}: {got:?}, not {want}");
    }
}

#[test]
fn it_takes_histograms_and_ends() {
    let Some(prometheus) = Prometheus::start() else { return };
    let out = format!("experimental-prometheus-rw=http://{}/api/v1/write", prometheus.addr);
    let native = [("K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM", "true")];
    let (outcome, _) = finish(&mut run(&[&out], &native));
    assert!(!outcome.stderr.contains("level=error"), "{}", outcome.stderr);
    assert_eq!(prometheus.query("sum(histogram_count(k6_my_time_seconds))"), [40.0]);
    assert!((prometheus.query("sum(histogram_sum(k6_my_time_seconds))")[0] - 82.0).abs() < 1e-9);
    let median = prometheus.query("histogram_quantile(0.5, sum(k6_my_time_seconds))")[0];
    assert!((median / 2.05 - 1.0).abs() < 0.1, "{median}");

    let ends = [("K6_PROMETHEUS_RW_STALE_MARKERS", "true")];
    let (outcome, _) = finish(&mut run(&[&out], &ends));
    assert!(!outcome.stderr.contains("level=error"), "{}", outcome.stderr);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(prometheus.query("count(k6_my_count_total)"), [0.0; 0]);
    assert_eq!(prometheus.query("sum(max_over_time(k6_my_count_total[5m]))"), [100.0]);
}
