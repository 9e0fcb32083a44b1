//! Whole calls: redirects, cookies, decompression, and servers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/slow_server.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use ssek::net::hosts::HostMap;
use ssek::net::proxy::Proxies;
use ssek::net::tls::{Tls, Version};
use ssek::net::{Call, Client, Config, CookieJar, Exchange, NetError, Shared, fetch, set_cookie};
use support::{Server, Then, Transport, block_on, respond, send};
use url::Url;

fn client(config: Config) -> Client {
    Client::new(&Shared::new(config).unwrap(), 1)
}

fn get(url: Url) -> Exchange {
    block_on(fetch(&client(Config::default()), Call::new("GET", url)))
}

fn failure(exchange: &Exchange) -> NetError {
    exchange.last().error.clone().unwrap_or_else(|| panic!("no error: {:?}", exchange.last()))
}

/// A server that does one thing to each connection, below HTTP.
fn raw(act: impl Fn(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(act));
    port
}

#[test]
fn each_redirect_is_a_round_trip_with_cookies_of_its_own() {
    let server = Server::new(|request, stream| match request.line.split(' ').nth(1).unwrap() {
        "/a" => respond(stream, "302 Found", "Location: /b\r\nSet-Cookie: one=1; Path=/\r\n", b"moved"),
        "/b" => {
            respond(stream, "307 Temporary Redirect", "Location: c?d\r\nSet-Cookie: two=2; HttpOnly\r\n", b"")
        }
        _ => respond(stream, "200 OK", "Set-Cookie: three=3; Max-Age=5\r\n", b"there"),
    });
    let jar = CookieJar::shared();
    let mut call = Call::new("POST", server.url("/a"));
    call.headers = vec![("Content-Type".into(), "text/plain".into()), ("X-Keep".into(), "k".into())];
    call.body = "body".into();
    call.jar = Some(jar.clone());
    let exchange = block_on(fetch(&client(Config::default()), call));

    assert_eq!(exchange.body, "there");
    let hops: Vec<_> =
        exchange.hops.iter().map(|hop| (hop.method.as_str(), hop.status, hop.url.path())).collect();
    assert_eq!(hops, [("POST", 302, "/a"), ("GET", 307, "/b"), ("GET", 200, "/c")]);
    assert!(exchange.hops[1].trail.reused && exchange.hops[2].trail.reused);
    assert_eq!(server.connections(), 1);

    let requests = server.requests();
    assert_eq!(requests[0].header("cookie"), None);
    assert_eq!(requests[1].header("cookie"), Some("one=1"));
    assert_eq!(requests[2].header("cookie"), Some("one=1; two=2"));
    assert_eq!(requests[1].header("referer"), Some(server.url("/a").as_str()));
    assert_eq!((requests[1].header("content-type"), requests[2].header("x-keep")), (None, Some("k")));
    assert!(requests[1].body.is_empty());

    let cookies = set_cookie::parse(&exchange.last().headers);
    assert_eq!((cookies[0].name.as_str(), cookies[0].max_age), ("three", 5));
    assert_eq!(jar.lock().unwrap().for_url(&server.url("/")).len(), 3);
}

#[test]
fn redirects_end_at_the_limit_or_at_a_foreign_scheme() {
    let server = Server::new(|request, stream| {
        let location = if request.line.contains("/ftp") { "ftp://x/" } else { "/again" };
        respond(stream, "301 Moved", &format!("Location: {location}\r\n"), b"here")
    });
    let limited = |max_redirects| {
        let call = Call { max_redirects, ..Call::new("GET", server.url("/")) };
        block_on(fetch(&client(Config::default()), call))
    };
    for limit in [0, 3] {
        let exchange = limited(limit);
        assert_eq!((exchange.hops.len(), exchange.last().status), (limit as usize + 1, 301));
        assert!(exchange.redirects_exhausted);
        assert_eq!((exchange.last().error.clone(), &exchange.body[..]), (None, &b"here"[..]));
    }
    let error = failure(&get(server.url("/ftp")));
    assert_eq!(error.go_error("GET", "ftp://x/"), "Get \"ftp://x/\": unsupported protocol scheme \"ftp\"");
}

#[test]
fn bodies_are_unpacked_and_their_headers_kept() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&b"hello ".repeat(1000)).unwrap();
    let packed = packer.finish().unwrap();
    let size = packed.len() as u64;
    let server = Server::new(move |request, stream| match request.line.contains("/cut") {
        true => respond(stream, "200 OK", "Content-Encoding: gzip\r\n", &packed[..packed.len() / 2]),
        false => respond(stream, "200 OK", "Content-Encoding: gzip\r\n", &packed),
    });
    let exchange = get(server.url("/"));
    assert_eq!(exchange.body.len(), 6000);
    let hop = exchange.last();
    assert!(hop.headers.iter().any(|(name, values)| name == "Content-Encoding" && values == &["gzip"]));
    assert!(hop.bytes_received > size && hop.bytes_received < size + 100);

    let exchange = get(server.url("/cut"));
    let error = failure(&exchange);
    assert_eq!((error.code(), error.message().as_str()), (1000, "unexpected EOF"));
    assert!(b"hello ".repeat(1000).starts_with(&exchange.body));
}

