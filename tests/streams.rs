//! Event streams over sockets: instants, connections, compression, and every way a stream can end.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/h2.rs"]
mod h2;
#[path = "support/slow_server.rs"]
mod support;

use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ssek::net::error::Kind;
use ssek::net::tls::Tls;
use ssek::net::{Call, Client, Config, EventStream, Limits, NetError, Parsed, Shared, open};
use support::{Server, Stream, Then, block_on, chunk, respond, send, stream_head};
use url::Url;

const PAUSE: Duration = Duration::from_millis(100);

fn client() -> Client {
    let tls = Tls { insecure_skip_verify: true, ..Tls::default() };
    Client::new(&Shared::new(Config { tls, ..Config::default() }).unwrap(), 1)
}

async fn stream(client: &Client, url: Url) -> EventStream {
    open(client, Call::new("GET", url)).await.unwrap_or_else(|failed| panic!("{:?}", failed.error)).stream
}

/// Everything that comes, with the instants of the reads.
async fn drain(stream: &mut EventStream) -> (Vec<(Instant, Parsed)>, Result<(), NetError>) {
    let mut all = Vec::new();
    let mut out = Vec::new();
    loop {
        match stream.next(&mut out).await {
            Ok(Some(at)) => all.extend(out.drain(..).map(|parsed| (at, parsed))),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(error)),
        }
    }
}

fn texts(all: &[(Instant, Parsed)]) -> Vec<String> {
    all.iter()
        .map(|(_, parsed)| match parsed {
            Parsed::Event(event) => event.data.clone(),
            Parsed::Comment(text) => format!(": {text}"),
            Parsed::UnknownLine(text) => format!("? {text}"),
        })
        .collect()
}

fn event(stream: &mut dyn Stream, data: &str) {
    send(stream, chunk(format!("data: {data}\n\n")));
}

#[test]
fn events_carry_the_instant_of_their_read_and_connections_are_kept() {
    let server = Server::new(|_, stream| {
        stream_head(stream, "");
        event(stream, "first");
        sleep(PAUSE);
        // Three chunks in one segment.
        let together = ["second", "third", "fourth"].map(|data| chunk(format!("data: {data}\n\n")));
        send(stream, together.concat());
        sleep(PAUSE);
        send(stream, chunk(": bye\n\n"));
        send(stream, chunk(""));
        Then::KeepAlive
    });
    block_on(async {
        let client = client();
        for round in 0..3 {
            let mut stream = stream(&client, server.url("/")).await;
            assert_eq!((stream.hop().status, stream.hop().trail.reused), (200, round > 0));
            let (all, end) = drain(&mut stream).await;
            assert_eq!(
                (end, texts(&all)),
                (Ok(()), ["first", "second", "third", "fourth", ": bye"].map(String::from).to_vec())
            );
            assert!(all[1].0 - all[0].0 >= PAUSE / 2);
            assert_eq!((all[1].0, all[2].0), (all[2].0, all[3].0));
            let hop = stream.finish();
            assert_eq!((hop.trail.reused, hop.error.clone()), (round > 0, None));
            assert!(hop.trail.receiving >= PAUSE);
            let first = hop.trail.first_byte.unwrap();
            assert!(hop.trail.headers.unwrap() <= first && first <= all[0].0);
        }
    });
    assert_eq!(server.connections(), 1);
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip"));
}

#[test]
fn a_closed_stream_gives_nothing_more_and_costs_its_connection() {
    let server = Server::new(|_, stream| {
        stream_head(stream, "");
        send(stream, [chunk("data: 1\n\n"), chunk("data: 2\n\n")].concat());
        sleep(PAUSE);
        event(stream, "3");
        Then::Close
    });
    block_on(async {
        let client = client();
        for round in 1..3 {
            let mut stream = stream(&client, server.url("/")).await;
            let mut out = Vec::new();
            assert!(stream.next(&mut out).await.unwrap().is_some());
            stream.close();
            stream.close();
            out.clear();
            assert_eq!((stream.next(&mut out).await, out.len()), (Ok(None), 0));
            assert_eq!(server.connections(), round);
        }
    });
}

#[test]
fn streams_that_break() {
    let server = Server::new(|request, stream| {
        stream_head(stream, "");
        event(stream, "1");
        match request.line.split(' ').nth(1).unwrap() {
            "/chunk" => send(stream, "20\r\ndata: cut"),
            "/between" => {}
            _ => sleep(Duration::from_secs(20)),
        }
        Then::Close
    });
    block_on(async {
        let client = client();
        for path in ["/chunk", "/between"] {
            let mut stream = stream(&client, server.url(path)).await;
            let (all, end) = drain(&mut stream).await;
            let error = end.unwrap_err();
            assert_eq!(
                (texts(&all), error.stream_error("GET", "u")),
                (vec!["1".into()], "unexpected EOF".into())
            );
            assert_eq!(stream.is_mid_event(), path == "/chunk");
            assert_eq!(stream.finish().error, Some(error));
        }
        let call = Call { timeout: Some(PAUSE * 3), ..Call::new("GET", server.url("/stall")) };
        let mut stream = open(&client, call).await.map_err(|f| f.error).unwrap().stream;
        let (all, end) = drain(&mut stream).await;
        assert_eq!(texts(&all), ["1"]);
        assert_eq!(
            end.unwrap_err().stream_error("GET", "u"),
            "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
        );
    });
}

