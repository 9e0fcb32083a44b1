//! TCP connections: to where `hosts` or the resolver say, from where `localIPs` says.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net::client::Shared;
use crate::net::error::{Dial, Kind, NetError};
use crate::net::trace::Step;

/// How long an attempt may take, name lookup included.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection that says nothing is left alone before it is asked whether it still stands: Go's.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Connects as the options say.
#[derive(Clone)]
pub struct Dialer {
    pub(super) shared: Arc<Shared>,
    /// The address to connect from (`localIPs`).
    pub(super) local: Option<IpAddr>,
}

impl Dialer {
    /// Connects to a host, and tells each step as it is reached.
    ///
    /// # Errors
    ///
    /// The name has no address, the address is forbidden, or nobody answers there.
    pub async fn dial(
        &self,
        host: &str,
        port: u16,
        reached: impl Fn(Step),
    ) -> Result<(TcpStream, SocketAddr), NetError> {
        let mut known = None;
        let dialed = timeout(DIAL_TIMEOUT, async {
            let address = match self.shared.fixed_address(host, port)? {
                Some(address) => address,
                None => {
                    reached(Step::Lookup);
                    let chosen = self.shared.resolver.choose(host).await;
                    reached(Step::Found);
                    SocketAddr::new(chosen?, port)
                }
            };
            known = Some(address);
            reached(Step::Connect(address));
            Ok((self.connect(address).await?, address))
        });
        match dialed.await {
            Ok(dialed) => dialed,
            Err(_) => Err(NetError::request(Kind::Dial { addr: known, cause: Dial::Timeout })),
        }
    }

    async fn connect(&self, to: SocketAddr) -> Result<TcpStream, NetError> {
        let failed = |cause| NetError::request(Kind::Dial { addr: Some(to), cause });
        let because = |error: io::Error| failed(cause(&error));
        let socket =
            Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP)).map_err(because)?;
        socket.set_nonblocking(true).map_err(because)?;
        if let Some(local) = self.local {
            bind(&socket, local, to)
                .map_err(|text| failed(Dial::Other(format!("{text}; check the option localIPs"))))?;
        }
        socket.set_tcp_nodelay(true).map_err(because)?;
        let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE);
        socket.set_tcp_keepalive(&keep_alive).map_err(because)?;
        connect(socket, to).await.map_err(because)
    }
}

/// Connects a socket that does not block. One whose peer answers at once, as on the same machine, is given back
/// without a wait: where many connect at one instant, each would else wait for the first step of all others.
async fn connect(socket: Socket, to: SocketAddr) -> io::Result<TcpStream> {
    match socket.connect(&to.into()) {
        Err(error) if !is_under_way(&error) => return Err(error),
        _ => {}
    }
    let connected = socket.peer_addr().is_ok();
    let stream = TcpStream::from_std(socket.into())?;
    if !connected {
        stream.writable().await?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
    }
    Ok(stream)
}

/// Whether a connection will stand, or fail, later.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}

fn bind(socket: &Socket, local: IpAddr, to: SocketAddr) -> Result<(), String> {
    if local.is_ipv4() != to.is_ipv4() {
        return Err(format!("the local address {local} is of the other IP version"));
    }
    let bound = socket.bind(&SocketAddr::new(local, 0).into());
    bound.map_err(|error| format!("could not bind to the local address {local}: {error}"))
}

fn cause(error: &io::Error) -> Dial {
    match (error.raw_os_error(), error.kind()) {
        (Some(_), io::ErrorKind::ConnectionRefused) => Dial::Refused,
        (Some(_), io::ErrorKind::TimedOut) => Dial::Timeout,
        (Some(errno), _) => Dial::Errno(errno),
        (None, _) => Dial::Other(error.to_string()),
    }
}
