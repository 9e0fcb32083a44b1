//! Scripts that talk to a [`Server`].

#![allow(dead_code, reason = "each test uses a part of it")]

use serde_json::Value;

use crate::binary::{Outcome, Run, ssek};
use crate::ws_server::Server;

/// A run of one iteration, unless `args` say otherwise; its log lines are bare messages. `U` is the server's URL.
pub fn run(server: &Server, head: &str, args: &[&str], script: &str) -> (Run, Outcome) {
    let mut all = vec!["run", "-q", "--no-color", "--log-format", "raw", "--out", "json=out.json"];
    all.extend(args);
    all.push("script.js");
    let script = format!("{head}const U = __ENV.WS\n{script}");
    let mut run = ssek(&all)
        .file("script.js", &script)
        .env("WS", &server.url(""))
        .env("ADDR", &server.addr.to_string());
    let outcome = run.outcome();
    (run, outcome)
}

/// What a function's body prints, in one iteration that succeeds.
pub fn log(server: &Server, head: &str, body: &str) -> Vec<String> {
    let (_run, outcome) = run(server, head, &[], &format!("export default async function () {{ {body} }}"));
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
