//! `k6/http` from a script to the wire and back, and the samples that come of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::io::Read;

use script::{log, ok, path, run, samples, tag};
use support::{Request, Server, Stream, Then, respond};

/// Answers with the request's own body.
fn echo() -> Server {
    Server::new(|request, stream| respond(stream, "200 OK", "Content-Type: text/plain\r\n", &request.body))
}

fn redirecting(request: &Request, stream: &mut dyn Stream) -> Then {
    match path(request) {
        "/a" => respond(stream, "302 Found", "Location: /b\r\nSet-Cookie: hop=1; Path=/\r\n", b""),
        "/round" => respond(stream, "302 Found", "Location: /round\r\n", b"round"),
        _ => respond(stream, "404 Not Found", "X-Twice: 1\r\nx-twice: 2\r\n", b"gone"),
    }
}

#[test]
fn redirects_are_samples_of_their_own() {
    let server = Server::new(redirecting);
    let script = "export default function () {
        const r = http.post(U.replace('//', '//u:p@') + '/a', 'x')
        console.log(r.status, r.status_text, r.url.replace(U, ''), r.error_code, r.headers['X-Twice'],
            r.request.method, r.request.url.endsWith('/a'), r.request.body, r.body)
        http.get(http.url`${U}/c/${7}`, { redirects: 3 })
        http.get(U + '/d', { tags: { name: 'mine', own: 1 } })
    }";
    let (run, outcome) = run(&server, &["-i", "1"], script);
    let shown = outcome.stderr.replace(&format!("http://u:p@{}", server.addr), "");
    assert_eq!(shown.trim(), "404 404 Not Found /b 1404 1, 2 POST true x gone");

    let found = samples(&run, "http_req_duration");
    let url = |path: &str| format!("http://{}{path}", server.addr);
    let masked = |path: &str| format!("http://****:****@{}{path}", server.addr);
    assert_eq!(tag(&found, "name"), [masked("/a"), masked("/b"), "${}/c/${}".into(), "mine".into()]);
    assert_eq!(tag(&found, "url"), tag(&found, "name"));
    assert_ne!(tag(&found, "url")[2], url("/c/7"));
    assert_eq!(tag(&found, "method"), ["POST", "GET", "GET", "GET"]);
    assert_eq!(tag(&found, "status"), ["302", "404", "404", "404"]);
    assert_eq!(tag(&found, "error_code"), ["-", "1404", "1404", "1404"]);
    assert_eq!(tag(&found, "error"), ["-"; 4]);
    assert_eq!(tag(&found, "expected_response"), ["true", "false", "false", "false"]);
    assert_eq!(tag(&found, "proto"), ["HTTP/1.1"; 4]);
    assert_eq!(tag(&found, "own"), ["-", "-", "-", "1"]);
    let failed: Vec<_> = samples(&run, "http_req_failed").iter().map(|(value, _)| *value).collect();
    assert_eq!(failed, [0.0, 1.0, 1.0, 1.0]);
}

#[test]
fn the_limit_of_redirects_returns_the_redirection() {
    let server = Server::new(redirecting);
    let script = "export default function () {
        console.log(http.get(U + '/round').body)
        console.log(http.get(U + '/round', { redirects: 0 }).status)
    }";
    let lines = log(&server, script);
    assert!(
        lines[0].starts_with("Stopped after 11 redirects and returned the redirection; pass"),
        "{lines:?}"
    );
    assert_eq!(lines[1..], ["round", "302"]);
    assert_eq!(server.requests().len(), 12);
    let (_run, outcome) = run(&server, &["-i", "1", "--max-redirects", "2"], script);
    assert_eq!(outcome.stderr, "round\n302\n");
}

