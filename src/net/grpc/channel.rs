//! A connection to a server that is made again when it breaks, and the calls over it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderValue, Method, Uri};
use tokio::sync::Notify;

use super::connection::Connection;
use super::endpoint::Endpoint;
use super::metadata::{self, Metadata};
use super::sink::Sink;
use super::source::Source;
use super::status::{Code, Status};
use super::traffic::Traffic;
use crate::net::client::Client;

/// A way to a server.
pub struct Channel {
    client: Rc<Client>,
    endpoint: Endpoint,
    traffic: Arc<Traffic>,
    connection: RefCell<Option<Connection>>,
    /// Held while somebody connects, so that others wait for that.
    connecting: tokio::sync::Mutex<()>,
    is_closed: Cell<bool>,
    closing: Notify,
}

/// What a call is begun with.
#[derive(Clone, Debug)]
pub struct Request {
    /// `/package.Service/Method`
    pub path: String,
    pub metadata: Metadata,
    /// From begin to end; `None`: without limit.
    pub timeout: Option<Duration>,
}

impl Channel {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The text tells what went wrong, in the words of Go's client.
    pub async fn connect(
        client: Rc<Client>,
        endpoint: Endpoint,
        timeout: Duration,
    ) -> Result<Rc<Self>, String> {
        let channel = Self {
            client,
            endpoint,
            traffic: Arc::default(),
            connection: RefCell::default(),
            connecting: tokio::sync::Mutex::default(),
            is_closed: Cell::default(),
            closing: Notify::new(),
        };
        match tokio::time::timeout(timeout, channel.reconnect()).await {
            Ok(Ok(_)) => Ok(Rc::new(channel)),
            Ok(Err(text)) => Err(text),
            Err(_) => Err("context deadline exceeded".to_owned()),
        }
    }

    async fn reconnect(&self) -> Result<Connection, String> {
        let connection = Connection::new(&self.client, &self.endpoint, &self.traffic).await;
        let connection = connection.map_err(|text| format!("connection error: desc = {text:?}"))?;
        *self.connection.borrow_mut() = Some(connection.clone());
        Ok(connection)
    }

    /// A connection that takes another call.
    async fn ready(&self) -> Result<Connection, Status> {
        let turn = self.connecting.lock().await;
        let standing = self.connection.borrow().clone();
        if let Some(connection) = standing {
            let remote = connection.remote;
            if let Ok(sender) = connection.sender.ready().await {
                return Ok(Connection { sender, remote });
            }
        }
        if self.is_closed.get() {
            return Err(Status::closing());
        }
        let connection = self.reconnect().await.map_err(|text| Status::new(Code::UNAVAILABLE, text));
        drop(turn);
        connection
    }

    /// Begins a call.
    ///
    /// # Errors
    ///
    /// There is no connection, or the call cannot be made over it.
    pub async fn start(self: &Rc<Self>, request: &Request) -> Result<(Sink, Source), Status> {
        let deadline = request.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let head = self.head(request)?;
        let Connection { mut sender, remote } = self.within(deadline, self.ready()).await??;
        let (answer, stream) = sender.send_request(head, false).map_err(|error| Status::of_h2(&error))?;
        let sink = Sink::new(stream, self.endpoint.max_send);
        Ok((sink, Source::new(self.clone(), answer, self.endpoint.max_receive, deadline, remote)))
    }

    fn head(&self, request: &Request) -> Result<http::Request<()>, Status> {
        let scheme = if self.endpoint.tls.is_some() { "https" } else { "http" };
        let uri = Uri::builder()
            .scheme(scheme)
            .authority(self.endpoint.authority.as_str())
            .path_and_query(request.path.as_str())
            .build()
            .map_err(|error| Status::internal(format!("malformed authority or method name: {error}")))?;
        let mut head = http::Request::new(());
        *head.method_mut() = Method::POST;
        *head.uri_mut() = uri;
        *head.version_mut() = http::Version::HTTP_2;
        let headers = head.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        if let Ok(agent) = HeaderValue::from_str(&self.endpoint.user_agent)
            && !agent.is_empty()
        {
            headers.insert(USER_AGENT, agent);
        }
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Some(timeout) = request.timeout
            && let Ok(timeout) = HeaderValue::try_from(timeout_text(timeout))
        {
            headers.insert("grpc-timeout", timeout);
        }
        metadata::add_to(headers, &request.metadata)?;
        Ok(head)
    }

    /// Waits for a future, but not past a deadline, nor past the channel's end.
    pub(super) async fn within<F: Future>(
        &self,
        deadline: Option<Instant>,
        future: F,
    ) -> Result<F::Output, Status> {
        let ending = async {
            let mut closing = pin!(self.closing.notified());
            closing.as_mut().enable();
            if self.is_closed.get() {
                return Status::closing();
            }
            match deadline {
                None => {
                    closing.await;
                    Status::closing()
                }
                Some(deadline) => match tokio::time::timeout_at(deadline.into(), closing).await {
                    Ok(()) => Status::closing(),
                    Err(_) => Status::deadline(),
                },
            }
        };
        match select(pin!(future), pin!(ending)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right((status, _)) => Err(status),
        }
    }

    /// Ends all calls, and the connection.
    pub fn close(&self) {
        self.is_closed.set(true);
        *self.connection.borrow_mut() = None;
        self.closing.notify_waiters();
    }

    /// The server's address, while there is a connection.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.connection.borrow().as_ref().map(|connection| connection.remote)
    }

    /// Bytes sent and received since the last call.
    pub fn traffic(&self) -> (u64, u64) {
        self.traffic.take()
    }
}

/// A duration as `grpc-timeout` has it: at most eight digits and a unit, rounded up.
fn timeout_text(timeout: Duration) -> String {
    const MOST: u128 = 99_999_999;
    let nanos = timeout.as_nanos();
    for (unit, length) in [("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", 1_000_000_000)] {
        let count = nanos.div_ceil(length);
        if count <= MOST {
            return format!("{count}{unit}");
        }
    }
    format!("{}H", nanos.div_ceil(3_600_000_000_000).min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_eight_digits() {
        for (timeout, text) in [
            (Duration::from_nanos(1), "1n"),
            (Duration::from_millis(99), "99000000n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_secs(120), "120000m"),
            (Duration::from_secs(200_000), "200000S"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(timeout_text(timeout), text, "{timeout:?}");
        }
    }
}
