//! Who may ask: a page of another site that had its name point to this machine may not.
//!
//! Such a page ("DNS rebinding") sends its own name as the host. Addresses and `localhost` cannot be anybody else's
//! name, so they are let in, and so is the name that the user gave.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a request with this `Host` header is meant for a server that was told to listen on `name`.
pub fn is_ours(host: Option<&str>, name: &str) -> bool {
    // A request without one is no browser's.
    let Some(host) = host else { return true };
    let bare = without_port(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.eq_ignore_ascii_case(name)
        || bare.parse::<IpAddr>().is_ok()
        || bare.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !bare.ends_with(':') => bare,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_not_ours() {
        for (host, ours) in [
            ("127.0.0.1:5665", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("[::1]:5665", true),
            ("192.168.0.7:5665", true),
            ("load.example:5665", true),
            ("evil.example:5665", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:1", false),
            ("", false),
        ] {
            assert_eq!(is_ours(Some(host), "load.example"), ours, "{host}");
        }
        assert!(is_ours(None, "127.0.0.1"));
    }
}
