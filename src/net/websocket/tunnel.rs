//! A way through a proxy.

use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};

use super::link::Io;
use super::upgrade::{Attempt, Fault, exchange};
use crate::net::proxy::Tunnel;
use crate::net::request::Request;

/// Has the proxy connect to where a request goes.
pub async fn open(io: Io, proxy: &Tunnel, request: &Request, attempt: &Attempt) -> Result<Io, Fault> {
    let host = request.url.host_str().unwrap_or_default();
    // An address that the options gave is one that the proxy can do without looking it up.
    let host = request.route.ip.map_or_else(|| host.to_owned(), |ip| bracketed(&ip.to_string()));
    let authority = format!("{host}:{}", request.route.port);
    let mut headers = HeaderMap::new();
    if let Some(credentials) = &proxy.credentials {
        headers.insert(PROXY_AUTHORIZATION, HeaderValue::clone(credentials));
    }
    let exchanged = exchange(io, Method::CONNECT, &authority, &headers, &authority, attempt).await?;
    match exchanged.switched {
        // A server that waits for the client's first word has said nothing yet.
        Some(parts) => Ok(parts.io.into_inner()),
        None => Err(Fault::from(format!("proxy {}: {}", proxy.url, exchanged.head.status))),
    }
}

fn bracketed(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() }
}
