//! Answers that bend HTTP/1, over connections of our own (plain) and over those of hyper's client (TLS).

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/slow_server.rs"]
mod support;

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use ssek::net::tls::Tls;
use ssek::net::{Call, Client, Config, Exchange, Hop, Shared, fetch};
use support::{Server, Stream, Then, Transport, block_on, respond, send};
use url::Url;

fn client(max_idle_per_host: usize) -> Client {
    let tls = Tls { insecure_skip_verify: true, ..Tls::default() };
    Client::new(&Shared::new(Config { tls, max_idle_per_host, ..Config::default() }).unwrap(), 1)
}

/// A call to a server that speaks plainly or not.
fn call(server: &Server, tls: bool, method: &str, path: &str) -> Call {
    Call::new(method, if tls { server.https(path) } else { server.url(path) })
}

/// What a script sees of an exchange: status or error, protocol, body.
fn shown(exchange: &Exchange) -> String {
    let Hop { status, proto, error, .. } = exchange.last();
    match error {
        Some(error) => error.to_string(),
        None => format!("{status} {proto} {}", String::from_utf8_lossy(&exchange.body)),
    }
}

/// Answers with `bytes` as they are, but `/` as it should be.
fn saying(tls: bool, bytes: String, then: Then) -> Server {
    Server::with(Transport { tls, ..Transport::default() }, move |request, stream| {
        if request.line.contains(" / ") {
            return respond(stream, "200 OK", "", b"next");
        }
        send(stream, &bytes);
        then
    })
}