#[test]
fn bodies_on_the_wire() {
    let server = echo();
    let script = "export default function () {
        http.post(U, 'text é')
        http.put(U, { b: [2, 'x y'], a: 1.5 }, { headers: { 'content-type': 'own' } })
        http.patch(U, new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
        http.del(U)
        http.request('options', U, 'q')
        http.post(U, { f: http.file('data', 'n\"m.txt', 'text/plain'), k: 'v' })
        http.post(U, 'x'.repeat(50), { compression: 'gzip, br' })
        console.log(http.head(U).body === '', http.get(U, { responseType: 'none' }).body,
            http.post(U, 'abc', { responseType: 'binary' }).body.byteLength)
    }";
    assert_eq!(log(&server, script), ["true null 3"]);
    let requests = server.requests();
    let sent: Vec<_> = requests[..5]
        .iter()
        .map(|request| {
            let method = request.line.split(' ').next().unwrap();
            (method, request.header("content-type"), String::from_utf8_lossy(&request.body).into_owned())
        })
        .collect();
    assert_eq!(
        sent,
        [
            ("POST", None, "text é".to_owned()),
            ("PUT", Some("own"), "a=1.5&b=2&b=x+y".to_owned()),
            ("PATCH", None, "\u{2}\u{3}".to_owned()),
            ("DELETE", None, String::new()),
            ("options", None, "q".to_owned()),
        ]
    );
    let multipart = &requests[5];
    let boundary =
        multipart.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(boundary.len(), 60);
    let parts = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\\\"m.txt\"\r\n\
         Content-Type: text/plain\r\n\r\ndata\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"k\"\r\n\r\n\
         v\r\n--{boundary}--\r\n"
    );
    assert_eq!(String::from_utf8_lossy(&multipart.body), parts);
    assert_eq!(requests[6].header("content-encoding"), Some("gzip, br"));
    let mut unpacked = String::new();
    let gzip = brotli::Decompressor::new(&requests[6].body[..], 4096);
    flate2::read::GzDecoder::new(gzip).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, "x".repeat(50));
}

#[test]
fn the_response_record() {
    let server = Server::new(|_, stream| {
        let headers = "Set-Cookie: a=1; Path=/p; HttpOnly; Max-Age=5\r\nSet-Cookie: a=2\r\n";
        respond(stream, "200 OK", headers, br#"{"n":[{"k":1.5},{"k":"x"}],"z":null}"#)
    });
    let script = "export default function () {
        const r = http.get(U)
        console.log(Object.keys(r).join())
        console.log(JSON.stringify(r.cookies.a))
        console.log(r.json() === r.json(), r.json().n[0].k, JSON.stringify(r.json('n.#.k')), r.json('n.#'),
            r.json('n.#(k==\"x\").k'), r.json('z'), r.json('no'))
        const { json } = r
        console.log(json('n.0.k'), r.remote_ip, typeof r.remote_port, r.ocsp.status === '', r.tls_version === '')
        r.status = 299
        r.body = '{\"changed\":true}'
        console.log(r.status, r.json('changed'), JSON.parse(JSON.stringify(r)).body)
        try { r.extra = 1 } catch (e) { console.log(e.name, e.message.includes('extra')) }
        console.log(r.html('body').text())
        const none = http.get(U, { responseType: 'none' })
        try { none.json() } catch (e) { console.log(e.message) }
        r.body = 'no json'
    }";
    let expected = [
        "remote_ip,remote_port,url,status,status_text,proto,headers,cookies,body,timings,tls_version,\
         tls_cipher_suite,ocsp,error,error_code,request,clickLink,html,json,submitForm",
        r#"[{"name":"a","value":"1","domain":"","path":"/p","http_only":true,"secure":false,"max_age":5,"expires":-6795364578871},{"name":"a","value":"2","domain":"","path":"","http_only":false,"secure":false,"max_age":0,"expires":-6795364578871}]"#,
        r#"true 1.5 [1.5,"x"] 2 x null undefined"#,
        "1.5 127.0.0.1 number true true",
        r#"299 true {"changed":true}"#,
        "TypeError true",
        r#"{"changed":true}"#,
        "the body is null so we can't transform it to JSON - this likely was because of a request error getting \
         the response",
    ];
    assert_eq!(log(&server, script), expected);
}

#[test]
fn json_that_is_none_says_where() {
    let server = echo();
    let deep = "'['.repeat(200000)";
    let script = format!(
        "export default function () {{
            try {{ http.post(U, '{{\\n  oops').json() }} catch (e) {{ console.log(String(e)) }}
            console.log(http.post(U, '{{oops').json('a'), http.post(U, {deep}).json('0'), http.post(U, 'null').json())
            try {{ http.post(U, {deep}).json() }} catch (e) {{ console.log(e.name) }}
        }}"
    );
    let lines = log(&server, &script);
    assert!(
        lines[0].starts_with("GoError: cannot parse json due to an error at line 2, character 3 , error: "),
        "{lines:?}"
    );
    assert_eq!(lines[1..], ["undefined undefined null", "GoError"]);
}

