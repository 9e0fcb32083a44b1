//! The listener, its thread and its end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;

use super::{Surface, router};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;

/// How long answers that are on their way may take at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Where the API is to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// `HOST:PORT`; without a host, the loopback interface.
    pub address: String,
    /// Whether the run must not go on without it: it was asked for on the command line.
    pub required: bool,
}

/// A running API; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and answers on a thread of its own. `None` if that cannot be, and is not required.
    ///
    /// # Errors
    /// With exit code 106 if the address cannot be listened on and is required.
    pub fn start(listen: &Listen, surface: Surface) -> Result<Option<Self>> {
        let listener = match bind(&listen.address) {
            Ok(listener) => listener,
            Err(error) => {
                let text = format!("Error from API server: cannot listen on {}: {error}", listen.address);
                if listen.required {
                    let text = format!("{text}; give another --address, or none");
                    return Err(Failure::new(ExitCode::API_UNAVAILABLE, text).into());
                }
                log::warn(format!("{text}; the run goes on without the REST API"));
                return Ok(None);
            }
        };
        let bound = listener.local_addr().context("the REST API's socket has no address")?;
        log::debug(format!("the REST API listens on http://{bound}"));
        if !bound.ip().to_canonical().is_loopback() {
            log::warn(format!(
                "The REST API on {bound} can be reached from other machines: whoever does can read the figures and stop \
                 the test; --address=127.0.0.1:{} keeps it to this one",
                bound.port()
            ));
        }
        listener.set_nonblocking(true).context("the REST API's socket")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no I/O for the REST API: the limit of open files may be too low (see ulimit -n)")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("api".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, surface, stopped));
                // A setup() that was asked for is not waited for.
                runtime.shutdown_background();
            })
            .context("could not start the thread of the REST API")?;
        Ok(Some(Self { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Tells the thread, or finds that it has ended.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, surface: Surface, mut stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error(format!("Error from API server: {error}")),
    };
    let (last, mut end) = oneshot::channel::<()>();
    let graceful = async move {
        let _ = (&mut end).await;
    };
    let serving = axum::serve(listener, router(Arc::new(surface))).with_graceful_shutdown(graceful);
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        _ = &mut serving => return,
        _ = &mut stopped => drop(last),
    }
    let _ = tokio::time::timeout(LAST_ANSWERS, serving).await;
}

/// Listens on the first of the host's addresses that can be had, on those of IPv4 first, as k6 does.
fn bind(address: &str) -> io::Result<TcpListener> {
    match address.strip_prefix(':') {
        // Nobody said that other machines may reach it.
        Some(port) => TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, number(port)?))),
        None => {
            let mut places: Vec<_> = address.to_socket_addrs()?.collect();
            places.sort_by_key(|place| !place.is_ipv4());
            TcpListener::bind(&places[..])
        }
    }
}

fn number(port: &str) -> io::Result<u16> {
    port.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("'{port}' is no port")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_it_is_this_machine_only() {
        assert!(bind(":0").unwrap().local_addr().unwrap().ip().is_loopback());
        assert!(bind("localhost:0").unwrap().local_addr().unwrap().ip() == Ipv4Addr::LOCALHOST);
        assert!(!bind("0.0.0.0:0").unwrap().local_addr().unwrap().ip().is_loopback());
        for wrong in ["6565", ":x", "", "127.0.0.1:"] {
            assert!(bind(wrong).is_err(), "{wrong}");
        }
    }
}
