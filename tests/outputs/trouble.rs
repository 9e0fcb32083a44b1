//! Servers that are not there, slow, or say no: the run goes on and ends as without them, and says what was lost.

use std::time::Duration;

use super::slow_server::{Server, respond};
use super::{finish, nobody, run};

#[test]
fn nobody_is_there() {
    let addr = nobody();
    let outputs = [
        (format!("experimental-prometheus-rw=http://{addr}/w"), "Prometheus remote write", "pushes", vec![]),
        (
            "opentelemetry".to_owned(),
            "opentelemetry (http/protobuf",
            "exports",
            vec![
                ("K6_OTEL_EXPORTER_PROTOCOL", "http/protobuf"),
                ("K6_OTEL_HTTP_EXPORTER_ENDPOINT", &*addr),
                ("K6_OTEL_HTTP_EXPORTER_INSECURE", "true"),
            ],
        ),
        (
            "opentelemetry".to_owned(),
            "opentelemetry (grpc (insecure)",
            "exports",
            vec![("K6_OTEL_GRPC_EXPORTER_ENDPOINT", &*addr), ("K6_OTEL_GRPC_EXPORTER_INSECURE", "true")],
        ),
        (format!("influxdb=http://{addr}/db"), "InfluxDBv1", "samples", vec![]),
    ];
    for (out, name, unit, variables) in outputs {
        let (outcome, _) = finish(&mut run(&[&out, "json=all.json"], &variables));
        let first = format!("Sending to the output {name}");
        assert_eq!(outcome.stderr.matches(&first).count(), 1, "{out}: {}", outcome.stderr);
        let last = format!("{unit} could not be delivered to the output {name}");
        assert_eq!(outcome.stderr.matches(&last).count(), 1, "{out}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("connection refused"), "{out}: {}", outcome.stderr);
        assert!(outcome.stdout.contains("40 complete and 0 interrupted"), "{out}: {}", outcome.stdout);
    }
}

#[test]
fn a_slow_server_holds_up_nobody() {
    let server = Server::new(|_, stream| {
        std::thread::sleep(Duration::from_millis(700));
        respond(stream, "200 OK", "", b"")
    });
    let out = format!("experimental-prometheus-rw={}", server.url("/push"));
    let (outcome, _) = finish(&mut run(&[&out], &[("K6_PROMETHEUS_RW_PUSH_INTERVAL", "20ms")]));
    assert!(outcome.stdout.contains("40 complete and 0 interrupted"), "{}", outcome.stdout);
    assert!(!outcome.stderr.contains("could not be delivered"), "{}", outcome.stderr);
}

#[test]
fn a_server_that_says_no_is_asked_once() {
    let server = Server::new(|_, stream| respond(stream, "401 Unauthorized", "", b"no token"));
    let out = format!("influxdb=http://me:s3cret@{}/db", server.addr);
    let (outcome, _) = finish(&mut run(&[&out], &[("K6_INFLUXDB_PUSH_INTERVAL", "10s")]));
    let writes = server.requests().iter().filter(|request| request.line.contains("/write")).count();
    assert_eq!(writes, 1);
    let lost = "could not be delivered to the output InfluxDBv1";
    assert_eq!(outcome.stderr.matches(lost).count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("401 Unauthorized: no token"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("s3cret"), "{}", outcome.stderr);
}
