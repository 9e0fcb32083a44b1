//! A WebSocket server that does what the path of the URL says.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A server in a thread of its own.
pub struct Server {
    pub addr: SocketAddr,
    /// Connections that ended with a close frame of the client.
    pub goodbyes: Arc<AtomicUsize>,
}

impl Server {
    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.addr)
    }

    /// How many clients have said goodbye, once so many have, or after a while.
    pub fn goodbyes(&self, expected: usize) -> usize {
        for _ in 0..200 {
            if self.goodbyes.load(Ordering::SeqCst) >= expected {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.goodbyes.load(Ordering::SeqCst)
    }
}

/// Serves for as long as the process lives, over TLS if there is a configuration for it.
pub fn serve(tls: Option<Arc<rustls::ServerConfig>>) -> Server {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    let goodbyes = Arc::<AtomicUsize>::default();
    let counted = goodbyes.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, counted) = (tls.clone(), counted.clone());
                tokio::spawn(async move {
                    match tls {
                        None => connection(stream, &counted).await,
                        Some(tls) => {
                            let accepted = tokio_rustls::TlsAcceptor::from(tls).accept(stream).await;
                            if let Ok(stream) = accepted {
                                connection(stream, &counted).await;
                            }
                        }
                    }
                });
            }
        });
    });
    Server { addr, goodbyes }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(stream: S, goodbyes: &AtomicUsize) {
    let mut path = String::new();
    let mut seen = String::new();
    #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
    let shake = |request: &Request, response: Response| handshake(request, response, &mut path, &mut seen);
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, shake).await else { return };
    let done = converse(&mut socket, &path, &seen, goodbyes).await;
    if path != "/cut" && done.is_ok() {
        let _ = socket.close(None).await;
        while let Some(Ok(_)) = socket.next().await {}
    }
}

#[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
fn handshake(
    request: &Request,
    mut response: Response,
    path: &mut String,
    seen: &mut String,
) -> Result<Response, ErrorResponse> {
    request.uri().path().clone_into(path);
    let header = |name: &str| request.headers().get(name).map_or("-", |value| value.to_str().unwrap());
    *seen = format!("{} {} {}", header("user-agent"), header("cookie"), header("x-own"));
    if path.as_str() == "/refused" {
        let mut refusal = ErrorResponse::new(Some("go away".to_owned()));
        *refusal.status_mut() = http::StatusCode::NOT_FOUND;
        refusal.headers_mut().insert("x-why", "because".parse().unwrap());
        return Err(refusal);
    }
    response.headers_mut().insert("set-cookie", "visited=yes".parse().unwrap());
    if header("sec-websocket-protocol").split(", ").any(|protocol| protocol == "two") {
        response.headers_mut().insert("sec-websocket-protocol", "two".parse().unwrap());
    }
    Ok(response)
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    path: &str,
    seen: &str,
    goodbyes: &AtomicUsize,
) -> Result<(), Error> {
    let goodbye = |code: u16, reason: &'static str| {
        Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() }))
    };
    match path {
        "/headers" => socket.send(Message::text(seen)).await?,
        "/bye" => socket.send(goodbye(4000, "enough")).await?,
        "/normal" => socket.send(goodbye(1000, "")).await?,
        "/silent" => socket.send(Message::Close(None)).await?,
        "/ping" => socket.send(Message::Ping("are you there".into())).await?,
        "/cut" => {
            socket.send(Message::text("last words")).await?;
            return Ok(());
        }
        "/flood" => {
            for number in 0..1000 {
                socket.feed(Message::text(number.to_string())).await?;
            }
            socket.flush().await?;
        }
        _ => {}
    }
    while let Some(message) = socket.next().await {
        match message? {
            Message::Pong(payload) if path == "/ping" => {
                socket.send(Message::text(format!("pong {}", String::from_utf8_lossy(&payload)))).await?;
            }
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).await?,
            Message::Close(_) => {
                goodbyes.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
    Ok(())
}
