//! The rows of docs/compat.md: for each, a probe that runs in the binary shows that it is so.
//!
//! The JavaScript probes are in `plain.js`, `page.js` and `network.js`, run by one process; options are in
//! `options.json`, and shown by `inspect`; commands and flags are below.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;
mod command_line;
#[path = "../support/grpc_server.rs"]
mod grpc_server;
#[path = "../support/slow_server.rs"]
mod support;
mod table;
#[path = "../support/ws_server.rs"]
mod ws_server;

use std::collections::BTreeMap;
use std::fs;

use binary::{in_repository, ssek};
use serde_json::{Map, Value, json};
use support::{Request, Server, Stream, Then, respond};
use table::{Row, Verdict, rows};

/// What a probe gave: `true` where it is as it should be.
type Probed = BTreeMap<(String, String), Value>;

#[test]
fn every_row_has_a_probe_that_agrees() {
    let mut probed = scripts();
    probed.extend(options());
    probed.extend(command_line::probes());
    let rows = rows(&fs::read_to_string(in_repository("docs/compat.md")).unwrap());
    let mut wrong = Vec::new();
    for row in &rows {
        match probed.get(&row.key()) {
            None => wrong.push(format!("{row} has no probe")),
            Some(result) => wrong.extend(disagreement(row, result)),
        }
    }
    let missing = probed.keys().filter(|key| !rows.iter().any(|row| row.key() == **key));
    wrong.extend(missing.map(|(section, name)| format!("{section}: {name} has a probe, but no row")));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// In what a probe's result is not what its row says.
fn disagreement(row: &Row, result: &Value) -> Option<String> {
    let agrees = match (row.verdict, result) {
        (Verdict::Same | Verdict::Differs, result) => *result == Value::Bool(true),
        // The row has what the user is told in quotes.
        (Verdict::Absent, Value::String(told)) => row.quoted().is_some_and(|words| told.contains(words)),
        (Verdict::Absent, _) => false,
    };
    (!agrees).then(|| format!("{row}: {result}"))
}

fn answer(request: &Request, stream: &mut dyn Stream) -> Then {
    let mut line = request.line.split(' ');
    let (method, path) = (line.next().unwrap(), line.next().unwrap());
    let page = "<a href=\"/echo\">link</a><form method=\"post\" action=\"/echo\"><input name=\"own\" value=\"v\"></form>";
    match path {
        "/page" => {
            respond(stream, "200 OK", "Content-Type: text/html\r\nSet-Cookie: c=1\r\n", page.as_bytes())
        }
        "/json" => respond(stream, "200 OK", "", b"{\"a\":[1,{\"b\":2}]}"),
        "/away" => respond(stream, "302 Found", "Location: /echo\r\n", b""),
        "/missing" => respond(stream, "404 Not Found", "", b""),
        "/events" => {
            respond(stream, "200 OK", "Content-Type: text/event-stream\r\n", b"data: one\n\ndata: two\n\n")
        }
        "/slow" => {
            std::thread::sleep(std::time::Duration::from_secs(2));
            Then::Close
        }
        _ if method == "HEAD" => respond(stream, "200 OK", "", b""),
        _ => {
            let headers = request.headers.iter().filter_map(|line| line.split_once(": "));
            let headers: Map<_, _> =
                headers.map(|(name, value)| (name.to_lowercase(), value.into())).collect();
            let shown = json!({ "method": method, "headers": headers, "body": String::from_utf8_lossy(&request.body) });
            respond(stream, "200 OK", "", shown.to_string().as_bytes())
        }
    }
}

/// The results of all JavaScript probes.
fn scripts() -> Probed {
    let http = Server::new(answer);
    let ws = ws_server::serve(None);
    let grpc = grpc_server::Server::start(grpc_server::Settings::default());
    let mut run = ssek(&[
        "run",
        "-q",
        "--log-format",
        "raw",
        "--secret-source",
        "mock=name=own,default,mine=hidden-value",
        "main.js",
    ])
    .file("data.csv", "name,age\nann,30\nbob,41\n\n")
    .file("certificate.pem", include_str!("../support/localhost.crt"))
    .env("OWN", "value")
    .env("H", &format!("http://{}", http.addr))
    .env("W", &ws.url(""))
    .env("G", &grpc.addr.to_string())
    .env("PROTOS", &grpc_server::protos().display().to_string());
    for file in ["main.js", "rows.js", "plain.js", "page.js", "network.js"] {
        run = run.file(file, &fs::read_to_string(in_repository("tests/compat_rows").join(file)).unwrap());
    }
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let results = outcome.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    results
        .filter_map(|mut result| {
            Some(((text(&result["section"])?, text(&result["row"])?), result["result"].take()))
        })
        .collect()
}

/// Options, executors and what scenarios have, as `inspect` shows them.
fn options() -> Probed {
    let given: Value = serde_json::from_str(include_str!("options.json")).unwrap();
    let mut probed = Probed::new();
    let mut compare = |section: &str, name: &str, given: &Value, shown: &Value| {
        let result = if contains(shown, given) { true.into() } else { shown.clone() };
        probed.insert((section.to_owned(), name.to_owned()), result);
    };
    let mut all = given["Options"].clone();
    for (file, key) in [("CERT", "cert"), ("KEY", "key")] {
        let text = match file {
            "CERT" => include_str!("../support/client.crt"),
            _ => include_str!("../support/client.key"),
        };
        all["tlsAuth"][0][key] = text.into();
    }
    let shown = inspect(&all);
    for (name, value) in all.as_object().unwrap() {
        compare("Options", name, value, &shown[name]);
    }
    for (name, fields) in given["Executors"].as_object().unwrap() {
        let mut scenario = fields.clone();
        scenario["executor"] = name.as_str().into();
        let shown = inspect(&json!({ "scenarios": { "s": scenario } }));
        compare("Executors", name, &scenario, &shown["scenarios"]["s"]);
    }
    let mut scenario = given["Scenarios"].clone();
    scenario["executor"] = "constant-vus".into();
    scenario["duration"] = "1s".into();
    let shown = inspect(&json!({ "scenarios": { "s": scenario } }));
    for (name, value) in given["Scenarios"].as_object().unwrap() {
        compare("Scenarios", name, value, &shown["scenarios"]["s"][name]);
    }
    probed
}

fn inspect(options: &Value) -> Value {
    let script = format!(
        "export const options = {options}\nexport default function () {{}}\nexport function other() {{}}"
    );
    let outcome = ssek(&["inspect", "script.js"]).file("script.js", &script).outcome();
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{options}: {}", outcome.stderr))
}

/// Whether all that is in `part` is in `whole`, too.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}
