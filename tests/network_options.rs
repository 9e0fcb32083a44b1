//! The options that say where requests go, how fast and over which connections: from the command line and the
//! script to the sockets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::collections::BTreeSet;
use std::net::TcpListener;

use binary::ssek;
use script::{log, ok, path, run};
use support::{Server, chunk, respond, send, stream_head};

/// Functions for the scripts below: what came of a request, and of a stream.
const TRIES: &str = "
    const show = (r) => [r.status, r.error_code, r.error || '-', r.remote_ip || '-'].join(' ')
    const get = (url, params) => console.log(show(http.get(url, { throw: false, ...params })))
    const stream = (url) => {
        const r = sse.open(url, {}, (c) => c.on('event', () => {}))
        console.log(r.status || r.error)
    }
    const A = U.slice(7), PORT = A.split(':')[1]
";

fn tries(options: &str, body: &str) -> String {
    format!("{TRIES} export const options = {options}\n export default function () {{ {body} }}")
}

/// Answers `/sse` with an event, everything else with `ok`.
fn both() -> Server {
    Server::new(|request, stream| match path(request) {
        "/sse" => {
            stream_head(stream, "");
            send(stream, [chunk("data: x\n\n"), chunk("")].concat());
            support::Then::KeepAlive
        }
        _ => respond(stream, "200 OK", "", b"ok"),
    })
}

#[test]
fn hosts_send_names_and_addresses_elsewhere() {
    let server = both();
    let script = tries(
        "{ hosts: { 'A.test': '127.0.0.1', 'b.test:81': A, '*.c.test': A, '10.1.2.3': A, 'other.test': '127.0.0.9' } }",
        "get(`http://a.test:${PORT}/`); get('http://b.test:81/'); get('http://x.c.test/'); get('http://10.1.2.3/')
         stream('http://y.c.test/sse'); get('http://b.test:82/')",
    );
    let lines = log(&server, &script);
    let (reached, missed) = lines.split_at(5);
    assert_eq!(
        reached,
        ["200 0 - 127.0.0.1", "200 0 - 127.0.0.1", "200 0 - 127.0.0.1", "200 0 - 127.0.0.1", "200"]
    );
    // The log line of the failure comes before that of the script.
    assert!(missed.iter().any(|line| line.starts_with("0 11")), "{missed:?}");
    let port = server.addr.port();
    let hosts: Vec<_> = server.requests().iter().map(|r| r.header("host").unwrap().to_owned()).collect();
    assert_eq!(hosts, [&format!("a.test:{port}"), "b.test:81", "x.c.test", "10.1.2.3", "y.c.test"]);
}

#[test]
fn names_are_looked_up_by_the_rules_of_dns() {
    let server = ok();
    for (from, arguments, options) in [
        ("flag", &["--dns", "ttl=0,select=first,policy=onlyIPv4"][..], "{}"),
        ("script", &[], "{ dns: { ttl: '1m', select: 'roundRobin', policy: 'onlyIPv4' } }"),
        ("text", &[], "{ dns: 'ttl=inf,policy=preferIPv4' }"),
        ("none", &[], "{}"),
    ] {
        let script = tries(options, "get(`http://localhost:${PORT}/`)");
        let (_, outcome) = run(&server, arguments, &script);
        assert_eq!(outcome.stderr, "200 0 - 127.0.0.1\n", "{from}");
    }
    // Whether localhost has an IPv6 address is the machine's affair; nobody listens there.
    let script = tries("{ dns: { policy: 'onlyIPv6' } }", "get(`http://localhost:${PORT}/`)");
    let (_, outcome) = run(&server, &[], &script);
    assert!(outcome.stderr.contains("\n0 1") && !outcome.stderr.contains("127.0.0.1"), "{}", outcome.stderr);
    for (options, wrong) in [
        ("{ dns: { select: 'last' } }", "invalid select 'last', allowed are: first, random, roundRobin"),
        ("{ dns: { ttl: 'soon' } }", "invalid ttl 'soon', allowed are: inf, 0, durations"),
        ("{ dns: { policy: 'IPv5' } }", "invalid policy 'IPv5', allowed are: preferIPv4"),
    ] {
        let (_, outcome) = run(&server, &[], &tries(options, ""));
        assert_eq!(outcome.exit, Some(104), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(wrong), "{}", outcome.stderr);
    }
}

