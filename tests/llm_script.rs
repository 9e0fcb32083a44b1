//! `ssek/llm` through the binary: what scripts get, and what is measured.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/slow_server.rs"]
mod slow_server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use binary::{Outcome, Run, ssek};
use serde_json::Value;
use slow_server::{Server, Then, chunk, respond, send, stream_head};

const HEAD: &str = "import llm from 'ssek/llm'
const make = (options) => new llm.Client({ baseURL: __ENV.URL, model: 'm', ...options })
";

/// A server that answers with a thought, a call of a tool and a text, unless the path says otherwise.
fn server() -> Server {
    let refused = AtomicUsize::new(0);
    Server::new(move |request, stream| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        if path.starts_with("/busy") && refused.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return respond(stream, "503 Service Unavailable", "Retry-After: 0\r\n", b"busy");
        }
        if path.starts_with("/no") {
            let body = br#"{"error":{"message":"no such model"}}"#;
            return respond(stream, "404 Not Found", "Content-Type: application/json\r\n", body);
        }
        stream_head(stream, "X-Server: own\r\n");
        let mut events = vec![
            r#"{"id":"c1","choices":[{"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]}}]}"#,
            r#"{"choices":[{"delta":{"content":"Hello, "}}]}"#,
            r#"{"choices":[{"delta":{"content":"world!"}}]}"#,
        ];
        if path.starts_with("/slow") {
            send(
                stream,
                events.iter().flat_map(|data| chunk(format!("data: {data}\n\n"))).collect::<Vec<_>>(),
            );
            thread::sleep(Duration::from_secs(20));
            return Then::Close;
        }
        events.extend([
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":2}}}"#,
            "[DONE]",
        ]);
        for data in events {
            send(stream, chunk(format!("data: {data}\n\n")));
        }
        send(stream, chunk(""));
        Then::KeepAlive
    })
}

fn run(server: &Server, args: &[&str], script: &str) -> (Run, Outcome) {
    let mut all = vec!["run", "-q", "--log-format", "raw", "--out", "json=out.json"];
    all.extend(args);
    all.push("script.js");
    let mut run = ssek(&all)
        .file("script.js", &format!("{HEAD}{script}"))
        .env("URL", &format!("http://{}", server.addr));
    let outcome = run.outcome();
    (run, outcome)
}

/// What a function's body prints, in one iteration that succeeds.
fn log(server: &Server, body: &str) -> Vec<String> {
    let (_run, outcome) = run(server, &[], &format!("export default async function () {{ {body} }}"));
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    outcome.stderr.lines().map(str::to_owned).collect()
}

/// The values and tags of a metric's samples.
fn samples(run: &Run, metric: &str) -> Vec<(f64, Value)> {
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let points = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    points
        .filter(|point| point["type"] == "Point" && point["metric"] == metric)
        .map(|mut point| (point["data"]["value"].as_f64().unwrap(), point["data"]["tags"].take()))
        .collect()
}

const SHOW: &str = "const show = (a) => {
    console.log(a.ok, a.outcome, a.status, a.finishReason, a.messageId, a.protocol, a.headers['X-Server'])
    console.log(a.text, '|', a.reasoning, '|', JSON.stringify(a.toolCalls))
    console.log(JSON.stringify(a.usage), a.tokens.completion, a.tokens.source, a.events, a.gaps.length)
    const m = a.marks
    console.log(m.firstToken <= m.firstVisible && m.firstVisible <= m.lastToken && m.lastToken <= m.end,
        a.timings.ttft === m.firstToken, a.attempts.length, a.good)
}
";

const SHOWN: [&str; 4] = [
    "true ok 200 stop c1 openai-chat own",
    r#"Hello, world! | hm | [{"id":"t","name":"f","arguments":"{}"}]"#,
    r#"{"promptTokens":9,"completionTokens":6,"cachedTokens":2,"reasoningTokens":null} 6 usage 8 3"#,
    "true true 1 null",
];

