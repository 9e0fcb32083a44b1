//! What `ssek bench` says beside its figures: where tokens come from, what is odd, how it asks.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/llm_recorder.rs"]
mod llm_recorder;

use binary::{Outcome, ssek};
use llm_recorder::{Answer, Recorder};
use serde_json::{Value, json};

fn bench(args: &[&str]) -> Outcome {
    ssek(&[&["bench", "--quiet", "--io-threads=2"], args].concat()).outcome()
}

#[test]
fn tokens_say_where_they_come_from() {
    let answer = |usage: &str| {
        let chunk = r#"{"choices":[{"index":0,"delta":{"content":"four byte"},"finish_reason":"stop"}]}"#;
        Answer::events(&[chunk, usage, "[DONE]"])
    };
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":5}}"#;
    let server =
        Recorder::start(move |number, _| answer(if number < 2 { usage } else { r#"{"type":"ping"}"# }));
    let outcome = bench(&[&server.url(), "-n", "3", "--prompt", "abcd", "--json-file", "r.json"]);
    assert!(
        outcome.stdout.contains("tokens: 22 of prompts (usage), 1 of prompts (estimate), 10 of answers (usage), 3 of answers (estimate)"),
        "{outcome:?}"
    );
    let result = ssek(&["bench", "--quiet", "--json", &server.url(), "--tokenizer", "cl100k"]).outcome();
    let result: Value = serde_json::from_str(&result.stdout).unwrap();
    assert_eq!(result["tokens"]["completion"], json!({ "tokenizer": 2.0 }), "{result}");
}

#[test]
fn odd_answers_are_remarked() {
    let empty = Recorder::start(|_, _| Answer::events(&["[DONE]"]));
    let outcome = bench(&[&empty.url(), "--fail-on", "error_rate>0.5"]);
    assert!(
        outcome.stdout.contains("1 request in") && outcome.stdout.contains("1 answer had no content"),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains("http_req_failed rate<=0.5: 0.00%"), "{outcome:?}");
    let page = Recorder::start(|_, _| Answer {
        status: 200,
        headers: vec![("Content-Type", "application/json; charset=utf-8".to_owned())],
        body: r#"{"choices":[{"message":{"content":"whole"}}]}"#.to_owned(),
    });
    let chat = Recorder::start(|_, _| Answer::chat("x"));
    let outcome = bench(&[&chat.url(), "--protocol", "append"]);
    assert!(outcome.stdout.contains("✗ 1× no event says anything that the protocol knows"), "{outcome:?}");
    let outcome = bench(&[&page.url()]);
    assert!(outcome.stdout.contains("no event stream but application/json"), "{outcome:?}");
    assert!(outcome.stdout.contains("no stream of openai-chat"), "{outcome:?}");
}

#[test]
fn a_sweep_says_why_nothing_works() {
    let denied = Recorder::start(|_, _| Answer::status(401, "who are you"));
    let outcome = ssek(&["sweep", "--quiet", &denied.url(), "--step", "1s", "--warmup", "0"]).outcome();
    assert_eq!(outcome.exit, Some(110), "{outcome:?}");
    assert!(outcome.stderr.contains("who are you; the server wants an API key"), "{outcome:?}");
    let outcome = ssek(&["sweep", &denied.url(), "--plot", "none/p.svg"]).outcome();
    assert!(outcome.stderr.contains("there is no folder none"), "{outcome:?}");
}

#[test]
fn the_first_and_the_last_are_left_out() {
    let args = [
        "bench",
        "--quiet",
        "--json",
        "--mock=ttft=5,itl=1,n=3",
        "-d",
        "3s",
        "--warmup",
        "1s",
        "--cooldown",
        "1s",
    ];
    let outcome = ssek(&args).outcome();
    let result: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    let seconds = result["measured_seconds"].as_f64().unwrap();
    assert!((0.9..1.6).contains(&seconds) && result["seconds"].as_f64().unwrap() >= 3.0, "{result}");
    for (args, want) in [
        (&["-n", "3", "--cooldown", "1s"][..], "cooldown needs an end"),
        (&["-d", "2s", "--warmup", "1s", "--cooldown", "1s"], "leave nothing"),
        (&["--vus", "2000000"], "1000000 is the most"),
    ] {
        let outcome = bench(&[&["--mock"], args].concat());
        assert!(outcome.exit == Some(104) && outcome.stderr.contains(want), "{args:?}: {outcome:?}");
    }
}

#[test]
fn how_it_asks_follows_from_url_and_key() {
    let server = Recorder::start(|_, asked| match asked.body["query"].is_string() {
        true => Answer::events(&[r#"{"event":"message","answer":"hi"}"#, r#"{"event":"message_end"}"#]),
        false => Answer::chat("x"),
    });
    let url = server.url();
    let described = r#"{"path": "/own", "text": "choices[0].delta.content", "done": "[DONE]"}"#;
    for (args, path, field) in [
        (&[&url, "--api-key", "app-x", "--api-path", "/api/v1/stream"][..], "/api/v1/stream", "query"),
        (&[&format!("{url}/v1"), "--api-key", "app-x"], "/v1/chat-messages", "query"),
        (
            &[&url, "--api-key", "app-x", "--api-path", "/v1/chat/completions"],
            "/v1/chat/completions",
            "messages",
        ),
        (&[&url, "--api-key", "sk-x", "--api-path", "/stream/chat"], "/stream/chat", "messages"),
        (&[&url, "--protocol", described], "/own", "messages"),
        (
            &[&format!("{url}/v1/workflows/run"), "--protocol", "dify", "--input", "a=b"],
            "/v1/workflows/run",
            "inputs",
        ),
        (&[&format!("{url}/v1/completion-messages")], "/v1/completion-messages", "inputs"),
    ] {
        let outcome = bench(args);
        assert_eq!(outcome.exit, Some(0), "{args:?}: {outcome:?}");
        let asked = server.asked();
        let asked = asked.last().unwrap();
        assert!(asked.path == path && !asked.body[field].is_null(), "{args:?}: {asked:?}");
    }
    let inputs: Vec<_> = server.asked().iter().map(|asked| asked.body["inputs"].clone()).collect();
    assert_eq!(inputs[5..], [json!({"query": "Who are you?", "a": "b"}), json!({"query": "Who are you?"})]);
    for (args, want) in [
        (&[&url, "--protocol", "custom"][..], "described by an object"),
        (&[&url, "--protocol", r#"{"text": "a", "x": "b"}"#], "unknown key 'x'"),
        (&[&url, "--protocol", "none.json"], "none.json cannot be read"),
        (&[&url, "--vus", "x"], "want a whole number"),
        (&[&url, "-f", "locustfile.py"], "leave it out"),
        (&[&url, "--fail-on", "p95(foo)>1s"], "no metric"),
        (&[&url, "--json-file", "none/r.json"], "there is no folder none"),
    ] {
        let outcome = bench(args);
        assert!(outcome.exit != Some(0) && outcome.stderr.contains(want), "{args:?}: {outcome:?}");
    }
}
