//! The same random cases here and in Node: JSON, GJSON paths, cookies, percent-encoding.
//!
//! `SSEK_DIFFERENTIAL_CASES` says how many of each (1,000 unless told), `SSEK_DIFFERENTIAL_SEED` with which they
//! begin. Without Node there is nothing to compare with, and the tests say so and pass.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/slow_server.rs"]
mod support;

use std::process::Command;
use std::time::Duration;

use binary::{in_repository, ssek};
use support::{Request, Server, Stream, Then, send};

fn setting(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Sends back what it gets: as a body or, for those who ask, as `Set-Cookie` lines.
fn echo(request: &Request, stream: &mut dyn Stream) -> Then {
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    let is_cookies = request.header("x-set").is_some();
    if is_cookies {
        for line in request.body.split(|byte| *byte == b'\n') {
            answer.extend([b"Set-Cookie: ", line, b"\r\n"].concat());
        }
    }
    let body = if is_cookies { &[] } else { &request.body[..] };
    answer.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
    answer.extend(body);
    send(stream, answer);
    Then::KeepAlive
}

fn compare(area: &str) {
    let (seed, count) = (setting("SSEK_DIFFERENTIAL_SEED", 1), setting("SSEK_DIFFERENTIAL_CASES", 1_000));
    let (seed, count) = (seed.to_string(), count.to_string());
    let server = Server::new(echo);
    let address = format!("SERVER={}", server.addr);
    let (area_is, seed_is, count_is) =
        (format!("AREA={area}"), format!("SEED={seed}"), format!("COUNT={count}"));
    let mut args = vec!["run", "-q", "--summary-mode=disabled", "--log-format", "raw", "main.js"];
    for setting in [&address, &area_is, &seed_is, &count_is] {
        args.extend(["-e", setting]);
    }
    let mut run = ssek(&args);
    for entry in std::fs::read_dir(in_repository("tests/differential")).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, run.folder.path().join(from.file_name().unwrap())).unwrap();
    }
    run = run.file("package.json", "{\"type\": \"module\"}");

    let mut node = Command::new("node");
    node.args(["reference.js", area, &seed, &count]).current_dir(&run.folder);
    let expected = match node.output() {
        Ok(expected) => expected,
        Err(error) => {
            println!("SKIPPED: {area} was compared with nothing, for node cannot be run: {error}");
            return;
        }
    };
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    let expected = String::from_utf8(expected.stdout).unwrap();

    run.command.timeout(Duration::from_secs(3_600));
    let outcome = run.outcome();
    let (ours, theirs): (Vec<_>, Vec<_>) = (outcome.stderr.lines().collect(), expected.lines().collect());
    let wrong: Vec<_> = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).collect();
    let shown: Vec<_> =
        wrong.iter().take(20).map(|(ours, theirs)| format!("ssek {ours}\nnode {theirs}\n")).collect();
    assert!(wrong.is_empty(), "{} differ, such as\n{}", wrong.len(), shown.join("\n"));
    assert_eq!((outcome.exit, ours.len()), (Some(0), theirs.len()), "{:?}", ours.last());
}

#[test]
fn json() {
    compare("json");
}

#[test]
fn gjson_paths() {
    compare("gjson");
}

#[test]
fn cookies() {
    compare("cookies");
}

#[test]
fn percent_encoding() {
    compare("urls");
}
