//! `error_code`, `error` and `body` of every kind of failure that a server, or the lack of one, brings about. Those of
//! HTTP/2 are in `http2.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use script::{path, run, samples, tag};
use support::{Request, Server, Stream, Then, Transport, respond, send};

fn answer(request: &Request, stream: &mut dyn Stream) -> Then {
    match path(request) {
        "/close" => {}
        "/garbage" => send(stream, "what do you want\r\n\r\n"),
        "/short" => send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        "/chunk" => send(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "/packed" => {
            return respond(stream, "200 OK", "Content-Encoding: gzip\r\n", b"not packed at all");
        }
        "/half" => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            packed.write_all(b"half of it").unwrap();
            let packed = packed.finish().unwrap();
            return respond(stream, "200 OK", "Content-Encoding: gzip\r\n", &packed[..packed.len() - 8]);
        }
        "/slow" => std::thread::sleep(Duration::from_secs(2)),
        "/stuck" => {
            send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            std::thread::sleep(Duration::from_secs(2));
        }
        "/ftp" => return respond(stream, "302 Found", "Location: ftp://x/\r\n", b""),
        "/nobody" => return respond(stream, "302 Found", "Location: http://127.0.0.1:1/\r\n", b""),
        "/404" => return respond(stream, "404 Not Found", "", b"gone"),
        "/503" => return respond(stream, "503 Service Unavailable", "", b"busy"),
        _ => return respond(stream, "399 Odd", "", b"fine"),
    }
    Then::Close
}

/// A server below HTTP, for any number of connections; its port.
fn raw(act: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(act));
    port
}

fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn every_code_that_can_be_reached() {
    let server = Server::new(answer);
    let tls = Server::with(Transport { tls: true, ..Transport::default() }, answer);
    let asking = Transport { tls: true, asks_certificate: true, ..Transport::default() };
    let asking = Server::with(asking, answer).addr.port();
    let early = raw(|mut stream| {
        let _ = stream.read(&mut [0; 1000]);
        reset(stream);
    });
    let late = raw(|mut stream| {
        let _ = stream.read(&mut [0; 1000]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        std::thread::sleep(Duration::from_millis(100));
        reset(stream);
    });
    let no_tls = raw(|mut stream| {
        let _ = stream.read(&mut [0; 1000]);
        let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    });
    let gone = raw(|mut stream| drop(stream.read(&mut [0; 1000])));
    let plain = |path: &str| format!("U + '{path}'");
    let at = |scheme: &str, port: u16| format!("'{scheme}://127.0.0.1:{port}/'");
    let with = |path: &str, params: &str| format!("U + '{path}', {params}");
    let quickly = "{ timeout: '200ms' }";
    let short = "unexpected EOF";
    let table = [
        (plain("/"), 0, "", "fine"),
        (plain("/404"), 1404, "", "gone"),
        (plain("/503"), 1503, "", "busy"),
        (plain("/close"), 1000, "EOF", "null"),
        (plain("/garbage"), 1000, "net/http: HTTP/1.x transport connection broken: malformed HTTP", "null"),
        ("'ftp://127.0.0.1/'".into(), 1000, "unsupported protocol scheme \"ftp\"", "null"),
        (plain("/ftp"), 1000, "unsupported protocol scheme \"ftp\"", "null"),
        ("'http://127.0.0.1:x/'".into(), 1020, "invalid URL: parse \"http://127.0.0.1:x/\": ", "null"),
        (with("/slow", quickly), 1050, "request timeout", "null"),
        ("'http://nobody.invalid/'".into(), 1101, "lookup: no such host", "null"),
        ("'http://10.1.2.3/'".into(), 1110, "ip is blacklisted", "null"),
        ("'http://a.blocked.test/'".into(), 1111, "hostname is blocked", "null"),
        ("'http://127.0.0.1:1/'".into(), 1212, "dial: connection refused", "null"),
        (plain("/nobody"), 1212, "dial: connection refused", "null"),
        (at("http", early), 1220, "read: connection reset by peer", "null"),
        (at("https", no_tls), 1301, "tls: first record does not look like a TLS handshake", "null"),
        (format!("'{}'", tls.https("/")), 1310, "x509: unknown authority", "null"),
        (at("https", gone), 1000, "EOF", "null"),
        (plain("/packed"), 1701, "error decompressing response body (", "null"),
        // What came of a body that broke off is there.
        (plain("/short"), 1000, short, "abc"),
        (plain("/chunk"), 1000, short, "ab"),
        (plain("/half"), 1000, short, "half of it"),
        (with("/stuck", quickly), 1050, "request timeout", "abc"),
        (at("http", late), 1220, "read: connection reset by peer", "abc"),
        (with("/short", "{ responseType: 'none' }"), 1000, short, "null"),
    ];
    let calls: Vec<_> = table.iter().map(|(args, ..)| format!("() => http.get({args})")).collect();
    let body = |calls: &str| {
        format!(
            "export const options = {{ blacklistIPs: ['10.0.0.0/8'], blockHostnames: ['*.blocked.test'] }}
            export default function () {{ for (const call of [{calls}]) {{
                const r = call()
                console.log(JSON.stringify([r.error_code, r.error, String(r.body), r.status]))
            }} }}"
        )
    };
    let (seen, outcome) = run(&server, &["-i", "1"], &body(&calls.join(", ")));
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| *line != "Request Failed").collect();
    assert_eq!(lines.len(), table.len(), "{}", outcome.stderr);
    for (line, (call, code, text, body)) in lines.iter().zip(&table) {
        let shown: (u16, String, String, u16) = serde_json::from_str(line).unwrap();
        assert_eq!((shown.0, shown.2.as_str()), (*code, *body), "{call}: {line}");
        assert!(shown.1.starts_with(text) && shown.1.is_empty() == text.is_empty(), "{call}: {line}");
        assert_eq!(shown.3 == 0, !text.is_empty(), "{call}: {line}");
    }
    // The tags say the same of the last round trip, as far as there was an attempt at one.
    let found = samples(&seen, "http_reqs");
    let tried = table.iter().filter(|(_, code, ..)| *code != 1020);
    let codes: Vec<_> = tag(&found, "error_code").into_iter().zip(tag(&found, "status")).collect();
    let last = codes.iter().filter(|(_, status)| status != "302").map(|(code, _)| code.as_str());
    let wanted = tried.map(|(_, code, ..)| if *code == 0 { "-".to_owned() } else { code.to_string() });
    assert_eq!(last.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());

    let unchecked = format!("() => http.get('https://localhost:{asking}/')");
    let (_, outcome) = run(&server, &["-i", "1", "--insecure-skip-tls-verify"], &body(&unchecked));
    let told = "[1010,\"remote error: tls: certificate required\",\"null\",0]";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
}
