//! How exports are sent: OTLP over HTTP or gRPC.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;

use super::config::{self, Config};
use crate::k6::USER_AGENT;
use crate::net::client::{Client, Shared};
use crate::net::grpc::{Channel, ChannelTls, Code, Endpoint, Metadata, Request, Status};
use crate::output::delivery::{Carrier, Trouble};
use crate::output::web::{self, Address, Post};

const TIMEOUT: Duration = Duration::from_secs(10);

const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// The way to a collector, before there is a thread to send from.
pub enum Route {
    Http(Address),
    Grpc { shared: Arc<Shared>, endpoint: Endpoint, metadata: Metadata },
}

/// The way to a collector.
pub enum Exporter {
    Http(Box<Post>),
    Grpc { client: Rc<Client>, endpoint: Endpoint, metadata: Metadata, channel: RefCell<Option<Rc<Channel>>> },
}

impl Route {
    /// # Errors
    ///
    /// TLS settings or proxies that cannot be used.
    pub fn new(config: &Config, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let tls = config.tls.clone();
        match &config.exporter {
            config::Exporter::Http(url) => {
                let mut headers = config.headers.clone();
                headers.push(("Content-Type".to_owned(), "application/x-protobuf".to_owned()));
                Ok(Self::Http(Address::new(url.clone(), headers, TIMEOUT, tls, env)?))
            }
            config::Exporter::Grpc { host, port, insecure, .. } => {
                let metadata = config.headers.iter();
                let metadata =
                    metadata.map(|(key, value)| (key.to_lowercase(), value.clone().into_bytes())).collect();
                let shared = web::network(tls, env)?;
                let tls = if *insecure { None } else { Some(secure(&shared, host)?) };
                let authority =
                    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
                let endpoint = Endpoint {
                    host: host.clone(),
                    port: *port,
                    authority,
                    tls,
                    user_agent: USER_AGENT.to_owned(),
                    max_receive: 4 * 1024 * 1024,
                    max_send: usize::MAX,
                };
                Ok(Self::Grpc { shared, endpoint, metadata })
            }
        }
    }

    /// The exporter, on the thread where it is to work.
    pub fn exporter(self) -> Exporter {
        match self {
            Self::Http(address) => Exporter::Http(Box::new(address.client())),
            Self::Grpc { shared, endpoint, metadata } => {
                let client = Rc::new(Client::new(&shared, 1));
                Exporter::Grpc { client, endpoint, metadata, channel: RefCell::default() }
            }
        }
    }
}

/// The settings of TLS, for HTTP/2.
fn secure(shared: &Arc<Shared>, host: &str) -> Result<Arc<rustls::ClientConfig>> {
    let client = Client::new(shared, 1);
    let config = ChannelTls::default().configure(client.tls(host), client.takes_any_certificate());
    config.map(Arc::new).map_err(|error| anyhow!(error))
}

impl Carrier for Exporter {
    async fn send(&self, body: Bytes) -> Result<(), Trouble> {
        let answer = match self {
            Self::Http(post) => post.send(body).await?,
            Self::Grpc { client, endpoint, metadata, channel } => {
                let standing = channel.borrow().clone();
                let standing = match standing {
                    Some(standing) => standing,
                    None => {
                        let made = Channel::connect(client.clone(), endpoint.clone(), TIMEOUT).await;
                        let made = made.map_err(Trouble::passing)?;
                        channel.borrow_mut().get_or_insert(made).clone()
                    }
                };
                let request =
                    Request { path: METHOD.to_owned(), metadata: metadata.clone(), timeout: Some(TIMEOUT) };
                let answer = standing.unary(&request, &body).await;
                if answer.status.code != Code::OK {
                    return Err(refused(&answer.status));
                }
                answer.message.unwrap_or_default()
            }
        };
        taken(&answer)
    }
}

/// Codes after which the protocol's specification lets a client try again.
fn refused(status: &Status) -> Trouble {
    let text = format!("the server answered {}: {}", status.code, status.message);
    // Canceled, DeadlineExceeded, ResourceExhausted, Aborted, OutOfRange, Unavailable, DataLoss.
    match status.code.0 {
        1 | 4 | 8 | 10 | 11 | 14 | 15 => Trouble::passing(text),
        _ => Trouble::lasting(text),
    }
}

/// A server may take an export and yet not all that is in it.
fn taken(answer: &[u8]) -> Result<(), Trouble> {
    // Servers are known to answer with other things than the protocol's message; that it was a 200 has to do then.
    let answer = ExportMetricsServiceResponse::decode(answer).unwrap_or_default();
    match answer.partial_success {
        Some(partial) if partial.rejected_data_points > 0 => Err(Trouble::lasting(format!(
            "the server rejected {} data points: {}",
            partial.rejected_data_points, partial.error_message
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;

    use super::super::super::delivery::Again;
    use super::*;

    #[test]
    fn answers() {
        let answer = |rejected_data_points| {
            let error_message = "too old".to_owned();
            let partial = ExportMetricsPartialSuccess { rejected_data_points, error_message };
            ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        };
        assert_eq!((taken(b""), taken(&answer(0)), taken(b"{}")), (Ok(()), Ok(()), Ok(())));
        let trouble = taken(&answer(3)).unwrap_err();
        assert_eq!(trouble.text, "the server rejected 3 data points: too old");
        assert_eq!(refused(&Status::new(Code::UNAVAILABLE, "x")).again, Again::Soon);
        assert_eq!(refused(&Status::new(Code::UNAUTHENTICATED, "x")).again, Again::Never);
    }
}
