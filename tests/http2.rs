//! HTTP/2: chosen by ALPN, shared by what runs at once, and what its errors become.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/slow_server.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::future::join_all;
use h2::Reason;
use h2::server::{self, SendResponse};
use ssek::net::tls::Tls;
use ssek::net::{Call, Client, Config, Exchange, Shared, fetch};
use support::{Server, Transport, block_on, respond};
use tokio::net::TcpListener;
use url::Url;

/// What the server does with each request.
#[derive(Clone, Copy, Debug)]
enum Act {
    Answer,
    /// Ends the stream, before the head or in the body.
    Reset(Reason, bool),
    /// Says goodbye to everybody, before the head or in the body.
    GoAway(Reason, bool),
    /// Ends the connection in the middle of a body.
    Vanish,
}

/// An HTTP/2 server, and how many connections it took.
fn serve(act: Act) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    let count = Arc::<AtomicUsize>::default();
    let counter = count.clone();
    thread::spawn(move || {
        block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(support::tls_config(&["h2", "http/1.1"]));
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                tokio::spawn(async move {
                    let mut connection = server::handshake(stream).await.unwrap();
                    while let Some(Ok((_, respond))) = connection.accept().await {
                        match act {
                            Act::GoAway(reason, false) => connection.abrupt_shutdown(reason),
                            Act::GoAway(reason, true) => {
                                let head = http::Response::builder().body(()).unwrap();
                                let mut respond = respond;
                                let mut body = respond.send_response(head, false).unwrap();
                                body.send_data("part".into(), false).unwrap();
                                let flushed = std::time::Duration::from_millis(50);
                                let _ = tokio::time::timeout(flushed, connection.accept()).await;
                                connection.abrupt_shutdown(reason);
                            }
                            act => {
                                if answer(act, respond) {
                                    return;
                                }
                            }
                        }
                    }
                });
            }
        });
    });
    (addr, count)
}

/// Whether the connection is to end.
fn answer(act: Act, mut respond: SendResponse<bytes::Bytes>) -> bool {
    let head = || http::Response::builder().header("x-two", "2").body(()).unwrap();
    match act {
        Act::Answer => {
            let mut body = respond.send_response(head(), false).unwrap();
            body.send_data("two".into(), true).unwrap();
        }
        Act::Reset(reason, false) => respond.send_reset(reason),
        Act::Reset(reason, true) => {
            let mut body = respond.send_response(head(), false).unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                body.send_reset(reason);
            });
        }
        Act::Vanish => return true,
        Act::GoAway(..) => {}
    }
    false
}

fn client() -> Client {
    let tls = Tls { insecure_skip_verify: true, ..Tls::default() };
    Client::new(&Shared::new(Config { tls, ..Config::default() }).unwrap(), 1)
}

fn call(addr: SocketAddr, method: &str) -> Call {
    Call::new(method, Url::parse(&format!("https://localhost:{}/x?y", addr.port())).unwrap())
}

fn error(addr: SocketAddr) -> (u16, String) {
    let exchange = block_on(async { fetch(&client(), call(addr, "POST")).await });
    let error = exchange.last().error.clone().unwrap_or_else(|| panic!("no error: {:?}", exchange.last()));
    (error.code(), error.message())
}

#[test]
fn requests_at_once_share_a_connection() {
    let (addr, connections) = serve(Act::Answer);
    let answers: Vec<Exchange> = block_on(async {
        let client = client();
        let mut answers = vec![fetch(&client, call(addr, "GET")).await];
        answers.extend(join_all((0..10).map(|_| fetch(&client, call(addr, "POST")))).await);
        answers
    });
    for answer in &answers {
        let hop = answer.last();
        assert_eq!(
            (hop.status, hop.proto, hop.reason.as_str(), &answer.body[..]),
            (200, "HTTP/2.0", "OK", &b"two"[..])
        );
        assert_eq!((hop.tls_version, hop.headers[0].0.as_str()), ("tls1.3", "X-Two"));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    assert!(answers[1..].iter().all(|answer| answer.last().trail.reused));
}

#[test]
fn servers_without_it_are_asked_in_http_1() {
    let server = Server::with(Transport { tls: true, ..Transport::default() }, |_, stream| {
        respond(stream, "200 OK", "", b"one")
    });
    let exchange = block_on(async { fetch(&client(), Call::new("GET", server.https("/"))).await });
    assert_eq!((exchange.last().proto, &exchange.body[..]), ("HTTP/1.1", &b"one"[..]));
}

#[test]
fn resets_have_codes() {
    for code in 0..14_u32 {
        for late in [false, true] {
            // A stream that was refused is asked for again; a reset without error ends a body that is whole.
            if code == 0 || (code == 7 && !late) {
                continue;
            }
            let (addr, _) = serve(Act::Reset(Reason::from(code), late));
            let (seen, text) = error(addr);
            assert_eq!(u32::from(seen), 1631 + code, "{text} late {late}");
            assert!(text.starts_with("http2: stream error with http2 ErrCode "), "{text}");
        }
    }
}

#[test]
fn a_goodbye_fails_the_request() {
    for code in [0, 1, 2, 11, 13, 99] {
        for late in [false, true] {
            let (addr, _) = serve(Act::GoAway(Reason::from(code), late));
            let (seen, text) = error(addr);
            assert_eq!(u32::from(seen), if code == 99 { 1610 } else { 1611 + code }, "{text} late {late}");
            assert!(text.starts_with("http2: received GoAway with http2 ErrCode "), "{text}");
        }
    }
}

#[test]
fn a_connection_that_vanishes() {
    let (addr, _) = serve(Act::Vanish);
    let (code, text) = error(addr);
    assert!(matches!(code, 1000 | 1220), "{code} {text}");
}