#[test]
fn forbidden_names_and_addresses_are_not_connected_to() {
    let server = both();
    let name = "0 1111 hostname is blocked -";
    let address = "0 1110 ip is blacklisted -";
    for (arguments, options, url, wanted) in [
        (&["--block-hostnames", "*.test"][..], "{}", "http://a.test/", name),
        (&[], "{ blockHostnames: ['bad.test', 'A.test'] }", "http://a.TEST/", name),
        (&["--block-hostnames", "*"], "{}", "${U}/", "200 0 - 127.0.0.1"),
        (&["--blacklist-ip", "10.0.0.0/8,127.0.0.0/8"], "{}", "${U}/", address),
        (&[], "{ blacklistIPs: ['127.0.0.0/8', '::1/128'] }", "http://localhost:${PORT}/", address),
        (
            &[],
            "{ blacklistIPs: ['127.0.0.0/8'], hosts: { 'a.test': '127.0.0.1' } }",
            "http://a.test/",
            address,
        ),
        (&[], "{ blacklistIPs: ['10.0.0.0/8'] }", "${U}/", "200 0 - 127.0.0.1"),
    ] {
        let before = server.connections();
        let (_, outcome) =
            run(&server, arguments, &tries(options, &format!("get(`{url}`); stream(`{url}sse`)")));
        let lines: Vec<_> =
            outcome.stderr.lines().filter(|line| !line.starts_with("Request Failed")).collect();
        assert_eq!(lines[0], wanted, "{options}: {}", outcome.stderr);
        let refused = wanted.starts_with('0');
        assert_eq!(server.connections() > before, !refused);
        // The stream's own words, which say what forbids it.
        let kind = if wanted == name { "is in a blocked pattern" } else { "is in a blacklisted range" };
        assert_eq!(lines[1].contains(kind), refused, "{options}: {}", outcome.stderr);
    }
    for (flag, value) in [("--blacklist-ip", "10.0.0.0"), ("--block-hostnames", "a*b")] {
        let (_, outcome) = run(&server, &[flag, value], &tries("{}", ""));
        assert!(outcome.exit == Some(255) && outcome.stderr.contains(flag), "{}", outcome.stderr);
    }
}

#[test]
fn rps_holds_for_every_kind_of_request_and_all_vus_together() {
    let server = both();
    let script = tries(
        "{ scenarios: { s: { executor: 'per-vu-iterations', vus: 2, iterations: 1 } } }",
        "console.log(Date.now()); http.get(U); http.batch([U, U]); stream(U + '/sse'); console.log(Date.now())",
    );
    let (_, outcome) = run(&server, &["--rps", "20"], &script);
    let at = outcome.stderr.lines().filter_map(|line| line.parse::<u64>().ok()).filter(|n| *n > 1000);
    let at: BTreeSet<_> = at.collect();
    assert_eq!(server.requests().len(), 8, "{}", outcome.stderr);
    // Eight turns are seven gaps of 50 ms.
    let taken = at.last().unwrap() - at.first().unwrap();
    assert!(taken >= 7 * 50 - 2, "{taken} ms: {}", outcome.stderr);
    let (_, outcome) = run(&server, &["--rps=-1"], &tries("{}", ""));
    assert!(outcome.exit != Some(0) && outcome.stderr.contains("rps"), "{}", outcome.stderr);
}

#[test]
fn vus_connect_from_local_addresses_in_turn() {
    let server = both();
    let body = "get(U + '/'); stream(U + '/sse'); console.log(exec.test.options.localIPs)";
    let script =
        tries("{ scenarios: { s: { executor: 'per-vu-iterations', vus: 3, iterations: 1 } } }", body);
    let script = format!("import exec from 'k6/execution'\n{script}");
    let (_, outcome) = run(&server, &["--local-ips", "127.0.0.2-127.0.0.3"], &script);
    assert_eq!(outcome.stderr.matches("127.0.0.2-127.0.0.3\n").count(), 3, "{}", outcome.stderr);
    let mut peers: Vec<_> = server.requests().iter().map(|r| r.peer.unwrap().ip().to_string()).collect();
    peers.sort();
    let wanted = ["127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"];
    assert_eq!(peers, wanted, "{}", outcome.stderr);

    let script = format!("{TRIES} export default function () {{ get(__ENV.T) }}");
    let single = |ips: &str, url: &str| {
        let run = ssek(&[
            "run",
            "-q",
            "--log-format",
            "raw",
            "-e",
            &format!("T={url}"),
            "-e",
            "U=http://x:1",
            "s.js",
        ]);
        let script = format!("import http from 'k6/http'\nconst U = __ENV.U\n{script}");
        run.env("K6_LOCAL_IPS", ips).file("s.js", &script).outcome()
    };
    let outcome = single("192.0.2.1", server.url("/").as_str());
    assert!(
        outcome.stderr.contains("local address 192.0.2.1") && outcome.stderr.contains("localIPs"),
        "{}",
        outcome.stderr
    );
    let outcome = single("::1", server.url("/").as_str());
    assert!(outcome.stderr.contains("is of the other IP version"), "{}", outcome.stderr);
    let outcome = single("127.0.0.1/33", server.url("/").as_str());
    assert!(outcome.exit == Some(104) && outcome.stderr.contains("K6_LOCAL_IPS"), "{}", outcome.stderr);
    let (_, outcome) = run(&server, &["--local-ips", "x"], &tries("{}", ""));
    assert!(outcome.exit == Some(255) && outcome.stderr.contains("--local-ips"), "{}", outcome.stderr);

    // Not every machine has IPv6.
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 1000];
            let _ = std::io::Read::read(&mut stream, &mut head);
            respond(&mut stream, "200 OK", "", b"six");
        }
    });
    let outcome = single("::1", &format!("http://{addr}/"));
    assert_eq!(outcome.stderr, "200 0 - ::1\n");
}