#[test]
fn streams_that_do_not_open() {
    let server = Server::new(|request, stream| match request.line.contains("/loop") {
        true => respond(stream, "302 Found", "Location: /loop\r\n", b""),
        false => {
            sleep(Duration::from_secs(20));
            Then::Close
        }
    });
    block_on(async {
        let client = client();
        let call = Call { timeout: Some(PAUSE), ..Call::new("GET", server.url("/")) };
        let failed = open(&client, call).await.err().unwrap();
        assert_eq!(
            failed.error.stream_error("GET", "u"),
            "Get \"u\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        );
        let failed = open(&client, Call::new("GET", server.url("/loop"))).await.err().unwrap();
        assert_eq!(
            (failed.hops.len(), failed.error.to_string().as_str()),
            (11, "stopped after 10 redirects")
        );
    });
}

#[test]
fn bodies_that_are_no_event_streams() {
    let server = Server::new(|request, stream| match request.line.contains("/json") {
        true => respond(stream, "500 Oops", "Content-Type: application/json\r\n", b"{\"error\":1}"),
        false => respond(stream, "200 OK", "Content-Type: text/plain\r\n", b"ok\n"),
    });
    block_on(async {
        let client = client();
        let mut plain = stream(&client, server.url("/")).await;
        assert_eq!(texts(&drain(&mut plain).await.0), ["? ok\n"]);
        let mut json = stream(&client, server.url("/json")).await;
        assert_eq!((texts(&drain(&mut json).await.0), json.hop().status), (vec![], 500));
        assert_eq!(json.hop().headers[1], ("Content-Length".into(), vec!["11".into()]));
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn long_lines_and_bad_bytes() {
    let server = Server::new(|request, stream| {
        stream_head(stream, "");
        if request.line.contains("/long") {
            send(stream, chunk("data: "));
            for _ in 0..160 {
                send(stream, chunk([b'x'; 64 * 1024]));
            }
            send(stream, chunk("\n\n"));
        }
        send(stream, chunk(b"data: a\xff\xf0\x9fb\r\n\r\n"));
        send(stream, chunk(""));
        Then::KeepAlive
    });
    block_on(async {
        let client = client();
        let mut long = stream(&client, server.url("/long")).await;
        let (all, end) = drain(&mut long).await;
        assert_eq!(end, Ok(()));
        assert_eq!(texts(&all).iter().map(String::len).collect::<Vec<_>>(), [160 * 64 * 1024, 8]);
        assert_eq!(texts(&all)[1], "a\u{fffd}\u{fffd}b");

        let limits = Limits { line: 1 << 20, ..Limits::default() };
        let call = Call { limits, ..Call::new("GET", server.url("/long")) };
        let mut limited = open(&client, call).await.map_err(|f| f.error).unwrap().stream;
        let (all, end) = drain(&mut limited).await;
        assert_eq!(
            (all.len(), end.unwrap_err().kind),
            (0, Kind::EventStream("a line of the event stream is longer than 1048576 bytes".into()))
        );
    });
}

#[test]
fn compressed_events_come_when_they_are_sent() {
    let server = Server::new(|_, stream| {
        stream_head(stream, "Content-Encoding: gzip\r\n");
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for n in 0..2 {
            write!(packer, "data: {n}\n\n").unwrap();
            packer.flush().unwrap();
            send(stream, chunk(std::mem::take(packer.get_mut())));
            sleep(PAUSE);
        }
        send(stream, chunk(packer.finish().unwrap()));
        send(stream, chunk(""));
        Then::KeepAlive
    });
    block_on(async {
        let mut stream = stream(&client(), server.url("/")).await;
        assert!(!stream.hop().headers.iter().any(|(name, _)| name == "Content-Encoding"));
        let (all, end) = drain(&mut stream).await;
        assert_eq!((end, texts(&all)), (Ok(()), vec!["0".into(), "1".into()]));
        assert!(all[1].0 - all[0].0 >= PAUSE / 2);
    });
}

#[test]
fn http2_streams_share_a_connection() {
    let addr = h2::event_streams(3, PAUSE / 4);
    let url = Url::parse(&format!("https://localhost:{}/", addr.port())).unwrap();
    block_on(async {
        let client = client();
        for round in 0..2 {
            let mut stream = stream(&client, url.clone()).await;
            let (all, end) = drain(&mut stream).await;
            assert_eq!((end, texts(&all)), (Ok(()), vec!["0".into(), "1".into(), "2".into()]));
            let hop = stream.finish();
            assert_eq!((hop.proto, hop.tls_version, hop.trail.reused), ("HTTP/2.0", "tls1.3", round > 0));
            assert_eq!(hop.trail.tls.is_zero(), round > 0);
            assert!(hop.trail.receiving >= PAUSE / 4);
        }
    });
}
