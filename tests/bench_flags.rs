//! Every flag that `ssek bench` lists does something, and so do the variables of the options that it has flags for.
//!
//! A row holds what is there with the flag and not without it. A flag without a row fails the test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/llm_recorder.rs"]
mod llm_recorder;

use std::collections::BTreeSet;
use std::time::Duration;

use binary::{Outcome, ssek};
use llm_recorder::{Answer, Asked, Recorder};
use serde_json::{Value, json};

/// What a run did.
struct Seen {
    asked: Vec<Asked>,
    outcome: Outcome,
    /// What `--json` printed.
    result: Value,
    folder: tempfile::TempDir,
}

impl Seen {
    fn body(&self, at: usize) -> &Value {
        self.asked.get(at).map_or(&Value::Null, |asked| &asked.body)
    }

    fn said(&self, at: usize) -> &str {
        self.body(at)["messages"][0]["content"].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.asked.first().map_or("", |asked| asked.header(name))
    }

    fn path(&self) -> &str {
        self.asked.first().map_or("", |asked| &asked.path)
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    fn exit(&self, code: i32) -> bool {
        self.outcome.exit == Some(code)
    }

    fn ended(&self, outcome: &str) -> bool {
        self.result["requests"]["outcomes"][outcome].is_number()
    }

    fn metric(&self, metric: &str, figure: &str) -> f64 {
        self.result["metrics"][metric][figure].as_f64().unwrap_or(0.0)
    }

    fn stderr(&self, text: &str) -> bool {
        self.outcome.stderr.contains(text)
    }

    /// Seconds that were not measured.
    fn left_out(&self) -> f64 {
        let seconds = |name: &str| self.result[name].as_f64().unwrap_or(0.0);
        seconds("seconds") - seconds("measured_seconds")
    }
}

/// Flag, what stands beside it in both runs (blanks part arguments; `URL` and `PORT` are the server's), the flag and
/// its value, what is there with it only.
type Row = (&'static str, &'static str, &'static [&'static str], fn(&Seen) -> bool);

const SHARED: &str = "--json URL";

