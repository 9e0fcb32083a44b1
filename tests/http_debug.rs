//! `--http-debug`: what is logged of requests and responses, and what must not be.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use script::{path, run};
use serde_json::Value;
use support::{Server, Then, chunk, respond, send, stream_head};

const SCRIPT: &str = "export default function () {
    http.post(U.replace('//', '//u:secret1@') + '/a?api_key=secret2&n=1', 'question',
        { headers: { 'X-Api-Key': 'secret3' }, cookies: { c: 'secret4' }, tags: { own: 'tag' } })
    sse.open(U + '/sse', { headers: { Authorization: 'Bearer secret5' } }, (c) => { c.on('event', () => {}) })
    http.get('http://127.0.0.1:1/')
}";

fn server() -> Server {
    Server::new(|request, stream| match path(request) {
        "/sse" => {
            stream_head(stream, "");
            send(stream, chunk("data: one\n\n"));
            std::thread::sleep(std::time::Duration::from_millis(50));
            send(stream, [chunk("data: two\n\n"), chunk("")].concat());
            Then::KeepAlive
        }
        "/b" => respond(stream, "200 OK", "Content-Type: text/plain\r\n", b"answer"),
        _ => respond(stream, "302 Found", "Location: /b\r\nSet-Cookie: s=secret6; Path=/\r\n", b""),
    })
}

/// The messages of a run without the server's address, and all lines.
fn logged(flag: &str) -> (Vec<String>, Vec<Value>) {
    let server = server();
    let (_, outcome) = run(&server, &["-i", "1", "--log-format", "json", flag], SCRIPT);
    assert!(!outcome.stderr.contains("secret"), "{}", outcome.stderr);
    let lines: Vec<Value> = outcome.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = lines.into_iter().filter(|line| line["source"] == "http-debug").collect();
    let own = server.addr.to_string();
    let text = |line: &Value| {
        line["msg"].as_str().unwrap().replace(&own, "SERVER").replace(ssek::k6::USER_AGENT, "AGENT")
    };
    (lines.iter().map(text).collect(), lines)
}

#[test]
fn heads_without_secrets() {
    let (texts, lines) = logged("--http-debug");
    let wanted = [
        "Request:\nPOST /a?api_key=***&n=1 HTTP/1.1\nHost: SERVER\nContent-Length: 8\nX-Api-Key: ***\n\
         User-Agent: AGENT\nAuthorization: Basic ***\nCookie: c=***\n\n\n",
        "Response:\nHTTP/1.1 302 Found\nLocation: /b\nSet-Cookie: s=***; Path=/\nContent-Length: 0\n\n\n",
        "Request:\nGET /b HTTP/1.1\nHost: SERVER\nX-Api-Key: ***\nUser-Agent: AGENT\n\
         Referer: http://SERVER/a?api_key=***&n=1\nAuthorization: Basic ***\n\
         Cookie: c=***; s=***\n\n\n",
        "Response:\nHTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 6\n\n\n",
        "Request:\nGET /sse HTTP/1.1\nHost: SERVER\nAuthorization: Bearer ***\nAccept: text/event-stream\n\
         Accept-Encoding: gzip\nUser-Agent: AGENT\nCookie: s=***\n\n\n",
        "Response:\nHTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n\n",
        "Request:\nGET / HTTP/1.1\nHost: 127.0.0.1:1\nUser-Agent: AGENT\nCookie: s=***\n\n\n",
    ];
    for (text, wanted) in texts.iter().zip(wanted) {
        assert_eq!(text, wanted);
    }
    assert_eq!(texts.len(), wanted.len());
    // Request and response have one id, each round trip its own.
    let ids: Vec<_> = lines.iter().map(|line| line["request_id"].as_str().unwrap()).collect();
    assert!(ids[0] == ids[1] && ids[2] == ids[3] && ids[0] != ids[2], "{ids:?}");
    let fields = ["group", "iter", "scenario", "vu", "own", "level"]
        .map(|name| lines[0][name].as_str().unwrap_or("?"));
    assert_eq!(fields, ["", "0", "default", "1", "tag", "info"]);
}

#[test]
fn bodies_too() {
    let (texts, _) = logged("--http-debug=full");
    let ends: Vec<_> =
        texts.iter().map(|text| text.split_once("\n\n").map_or(text.as_str(), |(_, body)| body)).collect();
    assert!(texts[5].starts_with("Response:\nHTTP/1.1 200 OK\n") && texts[6].starts_with("Response body:\n"));
    assert_eq!([ends[0], ends[1], ends[2], ends[3]], ["question\n", "\n", "\n", "answer\n"]);
    let events: String =
        texts[6..texts.len() - 1].iter().map(|text| text.replace("Response body:\n", "")).collect();
    assert_eq!(events, "data: one\n\n\ndata: two\n\n\n");
}
