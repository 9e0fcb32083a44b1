//! New connections: the name looked up, TCP connected.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, TcpStream};

use super::mark;
use crate::net::dns::Resolver;
use crate::net::error::{Dial, Kind, NetError, Stage};
use crate::net::request::Request;
use crate::net::trace::Marks;

/// How long a connection that says nothing is left alone before it is asked whether it still stands: Go's.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Connects as the options say.
pub struct Dialer {
    pub resolver: Arc<Resolver>,
    /// The address to connect from.
    pub local_address: Option<IpAddr>,
    /// How long an attempt may take.
    pub timeout: Duration,
}

impl Dialer {
    /// Connects to where a request goes.
    ///
    /// # Errors
    ///
    /// The name has no address, or nobody answers there.
    pub async fn dial(
        &self,
        request: &Request,
        marks: &Cell<Marks>,
    ) -> Result<(TcpStream, SocketAddr), NetError> {
        let ip = match request.route.ip.or(request.route.literal) {
            Some(ip) => ip,
            None => {
                mark(marks, |marks| marks.dns_start = Some(Instant::now()));
                let host = request.url.host_str().unwrap_or_default();
                let chosen = self.resolver.choose(host).await;
                mark(marks, |marks| marks.dns_end = Some(Instant::now()));
                chosen?
            }
        };
        let address = SocketAddr::new(ip, request.route.port);
        mark(marks, |marks| {
            marks.address = Some(ip);
            marks.connect_start = Some(Instant::now());
        });
        let stream = self.dial_address(address).await?;
        mark(marks, |marks| marks.connected = Some(Instant::now()));
        Ok((stream, address))
    }

    /// Connects to an address.
    ///
    /// # Errors
    ///
    /// Nobody answers there.
    pub async fn dial_address(&self, address: SocketAddr) -> Result<TcpStream, NetError> {
        let failed =
            |cause| NetError { kind: Kind::Dial { addr: Some(address), cause }, stage: Stage::Request };
        match tokio::time::timeout(self.timeout, self.connect(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(failed(cause(&error))),
            Err(_) => Err(failed(Dial::Timeout)),
        }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if let Some(local) = self.local_address {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        socket.set_nodelay(true)?;
        let keep_alive = socket2::TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE);
        socket2::SockRef::from(&socket).set_tcp_keepalive(&keep_alive)?;
        socket.connect(address).await
    }
}

fn cause(error: &io::Error) -> Dial {
    match error.raw_os_error() {
        Some(libc::ECONNREFUSED) => Dial::Refused,
        Some(libc::ETIMEDOUT) => Dial::Timeout,
        Some(errno) => Dial::Errno(errno),
        None => Dial::Other(error.to_string()),
    }
}