#[rustfmt::skip]
const FLAGS: &[Row] = &[
    ("--host", "--json --port PORT", &["--host", "127.0.0.1"], |s| s.header("host").starts_with("127.0.0.1:")),
    ("--port", "--json --host 127.0.0.1", &["--port", "PORT"], |s| s.asked.len() == 1),
    ("--api-path", SHARED, &["--api-path", "/x/y"], |s| s.path() == "/x/y"),
    ("--protocol", SHARED, &["--protocol", "anthropic"], |s| s.path() == "/v1/messages"),
    ("--model", SHARED, &["--model", "m"], |s| s.body(0)["model"] == "m"),
    ("--api-key", SHARED, &["--api-key", "k"], |s| s.header("authorization") == "Bearer k"),
    ("--api-key-file", SHARED, &["--api-key-file", "keys.txt"], |s| s.header("authorization") == "Bearer a"),
    ("--api-key-policy", "--json URL -n 4 --api-key-file keys.txt", &["--api-key-policy", "sticky"],
        |s| s.asked.len() == 4 && s.asked.iter().all(|asked| asked.header("authorization") == s.header("authorization"))),
    ("--header", SHARED, &["--header", "X-A: b"], |s| s.header("x-a") == "b"),
    ("--mock", "--json", &["--mock=n=3"], |s| s.exit(0)),
    ("--vus", SHARED, &["--vus", "3"], |s| s.asked.len() == 3),
    ("--spawn-rate", "URL -u 3", &["--spawn-rate", "50"], |s| s.stderr("50 more each second")),
    ("--ramp-up", "URL -u 3", &["--ramp-up", "60ms"], |s| s.stderr("come within 60ms")),
    ("--duration", "URL", &["--duration", "1s"], |s| s.stderr("for 1s") && s.asked.len() > 1),
    ("--requests", SHARED, &["--requests", "4"], |s| s.asked.len() == 4),
    ("--rate", "--json URL -n 3", &["--rate", "100"], |s| s.metric("schedule_delay", "count") == 3.0),
    ("--arrivals", "URL -n 3 --rate 100", &["--arrivals", "poisson"], |s| s.stderr("(poisson)")),
    ("--max-vus", "--json URL -n 20 --rate 1000 --api-path /slow", &["--max-vus", "1"],
        |s| s.metric("dropped_iterations", "total") > 0.0),
    ("--graceful-stop", "--json URL -d 1s --api-path /stall", &["--graceful-stop", "10ms"], |s| s.ended("interrupted")),
    ("--warmup", "--json URL -d 1s --api-path /slow", &["--warmup", "500ms"], |s| s.left_out() > 0.4),
    ("--cooldown", "--json URL -d 1s --api-path /slow", &["--cooldown", "500ms"], |s| s.left_out() > 0.4),
    ("--prompt", SHARED, &["--prompt", "hey"], |s| s.said(0) == "hey"),
    ("--prompts", SHARED, &["--prompts", "prompts.txt"], |s| s.said(0) == "q0"),
    ("--dataset", SHARED, &["--dataset", "sharegpt.json"], |s| s.said(0) == "first"),
    ("--dataset-form", "--json URL --dataset sharegpt.json", &["--dataset-form", "mooncake"], |s| s.exit(104)),
    ("--all-turns", "--json URL --dataset sharegpt.json", &["--all-turns"], |s| s.asked.len() == 2),
    ("--synthetic", SHARED, &["--synthetic", "prompt=30,output=5"], |s| s.body(0)["max_tokens"] == 5),
    ("--shared-prefix", SHARED, &["--shared-prefix", "50"], |s| s.said(0).len() > 100),
    ("--system", SHARED, &["--system", "be nice"], |s| s.said(0) == "be nice"),
    ("--conversations", SHARED, &["--conversations", "data"], |s| s.path().starts_with("/stream/assistant/")),
    ("--session", "--json URL --conversations data", &["--session", "turn"],
        |s| s.asked.len() == 2 && s.asked[0].path != s.asked[1].path),
    ("--history", "--json URL --conversations data --protocol openai-chat", &["--history", "server"],
        |s| s.body(1)["messages"].as_array().is_some_and(|said| said.len() == 1)),
    ("--think-time", "--json URL --conversations data", &["--think-time", "1s"],
        |s| s.metric("iteration_duration", "min") >= 1000.0),
    ("--shuffle", "--json URL -n 20 --prompts prompts.txt --seed 1", &["--shuffle"], |s| {
        (0..20).any(|at| s.said(at) != format!("q{at}")) && s.asked.len() == 20
    }),
    ("--body-template", "--json URL --input a=b", &["--body-template", "body.json"], |s| s.body(0)["q"] == "Who are you?"),
    ("--input", "--json URL --body-template body.json --conversation-id c", &["--input", "a=b"], |s| s.body(0)["a"] == "b"),
    ("--files", "--json URL --body-template body.json --input a=b", &["--files", r#"["f"]"#], |s| s.body(0)["f"] == json!(["f"])),
    ("--extra-body", SHARED, &["--extra-body", r#"{"x":1}"#], |s| s.body(0)["x"] == 1),
    ("--conversation-id", "--json URL --body-template body.json --input a=b", &["--conversation-id", "c"],
        |s| s.body(0)["c"] == "c"),
    ("--user", SHARED, &["--user", "me"], |s| s.body(0)["user"] == "me"),
    ("--max-tokens", SHARED, &["--max-tokens", "9"], |s| s.body(0)["max_tokens"] == 9),
    ("--temperature", SHARED, &["--temperature", "0.5"], |s| s.body(0)["temperature"] == 0.5),
    ("--timeout", "--json URL --api-path /stall", &["--timeout", "200ms"], |s| s.ended("timeout_first_event")),
    ("--timeout-total", "--json URL --api-path /stall", &["--timeout-total", "200ms"], |s| s.ended("timeout_total")),
    ("--retry", "--json URL --api-path /busy", &["--retry=1"], |s| s.asked.len() == 2),
    ("--retry-budget", "--json URL -n 60 -u 30 --api-path /down --retry=1", &["--retry-budget", "0"], |s| s.asked.len() < 75),
    ("--slo", SHARED, &["--slo", "ttft<1m"], |s| s.metric("llm_goodput", "total") == 1.0),
    ("--tokenizer", SHARED, &["--tokenizer", "o200k"], |s| s.metric("llm_completion_tokens_total", "total") == 4.0),
    ("--seed", SHARED, &["--seed", "7"], |s| s.result["seed"] == 7),
    ("--fail-on", SHARED, &["--fail-on", "p95(ttft)>0ms"], |s| s.exit(99)),
    ("--threshold", SHARED, &["--threshold", "llm_requests:count>5"], |s| s.exit(99)),
    ("--out", SHARED, &["--out", "json=out.json"], |s| s.file("out.json").contains("llm_requests")),
    ("--json-file", SHARED, &["--json-file", "r.json"], |s| s.file("r.json").contains("llm_requests")),
    ("--summary-export", SHARED, &["--summary-export", "r.json"], |s| s.file("r.json").contains("llm_requests")),
    ("--metric-names", "--json URL --summary-export r.json", &["--metric-names", "vllm"],
        |s| s.file("r.json").contains("mean_ttft_ms") && s.file("r.json").contains(r#""completed": 1"#)),
    ("--tag", "--json URL --out json=out.json", &["--tag", "a=b"], |s| s.file("out.json").contains(r#""a":"b""#)),
    ("--system-tags", "--json URL --out json=out.json", &["--system-tags", "method"],
        |s| !s.file("out.json").contains(r#""url":"#)),
    ("--fail-on-saturation", "--json URL -d 2s --saturation lag=1us,after=1s", &["--fail-on-saturation"], |s| s.exit(111)),
    ("--saturation", "--json URL -d 2s --fail-on-saturation", &["--saturation", "lag=1us,after=1s"], |s| s.exit(111)),
    ("--json", "URL", &["--json"], |s| s.result.is_object()),
    ("--report", SHARED, &["--report", "r.html"], |s| s.file("r.html").contains("<html")),
    ("--no-connection-reuse", "--json --mock=n=2 -n 9", &["--no-connection-reuse"],
        |s| s.metric("http_req_connecting", "p50") > 0.0),
    ("--user-agent", SHARED, &["--user-agent", "me/1"], |s| s.header("user-agent") == "me/1"),
    ("--dns", "--json --host localhost --port PORT", &["--dns", "policy=onlyIPv6"], |s| s.asked.is_empty()),
    ("--http-debug", SHARED, &["--http-debug"], |s| s.stderr("POST /v1/chat/completions")),
    ("--local-ips", SHARED, &["--local-ips", "127.0.0.5"], |s| s.asked.iter().any(|a| a.peer.to_string() == "127.0.0.5")),
    ("--wait-for", SHARED, &["--wait-for", "URL/late"], |s| s.path() == "/late" && s.asked.len() == 4 && s.exit(0)),
    ("--wait-for-timeout", "--json URL --wait-for URL/late", &["--wait-for-timeout", "100ms"], |s| !s.exit(0)),
    ("--address", "--json URL -v", &["--address", "127.0.0.1:0"], |s| s.stderr("the REST API listens on")),
    ("--config", SHARED, &["--config", "vus.json"], |s| s.asked.len() == 3),
    ("--log-output", "URL -v --address 127.0.0.1:0", &["--log-output", "file=log.txt"], |s| s.file("log.txt").contains("REST")),
    ("--log-format", "URL -v --address 127.0.0.1:0", &["--log-format", "json"], |s| s.stderr(r#""level":"debug""#)),
    ("--quiet", "URL", &["--quiet"], |s| !s.stderr("server:")),
    ("--verbose", "URL --address 127.0.0.1:0", &["--verbose"], |s| s.stderr("the REST API listens on")),
    ("--secret-source", SHARED, &["--secret-source", "mock=a=b"], |s| s.stderr("has no effect here") && s.asked.is_empty()),
];

/// What no run over plain HTTP into a pipe shows: threads, certificates and colours.
const UNSEEN: [&str; 4] = ["--help", "--io-threads", "--insecure-skip-tls-verify", "--no-color"];

/// Variables: `NAME=VALUE` in place of flags.
#[rustfmt::skip]
const VARIABLES: &[Row] = &[
    ("K6_VUS", SHARED, &["3"], |s| s.asked.len() == 3),
    ("K6_VUS", "--json URL -n 1", &["0"], |s| s.exit(104)),
    ("K6_ITERATIONS", SHARED, &["4"], |s| s.asked.len() == 4),
    ("K6_DURATION", "URL", &["1s"], |s| s.stderr("for 1s") && s.asked.len() > 1),
    ("SSEK_SEED", SHARED, &["7"], |s| s.result["seed"] == 7),
    ("SSEK_SLO", SHARED, &["ttft<1m"], |s| s.metric("llm_goodput", "total") == 1.0),
    ("SSEK_BASE_URL", "--json", &["URL"], |s| s.asked.len() == 1),
    ("SSEK_WAIT_FOR", SHARED, &["URL/late"], |s| s.path() == "/late"),
    ("SSEK_WARMUP", "--json URL -d 1s --api-path /slow", &["500ms"], |s| s.left_out() > 0.4),
    ("SSEK_REPORT", SHARED, &["r.html"], |s| s.file("r.html").contains("<html")),
    ("K6_ADDRESS", "--json URL -v", &["127.0.0.1:0"], |s| s.stderr("the REST API listens on")),
    ("K6_OUT", SHARED, &["json=out.json"], |s| s.file("out.json").contains("llm_requests")),
    ("K6_USER_AGENT", SHARED, &["me/1"], |s| s.header("user-agent") == "me/1"),
    ("K6_MAX_REDIRECTS", "--json URL --api-path /moved", &["0"], |s| s.asked.len() == 1),
    ("K6_MIN_ITERATION_DURATION", "--json URL -n 2", &["1s"], |s| s.result["seconds"].as_f64() >= Some(1.0)),
    ("K6_NO_VU_CONNECTION_REUSE", "--json --mock=n=2 -n 9", &["true"], |s| s.metric("http_req_connecting", "p50") > 0.0),
    ("K6_RPS", "--json URL -n 4", &["2"], |s| s.result["seconds"].as_f64() >= Some(1.0)),
    ("K6_STAGES", SHARED, &["1s:2"], |s| s.stderr("K6_STAGES has no effect on ssek bench")),
];

/// Answers in time, late, or badly, as the path says.
fn server() -> Recorder {
    Recorder::start(|number, asked| {
        let chat = || Answer::chat("hello hello hello hello");
        match asked.path.as_str() {
            "/slow" => std::thread::sleep(Duration::from_millis(50)),
            "/stall" => std::thread::sleep(Duration::from_secs(2)),
            "/busy" if number == 0 => return Answer::status(503, "busy"),
            "/down" => return Answer::status(503, "down"),
            "/late" if number < 2 => return Answer::status(503, "not yet"),
            "/moved" => {
                let headers = vec![("Location", "/v1/chat/completions".to_owned())];
                return Answer { status: 307, headers, body: String::new() };
            }
            path if path.starts_with("/stream/") => {
                return Answer::events(&[r#"{"content":"well"}"#, "[DONE]"]);
            }
            _ => {}
        }
        chat()
    })
}

fn run(beside: &str, given: &[&str], variable: Option<(&str, &str)>) -> Seen {
    let server = server();
    let (url, port) = (server.url(), server.addr.port().to_string());
    let fill = |text: &str| text.replace("URL", &url).replace("PORT", &port);
    let args: Vec<_> = beside.split(' ').chain(given.iter().copied()).map(fill).collect();
    let args: Vec<_> = std::iter::once("bench").chain(args.iter().map(String::as_str)).collect();
    let prompts: String = (0..20).map(|n| format!("q{n}\n")).collect();
    let mut run = ssek(&args)
        .file("keys.txt", "a\nb\n")
        .file("prompts.txt", &prompts)
        .file("vus.json", r#"{"vus": 3}"#)
        .file("body.json", r#"{"q": "{query}", "a": "{inputs.a}", "f": "{files}", "c": "{conversation_id}"}"#)
        .file(
            "sharegpt.json",
            r#"[{"conversations": [{"from": "human", "value": "first"}, {"from": "gpt", "value": "x"},
                {"from": "human", "value": "second"}, {"from": "gpt", "value": "y"}]}]"#,
        );
    std::fs::create_dir(run.folder.path().join("data")).unwrap();
    let conversation = r#"{"name": "c", "invocations": 1, "conversation": [{"role": "user", "content": "a"},
        {"role": "user", "content": "b"}]}"#;
    run = run.file("data/c.json", conversation);
    if let Some((name, value)) = variable {
        run = run.env(name, &fill(value));
    }
    let outcome = run.outcome();
    let result = serde_json::from_str(&outcome.stdout).unwrap_or_default();
    Seen { asked: server.asked(), outcome, result, folder: run.folder }
}

/// The rows of which the check does not tell the runs apart.
fn undecided(rows: &[Row], is_variable: bool) -> Vec<String> {
    let half = rows.len().div_ceil(2);
    let wrong = |rows: &[Row]| -> Vec<String> {
        let of_row = |(name, beside, given, check): &Row| {
            let with = match is_variable {
                true => run(beside, &[], Some((name, given[0]))),
                false => run(beside, given, None),
            };
            let without = run(beside, &[], None);
            let found = (check(&with), check(&without));
            (found != (true, false)).then(|| {
                format!(
                    "{name}: {found:?}\nwith: {:.1500} {:?}\nwithout: {:.1500}",
                    format!("{:?}", with.outcome),
                    with.asked,
                    format!("{:?}", without.outcome)
                )
            })
        };
        rows.iter().filter_map(of_row).collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = rows.chunks(half).map(|rows| scope.spawn(move || wrong(rows))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn every_flag_does_something() {
    let help = ssek(&["bench", "--help"]).outcome().stdout;
    let is_flag = |line: &&str| line.trim_start().starts_with('-') && line.contains("--");
    let name = |line: &str| {
        let at = line.find("--").unwrap();
        let end = line[at..].find([' ', '[', '=']).map_or(line.len(), |end| at + end);
        line[at..end].to_owned()
    };
    let listed: BTreeSet<_> = help.lines().filter(is_flag).map(name).collect();
    let held: BTreeSet<_> = FLAGS.iter().map(|row| row.0).chain(UNSEEN).map(str::to_owned).collect();
    assert_eq!(listed, held, "a flag without a row, or a row without a flag");
    let wrong = undecided(FLAGS, false);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn variables_do_what_their_flags_do() {
    let wrong = undecided(VARIABLES, true);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn flags_that_have_no_effect_are_refused() {
    for (command, flags) in [
        ("sweep", &["--address=:0", "--secret-source=mock=a=b"][..]),
        ("probe", &["--address=:0", "--config=c.json", "--secret-source=mock=a=b"]),
        ("record", &["--address=:0", "--config=c.json", "--secret-source=mock=a=b"]),
    ] {
        for flag in flags {
            let outcome = ssek(&[command, "http://127.0.0.1:1", flag]).outcome();
            let name = flag.split('=').next().unwrap();
            let told = format!("ssek {command}: {name} has no effect here");
            assert!(
                outcome.exit == Some(255) && outcome.stderr.contains(&told),
                "{command} {flag}: {outcome:?}"
            );
        }
    }
}
