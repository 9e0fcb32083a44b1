//! `ssek bench`, through the binary: what it sends, counts and says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/llm_recorder.rs"]
mod llm_recorder;
#[path = "support/running.rs"]
mod running;

use std::collections::{BTreeMap, BTreeSet};

use binary::{Outcome, Run, in_repository, ssek};
use running::{Running, command};

use llm_recorder::{Answer, Asked, Recorder};
use serde_json::{Value, json};
use ssek::mock::{Server, Settings};

fn mock(settings: &str) -> Server {
    Server::start(settings.parse::<Settings>().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

/// `ssek bench` with a JSON result.
fn bench(args: &[&str]) -> Run {
    ssek(&[&["bench", "--quiet", "--json", "--io-threads=2"], args].concat())
}

fn result(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

fn ran(args: &[&str]) -> Value {
    let outcome = bench(args).outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    result(&outcome)
}

fn total(result: &Value, metric: &str) -> f64 {
    result["metrics"][metric]["total"].as_f64().unwrap_or_else(|| panic!("{metric}: {result}"))
}

#[test]
fn every_request_and_event_is_counted_once() {
    let server = mock("ttft=2,itl=1,n=7");
    let base = format!("http://{}", server.addr());
    for (args, sent) in [
        // Each user asks once.
        (&["--vus", "3"][..], 3),
        (&["--threads", "3", "--duration", "0"], 3),
        (&["-u", "4", "--requests", "25"], 25),
        (&["-u", "9", "-n", "4", "--spawn-rate", "100"], 4),
        (&["--rate", "100", "-n", "12"], 12),
        (&["--rate", "200", "-n", "12", "--arrivals", "poisson", "--seed", "1"], 12),
    ] {
        let before = server.figures();
        let result = ran(&[args, &[&base]].concat());
        let after = server.figures();
        let events = (after.events - before.events) as f64;
        assert_eq!(
            (after.requests - before.requests, result["requests"]["done"].as_f64()),
            (sent, Some(sent as f64))
        );
        assert_eq!(
            (total(&result, "llm_requests"), total(&result, "http_reqs")),
            (sent as f64, sent as f64),
            "{args:?}"
        );
        assert_eq!(
            (total(&result, "sse_event"), total(&result, "llm_completion_tokens_total")),
            (events, 7.0 * sent as f64)
        );
        assert_eq!(result["metrics"]["llm_inter_token_latency"]["count"].as_f64(), Some(6.0 * sent as f64));
        assert_eq!(result["requests"]["outcomes"], json!({ "ok": sent as f64 }), "{args:?}");
    }
    let (before, url) = (server.figures().requests, format!("{base}/api/chat"));
    let result = ran(&[&url, "-n", "5", "-u", "2"]);
    assert_eq!((total(&result, "llm_requests"), server.figures().requests - before), (5.0, 5));
    assert_eq!(total(&result, "llm_completion_tokens_total"), 35.0);
    // Time instead of numbers: all that were sent are in the figures.
    let before = server.figures().requests;
    let result = ran(&[&base, "-u", "3", "-t", "1"]);
    assert_eq!(total(&result, "llm_requests"), (server.figures().requests - before) as f64);
    assert!(result["seconds"].as_f64().unwrap() >= 1.0);
}

#[test]
fn what_the_server_does_not_count_is_counted_to_the_last() {
    let text =
        json!({"choices": [{"index": 0, "delta": {"content": "Hello, world!"}, "finish_reason": "stop"}]});
    let server = Recorder::start(move |_, _| Answer::events(&[&text.to_string(), "[DONE]"]));
    let args =
        ["--prompt", "Hello, world!", "--tokenizer", "cl100k", "-u", "8", "-n", "200", "--slo", "ttft<1m"];
    let result = ran(&[&args[..], &[&server.url()]].concat());
    let count = |metric: &str| result["metrics"][metric]["count"].as_f64();
    assert_eq!(total(&result, "llm_requests"), 200.0);
    assert_eq!(
        (total(&result, "llm_prompt_tokens_total"), count("llm_prompt_tokens")),
        (2000.0, Some(200.0))
    );
    assert_eq!(total(&result, "llm_completion_tokens_total"), 800.0);
    assert_eq!(result["metrics"]["llm_goodput"]["trues"], 200);
    assert_eq!(result["counting"], Value::Null);
}

fn assistant() -> Recorder {
    Recorder::start(|_, _| Answer::events(&[r#"{"content":"well"}"#, "[DONE]"]))
}

const A: &str = r#"{
  "name": "conversation_A",
  "invocations": 5, //number of such concurrent conversations
  "conversation": [
    { "role": "user", "content": "Hello" },
    { "role": "user", "content": "Explain async APIs" }
  ]
}"#;
const B: &str = r#"{"name": "B", "invocations": 3, "conversation": [{"role": "user", "content": "Bye"}]}"#;

fn with_data(run: Run) -> Run {
    std::fs::create_dir(run.folder.path().join("data")).unwrap();
    run.file("data/a.json", A).file("data/b.json", B)
}

/// What was said in each session, in its order.
fn sessions(asked: &[Asked]) -> BTreeMap<String, Vec<String>> {
    let mut sessions = BTreeMap::<_, Vec<_>>::new();
    for one in asked {
        let session = one.path.strip_prefix("/stream/assistant/").unwrap_or_else(|| panic!("{one:?}"));
        assert_eq!(one.body["role"], "user");
        assert_eq!(one.header("accept"), "text/event-stream");
        sessions
            .entry(session.to_owned())
            .or_default()
            .push(one.body["content"].as_str().unwrap().to_owned());
    }
    sessions
}

#[test]
fn conversations_are_held_as_often_as_they_say() {
    for users in ["1", "3", "55"] {
        let server = assistant();
        let args =
            ["--headless", "--users", users, "-r", "55", "--conversations", "data", "-H", &server.url()];
        let outcome = with_data(bench(&args)).outcome();
        assert_eq!(outcome.exit, Some(0), "{outcome:?}");
        let sessions = sessions(&server.asked());
        let mut held: Vec<_> = sessions.values().map(|turns| turns.join("|")).collect();
        held.sort();
        assert_eq!(held, [vec!["Bye"; 3], vec!["Hello|Explain async APIs"; 5]].concat(), "{users} users");
        let result = result(&outcome);
        assert_eq!((total(&result, "llm_requests"), total(&result, "iterations")), (13.0, 8.0));
        for (part, count) in [("conversation:conversation_A", 10), ("turn:2", 5), ("conversation:B", 3)] {
            let of_part = &result["metrics"][format!("llm_request_duration{{{part}}}")];
            assert_eq!(of_part["count"], json!(count), "{part}: {of_part}");
        }
    }
    let server = assistant();
    let run = bench(&[&server.url(), "--conversations", "data", "--session", "turn", "-u", "4", "--shuffle"]);
    assert_eq!(with_data(run).outcome().exit, Some(0));
    assert_eq!(sessions(&server.asked()).len(), 13, "a session each turn");
}

#[test]
fn clients_may_hold_the_history() {
    let server = Recorder::start(|_, asked| {
        let last = asked.body["messages"].as_array().unwrap().last().unwrap()["content"].clone();
        Answer::chat(&format!("to {}", last.as_str().unwrap()))
    });
    let url = format!("{}/v1", server.url());
    let outcome = with_data(bench(&[
        &url,
        "--conversations",
        "data",
        "--system",
        "Be brief.",
        "--protocol",
        "openai-chat",
    ]))
    .outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let asked = server.asked();
    let second = asked.iter().find(|one| one.body["messages"].as_array().unwrap().len() == 4).unwrap();
    assert_eq!(
        second.body["messages"],
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
               {"role": "assistant", "content": "to Hello"}, {"role": "user", "content": "Explain async APIs"}])
    );
}

#[test]
fn a_failed_turn_ends_its_conversation() {
    let server = Recorder::start(|number, _| match number {
        0 => Answer::status(500, "no"),
        _ => Answer::events(&[r#"{"content":"well"}"#, "[DONE]"]),
    });
    let outcome = with_data(bench(&[&server.url(), "--conversations", "data"])).outcome();
    let result = result(&outcome);
    assert_eq!((server.asked().len(), total(&result, "iterations")), (12, 7.0));
    assert_eq!(result["requests"]["conversations_broken_off"], 1);
    assert_eq!(result["requests"]["outcomes"], json!({"ok": 11.0, "http_error": 1.0}));
}

#[test]
fn the_flags_of_another_tool_ask_dify() {
    let server = Recorder::start(|_, _| {
        let chunk = r#"{"event":"message","answer":"hi","conversation_id":"c-9","message_id":"m"}"#;
        Answer::events(&[chunk, r#"{"event":"message_end","conversation_id":"c-9"}"#])
    });
    let port = server.addr.port().to_string();
    let host =
        ["--host", "127.0.0.1", "--port", &port, "--threads", "3", "--user", "gaolou", "--timeout", "60"];
    let keys = ["--api-key-file", "keys.txt", "--param-file", "queries.txt"];
    let mut run = bench(&[&host[..], &keys, &["--model-name", "m"]].concat())
        .file("keys.txt", "app-key1\n\nBearer app-key2\napp-key3\n")
        .file("queries.txt", "one\n\n二\nthree\n");
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let asked = server.asked();
    let set = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let seen = |of: fn(&Asked) -> &str| set(asked.iter().map(of).collect());
    assert_eq!(seen(|one| &one.path), set(vec!["/v1/chat-messages"]));
    assert_eq!(
        seen(|one| one.header("authorization")),
        set(vec!["Bearer app-key1", "Bearer app-key2", "Bearer app-key3"])
    );
    assert_eq!(seen(|one| one.body["query"].as_str().unwrap()), set(vec!["one", "二", "three"]));
    assert_eq!(asked[0].body["user"], "gaolou");
    assert!(!outcome.stderr.contains("app-key") && !outcome.stdout.contains("app-key"), "{outcome:?}");

    // A template, with the conversation that the server gave going on in the next turn.
    let template = r#"{"inputs": {"lang": ["{inputs.lang}"]}, "query": "Q: {query}", "id": "{conversation_id}",
                       "files": "{files}", "user": "{user}"}"#;
    let flags = [
        "--request-body-file",
        "body.json",
        "--input",
        "lang=zh",
        "--files",
        "[{\"type\":\"image\"}]",
        "--user",
        "u",
    ];
    let before = server.asked().len();
    let outcome = with_data(bench(
        &[&[&server.url(), "--protocol", "dify", "--conversations", "data"][..], &flags].concat(),
    ))
    .file("body.json", template)
    .outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let asked = &server.asked()[before..];
    assert_eq!(
        asked[1].body,
        json!({"inputs": {"lang": ["zh"]}, "query": "Q: Explain async APIs", "id": "c-9",
               "files": [{"type": "image"}], "user": "u"})
    );
    assert_eq!((asked[0].body["id"].as_str(), asked.len()), (Some(""), 13));
}

#[test]
fn keys_may_stick_to_users() {
    let server = Recorder::start(|_, _| Answer::chat("x"));
    let outcome = bench(&[
        &server.url(),
        "-u",
        "2",
        "-n",
        "10",
        "--api-key",
        "key-one-1",
        "--api-key",
        "key-two-2",
        "--api-key-policy",
        "sticky",
    ])
    .outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let bad = bench(&[&server.url(), "--api-key", "fall-back", "--api-key-file", "none.txt"]).outcome();
    assert!(bad.stderr.contains("--api-key is used instead"), "{bad:?}");
    assert_eq!(server.asked().last().unwrap().header("authorization"), "Bearer fall-back");
}

#[test]
fn retries_are_made_and_told() {
    let server = Recorder::start(|number, _| match number {
        0 | 1 => {
            let refused = Answer::status(429, "slow down");
            Answer { headers: vec![("Retry-After", "0".to_owned())], ..refused }
        }
        _ => Answer::chat("x"),
    });
    let result = ran(&[&server.url(), "--retry=3"]);
    assert_eq!(
        (server.asked().len(), total(&result, "llm_requests"), total(&result, "http_reqs")),
        (3, 1.0, 3.0)
    );
    assert_eq!((&result["requests"]["retries"], total(&result, "llm_retries")), (&json!(2), 2.0));
    assert_eq!(
        result["metrics"]["http_req_failed"],
        json!({"kind": "rate", "rate": 2.0 / 3.0, "trues": 2, "total": 3})
    );
    // Without it there is one attempt, which is a failure.
    let server = Recorder::start(|_, _| Answer::status(429, "slow down"));
    let outcome = bench(&[&server.url()]).outcome();
    assert_eq!((outcome.exit, server.asked().len()), (Some(110), 1), "{outcome:?}");
    assert!(outcome.stderr.contains("not one request succeeded"), "{outcome:?}");
}

#[test]
fn failures_come_with_a_hint() {
    let truncated =
        Recorder::start(|_, _| Answer::events(&[r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#]));
    let page = Recorder::start(|_, _| Answer {
        status: 200,
        headers: vec![("Content-Type", "text/html".to_owned())],
        body: "<html>hello</html>".to_owned(),
    });
    let missing = Recorder::start(|_, _| Answer::status(404, "no route"));
    let denied = Recorder::start(|_, _| Answer::status(401, "who are you"));
    for (url, outcome_name, hint) in [
        (truncated.url(), "truncated", "[DONE]"),
        (page.url(), "protocol_error", "web pages"),
        (missing.url(), "http_error", "--api-path"),
        (denied.url(), "http_error", "--api-key"),
        ("http://127.0.0.1:1".to_owned(), "connect_error", "is the server running"),
    ] {
        let outcome = ssek(&["bench", "--quiet", &url]).outcome();
        assert_eq!(outcome.exit, Some(110), "{outcome:?}");
        assert!(
            outcome.stdout.contains(outcome_name) && outcome.stdout.contains(hint),
            "{hint}: {}",
            outcome.stdout
        );
    }
}

#[test]
fn conditions_decide_on_the_exit_code() {
    let server = mock("ttft=20,itl=1,n=3");
    let base = format!("http://{}", server.addr());
    for (args, exit) in [
        (&["--fail-on", "p95(ttft)>10s", "--fail-on", "error_rate>0"][..], 0),
        (&["--fail-on", "min(ttft)>1ms"], 99),
        (&["--threshold", "llm_requests{outcome:ok}:count==2"], 0),
        (&["--threshold", "llm_requests{outcome:ok}:count>2"], 99),
        (&["--slo", "ttft<1ms", "--fail-on", "goodput<95%"], 99),
        (&["--slo", "ttft<10s,tpot<10s", "--fail-on", "goodput<95%"], 0),
        (&["--fail-on", "p95(ttft)"], 104),
        (&["--fail-on", "p95(none)>1"], 104),
        (&["--slo", "ttft>1"], 104),
        (&["--protocol", "none"], 104),
        (&["--prompts", "none.txt"], 104),
        (&["--rate", "1", "--vus", "2"], 104),
        (&["--bogus"], 255),
    ] {
        let outcome = bench(&[args, &["-u", "2", &base]].concat());
        let mut outcome = outcome;
        let outcome = outcome.outcome();
        assert_eq!(outcome.exit, Some(exit), "{args:?}: {outcome:?}");
    }
    assert_eq!(bench(&[]).outcome().exit, Some(104));
    let broken =
        with_data(bench(&[&base, "--conversations", "data"])).file("data/c.json", "{\n \"invocations\": x }");
    let mut broken = broken;
    let outcome = broken.outcome();
    assert!(
        outcome.exit == Some(104) && outcome.stderr.contains("c.json:2:17: expected value"),
        "{outcome:?}"
    );
}

#[test]
fn datasets_and_made_up_prompts() {
    let server = Recorder::start(|_, _| Answer::chat("x"));
    let trace = "{\"timestamp\":1000,\"input_length\":40,\"output_length\":5,\"hash_ids\":[1]}\n\
                 {\"timestamp\":1300,\"input_length\":30,\"output_length\":6,\"hash_ids\":[1]}\n";
    let outcome = bench(&[&server.url(), "--dataset", "t.jsonl"]).file("t.jsonl", trace).outcome();
    let result = result(&outcome);
    assert_eq!((outcome.exit, total(&result, "llm_requests")), (Some(0), 2.0), "{outcome:?}");
    assert!(result["seconds"].as_f64().unwrap() >= 0.3, "at their times");
    let asked = server.asked();
    let text = |one: &Asked| one.body["messages"][0]["content"].as_str().unwrap().to_owned();
    assert_eq!((text(&asked[0]).split(' ').count(), &asked[0].body["max_tokens"]), (40, &json!(5)));
    assert_eq!(text(&asked[0]).split(' ').take(30).collect::<Vec<_>>().join(" "), text(&asked[1]));

    for _ in 0..2 {
        ran(&[
            &server.url(),
            "-n",
            "3",
            "--synthetic",
            "prompt=20±5,output=9",
            "--shared-prefix",
            "10",
            "--seed",
            "7",
        ]);
    }
    let made: Vec<_> = server.asked()[2..].iter().map(text).collect();
    assert_eq!(made[..3], made[3..], "the same prompts for the same seed");
    let begins = |text: &String| text.split(' ').take(10).collect::<Vec<_>>().join(" ");
    assert!(begins(&made[0]) == begins(&made[1]) && made[0] != made[1], "{made:?}");

    let lines = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"}]}],\"max_tokens\":3}\n";
    bench(&[&server.url(), "--dataset", "o.jsonl", "--extra-body", "{\"top_k\":1}"])
        .file("o.jsonl", lines)
        .outcome();
    let last = server.asked().pop().unwrap();
    assert_eq!(
        (&last.body["messages"][0]["content"][0]["text"], &last.body["top_k"]),
        (&json!("see"), &json!(1))
    );
}

#[test]
fn open_models_keep_their_time() {
    let server = mock("ttft=400,itl=1,n=2");
    let base = format!("http://{}", server.addr());
    let result = ran(&[&base, "--rate", "50", "-n", "20", "--max-vus", "4"]);
    let (dropped, done) = (total(&result, "dropped_iterations"), total(&result, "llm_requests"));
    assert!(dropped > 0.0 && dropped + done == 20.0, "{dropped} + {done}");
    assert_eq!(server.figures().requests as f64, done);
    let delay = &result["metrics"]["schedule_delay"];
    assert_eq!(delay["count"].as_f64(), Some(done));
    let (plain, scheduled) = ("iteration_duration", "iteration_duration_scheduled");
    let mean = |metric: &str| result["metrics"][metric]["mean"].as_f64().unwrap();
    assert!(mean(scheduled) >= mean(plain), "{result}");
    assert!(mean("llm_time_to_first_token_scheduled") >= mean("llm_time_to_first_token"), "{result}");
}

#[test]
fn outputs_and_tables_have_it_all() {
    let server = mock("ttft=5,itl=2,n=5");
    let base = format!("http://{}", server.addr());
    let mut run = with_data(ssek(&[
        "bench",
        &base,
        "--protocol",
        "assistant",
        "--conversations",
        "data",
        "-u",
        "2",
        "--model",
        "m",
        "--out",
        "json=samples.json",
        "--summary-export",
        "summary.json",
        "--json-file",
        "result.json",
        "--tag",
        "team=a",
    ]));
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    for text in [
        "13 ok (100.00%)",
        "p99.9",
        "llm_time_to_first_token",
        "llm_request_duration{turn:2}",
        "TOTALS",
        "client: CPU",
    ] {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
    assert!(
        outcome.stderr.contains("2 conversations")
            && outcome.stderr.contains("/stream/assistant/{session_id}"),
        "{}",
        outcome.stderr
    );
    let read = |name: &str| std::fs::read_to_string(run.folder.path().join(name)).unwrap();
    let samples = read("samples.json");
    let tagged = samples
        .lines()
        .find(|line| line.contains(r#""metric":"llm_time_to_first_token","type":"Point""#))
        .unwrap();
    let tags = &serde_json::from_str::<Value>(tagged).unwrap()["data"]["tags"];
    for (key, value) in [("scenario", "bench"), ("model", "m"), ("team", "a"), ("status", "200")] {
        assert_eq!(tags[key], value, "{tags}");
    }
    assert!(
        tags["conversation"].is_string() && tags["url"].as_str().unwrap().ends_with("/{session_id}"),
        "{tags}"
    );
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    let result: Value = serde_json::from_str(&read("result.json")).unwrap();
    assert_eq!(summary["metrics"]["llm_requests"]["count"], json!(13));
    assert_eq!(total(&result, "llm_requests"), 13.0);
}

#[test]
fn warm_up_and_lines_a_second() {
    let outcome =
        ssek(&["bench", "--mock=ttft=5,itl=1,n=3", "-u", "2", "-d", "3s", "--warmup", "1s"]).outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with("00:00:0")).collect();
    assert!(lines.len() >= 2 && outcome.stderr.contains("TTFT p50"), "{}", outcome.stderr);
}

#[test]
fn ctrl_c_ends_it_with_figures() {
    let server = mock("ttft=20,itl=20,n=500");
    let url = format!("http://{}", server.addr());
    let mut running = Running::of(command(&["bench", "-u", "3", "-d", "60s", &url], ""));
    running.wait_for("00:00:01", 1);
    running.signal(libc::SIGINT);
    let (exit, text) = running.end();
    assert_eq!(exit, Some(105), "{text}");
    assert!(text.contains("interrupted") && text.contains("llm_time_to_first_token"), "{text}");
}

#[test]
fn the_examples_of_other_tools_run() {
    let conversations = in_repository("examples/systems/locust-conversations/data");
    let outcome = bench(&[
        "--mock=ttft=2,itl=1,n=3",
        "--headless",
        "--users",
        "5",
        "-r",
        "50",
        "--conversations",
        conversations.to_str().unwrap(),
        "--think-time",
        "1ms",
    ])
    .outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(total(&result(&outcome), "iterations") > 5.0);
    let folder = in_repository("examples/systems/7dgroup");
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (template, path) in [("openai.json", "/v1/chat/completions"), ("dify.json", "/v1/chat-messages")] {
        let args =
            ["--mock=ttft=2,itl=1,n=3", "--api-path", path, "--threads", "2", "--api-key", "app-example"];
        let files = ["--request-body-file", &file(template), "--param-file", &file("queries.txt")];
        let outcome = bench(&[&args[..], &files].concat()).outcome();
        assert_eq!(outcome.exit, Some(0), "{template}: {outcome:?}");
        assert_eq!(total(&result(&outcome), "llm_requests"), 2.0);
    }
}
