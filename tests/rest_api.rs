//! The REST API, as k6's clients and its Kubernetes operator use it. Through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/raw_http.rs"]
mod raw_http;
#[path = "support/running.rs"]
mod running;

use std::net::{SocketAddr, TcpListener};

use raw_http::exchange;
use running::Running;
use serde_json::{Value, json};

/// What the operator sends to every runner once all are ready.
const START: &str =
    r#"{"data":{"attributes":{"paused":false,"stopped":false},"id":"default","type":"status"}}"#;
const STOP: &str = r#"{"data":{"attributes":{"stopped":true},"id":"default","type":"status"}}"#;
const STATUS: &str = "PATCH /v1/status";

const SCRIPT: &str = "import { sleep, check, group } from 'k6';
    export function setup() { console.log('set up'); return { from: 'setup' } }
    export default function (data) {
      group('outer', () => check(1, { ok: () => true }));
      console.log(`data ${JSON.stringify(data)}`);
      sleep(Number(__ENV.SLEEP || 0));
    }
    export function teardown(data) { console.log(`torn down ${JSON.stringify(data)}`) }";

/// Code, content type and body.
fn ask(api: SocketAddr, request: &str, body: &str) -> (u16, String, String) {
    let answer = exchange(api, request, body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let code = head.split(' ').nth(1).unwrap_or_default().parse().unwrap_or(0);
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    (code, kind.to_owned(), body.to_owned())
}

fn value(api: SocketAddr, request: &str) -> Value {
    let (code, _, body) = ask(api, request, "");
    assert_eq!(code, 200, "{request}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn attributes(api: SocketAddr) -> Value {
    value(api, "GET /v1/status")["data"]["attributes"].clone()
}

fn start(args: &[&str]) -> Running {
    Running::start(&[&["-v", "--address=127.0.0.1:0"], args].concat(), SCRIPT)
}

#[test]
fn the_operator_starts_a_paused_segment() {
    let mut run = Running::start(
        &[
            "-v",
            "--paused",
            "--address=0.0.0.0:0",
            "--execution-segment=0:1/2",
            "--execution-segment-sequence=0,1/2,1",
            "--vus=4",
            "--iterations=10",
        ],
        SCRIPT,
    );
    run.wait_for("] paused", 1);
    let api = run.api();
    let waiting = json!({ "status": 4, "paused": true, "vus": 0, "vus-max": 2, "stopped": false, "running": false, "tainted": false });
    assert_eq!(attributes(api), waiting);
    let (code, kind, body) = ask(api, STATUS, START);
    assert_eq!((code, kind.as_str()), (200, "application/json; charset=utf-8"), "{body}");
    let data = &serde_json::from_str::<Value>(&body).unwrap()["data"];
    assert_eq!((&data["type"], &data["id"]), (&json!("status"), &json!("default")));
    assert_eq!(data["attributes"]["paused"], false);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("5 complete and 0 interrupted iterations"), "{text}");
    assert!(text.contains("level=warning msg=\"The REST API on 0.0.0.0:"), "{text}");
    assert!(text.find("paused, waiting").unwrap() < text.find("set up").unwrap(), "{text}");
}

#[test]
fn a_paused_run_that_is_stopped_has_not_begun() {
    for by_api in [true, false] {
        let mut run = start(&["--paused"]);
        run.wait_for("] paused", 1);
        if by_api {
            assert_eq!(ask(run.api(), STATUS, STOP).0, 200);
        } else {
            run.signal(libc::SIGINT);
        }
        let (code, text) = run.end();
        assert_eq!(code, Some(if by_api { 103 } else { 105 }), "{text}");
        assert!(!text.contains("set up") && !text.contains("torn down"), "{text}");
    }
}

#[test]
fn without_an_api_a_paused_run_says_what_to_do() {
    let mut run = Running::start(&["--paused"], SCRIPT);
    let text = run.wait_for("nothing can start it", 1);
    assert!(text.contains("press Ctrl+C") && text.contains("--address="), "{text}");
    run.signal(libc::SIGTERM);
    let (code, text) = run.end();
    assert_eq!(code, Some(105), "{text}");
}

#[test]
fn a_stop_is_an_abort() {
    let mut run = start(&["--vus=2", "--duration=50s", "--env=SLEEP=60"]);
    run.wait_for("msg=\"data ", 2);
    let api = run.api();
    let (status, running) = (attributes(api)["status"].clone(), attributes(api)["running"].clone());
    assert_eq!((status, running), (7.into(), true.into()));
    for (body, code, title, detail) in [
        (
            r#"{"data":{"attributes":{"paused":true}}}"#,
            500,
            "Pause error",
            "constant-vus executor 'default' doesn't support pause and resume operations after its start",
        ),
        (
            START,
            500,
            "Pause error",
            "constant-vus executor 'default' doesn't support pause and resume operations after its start",
        ),
        (
            r#"{"data":{"attributes":{"vus":3}}}"#,
            500,
            "Execution config error",
            "live VU configuration updates are not supported",
        ),
        ("{", 400, "Invalid data", "EOF while parsing an object at line 1 column 1"),
    ] {
        let (got, kind, answer) = ask(api, STATUS, body);
        assert_eq!((got, kind.as_str()), (code, "application/json; charset=utf-8"), "{body}: {answer}");
        let want = json!({ "errors": [{ "status": code.to_string(), "title": title, "detail": detail }] });
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap(), want);
    }
    let (code, _, body) = ask(api, STATUS, STOP);
    assert!(code == 200 && body.contains(r#""stopped":true"#), "{body}");
    let (code, text) = run.end();
    assert_eq!(code, Some(103), "{text}");
    assert!(text.contains("0 complete and 2 interrupted iterations"), "{text}");
    assert!(text.contains("level=error msg=\"test run stopped from REST API\""), "{text}");
    assert!(text.contains("torn down"), "{text}");
}

#[test]
fn figures_are_shown_until_the_lingering_ends() {
    let mut run = start(&["--linger", "--vus=2", "--iterations=4", "--tag=a=b"]);
    run.wait_for("The test is done", 1);
    let api = run.api();
    let status = attributes(api);
    assert_eq!((&status["status"], &status["running"]), (&json!(9), &json!(false)));

    let metrics = value(api, "GET /v1/metrics");
    let names: Vec<_> =
        metrics["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert!(names.contains(&"checks") && names.is_sorted(), "{names:?}");
    let iterations = value(api, "GET /v1/metrics/iterations");
    assert_eq!(iterations["data"]["attributes"]["sample"]["count"], 4);
    assert!(metrics["data"].as_array().unwrap().contains(&iterations["data"]));
    let (code, kind, body) = ask(api, "GET /v1/metrics/none", "");
    assert_eq!((code, kind.as_str()), (404, "text/plain; charset=utf-8"));
    assert_eq!(
        body,
        r#"{"errors":[{"status":"404","title":"Not Found","detail":"No metric with that ID was found"}]}"#
    );

    let groups = value(api, "GET /v1/groups");
    let outer = &groups["data"][1];
    assert_eq!(outer["attributes"]["checks"][0]["passes"], 4);
    let one = value(api, &format!("GET /v1/groups/{}", outer["id"].as_str().unwrap()));
    assert_eq!(&one["data"], outer);
    assert!(ask(api, "GET /v1/groups/x", "").2.contains("No group with that ID was found"));

    for (request, code, body) in [
        ("GET /", 200, "ok"),
        ("POST /ping", 200, "ok"),
        ("PUT /v1/status", 405, ""),
        ("POST /v1/metrics", 405, ""),
        ("DELETE /v1/groups/1", 405, ""),
        ("DELETE /v1/setup", 405, ""),
        ("GET /v1/teardown", 405, ""),
        ("GET /v1/nothing", 404, "404 page not found\n"),
    ] {
        let answer = ask(api, request, "");
        assert_eq!((answer.0, answer.2.as_str()), (code, body), "{request}");
    }
    let (_, kind, process) = ask(api, "GET /metrics", "");
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    assert!(process.contains("# TYPE process_max_fds gauge\nprocess_max_fds "), "{process}");
    assert!(ask(api, "GET /debug/pprof/", "").2.contains("no profiles"));

    let (mut stats, _folder) = running::command(&["stats", "-a", &api.to_string()], "");
    let shown = stats.output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let iterations = "- name: iterations\n  type:\n    type: counter\n    valid: true\n  contains:\n    type: default\n    \
                      valid: true\n  tainted: \"\"\n  sample:\n    count: 4\n";
    assert!(shown.contains(iterations), "{shown}");

    run.signal(libc::SIGINT);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn setup_data_come_from_outside() {
    let mut run = start(&["--paused", "--no-setup", "--no-teardown", "--linger"]);
    run.wait_for("] paused", 1);
    let api = run.api();
    let envelope = |attributes: Value| json!({ "data": { "type": "setupData", "id": "default", "attributes": attributes } });
    let exchange = |request: &str, body: &str| {
        let (code, kind, answer) = ask(api, request, body);
        assert_eq!((code, kind.as_str()), (200, "application/json"), "{request}: {answer}");
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    assert_eq!(exchange("GET /v1/setup", ""), envelope(json!({})));
    assert_eq!(exchange("POST /v1/setup", ""), envelope(json!({ "data": { "from": "setup" } })));
    assert_eq!(exchange("PUT /v1/setup", ""), envelope(json!({})));
    let sent = json!({ "data": { "v": [1, null] } });
    assert_eq!(exchange("PUT /v1/setup", &sent["data"].to_string()), envelope(sent.clone()));
    assert_eq!(exchange("GET /v1/setup", ""), envelope(sent));
    let (code, _, body) = ask(api, "PUT /v1/setup", "{");
    assert!(code == 400 && body.contains("Error parsing request body"), "{body}");

    assert_eq!(ask(api, STATUS, START).0, 200);
    run.wait_for("The test is done", 1);
    assert_eq!(ask(api, "POST /v1/teardown", ""), (200, String::new(), String::new()));
    run.signal(libc::SIGINT);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    let data = r#"{\"v\":[1,null]}"#;
    assert!(text.contains(&format!("data {data}")) && text.contains(&format!("torn down {data}")), "{text}");
    assert_eq!(text.matches("set up").count(), 1, "{text}");
}

#[test]
fn a_setup_that_throws_is_an_error_500() {
    let script = "export function setup() { throw new Error('no luck') } export default function () {}";
    let mut run = Running::start(&["-v", "--address=localhost:0", "--paused", "--no-setup"], script);
    run.wait_for("] paused", 1);
    let api = run.api();
    let (code, _, body) = ask(api, "POST /v1/setup", "");
    assert!(code == 500 && body.contains("Error executing setup") && body.contains("no luck"), "{body}");
    assert_eq!(ask(api, STATUS, START).0, 200);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn an_address_in_use_matters_where_it_was_asked_for() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut run = Running::start(&["-a", &address], SCRIPT);
    let (code, text) = run.end();
    assert_eq!(code, Some(106), "{text}");
    assert!(text.contains(&format!("Error from API server: cannot listen on {address}: ")), "{text}");
    assert!(!text.contains("set up"), "{text}");

    let (mut command, _folder) = running::command(&["run", "script.js"], SCRIPT);
    let output = command.env("K6_ADDRESS", &address).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("level=warning msg=\"Error from API server") && text.contains("set up"), "{text}");
}

#[test]
fn stats_needs_a_test_to_ask() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (args, said) in [
        (&["stats"][..], "The REST API server is disabled, but this command needs to read metrics from it."),
        (&["stats", "-a", &nobody], "does a test with that --address run?"),
    ] {
        let (mut command, _folder) = running::command(args, "");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(255), "{text}");
        assert!(text.contains(said), "{text}");
    }
}
