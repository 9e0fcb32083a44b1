//! `--report`, `ssek report` and the dashboard's server, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/running.rs"]
mod running;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use binary::ssek;
use running::Running;
use serde_json::Value;

const STREAMS: &str = "import sse from 'k6/x/sse';
    import { check, group, sleep } from 'k6';
    export const options = { thresholds: { checks: ['rate>0.9'], sse_time_to_first_event: ['p(95)<0.001'] } };
    export default function () {
      group('</script><b>', () => {
        const body = JSON.stringify({ model: 'mock', stream: true, messages: [{ role: 'user', content: 'hi' }] });
        const params = { method: 'POST', body, headers: { 'Content-Type': 'application/json' } };
        const response = sse.open(`${__ENV.OPENAI_BASE_URL}/chat/completions`, params, () => {});
        check(response, { 'status is 200': (r) => r.status === 200 });
      });
      sleep(Number(__ENV.SLEEP || 0));
    }";

/// What a page shows.
fn data(page: &Path) -> Value {
    let text = std::fs::read_to_string(page).unwrap();
    let begin = text.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let json = text[begin..].split("</script>").next().unwrap();
    serde_json::from_str(json).unwrap()
}

/// All that comes back for a `GET`, to the end of the connection.
fn get(to: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // A connection that breaks off is an answer, too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn names(data: &Value) -> Vec<&str> {
    data["series"].as_array().unwrap().iter().map(|one| one["metric"].as_str().unwrap()).collect()
}

#[test]
fn a_run_leaves_a_page_and_names_it_last() {
    let mut run =
        ssek(&["run", "-q", "--mock", "--report", "--iterations=3", "script.js"]).file("script.js", STREAMS);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(99), "{}", outcome.stderr);
    let line = outcome.stderr.lines().find(|line| line.starts_with("report: file:///")).unwrap();
    let name = line.rsplit('/').next().unwrap();
    assert!(name.starts_with("report_") && name.ends_with(".html"), "{line}");
    let data = data(&run.folder.path().join("report").join(name));
    assert_eq!((&data["live"], &data["verdict"]["exit"]), (&Value::from(false), &Value::from(99)));
    assert_eq!(data["verdict"]["checks"][0]["passes"], 3);
    let thresholds = data["verdict"]["thresholds"].as_array().unwrap();
    let failed: Vec<_> =
        thresholds.iter().filter(|one| one["ok"] == false).map(|one| &one["metric"]).collect();
    assert_eq!(failed, ["sse_time_to_first_event"]);
    for metric in ["sse_time_to_first_event", "sse_event_gap", "http_req_waiting", "vus"] {
        assert!(metric == "vus" || names(&data).contains(&metric), "no {metric} in {:?}", names(&data));
    }
    assert_eq!(data["outcomes"]["metric"], "sse_streams");
    assert!(data["outcomes"]["values"]["ok"].is_array(), "{}", data["outcomes"]);
    assert!(!data["gaps"]["cells"].as_array().unwrap().is_empty());
    let requests = data["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(requests.iter().all(|one| one["events"].as_array().unwrap().len() > 1), "{requests:?}");
}

#[test]
fn a_page_goes_where_it_is_told_and_is_made_of_records_too() {
    let script = "import http from 'k6/http';
        export default function () { http.get(`${__ENV.OPENAI_BASE_URL}/models`) }";
    let args = [
        "run",
        "-q",
        "--mock",
        "--html-report",
        "out/a.html",
        "--out=ssek=run.ssek",
        "--iterations=4",
        "s.js",
    ];
    let mut run = ssek(&args).file("s.js", script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let first = data(&run.folder.path().join("out/a.html"));
    assert_eq!(
        (&first["gaps"], &first["outcomes"]["metric"]),
        (&Value::Null, &Value::from("http_req_failed"))
    );
    assert_eq!(first["meta"]["name"], "s");

    let folder = run.folder.path();
    let record = folder.join("run.ssek");
    let page = folder.join("b.html");
    let mut made = ssek(&["report", record.to_str().unwrap(), "-o", page.to_str().unwrap()]);
    let outcome = made.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stdout.starts_with("file:///") && outcome.stdout.ends_with("b.html\n"),
        "{}",
        outcome.stdout
    );
    let second = data(&page);
    for part in ["series", "statistics", "verdict", "grid"] {
        assert_eq!(first[part], second[part], "{part}");
    }
    let mut none = ssek(&["report", "nothing.ssek"]);
    assert_ne!(none.outcome().exit, Some(0));
}

#[test]
fn the_dashboard_serves_its_page_and_news_to_this_machine() {
    let out = "--out=web-dashboard=port=0&period=200ms&export=end.html";
    let mut run = Running::start(&["--mock", "--vus=2", "--duration=4s", "-e", "SLEEP=0.1", out], STREAMS);
    let text = run.wait_for("web dashboard: http://127.0.0.1:", 1);
    let port = text.split("web dashboard: http://127.0.0.1:").nth(1).unwrap().lines().next().unwrap();
    let port: u16 = port.trim().parse().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let page = get(address, "localhost", "/");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("content-type: text/html") && page.contains("x-frame-options: DENY"), "no page");
    assert!(page.contains("connect-src 'self'") && page.contains("\"live\":true"));
    assert!(get(address, "127.0.0.1", "/ui/").starts_with("HTTP/1.1 307"));
    assert!(get(address, "[::1]:80", "/nothing").starts_with("HTTP/1.1 404"));

    assert!(get(address, "evil.example", "/").starts_with("HTTP/1.1 403"));
    assert!(get(address, "evil.example", "/events").starts_with("HTTP/1.1 403"));

    // Until the end of the run, which ends the stream.
    let news = get(address, "localhost", "/events");
    assert!(news.contains("event: whole\n") && news.contains("event: news\n"), "no news");
    let last = news.rsplit("event: ").next().unwrap();
    assert!(last.starts_with("end\n") && last.contains("\"exit\":99"), "{}", &last[..last.len().min(200)]);
    let (code, text) = run.end();
    assert_eq!(code, Some(99), "{text}");
    assert!(text.contains("report: file:///"), "{text}");
    assert_eq!(data(&run.folder.path().join("end.html"))["live"], false);
}