#[test]
fn hosts_send_a_name_elsewhere() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b""));
    let hosts = HostMap::from_iter([("nowhere.test", server.addr.to_string().parse().unwrap())]);
    let client = client(Config { hosts, ..Config::default() });
    let call = Call::new("GET", Url::parse("http://nowhere.test/").unwrap());
    let exchange = block_on(fetch(&client, call));
    assert_eq!((exchange.last().status, exchange.last().remote), (200, Some(server.addr)));
    assert_eq!(server.requests()[0].header("host"), Some("nowhere.test"));
    assert_eq!(exchange.last().url.as_str(), "http://nowhere.test/");
}

#[test]
fn proxies_are_asked_for_all_but_this_machine() {
    let proxy = Server::new(|_, stream| respond(stream, "200 OK", "", b"proxied"));
    let direct = Server::new(|_, stream| respond(stream, "200 OK", "", b"direct"));
    let proxies = Proxies { http: Some(proxy.addr.to_string()), ..Proxies::default() };
    let client = client(Config { proxies, ..Config::default() });
    for (url, body) in [("http://nowhere.test/a".to_owned(), "proxied"), (direct.url("/").into(), "direct")] {
        let exchange = block_on(fetch(&client, Call::new("GET", Url::parse(&url).unwrap())));
        assert_eq!(exchange.body, body);
    }
    assert_eq!(proxy.requests()[0].line, "GET http://nowhere.test/a HTTP/1.1");
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), None);

    let proxies = Proxies { http: Some(format!("http://u:p@{}", proxy.addr)), ..Proxies::default() };
    let client = self::client(Config { proxies, ..Config::default() });
    let exchange = block_on(fetch(&client, Call::new("GET", Url::parse("http://nowhere.test/a").unwrap())));
    assert_eq!(proxy.requests()[1].header("proxy-authorization"), Some("Basic dTpw"));
    assert!(exchange.last().request_headers.iter().all(|(name, _)| name != "Proxy-Authorization"));
}

/// Passes on to `to` what comes after the greeting; `greet` answers that and returns what it said.
fn tunnel(
    to: std::net::SocketAddr,
    greet: impl Fn(&mut std::net::TcpStream) -> Option<String> + Send + 'static,
) -> (u16, std::sync::mpsc::Receiver<String>) {
    let (said, heard) = std::sync::mpsc::channel();
    let port = raw(move |mut client| {
        let Some(greeting) = greet(&mut client) else { return };
        said.send(greeting).unwrap();
        let mut server = std::net::TcpStream::connect(to).unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
        thread::spawn(move || std::io::copy(&mut server, &mut client));
    });
    (port, heard)
}

fn until_blank_line(stream: &mut std::net::TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn tls_goes_through_tunnels() {
    let server = Server::with(Transport { tls: true, ..Transport::default() }, |_, stream| {
        respond(stream, "200 OK", "", b"inside")
    });
    let through = |proxy: String| {
        let proxies = Proxies { https: Some(proxy), ..Proxies::default() };
        let tls = Tls { insecure_skip_verify: true, ..Tls::default() };
        let config = Config { proxies, tls, user_agent: "agent".into(), ..Config::default() };
        block_on(fetch(&client(config), Call::new("GET", Url::parse("https://nowhere.test/").unwrap())))
    };
    let (port, heard) = tunnel(server.addr, |stream| {
        let head = until_blank_line(stream);
        stream.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").unwrap();
        Some(head)
    });
    let exchange = through(format!("u:p@127.0.0.1:{port}"));
    assert_eq!(
        (&exchange.body[..], exchange.last().tls_version),
        (&b"inside"[..], "tls1.3"),
        "{:?}",
        exchange.last()
    );
    assert_eq!(exchange.last().remote.unwrap().port(), port);
    let head = heard.recv().unwrap();
    assert!(head.starts_with("CONNECT nowhere.test:443 HTTP/1.1\r\nHost: nowhere.test:443\r\n"), "{head}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic dtpw\r\n"), "{head}");
    assert!(head.to_lowercase().contains("user-agent: agent\r\n"), "{head}");
    assert_eq!(server.requests()[0].header("host"), Some("nowhere.test"));
    assert_eq!(server.requests()[0].header("proxy-authorization"), None);

    let (port, _) = tunnel(server.addr, |stream| {
        until_blank_line(stream);
        stream.write_all(b"HTTP/1.1 407 Who are you\r\n\r\n").unwrap();
        None
    });
    let error = failure(&through(format!("http://127.0.0.1:{port}")));
    assert_eq!(error.to_string(), "tunnel error: proxy authorization required");
}

