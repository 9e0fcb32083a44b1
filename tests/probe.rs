//! `ssek probe`: what it shows of one request, and what it says where something is wrong.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/raw_http.rs"]
mod raw_http;

use binary::{Outcome, ssek};
use raw_http::exchange;
use serde_json::Value;
use ssek::mock::Server;

fn mock(settings: &str) -> Server {
    Server::start(settings.parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

fn probe(url: &str, flags: &[&str]) -> Outcome {
    let mut args = vec!["probe", url];
    args.extend(flags);
    ssek(&args).outcome()
}

/// What `--json` prints.
fn found(url: &str, flags: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(flags);
    let outcome = probe(url, &all);
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"))
}

#[test]
fn one_answer_with_all_that_can_be_seen_of_it() {
    let server = mock("ttft=30,itl=5,n=12,reasoning=2");
    let outcome = probe(&server.base_url(), &[]);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let page = outcome.stdout;
    for part in [
        "/v1/chat/completions\n",
        "(thoughts) the of \n\nthe of stream a token goes by and another one follows, as ",
        "outcome        ok, finish reason stop",
        "200 OK, text/event-stream; charset=utf-8, HTTP/1.1",
        "14 of the answer (usage), 2 of thoughts; 14 events with content",
        "TTFT ",
        "tokens/s",
        "first_visible",
        "wait for head",
        "thoughts  ",
        "█",
    ] {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
    assert!(!page.contains("hints"), "{page}");
}

#[test]
fn pieces_have_lines_of_their_own() {
    let server = mock("ttft=10,itl=2,n=2");
    let page = probe(&server.base_url(), &["--pieces"]).stdout;
    let pieces: Vec<_> = page.lines().skip(2).take_while(|line| !line.is_empty()).collect();
    let said: Vec<_> = pieces.iter().filter_map(|line| line.split("  ").last()).collect();
    let id = "message chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG";
    assert_eq!(said[..4], [id, "\"the \"", "\"of \"", "finish reason stop"], "{page}");
    assert_eq!(said.last(), Some(&"end of the answer"), "{page}");
}

#[test]
fn every_protocol_of_the_mock_is_found() {
    let server = mock("ttft=2,itl=0,n=12");
    let root = format!("http://{}", server.addr());
    for protocol in [
        "openai-chat",
        "openai-completions",
        "openai-responses",
        "anthropic",
        "gemini",
        "ollama",
        "tgi",
        "dify",
        "assistant",
        "llamacpp",
    ] {
        let found = found(&root, &["--protocol", protocol]);
        assert_eq!((&found["outcome"], &found["status"]), (&"ok".into(), &200.into()), "{protocol}: {found}");
        assert_eq!(found["protocol"], protocol);
        assert!(found["text"].as_str().unwrap().starts_with("the of stream"), "{protocol}: {found}");
    }
    let append = found(&format!("{root}/p/protocol=append"), &["--protocol", "append"]);
    assert_eq!((&append["outcome"], &append["protocol"]), (&"ok".into(), &"append".into()), "{append}");
    let auto = found(&format!("{root}/v1/messages"), &[]);
    assert_eq!((&auto["outcome"], &auto["protocol"]), (&"ok".into(), &"anthropic".into()), "{auto}");
    let calls = found(&format!("{root}/p/tool_call=1/v1"), &[]);
    assert_eq!(calls["tool_calls"][0]["name"], "look_up", "{calls}");
}

#[test]
fn what_is_wrong_is_hinted_at() {
    let server = mock("ttft=2,itl=0,n=12");
    let at = |settings: &str| format!("http://{}/p/{settings}/v1", server.addr());
    let script = |name: &str, list: &str| {
        exchange(server.addr(), &format!("PUT /scripted/{name}"), list);
        format!("http://{}/scripted/{name}", server.addr())
    };
    let no_done = script(
        "nodone",
        r#"[{"at":1,"raw":"data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n"}]"#,
    );
    let early = script(
        "early",
        r#"[{"at":1,"raw":"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"},
        {"at":90,"raw":"data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}]"#,
    );
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, flags, exit, hint) in [
        (at("burst"), &[][..], 0, "all 12 pieces came in one read"),
        (at("usage=0"), &[], 0, "the server does not say how many tokens it made: the count is an estimate"),
        (at("finish=length"), &[], 0, "cut at its longest length"),
        (no_done, &[], 0, "the last event of the protocol is missing ([DONE]"),
        (early, &[], 0, "before the first token"),
        (at("cut_after=3"), &[], 255, "ended without a finish reason"),
        (at("fail_after=3"), &[], 255, "the connection broke in the middle of the answer"),
        (at("error_after=3"), &[], 255, "the status was fine, but the stream reports an error"),
        (at("status=401"), &[], 255, "the server wants a key"),
        (at("status=401"), &["--api-key", "sk-12345678"], 255, "the server does not take this key"),
        (at("status=429,retry_after=7s"), &[], 255, "asks to wait 7 (Retry-After)"),
        (at("status=503"), &[], 255, "not the model behind it"),
        (
            format!("http://{}/nowhere", server.addr()),
            &["--api-path", "/x"],
            255,
            "this protocol is usually at /v1/chat/completions",
        ),
        (
            format!("http://{}", server.addr()),
            &["--api-path", "/echo"],
            255,
            "the server does not stream here",
        ),
        (format!("http://{free}"), &[], 255, "nobody listens on 127.0.0.1"),
        (format!("https://{}", server.addr()), &[], 255, "http:// in place of https://"),
        (at("ttft=60s"), &["--timeout", "100ms"], 255, "no token in time"),
    ] {
        let outcome = probe(&url, flags);
        assert_eq!(outcome.exit, Some(exit), "{url}: {outcome:?}");
        assert!(
            outcome.stdout.contains(hint),
            "{url}: no {hint:?} in\n{}\n{}",
            outcome.stdout,
            outcome.stderr
        );
        assert!(!outcome.stdout.contains("sk-12345678"), "{}", outcome.stdout);
    }
}

#[test]
fn a_bad_command_line_is_said() {
    for (url, flags, said) in [
        ("http://[", &[][..], "cannot probe http://["),
        ("http://a.test", &["--protocol", "smtp"], "there is no protocol"),
        ("http://a.test", &["--header", "x"], "want NAME: VALUE"),
    ] {
        let outcome = probe(url, flags);
        assert!(outcome.exit != Some(0) && outcome.stderr.contains(said), "{outcome:?}");
    }
}
