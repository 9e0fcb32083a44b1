//! StatsD's lines, as they come in packets.

use std::net::UdpSocket;
use std::time::Duration;

use super::{figure, finish, nobody, run};

#[test]
fn every_sample_arrives() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let addr = server.local_addr().unwrap().to_string();
    let mut run = run(
        &["statsd"],
        &[("K6_STATSD_ADDR", &addr), ("K6_STATSD_ENABLE_TAGS", "true"), ("K6_STATSD_NAMESPACE", "t.")],
    );
    let (outcome, figures) = finish(&mut run);
    assert!(outcome.stdout.contains(&format!("output: statsd ({addr})")), "{}", outcome.stdout);
    let (mut lines, mut buffer) = (Vec::new(), [0; 65_536]);
    while let Ok(size) = server.recv(&mut buffer) {
        let packet = std::str::from_utf8(&buffer[..size]).unwrap();
        let of_packet: Vec<_> = packet.split('\n').map(str::to_owned).collect();
        assert!(size <= 1432 && of_packet.len() <= 20, "{size} bytes, {} lines", of_packet.len());
        lines.extend(of_packet);
    }
    let sum = |start: &str| {
        let values = lines.iter().filter_map(|line| line.strip_prefix(start));
        values.map(|rest| rest.split('|').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    assert_eq!(sum("t.my_count:"), figure(&figures, "my_count", "count"));
    assert_eq!(sum("t.my_time:"), 82_000.0);
    assert_eq!(sum("t.my_rate:"), 10.0);
    assert_eq!((sum("t.check.is a number.pass:"), sum("t.check.is small _ odd.fail:")), (40.0, 10.0));
    assert!(lines.contains(&"t.my_time:100|ms|#scenario:default,zone:b_ \"c\"=d".to_owned()), "{lines:#?}");
}

#[test]
fn nobody_listens() {
    let (outcome, _) = finish(&mut run(&[&format!("statsd={}", nobody())], &[]));
    let said = outcome.stderr.matches("Sending to the output statsd").count();
    assert!(said <= 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the summary is complete"), "{}", outcome.stderr);
}