#[test]
fn answers_come_whole_and_piece_by_piece() {
    let server = server();
    let lines = log(
        &server,
        &format!(
            "{SHOW} const client = make()
            show(client.chat('Hi'))
            show(await client.chatAsync({{ messages: [{{ role: 'user', content: 'Hi' }}], maxTokens: 5, seed: 3 }}))"
        ),
    );
    assert_eq!(lines, [SHOWN, SHOWN].concat());
    let requests = server.requests();
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!((&body["model"], &body["max_tokens"], &body["seed"]), (&"m".into(), &5.into(), &3.into()));

    let pieces = "let seen = []
        const handlers = {
            onToken: (text, at) => { seen.push(text, Math.abs(at - Date.now()) < 60000) },
            onReasoning: (text) => { seen.push('~' + text) },
            onToolCall: (piece) => { seen.push(piece.name, piece.arguments) },
        }
        make().chat('Hi', handlers); console.log(seen.join(' ')); seen = []
        await make().chatAsync('Hi', handlers); console.log(seen.join(' '))";
    let wanted = "~hm f {} Hello,  true world! true";
    assert_eq!(log(&server, pieces), [wanted, wanted]);
}

#[test]
fn scripts_may_stop_answers() {
    let server = server();
    let lines = log(
        &server,
        "const a = make({ path: '/slow' }).chat('Hi', { onToken: () => false })
        console.log(a.outcome, a.text)
        const b = await make({ path: '/slow' }).chatAsync('Hi', { onToken: () => false })
        console.log(b.outcome, b.text)
        try { make({ path: '/slow' }).chat('Hi', { onToken: () => { throw new Error('enough') } }) }
        catch (e) { console.log(e.message) }",
    );
    assert_eq!(lines, ["aborted Hello, world!", "aborted Hello, world!", "enough"]);
}

#[test]
fn failures_are_told_and_thrown_where_that_is_wanted() {
    let server = server();
    let lines = log(
        &server,
        "const a = make({ path: '/no' }).chat('Hi')
        console.log(a.ok, a.outcome, a.status, a.error)
        try { make({ path: '/no', throw: true }).chat('Hi') } catch (e) { console.log(e.message) }
        await make({ path: '/no' }).chatAsync({ prompt: 'Hi', throw: true }).catch((e) => console.log(e.message))
        const b = make({ path: '/slow', timeouts: { idle: '200ms' } }).chat('Hi')
        console.log(b.outcome, b.error, b.text, b.tokens.source)
        const c = make({ path: '/busy', retry: 1 }).chat('Hi')
        console.log(c.outcome, c.attempts.map((a) => a.status + ' ' + a.error + ' ' + a.waited).join('; '))",
    );
    let refused = "http_error: status 404: no such model";
    assert_eq!(
        lines,
        [
            "false http_error 404 status 404: no such model",
            refused,
            refused,
            "timeout_idle no data within 200ms (timeouts.idle) Hello, world! estimate",
            "ok 503 status 503: busy 0; 200  null",
        ]
    );
}

#[test]
fn options_that_are_wrong_say_so() {
    let server = server();
    let lines = log(
        &server,
        "for (const options of [{ baseUrl: 'x' }, { baseURL: 5 }, { protocol: 'smoke' }, { protocol: { text: 'a[' } },
            { retry: { tries: 3 } }, { slo: 'fast' }, { timeouts: { idle: 0 } }, { tokenizer: 'none.json' },
            { keyPolicy: 'random' }]) {
            try { make(options); console.log('taken', JSON.stringify(options)) } catch (e) { console.log(e.message) }
        }
        try { make().chat(5) } catch (e) { console.log(e.message) }
        try { make().chat({ messages: [5] }) } catch (e) { console.log(e.message) }",
    );
    let wanted = [
        "llm.Client: options: unknown key 'baseUrl'",
        "llm.Client: baseURL: 5 is no string",
        "llm.Client: protocol: there is no protocol \"smoke\"; there are openai-chat",
        "llm.Client: protocol: text: \"a[\" is no path",
        "llm.Client: retry: unknown key 'tries', allowed are: max, statuses, delay, maxDelay, budget",
        "llm.Client: slo: \"fast\" is no objective",
        "llm.Client: timeouts.idle: 0 is not above zero",
        "llm.Client: tokenizer: tokenizer \"none.json\": ",
        "llm.Client: keyPolicy: \"random\", allowed are: round-robin, sticky",
        "chat: the first argument is a text",
        "chat: messages[0] must be a text or an object",
    ];
    assert_eq!(lines.len(), wanted.len(), "{lines:#?}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.starts_with(wanted), "{line}");
    }
}

