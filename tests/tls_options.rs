//! The options about TLS, from the script to the handshake.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use binary::Outcome;
use script::run;
use support::{Server, Transport, respond};

const CERTIFICATE: &str = include_str!("support/client.crt");
const KEY: &str = include_str!("support/client.key");

fn server(asks_certificate: bool) -> Server {
    let transport = Transport { tls: true, asks_certificate, ..Transport::default() };
    Server::with(transport, |_, stream| respond(stream, "200 OK", "", b"ok"))
}

/// What a script with these options says of a request to `https://localhost` and of a stream from there.
fn tried(server: &Server, arguments: &[&str], options: &str) -> Outcome {
    let script = format!(
        "const S = U.replace('http', 'https').replace('127.0.0.1', 'localhost')
        const CERT = `{CERTIFICATE}`, KEY = `{KEY}`
        export const options = {options}
        export default function () {{
            const r = http.get(S)
            console.log(r.status, r.error_code, r.tls_version || '-', r.tls_cipher_suite || '-')
            const s = sse.open(S, {{}}, (c) => {{ c.on('event', () => {{}}) }})
            console.log(s.status || s.error)
        }}"
    );
    run(server, arguments, &script).1
}

#[test]
fn certificates_of_servers_are_checked_unless_told_otherwise() {
    let server = server(false);
    for (arguments, options, wanted) in [
        (&[][..], "{}", "0 1310 - -\n"),
        (&["--insecure-skip-tls-verify"], "{}", "200 0 tls1.3 TLS_AES_"),
        (&[], "{ insecureSkipTLSVerify: true }", "200 0 tls1.3 TLS_AES_"),
        (&["--insecure-skip-tls-verify=false"], "{ insecureSkipTLSVerify: true }", "0 1310 - -\n"),
    ] {
        let outcome = tried(&server, arguments, options);
        assert!(outcome.stderr.contains(wanted), "{options}: {}", outcome.stderr);
    }
    // That of `k6/http`, with no header that nobody asked for.
    let sent = server.requests().remove(0).headers;
    let names: Vec<_> = sent.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(names, ["User-Agent", "Host"]);
}

#[test]
fn versions_and_suites_that_are_offered() {
    let server = server(false);
    let ecdsa = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305";
    for (options, line, warning) in [
        ("tlsVersion: 'tls1.2'", "200 0 tls1.2 TLS_ECDHE_ECDSA_", ""),
        ("tlsVersion: { min: 'tls1.3' }", "200 0 tls1.3 TLS_", ""),
        (
            "tlsVersion: { max: 'tls1.2' }, tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305']",
            ecdsa,
            "",
        ),
        (
            "tlsVersion: 'tls1.2', tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256']",
            ecdsa,
            "",
        ),
        (
            "tlsVersion: 'tls1.2', tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_RSA_WITH_AES_128_CBC_SHA']",
            "tls1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "not supported and left out: TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
        (
            "tlsVersion: 'tls1.2', tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']",
            "0 1010 - -",
            "",
        ),
        ("tlsVersion: { min: 'tls1.0', max: 'tls1.3' }", "200 0 tls1.3", "TLS 1.0 and 1.1 are not supported"),
    ] {
        let outcome = tried(&server, &[], &format!("{{ insecureSkipTLSVerify: true, {options} }}"));
        assert!(outcome.stderr.contains(line), "{options}: {}", outcome.stderr);
        assert_eq!(
            outcome.stderr.contains("not supported"),
            !warning.is_empty(),
            "{options}: {}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains(warning), "{options}: {}", outcome.stderr);
    }
    for (options, error) in [
        (
            "tlsVersion: 'tls1.1'",
            "tlsVersion: TLS 1.0 and 1.1 are not supported; allowed are tls1.2 and tls1.3",
        ),
        ("tlsVersion: 'ssl3.0'", "tlsVersion must be one of tls1.0, tls1.1, tls1.2, tls1.3"),
        (
            "tlsVersion: 'tls1.2', tlsCipherSuites: ['TLS_RSA_WITH_RC4_128_SHA']",
            "tlsCipherSuites: none of the suites can be",
        ),
        ("tlsCipherSuites: ['TLS_MINE']", "unknown cipher suite 'TLS_MINE'"),
    ] {
        let outcome = tried(&server, &[], &format!("{{ {options} }}"));
        assert_eq!(outcome.exit, Some(104), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(error), "{options}: {}", outcome.stderr);
    }
}

#[test]
fn certificates_are_shown_to_the_servers_they_are_for() {
    let server = server(true);
    for (auth, shown) in [
        ("[]", false),
        ("[{ cert: CERT, key: KEY }]", true),
        ("[{ cert: CERT, key: KEY, domains: ['localhost'] }]", true),
        ("[{ cert: CERT, key: KEY, domains: ['a.test', '*host'] }]", true),
        ("[{ cert: CERT, key: KEY, domains: ['a.test'] }]", false),
    ] {
        for version in ["tls1.2", "tls1.3"] {
            let options =
                format!("{{ insecureSkipTLSVerify: true, tlsVersion: '{version}', tlsAuth: {auth} }}");
            let outcome = tried(&server, &[], &options);
            let lines: Vec<_> = outcome.stderr.lines().collect();
            if shown {
                assert_eq!(lines.len(), 2, "{options}: {}", outcome.stderr);
                assert!(lines[0].starts_with("200 0 ") && lines[1] == "200", "{options}: {}", outcome.stderr);
            } else {
                assert!(outcome.stderr.contains("0 1010 - -"), "{options}: {}", outcome.stderr);
                assert!(lines[2].contains("remote error"), "{options}: {}", outcome.stderr);
            }
        }
    }
    for (auth, error) in [
        (
            "[{ cert: CERT, key: KEY.replace(/PRIVATE/g, 'ENCRYPTED PRIVATE'), password: 'x' }]",
            "tlsAuth, entry 0: `key` is encrypted",
        ),
        (
            "[{ cert: CERT, key: KEY }, { cert: KEY, key: KEY }]",
            "tlsAuth, entry 1: `cert` holds no certificate",
        ),
        ("[{ cert: CERT }]", "needs both `cert` and `key`"),
    ] {
        let outcome = tried(&server, &[], &format!("{{ tlsAuth: {auth} }}"));
        assert_eq!(outcome.exit, Some(104), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(error), "{auth}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("MIG"), "{}", outcome.stderr);
    }
}

#[test]
fn secrets_are_written_where_the_environment_says() {
    let server = server(false);
    let run = |file: &str| {
        let url = format!("S={}", server.https("/"));
        binary::ssek(&["run", "-q", "--insecure-skip-tls-verify", "-e", &url, "s.js"])
            .env("SSLKEYLOGFILE", file)
            .file("s.js", "import http from 'k6/http'\nexport default function () { http.get(__ENV.S) }")
    };
    let mut written = run("keys.txt");
    let outcome = written.outcome();
    assert!(
        outcome.stderr.contains("SSLKEYLOGFILE was specified, logging TLS connection keys to 'keys.txt'"),
        "{}",
        outcome.stderr
    );
    let path = written.folder.path().join("keys.txt");
    let keys = std::fs::read_to_string(&path).unwrap();
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"] {
        let line = keys.lines().find(|line| line.starts_with(label)).unwrap();
        assert_eq!(line.split(' ').map(str::len).nth(1), Some(64), "{line}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let outcome = run("no/such/folder/keys").outcome();
    assert!(
        outcome.exit == Some(104) && outcome.stderr.contains("SSLKEYLOGFILE: could not open"),
        "{}",
        outcome.stderr
    );
}
