//! Where the debugger is to listen: `--inspect` and `--inspect-brk`.

use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs as _};

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;

/// Node's port.
const PORT: u16 = 9229;

/// What the flags say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    host: String,
    port: u16,
    /// Whether the script waits for a debugger and pauses at its first statement.
    pub breaks: bool,
}

impl Listen {
    /// Reads `HOST:PORT`, of which either may be left out.
    ///
    /// # Errors
    /// The port is none.
    pub fn parse(text: &str, breaks: bool) -> Result<Self, Failure> {
        let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if is_number(port) => (host, Some(port)),
            _ if is_number(text) => ("", Some(text)),
            Some((_, port)) if !text.ends_with(']') => return Err(Self::bad(text, port, breaks)),
            _ => (text, None),
        };
        let number = port.map_or(Ok(PORT), str::parse);
        let port = number.map_err(|_| Self::bad(text, port.unwrap_or_default(), breaks))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = if host.is_empty() { Ipv4Addr::LOCALHOST.to_string() } else { host.to_owned() };
        Ok(Self { host, port, breaks })
    }

    fn bad(text: &str, port: &str, breaks: bool) -> Failure {
        let flag = flag(breaks);
        let text = format!("invalid {flag}={text}: '{port}' is no port; write {flag}=127.0.0.1:{PORT}");
        Failure::new(ExitCode::OTHER, text)
    }

    /// Listens.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(super) fn bind(&self) -> Result<TcpListener, Failure> {
        let Self { host, port, breaks } = self;
        let places = (host.as_str(), *port).to_socket_addrs();
        let bound = places.and_then(|places| TcpListener::bind(&places.collect::<Vec<_>>()[..]));
        bound.map_err(|error| {
            let flag = flag(*breaks);
            let text = format!(
                "the debugger cannot listen on {host}:{port}: {error}; give another port, such as {flag}={}, or \
                 {flag}=0 for any that is free",
                port.saturating_add(1)
            );
            Failure::new(ExitCode::OTHER, text)
        })
    }
}

fn flag(breaks: bool) -> &'static str {
    if breaks { "--inspect-brk" } else { "--inspect" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_part_may_be_left_out() {
        for (text, host, port) in [
            ("", "127.0.0.1", 9229),
            ("9230", "127.0.0.1", 9230),
            (":9230", "127.0.0.1", 9230),
            ("0", "127.0.0.1", 0),
            ("localhost", "localhost", 9229),
            ("0.0.0.0:1", "0.0.0.0", 1),
            ("[::1]:2", "::1", 2),
            ("[::1]", "::1", 9229),
        ] {
            let listen = Listen::parse(text, false).unwrap();
            assert_eq!((listen.host.as_str(), listen.port), (host, port), "{text}");
        }
        for wrong in ["70000", "localhost:x", "localhost:"] {
            assert!(Listen::parse(wrong, true).is_err(), "{wrong}");
        }
    }
}
