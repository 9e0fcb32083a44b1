//! The phases of requests to a server that delays each of them, and the connections that requests share.
//!
//! Delays are bounded from below only, and loosely, for this machine may be busy; that the phases add up to the
//! whole says the rest.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/slow_server.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use ssek::net::tls::Tls;
use ssek::net::{Call, Client, Config, Exchange, Shared, Trail, fetch};
use support::{Server, Then, Transport, block_on, chunk, respond, send, stream_head};

const DELAY: Duration = Duration::from_millis(120);

fn client(config: Config) -> Client {
    Client::new(&Shared::new(config).unwrap(), 1)
}

fn insecure() -> Config {
    Config { tls: Tls { insecure_skip_verify: true, ..Tls::default() }, ..Config::default() }
}

fn answered(exchange: &Exchange) -> &Trail {
    let hop = exchange.last();
    assert_eq!((hop.status, &hop.error), (200, &None));
    &hop.trail
}

#[track_caller]
fn delayed(phase: Duration) {
    assert!(phase >= DELAY * 6 / 10, "{phase:?} of {DELAY:?}");
}

#[test]
fn every_phase_is_where_the_server_delays_it() {
    let transport = Transport { tls: true, handshake: DELAY, body: DELAY, ..Transport::default() };
    let server = Server::with(transport, |_, stream| {
        sleep(DELAY);
        stream_head(stream, "");
        for _ in 0..4 {
            sleep(DELAY / 4);
            send(stream, chunk("x"));
        }
        send(stream, chunk(""));
        Then::KeepAlive
    });
    block_on(async {
        let client = client(insecure());
        // More than the sockets' buffers hold, so that sending waits for the server.
        let body = vec![b'x'; 24 << 20];
        let call = Call { body: body.into(), ..Call::new("POST", server.https("/")) };

        let exchange = fetch(&client, call.clone()).await;
        let trail = answered(&exchange);
        assert!(!trail.reused && trail.dns > Duration::ZERO && trail.connecting > Duration::ZERO);
        for phase in [trail.tls, trail.sending, trail.waiting, trail.receiving] {
            delayed(phase);
        }
        assert!(trail.blocked >= trail.dns + trail.connecting + trail.tls);
        assert_eq!(trail.blocked + trail.duration(), trail.end - trail.start);
        assert_eq!(exchange.body, "xxxx");
        let hop = exchange.last();
        assert_eq!((hop.tls_version, hop.proto), ("tls1.3", "HTTP/1.1"));
        assert!(hop.tls_cipher_suite.starts_with("TLS_"), "{}", hop.tls_cipher_suite);
        assert_eq!(hop.remote, Some(server.addr));

        let exchange = fetch(&client, call).await;
        let trail = answered(&exchange);
        assert!(trail.reused);
        assert_eq!([trail.dns, trail.connecting, trail.tls], [Duration::ZERO; 3]);
        assert_eq!((exchange.last().tls_version, exchange.last().remote), ("tls1.3", Some(server.addr)));
        for phase in [trail.sending, trail.waiting, trail.receiving] {
            delayed(phase);
        }
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn bytes_are_those_on_the_wire() {
    let server = Server::new(|_, stream| respond(stream, "200 Fine", "X-A: b\r\n", b"body"));
    block_on(async {
        let client = client(Config::default());
        for (method, body, headers) in
            [("GET", "", vec![]), ("POST", "abc", vec![("x-B".into(), "1".into())])]
        {
            let call = Call { headers, body: body.into(), ..Call::new(method, server.url("/p?q=1#f")) };
            let exchange = fetch(&client, call).await;
            answered(&exchange);
            let request = server.requests().pop().unwrap();
            assert_eq!(request.line, format!("{method} /p?q=1 HTTP/1.1"));
            let hop = exchange.last();
            assert_eq!(hop.bytes_sent as usize, request.head_size() + body.len());
            let response = "HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody";
            assert_eq!(hop.bytes_received as usize, response.len());
            assert_eq!(hop.reason, "Fine");
        }
    });
    let post = server.requests().pop().unwrap();
    assert_eq!((post.header("X-B"), post.body.as_slice()), (Some("1"), &b"abc"[..]));
    assert!(post.headers.contains(&"X-B: 1".to_owned()), "names are written as Go does");
    assert_eq!(server.connections(), 1);
}

#[test]
fn connections_are_not_kept_where_that_is_asked_for() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b""));
    block_on(async {
        let client = client(Config { no_connection_reuse: true, ..Config::default() });
        for _ in 0..2 {
            assert!(!answered(&fetch(&client, Call::new("GET", server.url("/"))).await).reused);
        }
    });
    assert_eq!(server.connections(), 2);
    assert_eq!(server.requests()[0].header("connection"), Some("close"));
}

#[test]
fn a_connection_closed_while_idle_is_replaced() {
    let server = Server::new(|_, stream| {
        respond(stream, "200 OK", "", b"x");
        Then::Close
    });
    block_on(async {
        let client = client(Config::default());
        for method in ["GET", "POST", "GET", "POST"].repeat(5) {
            let call = Call { body: "b".into(), ..Call::new(method, server.url("/")) };
            let exchange = fetch(&client, call).await;
            answered(&exchange);
            // The server's FIN arrives while the VU computes.
            sleep(Duration::from_millis(2));
        }
    });
}

#[test]
fn a_request_lost_by_a_kept_connection_is_sent_again_if_idempotent() {
    let answers = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        // Every second request is dropped without an answer.
        if answers.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return Then::Close;
        }
        respond(stream, "200 OK", "", b"")
    });
    block_on(async {
        let client = client(Config::default());
        answered(&fetch(&client, Call::new("GET", server.url("/1"))).await);
        answered(&fetch(&client, Call::new("GET", server.url("/2"))).await);
        assert_eq!((server.connections(), server.requests().len()), (2, 3));
        let exchange = fetch(&client, Call::new("POST", server.url("/3"))).await;
        let error = exchange.last().error.clone().unwrap();
        assert_eq!((error.code(), error.message().as_str()), (1000, "EOF"));
        assert_eq!(server.requests().len(), 4);
    });
}

#[test]
fn a_timeout_keeps_the_phases_that_were_reached() {
    let server = Server::new(|request, stream| {
        if request.line.contains("/body") {
            stream_head(stream, "");
            send(stream, chunk("x"));
        }
        sleep(Duration::from_secs(20));
        Then::Close
    });
    block_on(async {
        let client = client(Config::default());
        for (path, text) in [("/", true), ("/body", false)] {
            let call = Call { timeout: Some(DELAY * 2), ..Call::new("GET", server.url(path)) };
            let exchange = fetch(&client, call).await;
            let hop = exchange.last();
            let error = hop.error.clone().unwrap();
            assert_eq!((error.code(), error.message().as_str()), (1050, "request timeout"));
            assert_eq!(error.go_error("GET", "http://x/").starts_with("Get \"http://x/\": "), text);
            assert!(hop.trail.got_conn.is_some() && hop.bytes_sent > 0);
            delayed(if text { hop.trail.waiting } else { hop.trail.receiving });
            assert_eq!(hop.trail.blocked + hop.trail.duration(), hop.trail.end - hop.trail.start);
        }
    });
}