#[test]
fn odd_answers_and_what_becomes_of_their_connections() {
    use Then::{Close, KeepAlive};
    let many: String = (0..250).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let long = "x".repeat(300_000);
    let table = [
        // What is said, how it goes on, the method, what is shown, connections after one more request.
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            2,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
            Close,
            "GET",
            "200 HTTP/1.1 to the end",
            2,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nto the end", Close, "GET", "200 HTTP/1.1 to the end", 2),
        ("HTTP/1.0 200 OK\r\n\r\nold", Close, "GET", "200 HTTP/1.0 old", 2),
        ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", KeepAlive, "GET", "200 HTTP/1.0 old", 2),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold",
            KeepAlive,
            "GET",
            "200 HTTP/1.0 old",
            1,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            1,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", KeepAlive, "HEAD", "200 HTTP/1.1 ", 1),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", KeepAlive, "HEAD", "200 HTTP/1.1 ", 1),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", KeepAlive, "GET", "304 HTTP/1.1 ", 1),
        ("HTTP/1.1 204 No Content\r\n\r\n", KeepAlive, "DELETE", "204 HTTP/1.1 ", 1),
        // Bytes that nobody asked for make a connection useless.
        ("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody", KeepAlive, "GET", "204 HTTP/1.1 ", 2),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more", KeepAlive, "GET", "200 HTTP/1.1 ok", 2),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Not mine\r\nContent-Length: 0\r\n\r\n",
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            2,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2;ext=1\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            1,
        ),
        (
            "HTTP/1.1 200 OK\r\nX-A: one\r\n  two\r\nContent-Length: 2\r\n\r\nok",
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            1,
        ),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", KeepAlive, "GET", "200 HTTP/1.1 ok", 1),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", KeepAlive, "GET", "200 HTTP/1.1 ok", 1),
        (
            "HTTP/1.1 799 Odd\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            KeepAlive,
            "GET",
            "799 HTTP/1.1 ok",
            1,
        ),
        (
            &format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 2\r\n\r\nok"),
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            1,
        ),
        (
            &format!("HTTP/1.1 200 OK\r\nX-L: {long}\r\nContent-Length: 2\r\n\r\nok"),
            KeepAlive,
            "GET",
            "200 HTTP/1.1 ok",
            1,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", Close, "GET", "unexpected EOF", 2),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
            Close,
            "GET",
            "unexpected EOF",
            2,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Le", Close, "POST", "EOF", 2),
    ];
    let mut wrong = Vec::new();
    for tls in [false, true] {
        for (said, then, method, expected, connections) in &table {
            if tls && said.ends_with("\r\n\r\nto the end")
                || tls && said.ends_with("\r\n\r\nold") && !said.contains("Length")
            {
                // This server ends TLS without saying so: as in Go, nobody can tell whether the body is whole.
                continue;
            }
            let server = saying(tls, (*said).to_owned(), *then);
            let (odd, next) = block_on(async {
                let client = client(6);
                let odd = fetch(&client, call(&server, tls, method, "/odd")).await;
                (odd, fetch(&client, call(&server, tls, "GET", "/")).await)
            });
            let seen = (shown(&odd), shown(&next), server.connections());
            if seen != ((*expected).to_owned(), "200 HTTP/1.1 next".to_owned(), *connections) {
                wrong.push(format!("tls {tls}, {:.80?} → {seen:?}, not {connections} {expected:?}", said));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn folded_lines_are_one_value() {
    let server = saying(
        false,
        "HTTP/1.1 200 OK\r\nX-A: one\r\n  two\r\nContent-Length: 0\r\n\r\n".into(),
        Then::KeepAlive,
    );
    let exchange = block_on(fetch(&client(6), call(&server, false, "GET", "/odd")));
    let (_, values) = exchange.last().headers.iter().find(|(name, _)| name == "X-A").unwrap();
    assert_eq!(values.len(), 1);
    assert_eq!(values[0].split_whitespace().collect::<Vec<_>>(), ["one", "two"]);
}

/// A server that answers the first request of each connection, and is told what to do with the second.
fn losing(tls: bool, second: impl Fn(&mut dyn Stream) + Send + Sync + 'static) -> Server {
    let seen = Mutex::new(HashSet::new());
    Server::with(Transport { tls, ..Transport::default() }, move |request, stream| {
        if seen.lock().unwrap().insert(request.peer) {
            return respond(stream, "200 OK", "", b"ok");
        }
        second(stream);
        Then::Close
    })
}

#[test]
fn a_request_that_a_dying_connection_lost_is_sent_again_if_that_does_no_harm() {
    for tls in [false, true] {
        for (method, header, expected, requests) in [
            ("GET", "X-A", "200 HTTP/1.1 ok", 3),
            ("HEAD", "X-A", "200 HTTP/1.1 ", 3),
            ("OPTIONS", "X-A", "200 HTTP/1.1 ok", 3),
            ("POST", "X-A", "EOF", 2),
            ("PUT", "X-A", "EOF", 2),
            ("DELETE", "X-A", "EOF", 2),
            ("POST", "Idempotency-Key", "200 HTTP/1.1 ok", 3),
        ] {
            let server = losing(tls, |_| {});
            let seen = block_on(async {
                let client = client(6);
                fetch(&client, call(&server, tls, "GET", "/")).await;
                let mut second = call(&server, tls, method, "/");
                second.headers.push((header.to_owned(), "1".to_owned()));
                fetch(&client, second).await
            });
            assert_eq!(shown(&seen), expected, "{method} {header} tls {tls}");
            assert_eq!(server.requests().len(), requests, "{method} {header} tls {tls}");
        }
    }
}

#[test]
fn an_answer_that_has_begun_is_not_asked_for_again() {
    let server = losing(false, |stream| send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"));
    let seen = block_on(async {
        let client = client(6);
        fetch(&client, call(&server, false, "GET", "/")).await;
        fetch(&client, call(&server, false, "GET", "/")).await
    });
    assert_eq!((shown(&seen).as_str(), server.requests().len()), ("unexpected EOF", 2));
}

#[test]
fn connections_that_died_while_idle_are_not_used() {
    for tls in [false, true] {
        let (closed, wait) = mpsc::channel();
        let closed = Mutex::new(closed);
        let server = Server::with(Transport { tls, ..Transport::default() }, move |_, stream| {
            respond(stream, "200 OK", "", b"ok");
            closed.lock().unwrap().send(()).unwrap();
            Then::Close
        });
        block_on(async {
            let client = client(6);
            for round in 1..=3 {
                let exchange = fetch(&client, call(&server, tls, "POST", "/")).await;
                assert_eq!(shown(&exchange), "200 HTTP/1.1 ok", "tls {tls}");
                assert!(!exchange.last().trail.reused);
                assert_eq!(server.connections(), round);
                wait.recv().unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
}

#[test]
fn answers_may_come_before_the_request_was_read() {
    for (then_closes, connection) in [(false, ""), (false, "Connection: close\r\n"), (true, "")] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 200];
            let _ = stream.read(&mut head);
            write!(stream, "HTTP/1.1 413 Too Large\r\n{connection}Content-Length: 2\r\n\r\nno").unwrap();
            if then_closes {
                // Says that no more comes, and takes a little of what is still on its way.
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                let _ = stream.read_exact(&mut vec![0; 1 << 20]);
                thread::sleep(Duration::from_millis(200));
            } else {
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
        });
        let exchange = block_on(async {
            let body = vec![b'x'; 32 << 20].into();
            fetch(&client(6), Call { body, ..Call::new("POST", url) }).await
        });
        assert_eq!(shown(&exchange), "413 HTTP/1.1 no", "closes {then_closes} {connection}");
    }
}

#[test]
fn no_more_connections_are_kept_than_allowed() {
    for tls in [false, true] {
        for (most, second) in [(0, 12), (2, 10), (6, 6)] {
            let server = Server::with(Transport { tls, ..Transport::default() }, |_, stream| {
                thread::sleep(Duration::from_millis(100));
                respond(stream, "200 OK", "", b"ok")
            });
            block_on(async {
                let client = client(most);
                for connections in [6, second] {
                    let calls = (0..6).map(|_| fetch(&client, call(&server, tls, "GET", "/")));
                    let answers = join_all(calls).await;
                    assert!(answers.iter().all(|answer| shown(answer) == "200 HTTP/1.1 ok"));
                    assert_eq!(server.connections(), connections, "{most} tls {tls}");
                }
            });
        }
    }
}
