//! InfluxDB's line protocol, parsed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::slow_server::{Request, Server, respond};
use super::{figure, finish, run};

/// A point: measurement, tags, fields, time.
#[derive(Debug)]
struct Point {
    measurement: String,
    tags: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    time: i64,
}

/// Reads up to one of some characters that is neither escaped nor in quotes; returns that, too.
fn token<'a>(rest: &mut &'a str, ends: &[char]) -> (String, Option<char>) {
    let (mut text, mut escaped, mut quoted) = (String::new(), false, false);
    let whole: &'a str = rest;
    for (at, c) in whole.char_indices() {
        if escaped {
            text.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
            text.push(c);
        } else if !quoted && ends.contains(&c) {
            *rest = &whole[at + c.len_utf8()..];
            return (text, Some(c));
        } else {
            text.push(c);
        }
    }
    assert!(!escaped && !quoted, "{whole}");
    *rest = "";
    (text, None)
}

fn parse(line: &str) -> Point {
    let mut rest = line;
    let (measurement, mut end) = token(&mut rest, &[',', ' ']);
    let mut point = Point { measurement, tags: BTreeMap::new(), fields: BTreeMap::new(), time: 0 };
    while end == Some(',') {
        let (key, equals) = token(&mut rest, &['=', ' ', ',']);
        let (value, next) = token(&mut rest, &[' ', ',']);
        assert!(equals == Some('=') && !key.is_empty() && !value.is_empty(), "{line}");
        assert!(point.tags.insert(key, value).is_none(), "{line}");
        end = next;
    }
    assert_eq!(end, Some(' '), "{line}");
    end = Some(',');
    while end == Some(',') {
        let (key, equals) = token(&mut rest, &['=', ' ', ',']);
        let (value, next) = token(&mut rest, &[' ', ',']);
        assert!(equals == Some('=') && !key.is_empty() && !value.is_empty(), "{line}");
        assert!(point.fields.insert(key, value).is_none(), "{line}");
        end = next;
    }
    assert_eq!(end, Some(' '), "{line}");
    point.time = rest.parse().unwrap_or_else(|_| panic!("{line}"));
    point
}

fn points(requests: &[Request]) -> Vec<Point> {
    let texts = requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap());
    texts.flat_map(|text| text.lines().map(parse).collect::<Vec<_>>()).collect()
}

fn sum(points: &[Point], measurement: &str) -> f64 {
    let named = points.iter().filter(|point| point.measurement == measurement);
    named.map(|point| point.fields["value"].parse::<f64>().unwrap()).sum()
}

#[test]
fn every_sample_arrives() {
    let busy = AtomicUsize::new(0);
    let server = Server::new(move |request, stream| {
        if request.line.starts_with("POST /query") {
            return respond(stream, "403 Forbidden", "", br#"{"error":"not you"}"#);
        }
        match busy.fetch_add(1, Ordering::SeqCst) {
            0 => respond(stream, "503 Service Unavailable", "Retry-After: 0\r\n", b""),
            _ => respond(stream, "204 No Content", "", b""),
        }
    });
    let out =
        format!("influxdb=http://me:s3cret@{}/tests?tagsAsFields=zone&tagsAsFields=vu:int", server.addr);
    let mut run = run(
        &[&out, "json=all.json"],
        &[("K6_INFLUXDB_RETENTION", "week"), ("K6_SYSTEM_TAGS", "scenario,vu")],
    );
    let (outcome, figures) = finish(&mut run);
    let shown = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(shown.contains(&format!("InfluxDBv1 (http://{})", server.addr)), "{shown}");
    assert!(shown.contains("json (all.json)") && !shown.contains("s3cret"), "{shown}");
    let requests = server.requests();
    assert_eq!(requests[0].line, "POST /query?q=CREATE+DATABASE+%22tests%22 HTTP/1.1");
    assert_eq!(requests[1].line, "POST /write?db=tests&precision=ns&rp=week HTTP/1.1");
    assert_eq!(requests[1].header("authorization"), Some("Basic bWU6czNjcmV0"));
    // The one that was turned away comes again.
    assert!(requests[2..].iter().any(|request| request.body == requests[1].body));
    let points = points(&requests[2..]);
    let lines = std::fs::read_to_string(run.folder.path().join("all.json")).unwrap();
    assert_eq!(points.len(), lines.matches("\"type\":\"Point\"").count());
    assert_eq!(sum(&points, "my_count"), figure(&figures, "my_count", "count"));
    assert_eq!(sum(&points, "my_time"), 82_000.0);
    assert_eq!(sum(&points, "iterations"), 40.0);
    assert_eq!(sum(&points, "checks"), 70.0);
    let mine: Vec<_> = points.iter().filter(|point| point.measurement == "my_size").collect();
    assert_eq!(mine.len(), 40);
    for point in mine {
        assert_eq!(point.tags.keys().collect::<Vec<_>>(), ["scenario"]);
        assert!(["\"a\"", "\"b, \"c\"=d\""].contains(&&*point.fields["zone"]), "{point:?}");
        assert!(["1i", "2i"].contains(&&*point.fields["vu"]), "{point:?}");
        assert!(point.time > 1_700_000_000_000_000_000, "{point:?}");
    }
}
