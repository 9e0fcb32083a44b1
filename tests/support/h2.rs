//! An HTTP/2 server over TLS.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};

/// Serves every request with an event stream of `events` events, `pause` apart; each gives its number.
pub fn event_streams(events: usize, pause: Duration) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || crate::support::block_on(serve(listener, events, pause)));
    addr
}

async fn serve(listener: std::net::TcpListener, events: usize, pause: Duration) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(crate::support::tls_config(&["h2"]));
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let answer = service_fn(move |_: Request<hyper::body::Incoming>| async move {
                let frames = futures_util::stream::unfold(0, move |n| async move {
                    if n == events {
                        return None;
                    }
                    tokio::time::sleep(pause).await;
                    let event = Bytes::from(format!("data: {n}\n\n"));
                    Some((Ok::<_, Infallible>(Frame::data(event)), n + 1))
                });
                let response = Response::builder().header("content-type", "text/event-stream");
                Ok::<_, Infallible>(response.body(StreamBody::new(frames)).unwrap())
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}
