//! One connection: TCP, TLS if wanted, and HTTP/2.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::endpoint::Endpoint;
use super::traffic::{Counted, Traffic};
use crate::net::classify::classify;
use crate::net::client::Client;
use crate::net::error::Stage;

/// What the server may send ahead, in bytes: for a stream, and for all of a connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// What the headers of an answer may take, in bytes; as in Go.
const MAX_HEADERS: u32 = 16 << 20;

/// A standing connection, which a task of the runtime drives. It ends when it is dropped and its last call is over.
#[derive(Clone)]
pub struct Connection {
    pub sender: SendRequest<Bytes>,
    pub remote: SocketAddr,
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Connection {
    /// Connects, and waits for the server's first words. Must be polled inside the runtime that will drive it.
    ///
    /// # Errors
    ///
    /// Says how far it came, in the words of Go's client.
    pub async fn new(client: &Client, endpoint: &Endpoint, traffic: &Arc<Traffic>) -> Result<Self, String> {
        let dialed = client.dial(&endpoint.host, endpoint.port).await;
        let (stream, remote) = dialed.map_err(|error| format!("transport: error while dialing: {error}"))?;
        let socket = Counted { stream, traffic: traffic.clone() };
        let wire: Box<dyn Wire> = match &endpoint.tls {
            None => Box::new(socket),
            Some(config) => {
                let failed = |text: String| format!("transport: authentication handshake failed: {text}");
                let name = ServerName::try_from(endpoint.server_name().to_owned())
                    .map_err(|_| failed(format!("invalid server name {:?}", endpoint.server_name())))?;
                let stream = TlsConnector::from(config.clone()).connect(name, socket).await;
                let stream = stream
                    .map_err(|error| failed(classify(&error, Stage::Request, Some(remote)).to_string()))?;
                if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                    return Err(failed(
                        "credentials: cannot check peer: missing selected ALPN property".into(),
                    ));
                }
                Box::new(stream)
            }
        };
        let before = traffic.received();
        let failed = |error: &h2::Error| format!("error reading server preface: {}", reason(error));
        let (sender, mut connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADERS)
            .handshake(wire)
            .await
            .map_err(|error| failed(&error))?;
        // Who does not speak HTTP/2 shows now, and not at the first call.
        poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Err("error reading server preface: EOF".to_owned())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(failed(&error))),
            Poll::Pending if traffic.received() > before => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        // What breaks it, its calls hear.
        tokio::spawn(async { drop(connection.await) });
        Ok(Self { sender, remote })
    }
}

fn reason(error: &h2::Error) -> String {
    match (error.get_io(), error.reason()) {
        (Some(io), _) if io.kind() == std::io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        (Some(io), _) => io.to_string(),
        (None, Some(h2::Reason::FRAME_SIZE_ERROR)) => "http2: frame too large".to_owned(),
        (None, _) => format!("http2: {error}"),
    }
}