#[test]
fn connections_are_kept_as_the_options_say() {
    let body = "http.get(U); http.get(U); stream(U + '/sse')";
    for (arguments, options, connections, closes) in [
        (&[][..], "{}", 1, None),
        (&["--no-vu-connection-reuse"], "{}", 3, None),
        (&[], "{ noVUConnectionReuse: true }", 3, None),
        (&["--no-connection-reuse"], "{}", 9, Some("close")),
        (&[], "{ noConnectionReuse: true, noVUConnectionReuse: true }", 9, Some("close")),
    ] {
        let server = both();
        let (_, outcome) = run(&server, &[&["-i", "3"], arguments].concat(), &tries(options, body));
        assert_eq!(
            (server.requests().len(), server.connections()),
            (9, connections),
            "{options} {}",
            outcome.stderr
        );
        assert_eq!(server.requests()[0].header("connection"), closes);
    }
}

#[test]
fn headers_that_nobody_asked_for() {
    for (arguments, options, agent) in [
        (&[][..], "{}", Some(ssek::k6::USER_AGENT)),
        (&["--user-agent", "mine"], "{ userAgent: 'script' }", Some("mine")),
        (&[], "{ userAgent: 'script' }", Some("script")),
        (&[], "{ userAgent: '' }", None),
    ] {
        let server = ok();
        let script = tries(
            options,
            "http.get(U); http.get(U, { headers: { 'user-agent': 'own', accept: 'text/css' } })",
        );
        let (_, outcome) = run(&server, arguments, &script);
        let requests = server.requests();
        assert_eq!(requests[0].header("user-agent"), agent, "{}", outcome.stderr);
        assert_eq!(requests[1].header("user-agent"), Some("own"));
        assert_eq!((requests[0].header("accept"), requests[1].header("accept")), (None, Some("text/css")));
        let names = requests[0].headers.iter().map(|line| line.split(':').next().unwrap());
        let wanted = if agent.is_some() { &["User-Agent", "Host"][..] } else { &["Host"] };
        assert_eq!(names.collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn bodies_are_kept_unless_the_options_say_otherwise() {
    let body = "console.log(http.get(U).body, http.get(U, { responseType: 'text' }).body,
        http.get(U, { responseType: 'none' }).body, http.get(U, { responseType: 'binary' }).body.byteLength)";
    let discards = tries("{ discardResponseBodies: true }", body);
    for (arguments, script, wanted) in [
        (&[][..], &tries("{}", body), "ok ok null 2\n"),
        (&["--discard-response-bodies"], &tries("{}", body), "null ok null 2\n"),
        (&[], &discards, "null ok null 2\n"),
        (&["--discard-response-bodies=false"], &discards, "ok ok null 2\n"),
    ] {
        assert_eq!(run(&ok(), arguments, script).1.stderr, wanted, "{arguments:?}");
    }
}

#[test]
fn failures_throw_where_the_options_say_so() {
    let body = "for (const params of [{}, { throw: false }, { throw: true }]) {
        try { http.get('http://127.0.0.1:1', params); console.log('returned') } catch { console.log('thrown') } }";
    for (arguments, options, wanted) in [
        (&[][..], "{}", "returned returned thrown"),
        (&["-w"], "{}", "thrown returned thrown"),
        (&[], "{ throw: true }", "thrown returned thrown"),
        (&["--throw=false"], "{ throw: true }", "returned returned thrown"),
    ] {
        let (_, outcome) = run(&ok(), arguments, &tries(options, body));
        let lines: Vec<_> = outcome.stderr.lines().filter(|line| !line.contains("Request Failed")).collect();
        assert_eq!(lines.join(" "), wanted, "{arguments:?} {options}");
    }
}

#[test]
fn redirects_end_at_the_limit_of_the_options() {
    let round = || Server::new(|_, stream| respond(stream, "302 Found", "Location: /\r\n", b""));
    for (arguments, options, requests) in [
        (&[][..], "{ maxRedirects: 3 }", 4),
        (&["--max-redirects", "2"], "{ maxRedirects: 3 }", 3),
        (&[], "{ maxRedirects: 0 }", 1),
        (&[], "{}", 11),
    ] {
        let server = round();
        run(&server, arguments, &tries(options, "http.get(U)"));
        assert_eq!(server.requests().len(), requests, "{options}");
    }
}
