//! Where a channel leads, and with what settings.

use std::sync::Arc;

use rustls::ClientConfig;

/// Received messages may be so large by default, in bytes.
pub const MAX_RECEIVE: usize = 4 * 1024 * 1024;

/// The port where an address has none.
const DEFAULT_PORT: u16 = 443;

/// A server, and how to speak with it.
#[derive(Clone)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    /// The `:authority` of calls.
    pub authority: String,
    /// `None`: plaintext.
    pub tls: Option<Arc<ClientConfig>>,
    /// Empty: no such header.
    pub user_agent: String,
    /// Largest messages, in bytes.
    pub max_receive: usize,
    pub max_send: usize,
}

impl Endpoint {
    /// The host for TLS: that of the authority.
    pub(super) fn server_name(&self) -> &str {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) && !host.ends_with(':') => host,
            _ => &self.authority,
        };
        host.trim_matches(['[', ']'])
    }
}

/// Host and port of an address such as `localhost:50051`, `[::1]:50051` or `dns:///localhost:50051`.
///
/// # Errors
///
/// Says what is wrong with it.
pub fn parse(address: &str) -> Result<(String, u16), String> {
    let bad = |why: &str| Err(format!("invalid address {address:?}: {why}; write it as host:port"));
    let target = match address.split_once(':') {
        Some(("dns" | "passthrough", rest)) if rest.starts_with('/') => {
            rest.rsplit('/').next().unwrap_or_default()
        }
        Some(("unix" | "unix-abstract" | "xds", _)) => return bad("only TCP is supported"),
        _ => address,
    };
    if target.contains('/') {
        return bad("it must be no URL");
    }
    // The colons of an IPv6 address without brackets are no port.
    let (host, port) = match target.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (target, None),
    };
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() {
        return bad("it has no host");
    }
    let port = match port.map(str::parse) {
        None => DEFAULT_PORT,
        Some(Ok(port)) => port,
        Some(Err(_)) => return bad("its port is not a number from 0 to 65535"),
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, host, port) in [
            ("localhost:50051", "localhost", 50051),
            ("example.com", "example.com", 443),
            ("[::1]:80", "::1", 80),
            ("::1", "::1", 443),
            ("dns:///a.test:1", "a.test", 1),
            ("dns:1", "dns", 1),
        ] {
            assert_eq!(parse(address), Ok((host.to_owned(), port)), "{address}");
        }
        for bad in ["", ":1", "a:b", "a:99999", "http://a:1", "unix:/tmp/x"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_for_tls() {
        let endpoint = |authority: &str| Endpoint {
            host: String::new(),
            port: 0,
            authority: authority.to_owned(),
            tls: None,
            user_agent: String::new(),
            max_receive: 0,
            max_send: 0,
        };
        for (authority, name) in
            [("a.test:1", "a.test"), ("a.test", "a.test"), ("[::1]:5", "::1"), ("[::1]", "::1")]
        {
            assert_eq!(endpoint(authority).server_name(), name);
        }
    }
}
