//! `http.batch` and `http.asyncRequest`: requests beside each other.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use script::{log, ok, path, run, samples};
use support::{Server, respond};

/// A server that answers only when `together` requests are there at once.
fn together(together: usize) -> Server {
    let barrier = Arc::new(Barrier::new(together));
    Server::new(move |request, stream| {
        barrier.wait();
        respond(stream, "200 OK", "", path(request).as_bytes())
    })
}

#[test]
fn a_batch_is_sent_at_once() {
    let server = together(3);
    let script = "export default function () {
        const list = http.batch([U + '/1', ['POST', U + '/2', 'b', { tags: { n: 2 } }], { url: U + '/3', method: 'put' }])
        console.log(list.map((r) => r.request.method + r.body).join())
        const map = http.batch({ a: U + '/a', b: http.url`${U}/b`, c: { url: U + '/c' } })
        console.log(Object.entries(map).map(([k, r]) => k + r.body).join())
    }";
    assert_eq!(log(&server, script), ["GET/1,POST/2,PUT/3", "a/a,b/b,c/c"]);
}

#[test]
fn a_batch_keeps_its_limits() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peak = most.clone();
    let server = Server::new(move |_, stream| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(5));
        now.fetch_sub(1, Ordering::SeqCst);
        respond(stream, "200 OK", "", b"ok")
    });
    for limits in ["batch: 2", "batchPerHost: 2"] {
        peak.store(0, Ordering::SeqCst);
        let script = format!(
            "export const options = {{ {limits} }}
            export default function () {{ console.log(http.batch(Array(8).fill(U)).filter((r) => r.status === 200).length) }}"
        );
        assert_eq!(log(&server, &script), ["8"]);
        assert_eq!(peak.load(Ordering::SeqCst), 2, "{limits}");
    }
}

#[test]
fn a_malformed_batch_sends_nothing() {
    let server = ok();
    let script = "export default function () {
        console.log(http.batch([U, 5, U]).map((r) => r && r.error).join('|'))
        for (const args of [[], [1], [[], []]]) {
            try { http.batch(...args) } catch (e) { console.log(e.message) }
        }
    }";
    let lines = log(&server, script);
    let expected = [
        "A batch request failed",
        "|invalid URL value '5'|",
        "no argument was provided to http.batch()",
        "invalid http.batch() argument type int64",
        "http.batch() accepts only an array or an object of requests",
    ];
    assert_eq!(lines, expected);
    assert!(server.requests().is_empty());
}

#[test]
fn asynchronous_requests_run_beside_each_other_and_the_script() {
    let server = together(2);
    let script = "export default async function () {
        const both = await Promise.all([http.asyncRequest('GET', U + '/1'), http.asyncRequest('POST', U + '/2', 'b')])
        console.log(both.map((r) => r.body).join())
        // Goes on while another call blocks.
        const first = http.asyncRequest('GET', U + '/3')
        console.log(http.get(U + '/4').body, (await first).body)
        console.log((await http.asyncRequest('GET', 'http://127.0.0.1:1')).error_code)
        try { await http.asyncRequest('GET', 'http://127.0.0.1:1', null, { throw: true }) } catch (e) { console.log(e.name) }
        // Nobody waits for these, but the iteration does.
        http.asyncRequest('GET', U + '/5')
        http.asyncRequest('GET', U + '/6').then((r) => console.log(r.body))
    }";
    let (run, outcome) = run(&server, &["-i", "1"], script);
    assert_eq!(outcome.stderr, "/1,/2\n/4 /3\nRequest Failed\n1212\nGoError\n/6\n");
    assert_eq!(samples(&run, "http_reqs").len(), 8);
}

#[test]
fn asynchronous_requests_of_a_failed_iteration_are_forgotten() {
    let server = ok();
    let script = "export default async function () {
        if (__ITER % 2) {
            for (let i = 0; i < 3; i++) http.asyncRequest('GET', 'http://127.0.0.1:1', null, { throw: true })
            http.asyncRequest('GET', U)
        } else {
            console.log((await http.asyncRequest('GET', U)).body)
        }
    }";
    let (_run, outcome) = run(&server, &["-i", "20"], script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().filter(|line| *line == "ok").count(), 10);
    assert_eq!(outcome.stderr.matches("Uncaught (in promise) GoError").count(), 10);
}

#[test]
fn cookies_of_a_batch_are_those_of_its_start() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "Set-Cookie: a=1; Path=/\r\n", b""));
    let script = "export const options = { batch: 1 }
        export default function () {
            http.batch([U + '/1', U + '/2'])
            http.batch([U + '/3'])
        }";
    log(&server, script);
    let cookies: Vec<_> =
        server.requests().iter().map(|request| request.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, None, Some("a=1".to_owned())]);
}
