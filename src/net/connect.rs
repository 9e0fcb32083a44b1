//! Making a connection for hyper's client: TCP, proxy and TLS, each marked in the trace of the request that waits for
//! it.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::net::classify::classify;
use crate::net::connection::Connection;
use crate::net::dial::{DIAL_TIMEOUT, Dialer};
use crate::net::error::{Kind, NetError, Stage};
use crate::net::handshake::Negotiated;
use crate::net::trace::{Step, reached};

/// Makes the connections of one VU.
#[derive(Clone)]
pub struct Connector(pub(super) Dialer);

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, NetError>> + Send>>;

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = NetError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NetError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Connecting {
        let connector = self.clone();
        Box::pin(async move {
            let connection = connector.connect(&to).await?;
            reached(Step::Connected);
            Ok(connection)
        })
    }
}

impl Connector {
    async fn connect(&self, to: &Uri) -> Result<Connection, NetError> {
        let shared = &self.0.shared;
        let secure = to.scheme_str() == Some("https");
        let proxy = shared.proxies.as_ref().and_then(|proxies| proxies.intercept(to));
        let connection = match proxy {
            None => self.dial(to).await?,
            Some(proxy) if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")) => {
                self.through_socks(&proxy, to).await?
            }
            Some(proxy) if secure => self.through_tunnel(&proxy, to).await?,
            Some(proxy) => return Ok(self.to_proxy(proxy.uri()).await?.of_proxy()),
        };
        if !secure {
            return Ok(connection);
        }
        let host = bare(to.host().unwrap_or_default());
        self.secure(connection, host, shared.tls.for_host(host)).await
    }

    async fn dial(&self, to: &Uri) -> Result<Connection, NetError> {
        let host = bare(to.host().unwrap_or_default());
        let (stream, remote) = self.0.dial(host, port(to), reached).await?;
        Ok(Connection::plain(stream, remote))
    }

    async fn secure(
        &self,
        connection: Connection,
        host: &str,
        config: &Arc<ClientConfig>,
    ) -> Result<Connection, NetError> {
        reached(Step::Secure);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NetError::request(Kind::Tls(format!("invalid server name \"{host}\""))))?;
        let remote = connection.remote;
        let handshake = TlsConnector::from(config.clone()).connect(name, TokioIo::new(connection));
        match timeout(DIAL_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => {
                let (_, session) = stream.get_ref();
                let negotiated = session.negotiated_cipher_suite().map(|suite| Negotiated(suite.suite()));
                let multiplexed = session.alpn_protocol() == Some(b"h2");
                Ok(Connection::secured(stream, remote, negotiated, multiplexed))
            }
            Ok(Err(error)) => Err(classify(&error, Stage::Request, Some(remote))),
            Err(_) => Err(NetError::request(Kind::Tls("handshake timeout".into()))),
        }
    }

    async fn to_proxy(&self, proxy: &Uri) -> Result<Connection, NetError> {
        let connection = self.dial(proxy).await?;
        if proxy.scheme_str() != Some("https") {
            return Ok(connection);
        }
        self.secure(connection, bare(proxy.host().unwrap_or_default()), self.0.shared.tls.for_proxies()).await
    }

    async fn through_tunnel(&self, proxy: &Intercept, to: &Uri) -> Result<Connection, NetError> {
        let standing = Standing(Some(self.to_proxy(proxy.uri()).await?));
        let mut tunnel = Tunnel::new(proxy.uri().clone(), standing);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        if let Ok(agent) = HeaderValue::from_str(&self.0.shared.config.user_agent)
            && !agent.is_empty()
        {
            tunnel = tunnel.with_headers(HeaderMap::from_iter([(USER_AGENT, agent)]));
        }
        tunnel.call(to.clone()).await.map_err(|error| classify(&error, Stage::Request, None))
    }

    async fn through_socks(&self, proxy: &Intercept, to: &Uri) -> Result<Connection, NetError> {
        let failed = |text: String| NetError::request(Kind::Other(format!("socks connect: {text}")));
        let standing = Standing(Some(self.to_proxy(proxy.uri()).await?));
        let mut socks = SocksV5::new(proxy.uri().clone(), standing);
        if let Some((user, password)) = proxy.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        // Without a port it would be taken for one of https.
        let to = format!("{}:{}", to.host().unwrap_or_default(), port(to)).parse();
        let to = to.map_err(|error: http::uri::InvalidUri| failed(error.to_string()))?;
        // The error's type has no name outside its crate, and no text.
        socks.call(to).await.map_err(|error| failed(format!("{error:?}")))
    }
}

/// Gives out a connection that stands already.
struct Standing(Option<Connection>);

impl Service<Uri> for Standing {
    type Response = Connection;
    type Error = io::Error;
    type Future = Ready<io::Result<Connection>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// A URL's host without the brackets of IPv6.
pub(super) fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

/// The port, or the usual one of the scheme.
pub(super) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or_else(|| match uri.scheme_str() {
        Some("https") => 443,
        Some(scheme) if scheme.starts_with("socks") => 1080,
        _ => 80,
    })
}