#[test]
fn failures_are_responses_or_exceptions() {
    let server = Server::new(|request, stream| match path(request) {
        "/slow" => {
            std::thread::sleep(std::time::Duration::from_millis(500));
            Then::Close
        }
        _ => respond(stream, "200 OK", "", b"ok"),
    });
    let script = "export default function () {
        const show = (r) => console.log(r.status, r.error, r.error_code, r.body, JSON.stringify(r.headers))
        show(http.get('http://127.0.0.1:1/'))
        show(http.get(U + '/slow', { timeout: '50ms' }))
        show(http.get('/relative'))
        show(http.get(U, { timeout: 'x' }))
        show(http.post(U, 5))
        try { http.get('http://127.0.0.1:1/', { throw: true }) } catch (e) { console.log(String(e)) }
    }";
    let (run_, outcome) = run(&server, &["-i", "1"], script);
    let slow = format!("Get \"http://{}/slow\"", server.addr);
    let refused = "Get \"http://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused";
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| *line != "Request Failed").collect();
    assert_eq!(
        lines,
        [
            "0 dial: connection refused 1212 null {}",
            "0 request timeout 1050 null {}",
            "0 unsupported protocol scheme \"\" 1000 null {}",
            "0 invalid timeout value: time: invalid duration \"x\" 0 null {}",
            "0 unknown request body type int64 0 null {}",
            &format!("GoError: {refused}"),
        ],
        "{slow}"
    );
    let found = samples(&run_, "http_reqs");
    assert_eq!(tag(&found, "status"), ["0"; 4]);
    assert_eq!(tag(&found, "error_code"), ["1212", "1050", "1000", "1212"]);
    assert_eq!(tag(&found, "error")[1], "request timeout");
    assert_eq!(tag(&found, "proto"), ["-"; 4]);
    assert_eq!(tag(&found, "expected_response"), ["false"; 4]);

    let (_run, outcome) = run(&server, &["-i", "1", "--throw"], "export default function () { http.get(5) }");
    assert!(outcome.stderr.contains("GoError: invalid URL value '5'"), "{}", outcome.stderr);
}

#[test]
fn success_is_what_the_script_says() {
    let server = Server::new(redirecting);
    let script = "http.setResponseCallback(http.expectedStatuses(404, { min: 500, max: 599 }))
    export default function () {
        http.get(U + '/x')
        http.get(U + '/x', { responseCallback: null })
        http.get(U + '/x', { responseCallback: http.expectedStatuses(200) })
        http.setResponseCallback(null)
        http.get(U + '/x')
    }";
    let (run, _) = run(&server, &["-i", "1"], script);
    assert_eq!(tag(&samples(&run, "http_reqs"), "expected_response"), ["true", "-", "false", "-"]);
    let failed: Vec<_> = samples(&run, "http_req_failed").iter().map(|(value, _)| *value).collect();
    assert_eq!(failed, [0.0, 1.0]);
}

#[test]
fn cookies_live_as_long_as_an_iteration() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "Set-Cookie: s=1; Path=/\r\n", b"ok"));
    let script = "export default function () {
        http.get(U)
        const jar = http.cookieJar()
        jar.set(U, 'own', 'x')
        console.log(JSON.stringify(jar.cookiesForURL(U)))
        http.get(U, { cookies: { s: 'c', own: { value: 'r', replace: true } } })
        http.get(U, { jar: new http.CookieJar() })
        jar.delete(U, 's')
        http.get(U)
        jar.clear(U)
        console.log(JSON.stringify(jar.cookiesForURL(U)))
    }";
    let (_run, outcome) = run(&server, &["-i", "2"], script);
    assert_eq!(outcome.stderr, "{\"s\":[\"1\"],\"own\":[\"x\"]}\n{}\n".repeat(2));
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.header("cookie").unwrap_or("-")).collect();
    let iteration = ["-", "s=c; own=r; s=1", "-", "own=x"];
    assert_eq!(sent, [iteration, iteration].concat());
}

#[test]
fn an_interrupted_request_leaves_no_sample() {
    let server = Server::new(|_, _| {
        std::thread::sleep(std::time::Duration::from_secs(30));
        Then::Close
    });
    let script = "export const options = { scenarios: { s: {
        executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } }
    export default function () { try { http.get(U) } finally { console.log('not reached') } }";
    let (run, outcome) = run(&server, &[], script);
    assert!(outcome.exit == Some(0) && !outcome.stderr.contains("not reached"), "{}", outcome.stderr);
    assert!(samples(&run, "http_reqs").is_empty());
}

