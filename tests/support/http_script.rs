//! Scripts that import `k6/http`, run against a server of ours.

#![allow(dead_code, reason = "each test uses a part of it")]

use serde_json::Value;

use crate::binary::{Outcome, Run, ssek};
use crate::support::{Request, Server, respond};

const IMPORTS: &str = "import http from 'k6/http'\nimport sse from 'k6/x/sse'\nconst U = __ENV.U\n";

/// A run of `script` against a server; its log lines are bare messages.
pub fn run(server: &Server, args: &[&str], script: &str) -> (Run, Outcome) {
    let mut all = vec!["run", "-q", "--log-format", "raw", "--out", "json=out.json"];
    all.extend(args);
    let url = format!("U=http://{}", server.addr);
    all.extend(["-e", &url, "script.js"]);
    let mut run = ssek(&all).file("script.js", &format!("{IMPORTS}{script}"));
    let outcome = run.outcome();
    (run, outcome)
}

/// What a script with one iteration prints.
pub fn log(server: &Server, script: &str) -> Vec<String> {
    let (_run, outcome) = run(server, &["-i", "1"], script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    outcome.stderr.lines().map(str::to_owned).collect()
}

/// The values and tags of a metric's samples.
pub fn samples(run: &Run, metric: &str) -> Vec<(f64, Value)> {
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let points = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    points
        .filter(|point| point["type"] == "Point" && point["metric"] == metric)
        .map(|mut point| (point["data"]["value"].as_f64().unwrap(), point["data"]["tags"].take()))
        .collect()
}

/// The values of a tag, `-` where it is missing.
pub fn tag(samples: &[(f64, Value)], name: &str) -> Vec<String> {
    samples.iter().map(|(_, tags)| tags[name].as_str().unwrap_or("-").to_owned()).collect()
}

/// `/path`
pub fn path(request: &Request) -> &str {
    request.line.split(' ').nth(1).unwrap()
}

/// Answers every request with `ok`.
pub fn ok() -> Server {
    Server::new(|_, stream| respond(stream, "200 OK", "", b"ok"))
}
