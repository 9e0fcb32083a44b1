//! OTLP, decoded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message;

use super::slow_server::{Server, respond};
use super::{figure, finish, run};

fn decoded(bytes: &[u8]) -> ExportMetricsServiceRequest {
    let message = ExportMetricsServiceRequest::decode(bytes).unwrap();
    assert_eq!(message.encode_to_vec(), bytes, "there is something in it that the protocol has not");
    message
}

/// `zone=a scenario=default`
fn key(name: &str, attributes: &[KeyValue]) -> String {
    let text = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => format!("{}={text}", pair.key),
        other => panic!("{other:?}"),
    };
    let mut pairs: Vec<_> = attributes.iter().map(text).collect();
    pairs.sort();
    assert!(pairs.windows(2).all(|pair| pair[0].split('=').next() != pair[1].split('=').next()), "{pairs:?}");
    format!("{name} {}", pairs.join(" "))
}

/// The last value of every point: number, or count and sum.
fn last_values(exports: &[Vec<u8>]) -> BTreeMap<String, (f64, f64)> {
    let mut last = BTreeMap::new();
    for export in exports {
        let [resource] = &decoded(export).resource_metrics[..] else { panic!("not one resource") };
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        assert!(key("", attributes).contains("service.name=tests"), "{attributes:?}");
        for metric in resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let name = format!("{} {}", metric.name, metric.unit);
            match metric.data.as_ref().unwrap() {
                Data::Sum(sum) => {
                    assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{name}");
                    for point in &sum.data_points {
                        let value = match point.value.unwrap() {
                            Value::AsDouble(value) => value,
                            Value::AsInt(value) => value as f64,
                        };
                        assert!(point.start_time_unix_nano <= point.time_unix_nano);
                        last.insert(key(&name, &point.attributes), (value, 0.0));
                    }
                }
                Data::Gauge(gauge) => {
                    for point in &gauge.data_points {
                        let Some(Value::AsDouble(value)) = point.value else { panic!("{point:?}") };
                        last.insert(key(&name, &point.attributes), (value, 0.0));
                    }
                }
                Data::Histogram(histogram) => {
                    assert_eq!(histogram.aggregation_temporality, 2, "{name}");
                    for point in &histogram.data_points {
                        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
                        let value = (point.count as f64, point.sum.unwrap());
                        last.insert(key(&name, &point.attributes), value);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    last
}

fn sums(last: &BTreeMap<String, (f64, f64)>, name: &str) -> (f64, f64) {
    let named: Vec<_> = last.iter().filter(|(key, _)| key.starts_with(&format!("{name} "))).collect();
    assert!(!named.is_empty(), "no {name} in {last:?}");
    named.iter().fold((0.0, 0.0), |sum, (_, value)| (sum.0 + value.0, sum.1 + value.1))
}

fn is_whole(exports: &[Vec<u8>], figures: &serde_json::Value) {
    let last = last_values(exports);
    assert_eq!(sums(&last, "my_count ").0, figure(figures, "my_count", "count"));
    assert_eq!(sums(&last, "iterations ").0, 40.0);
    assert_eq!(sums(&last, "my_gauge ").0, 7.0);
    assert_eq!(sums(&last, "my_time ms"), (40.0, 82_000.0));
    assert_eq!(sums(&last, "data_sent By").0, 0.0);
    let conditions: Vec<_> = last
        .iter()
        .filter(|(key, _)| key.starts_with("my_rate "))
        .map(|(key, value)| (&**key, value.0))
        .collect();
    assert_eq!(
        conditions,
        [
            ("my_rate  condition=nonzero group= scenario=default", 10.0),
            ("my_rate  condition=zero group= scenario=default", 30.0)
        ]
    );
}

#[test]
fn over_http() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b""));
    let mut run = run(
        &["opentelemetry"],
        &[
            ("K6_OTEL_EXPORTER_PROTOCOL", "http/protobuf"),
            ("K6_OTEL_HTTP_EXPORTER_ENDPOINT", &server.addr.to_string()),
            ("K6_OTEL_HTTP_EXPORTER_INSECURE", "true"),
            ("K6_OTEL_EXPORT_INTERVAL", "50ms"),
            ("K6_OTEL_HEADERS", "x-key=s3cret"),
            ("OTEL_SERVICE_NAME", "tests"),
        ],
    );
    let (outcome, figures) = finish(&mut run);
    let shown = format!("{}{}", outcome.stdout, outcome.stderr);
    let described = format!("output: opentelemetry (http/protobuf, http://{}/v1/metrics)", server.addr);
    assert!(shown.contains(&described) && !shown.contains("s3cret"), "{shown}");
    let requests = server.requests();
    assert_eq!(requests[0].line, "POST /v1/metrics HTTP/1.1");
    assert_eq!(requests[0].header("content-type"), Some("application/x-protobuf"));
    assert_eq!(requests[0].header("x-key"), Some("s3cret"));
    is_whole(&requests.into_iter().map(|request| request.body).collect::<Vec<_>>(), &figures);
}

#[test]
fn over_grpc() {
    let (addr, calls) = collector(false);
    let mut run = run(
        &["experimental-opentelemetry"],
        &[
            ("K6_OTEL_GRPC_EXPORTER_ENDPOINT", &addr),
            ("K6_OTEL_GRPC_EXPORTER_INSECURE", "true"),
            ("K6_OTEL_HEADERS", "X-Key=v"),
            ("K6_OTEL_SERVICE_NAME", "tests"),
        ],
    );
    let (outcome, figures) = finish(&mut run);
    assert!(outcome.stderr.contains("experimental-opentelemetry is deprecated"), "{}", outcome.stderr);
    let calls = calls.lock().unwrap().clone();
    assert!(calls.iter().all(|(path, key, _)| {
        path == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" && key == "v"
    }));
    is_whole(&calls.into_iter().map(|(_, _, body)| body).collect::<Vec<_>>(), &figures);
}

#[test]
fn over_grpc_with_tls() {
    let (addr, calls) = collector(true);
    let port = addr.rsplit(':').next().unwrap();
    let endpoint = format!("localhost:{port}");
    let authority = super::binary::in_repository("tests/support/localhost.crt");
    let mut run = run(
        &["opentelemetry"],
        &[
            ("K6_OTEL_GRPC_EXPORTER_ENDPOINT", &endpoint),
            ("K6_OTEL_TLS_CERTIFICATE", authority.to_str().unwrap()),
            ("K6_OTEL_SERVICE_NAME", "tests"),
        ],
    );
    let (_, figures) = finish(&mut run);
    let calls = calls.lock().unwrap().clone();
    is_whole(&calls.into_iter().map(|(_, _, body)| body).collect::<Vec<_>>(), &figures);
}

#[test]
fn metrics_of_llms_have_their_other_names() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b""));
    let script = "
        import { Trend } from 'k6/metrics';
        const first = new Trend('llm_time_to_first_token', true), tokens = new Trend('llm_prompt_tokens');
        export default function () { first.add(250, { model: 'm' }); tokens.add(100, { model: 'm' }) }
        export const handleSummary = () => ({ 'figures.json': '{}' });";
    let mut run = run(
        &["opentelemetry"],
        &[
            ("K6_OTEL_EXPORTER_PROTOCOL", "http/protobuf"),
            ("K6_OTEL_HTTP_EXPORTER_ENDPOINT", &server.addr.to_string()),
            ("K6_OTEL_HTTP_EXPORTER_INSECURE", "true"),
            ("K6_OTEL_SERVICE_NAME", "tests"),
        ],
    )
    .file("script.js", script);
    finish(&mut run);
    let last = last_values(&server.requests().into_iter().map(|request| request.body).collect::<Vec<_>>());
    assert_eq!(sums(&last, "llm_time_to_first_token ms"), (1.0, 250.0));
    assert_eq!(sums(&last, "gen_ai.server.time_to_first_token s"), (1.0, 0.25));
    assert_eq!(sums(&last, "gen_ai.client.token.usage {token}"), (1.0, 100.0));
    let key = last.keys().find(|key| key.starts_with("gen_ai.client.token.usage")).unwrap();
    assert!(key.contains("gen_ai.request.model=m") && key.contains("gen_ai.token.type=input"), "{key}");
}