#[test]
fn init_code_sends_nothing() {
    let server = ok();
    let script = "const texts = [() => http.get(U), () => http.batch([U]), () => http.cookieJar(),
        () => http.asyncRequest('GET', U)].map((f) => { try { f() } catch (e) { return e.message } })
    new http.CookieJar()
    http.file('x')
    http.url`${U}`
    export default function () { console.log(texts.join('|')) }";
    let expected = "Making http requests in the init context is not supported|Using batch in the init context is \
                    not supported|Making cookie jars in the init context is not supported|Making http requests in \
                    the init context is not supported";
    assert_eq!(log(&server, script), [expected]);
    assert!(server.requests().is_empty());
}

#[test]
fn digests() {
    let server = Server::new(|request, stream| {
        let asks = "WWW-Authenticate: Basic realm=\"b\", Digest realm=\"r, e\", nonce=\"n\", qop=\"auth,auth-int\", \
                    opaque=\"o\"\r\nSet-Cookie: c=1; Path=/\r\n";
        let authorized = request.header("authorization").is_some_and(|value| value.starts_with("Digest "));
        match path(request) {
            "/open" => respond(stream, "200 OK", "", b"open"),
            "/move" => respond(stream, "302 Found", "Location: /closed\r\n", b""),
            "/other" => respond(stream, "401 Unauthorized", "WWW-Authenticate: Negotiate\r\n", b"no"),
            "/wrong" => respond(stream, "401 Unauthorized", asks, b"no"),
            _ if authorized => respond(stream, "200 OK", "", &request.body),
            _ => respond(stream, "401 Unauthorized", asks, b"no"),
        }
    });
    let script = "export default function () {
        const at = (path) => U.replace('//', '//u:p@') + path
        for (const path of ['/closed?x', '/open', '/move', '/other', '/wrong']) {
            const r = http.post(at(path), 'body', { auth: 'digest' })
            console.log(path, r.status, r.url.replace(U, ''), r.body)
        }
        console.log(http.get(at('/closed'), { auth: 'ntlm' }).error)
    }";
    let (run, outcome) = run(&server, &["-i", "1"], script);
    let lines: Vec<_> =
        outcome.stderr.lines().map(|line| line.replace(&server.addr.to_string(), "A")).collect();
    assert_eq!(
        lines[..5],
        [
            "/closed?x 200 /closed?x body",
            "/open 200 http://u:p@A/open open",
            "/move 200 /closed ",
            "/other 401 http://u:p@A/other no",
            "/wrong 401 /wrong no",
        ]
    );
    assert!(lines[6].starts_with("auth \"ntlm\" is not supported"), "{lines:?}");

    let requests = server.requests();
    assert!(
        requests.iter().all(|request| request.header("authorization").is_none_or(|a| !a.contains("Basic")))
    );
    assert_eq!((requests[0].body.as_slice(), requests[1].body.as_slice()), (&b"body"[..], &b"body"[..]));
    assert_eq!((requests[0].header("cookie"), requests[1].header("cookie")), (None, Some("c=1")));
    let proof = requests[1].header("authorization").unwrap();
    assert!(
        proof.starts_with("Digest username=\"u\", realm=\"r, e\", nonce=\"n\", uri=\"/closed?x\", "),
        "{proof}"
    );
    assert_eq!(requests.len(), 2 + 1 + 3 + 1 + 2);

    let found = samples(&run, "http_req_failed");
    assert_eq!(tag(&found, "status"), ["401", "200", "200", "302", "401", "200", "401", "401", "401"]);
    // As in k6, only the very first answer is expected to be a 401, and to be nothing else.
    let failed: Vec<_> = found.iter().map(|(value, _)| *value).collect();
    assert_eq!(failed, [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(
        tag(&found, "url")[..2],
        [format!("http://{}/closed?x", server.addr), format!("http://{}/closed?x", server.addr)]
    );
}

#[test]
fn urls_are_sent_as_they_were_written() {
    let server = Server::new(|request, stream| respond(stream, "200 OK", "", path(request).as_bytes()));
    let script = "export default function () {
        for (const path of ['/a/../b|c d', \"/?q='x'|é\", '', '?x=a b#f', '/%zz'])
            console.log(http.get(U + path).body, http.get(U + path).url.replace(U, ''))
    }";
    let lines = log(&server, script);
    assert_eq!(lines[..2], ["/a/../b%7Cc%20d /a/../b%7Cc%20d", "/?q='x'|é /?q='x'|é"]);
    assert_eq!(lines[2..4], ["/ ", "/?x=a%20b ?x=a b#f"]);
    assert_eq!(lines[4..], ["Request Failed", "Request Failed", "null "]);
}
