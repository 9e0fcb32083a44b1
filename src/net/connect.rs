//! Making a connection: name, TCP, proxy and TLS, each marked in the trace of the request that waits for it.

use std::future::{Future, Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::net::classify::{classify, failed_dial};
use crate::net::client::Shared;
use crate::net::connection::Connection;
use crate::net::error::{Dial, Kind, NetError, Stage};
use crate::net::handshake::Negotiated;
use crate::net::trace::mark;

/// How long TCP may take, name lookup included, and the same again TLS.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// After so long without a word the system asks whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Makes the connections of one VU.
#[derive(Clone)]
pub struct Connector {
    pub(super) shared: Arc<Shared>,
    /// The address to connect from (`localIPs`).
    pub(super) local: Option<IpAddr>,
}

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
            mark(|marks| marks.connected = Some(Instant::now()));
            Ok(connection)
        })
    }
}

impl Connector {
    async fn connect(&self, to: &Uri) -> Result<Connection, NetError> {
        let secure = to.scheme_str() == Some("https");
        let proxy = self.shared.proxies.as_ref().and_then(|proxies| proxies.intercept(to));
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
        self.secure(connection, host, self.shared.tls.for_host(host)).await
    }

    /// TCP to where a URL says, or where `hosts` sends it.
    async fn dial(&self, to: &Uri) -> Result<Connection, NetError> {
        let host = bare(to.host().unwrap_or_default());
        let port = to.port_u16().unwrap_or_else(|| usual_port(to));
        let mut known = None;
        let dialed = timeout(DIAL_TIMEOUT, async {
            let address = self.address(host, port).await?;
            known = Some(address);
            self.tcp(address).await
        });
        let stream = match dialed.await {
            Ok(dialed) => dialed?,
            Err(_) => return Err(NetError::request(Kind::Dial { addr: known, cause: Dial::Timeout })),
        };
        let remote = stream.peer_addr().map_err(|error| failed_dial(known, &error))?;
        Ok(Connection::plain(stream, remote))
    }

    async fn address(&self, host: &str, port: u16) -> Result<SocketAddr, NetError> {
        let address = match self.shared.fixed_address(host, port)? {
            Some(address) => address,
            None => {
                mark(|marks| marks.dns_start = Some(Instant::now()));
                let chosen = self.shared.resolver.choose(host).await;
                mark(|marks| marks.dns_end = Some(Instant::now()));
                SocketAddr::new(chosen?, port)
            }
        };
        mark(|marks| {
            marks.address = Some(address);
            marks.connect_start = Some(Instant::now());
        });
        Ok(address)
    }

    async fn tcp(&self, to: SocketAddr) -> Result<TcpStream, NetError> {
        let failed = |error: io::Error| failed_dial(Some(to), &error);
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
        if let Some(ip) = self.local {
            bind(&socket, ip, to)?;
        }
        let stream = socket.connect(to).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive).map_err(failed)?;
        Ok(stream)
    }

    async fn secure(
        &self,
        connection: Connection,
        host: &str,
        config: &Arc<ClientConfig>,
    ) -> Result<Connection, NetError> {
        mark(|marks| {
            marks.tls_start.get_or_insert_with(Instant::now);
        });
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
        self.secure(connection, bare(proxy.host().unwrap_or_default()), self.shared.tls.for_proxies()).await
    }

    async fn through_tunnel(&self, proxy: &Intercept, to: &Uri) -> Result<Connection, NetError> {
        let standing = Standing(Some(self.to_proxy(proxy.uri()).await?));
        let mut tunnel = Tunnel::new(proxy.uri().clone(), standing);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        if let Ok(agent) = HeaderValue::from_str(&self.shared.config.user_agent)
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
        let port = to.port_u16().unwrap_or_else(|| usual_port(to));
        let to = format!("{}:{port}", to.host().unwrap_or_default()).parse();
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

/// Binds a socket to the address that `localIPs` has for the VU.
fn bind(socket: &TcpSocket, ip: IpAddr, to: SocketAddr) -> Result<(), NetError> {
    let failed = |text: String| {
        NetError::request(Kind::Dial {
            addr: Some(to),
            cause: Dial::Other(format!("{text}; check the option localIPs")),
        })
    };
    if ip.is_ipv4() != to.is_ipv4() {
        return Err(failed(format!(
            "it can't be reached from the local address {ip}, which is of the other IP version"
        )));
    }
    socket
        .bind(SocketAddr::new(ip, 0))
        .map_err(|error| failed(format!("bind to the local address {ip}: {error}")))
}

/// A URL's host without the brackets of IPv6.
fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

fn usual_port(uri: &Uri) -> u16 {
    match uri.scheme_str() {
        Some("https") => 443,
        Some(scheme) if scheme.starts_with("socks") => 1080,
        _ => 80,
    }
}