#[test]
fn socks_proxies_look_names_up_themselves() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b"inside"));
    let (port, heard) = tunnel(server.addr, |stream| {
        // Version, one method: none. Then: connect, to a name of that length, and a port.
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut name = vec![0; usize::from(head[4])];
        stream.read_exact(&mut name).unwrap();
        let mut port = [0; 2];
        stream.read_exact(&mut port).unwrap();
        stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).unwrap();
        Some(format!("{:?} {}:{}", &head[..4], String::from_utf8(name).unwrap(), u16::from_be_bytes(port)))
    });
    let proxies = Proxies { http: Some(format!("socks5://127.0.0.1:{port}")), ..Proxies::default() };
    let client = client(Config { proxies, ..Config::default() });
    let exchange = block_on(fetch(&client, Call::new("GET", Url::parse("http://nowhere.test/x").unwrap())));
    assert_eq!(exchange.body, "inside", "{:?}", exchange.last());
    assert_eq!(heard.recv().unwrap(), "[5, 1, 0, 3] nowhere.test:80");
    assert_eq!(server.requests()[0].line, "GET /x HTTP/1.1");
}

#[test]
fn servers_that_break_http() {
    let server = Server::new(|request, stream| {
        match request.line.split(' ').nth(1).unwrap() {
            "/close" => {}
            "/garbage" => send(stream, "what do you want\r\n\r\n"),
            "/short" => send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
            "/chunks" => send(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            _ => {
                send(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
            }
        }
        Then::Close
    });
    let get = |path: &str| failure(&get(server.url(path))).go_error("GET", "http://x/");
    assert_eq!(get("/close"), "Get \"http://x/\": EOF");
    assert!(get("/garbage").contains("malformed HTTP response"), "{}", get("/garbage"));
    assert_eq!(get("/short"), "unexpected EOF");
    assert_eq!(get("/chunks"), "unexpected EOF");
    assert_eq!(get("/101"), "unsupported response status: 101 Switching Protocols");
}

#[test]
fn connections_that_fail() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let exchange = get(Url::parse(&format!("http://{free}/")).unwrap());
    let error = failure(&exchange);
    assert_eq!((error.code(), error.message().as_str()), (1212, "dial: connection refused"));
    assert_eq!(
        error.go_error("GET", &format!("http://{free}/")),
        format!("Get \"http://{free}/\": dial tcp {free}: connect: connection refused")
    );
    let hop = exchange.last();
    assert_eq!((hop.status, hop.bytes_sent, hop.remote, hop.proto), (0, 0, None, ""));
    assert!(hop.trail.blocked > std::time::Duration::ZERO && hop.trail.got_conn.is_none());

    let error = failure(&get(Url::parse("http://nobody.invalid/").unwrap()));
    assert!(matches!(error.code(), 1100 | 1101), "{error:?}");
    assert!(error.to_string().starts_with("lookup nobody.invalid: "), "{error}");

    let blocked = Config { blacklist_ips: vec!["127.0.0.0/8".parse().unwrap()], ..Config::default() };
    let call = Call::new("GET", Url::parse("http://localhost/").unwrap());
    let error = failure(&block_on(fetch(&client(blocked), call)));
    assert_eq!(error.to_string(), "IP (127.0.0.1) is in a blacklisted range (127.0.0.0/8)");
}

#[test]
fn a_reset_connection() {
    // Closing with unread data makes the kernel send a reset.
    let port = raw(|mut stream| {
        let _ = stream.read(&mut [0; 10]);
    });
    let call = Call {
        body: vec![b'x'; 1 << 20].into(),
        ..Call::new("POST", Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap())
    };
    let error = failure(&block_on(fetch(&client(Config::default()), call)));
    assert!(matches!(error.code(), 1201 | 1220), "{error:?}");
}

#[test]
fn tls_versions_and_suites() {
    let server = Server::with(Transport { tls: true, ..Transport::default() }, |_, stream| {
        respond(stream, "200 OK", "", b"")
    });
    let suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305";
    let tls = Tls {
        insecure_skip_verify: true,
        max: Some(Version::Tls12),
        cipher_suites: Some(vec![suite.into()]),
        ..Tls::default()
    };
    let call = Call::new("GET", server.https("/"));
    let exchange = block_on(fetch(&client(Config { tls, ..Config::default() }), call));
    let hop = exchange.last();
    assert_eq!((hop.status, hop.tls_version, hop.tls_cipher_suite.as_str()), (200, "tls1.2", suite));
}

#[test]
fn tls_that_fails() {
    let server = Server::with(Transport { tls: true, ..Transport::default() }, |_, stream| {
        respond(stream, "200 OK", "", b"")
    });
    let error = failure(&get(server.https("/")));
    assert_eq!((error.code(), error.message().as_str()), (1310, "x509: unknown authority"));

    let port = raw(|mut stream| {
        let _ = stream.write_all(b"I speak no TLS\r\n");
        let _ = stream.read(&mut [0; 1000]);
    });
    let error = failure(&get(Url::parse(&format!("https://127.0.0.1:{port}/")).unwrap()));
    assert_eq!(error.code(), 1301, "{error:?}");
}