#[test]
fn samples_of_calls_with_their_tags() {
    let server = server();
    let (run, outcome) = run(
        &server,
        &["--slo", "ttft<10s", "--iterations", "2"],
        "const good = make({ name: 'ask', tags: { team: 'a' } })
        const busy = make({ path: '/busy', retry: { max: 1, delay: '1ms' }, slo: 'duration<1ns' })
        const bad = make({ path: '/no' })
        export const options = { thresholds: { 'llm_requests{outcome:ok}': ['count==4'],
            'llm_completion_tokens_total{tokens:usage}': ['count==24'] } }
        export default function () { good.chat({ prompt: 'Hi', tags: { turn: '1' } }); busy.chat('Hi'); bad.chat('Hi') }",
    );
    assert_eq!(outcome.exit, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    for (metric, count) in [
        ("llm_requests", 6),
        ("llm_time_to_first_token", 4),
        ("llm_time_to_first_visible_token", 4),
        ("llm_inter_token_latency", 12),
        ("llm_time_per_output_token", 4),
        ("llm_request_duration", 4),
        ("llm_tail", 4),
        ("llm_prompt_tokens", 4),
        ("llm_cached_tokens_total", 4),
        ("llm_reasoning_tokens", 0),
        ("llm_output_tokens_per_second", 4),
        ("llm_goodput", 6),
        ("llm_retries", 2),
        ("http_reqs", 8),
        ("http_req_failed", 8),
    ] {
        assert_eq!(samples(&run, metric).len(), count, "{metric}");
    }
    let requests = samples(&run, "llm_requests");
    let outcomes: Vec<_> = requests.iter().map(|(_, tags)| tags["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "ok", "http_error", "ok", "ok", "http_error"]);
    let tags = &requests[0].1;
    for (key, value) in [
        ("name", "ask"),
        ("team", "a"),
        ("turn", "1"),
        ("model", "m"),
        ("finish_reason", "stop"),
        ("method", "POST"),
        ("status", "200"),
        ("expected_response", "true"),
        ("scenario", "default"),
    ] {
        assert_eq!(tags[key], value, "{key}: {tags}");
    }
    let goodput: Vec<_> = samples(&run, "llm_goodput").iter().map(|(value, _)| *value).collect();
    assert_eq!(goodput, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(samples(&run, "llm_completion_tokens")[0].0, 6.0);
    // The section of the summary.
    let llm = outcome.stdout.split("    LLM\n").nth(1).unwrap_or_else(|| panic!("{}", outcome.stdout));
    let llm = llm.split("\n\n").next().unwrap();
    assert!(llm.contains("llm_time_to_first_token") && llm.contains("llm_goodput"), "{llm}");
    assert!(!outcome.stdout.contains("CUSTOM"), "{}", outcome.stdout);
}

#[test]
fn names_of_metrics_are_free_where_no_model_is_called() {
    let mut run = ssek(&["run", "-q", "script.js"]).file(
        "script.js",
        "import { Counter } from 'k6/metrics'; const c = new Counter('llm_prompt_tokens')
        export default function () { c.add(3) }",
    );
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("CUSTOM") && !outcome.stdout.contains("LLM"), "{}", outcome.stdout);
}

#[test]
fn calls_that_the_end_of_the_test_cuts_off() {
    let server = server();
    for call in ["client.chat('Hi')", "await client.chatAsync('Hi')"] {
        let (run, outcome) = run(
            &server,
            &[],
            &format!(
                "const client = make({{ path: '/slow' }})
                export const options = {{ scenarios: {{ a: {{ executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s' }} }} }}
                export default async function () {{ {call} }}"
            ),
        );
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        let requests = samples(&run, "llm_requests");
        assert!(
            !requests.is_empty() && requests.iter().all(|(_, tags)| tags["outcome"] == "interrupted"),
            "{requests:?}"
        );
        assert!(samples(&run, "http_reqs").is_empty());
    }
}