/// Path, `x-key` and message of each call.
type Calls = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

/// A server that takes every call. The first one it turns away, as one that is not ready.
fn collector(tls: bool) -> (String, Calls) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (addr, calls) = (listener.local_addr().unwrap().to_string(), Calls::default());
    let log = calls.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let turned_away = Arc::new(Mutex::new(false));
            while let Ok((stream, _)) = listener.accept().await {
                let (log, turned_away) = (log.clone(), turned_away.clone());
                tokio::spawn(async move {
                    if tls {
                        let config = super::slow_server::tls_config(&["h2"]);
                        let stream = tokio_rustls::TlsAcceptor::from(config).accept(stream).await.unwrap();
                        serve(stream, log, turned_away).await;
                    } else {
                        serve(stream, log, turned_away).await;
                    }
                });
            }
        });
    });
    (addr, calls)
}

async fn serve(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    log: Calls,
    turned_away: Arc<Mutex<bool>>,
) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut answer))) = connection.accept().await {
        let (log, turned_away) = (log.clone(), turned_away.clone());
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            let mut message = BytesMut::new();
            while let Some(Ok(chunk)) = body.data().await {
                let _ = body.flow_control().release_capacity(chunk.len());
                message.extend_from_slice(&chunk);
            }
            let response = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
            let mut send = answer.send_response(response, false).unwrap();
            let mut trailers = HeaderMap::new();
            if !std::mem::replace(&mut *turned_away.lock().unwrap(), true) {
                trailers.insert("grpc-status", HeaderValue::from_static("14"));
                let _ = send.send_trailers(trailers);
                return;
            }
            assert_eq!(message[0], 0, "not compressed");
            assert_eq!(u32::from_be_bytes(message[1..5].try_into().unwrap()) as usize, message.len() - 5);
            let key = head.headers.get("x-key").map_or("", |value| value.to_str().unwrap()).to_owned();
            log.lock().unwrap().push((head.uri.path().to_owned(), key, message[5..].to_vec()));
            send.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            let _ = send.send_trailers(trailers);
        });
    }
}
