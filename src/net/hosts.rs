//! Which host goes where, and which goes nowhere: `hosts`, `blockHostnames`, `blacklistIPs`.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::net::error::{Kind, NetError};

/// The option `hosts`: names (`host`, `host:port` or `*.suffix`) that are sent to fixed addresses.
#[derive(Clone, Debug, Default)]
pub struct HostMap {
    exact: HashMap<String, Target>,
    /// `(.suffix, target)`, longest first.
    suffixes: Vec<(String, Target)>,
}

/// An address, optionally with another port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub ip: IpAddr,
    pub port: Option<u16>,
}

/// Pairs such as `example.com` and `127.0.0.1:8080`.
impl<N: AsRef<str>> FromIterator<(N, Target)> for HostMap {
    fn from_iter<I: IntoIterator<Item = (N, Target)>>(pairs: I) -> Self {
        let mut map = Self::default();
        for (name, target) in pairs {
            let name = name.as_ref().to_lowercase();
            match name.strip_prefix('*') {
                Some(suffix) => map.suffixes.push((suffix.to_owned(), target)),
                None => drop(map.exact.insert(name, target)),
            }
        }
        map.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        map
    }
}

impl HostMap {
    /// Where `host:port` goes; an entry with the port is preferred to one without.
    pub fn find(&self, host: &str, port: u16) -> Option<Target> {
        if self.exact.is_empty() && self.suffixes.is_empty() {
            return None;
        }
        let host = host.to_lowercase();
        let with_port = format!("{host}:{port}");
        let suffix = |name: &str| {
            self.suffixes.iter().find(|(suffix, _)| name.ends_with(suffix.as_str())).map(|(_, t)| *t)
        };
        (self.exact.get(&with_port).copied())
            .or_else(|| self.exact.get(&host).copied())
            .or_else(|| suffix(&with_port))
            .or_else(|| suffix(&host))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self { ip, port: None });
        }
        let addr: SocketAddr = text.parse().map_err(|_| format!("'{text}' is not IP or IP:PORT"))?;
        Ok(Self { ip: addr.ip(), port: Some(addr.port()) })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

/// A range of addresses such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    ip: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Whether `ip` lies in the range. IPv4 never lies in a range of IPv6 addresses, nor the other way
    /// round; an IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (a, b, width) = match (self.ip, ip.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        let host_bits = width - u32::from(self.prefix);
        // A shift by all 128 bits would overflow; such a prefix of 0 takes every address.
        host_bits == 128 || a >> host_bits == b >> host_bits
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is not an address range such as 10.0.0.0/8");
        let (ip, prefix) = text.split_once('/').ok_or_else(bad)?;
        let ip: IpAddr = ip.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        if prefix > if ip.is_ipv4() { 32 } else { 128 } {
            return Err(bad());
        }
        Ok(Self { ip, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

/// A host name, or one with a leading `*` that stands for anything; in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern(String);

impl HostPattern {
    /// Whether a host's name in lower case is meant.
    pub(super) fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => host == self.0,
        }
    }
}

/// The names of `hosts` are patterns too, so a port may follow.
impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('*').unwrap_or(text);
        let allowed = |c: char| c.is_alphanumeric() || "-_.:[]".contains(c);
        if text.is_empty() || !rest.chars().all(allowed) {
            return Err(format!("invalid hostname pattern '{text}': only a leading * is a wildcard"));
        }
        Ok(Self(text.to_lowercase()))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The error for an address in one of `ranges`.
pub fn refuse_ip(ranges: &[Cidr], ip: IpAddr) -> Result<(), NetError> {
    match ranges.iter().find(|range| range.contains(ip)) {
        Some(range) => Err(NetError::request(Kind::Blacklisted { ip, range: range.to_string() })),
        None => Ok(()),
    }
}

/// The error for a name that matches one of `patterns`.
pub fn refuse_name(patterns: &[HostPattern], host: &str) -> Result<(), NetError> {
    let host = host.to_lowercase();
    match patterns.iter().find(|pattern| pattern.matches(&host)) {
        Some(pattern) => Err(NetError::request(Kind::Blocked { host, pattern: pattern.to_string() })),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_prefer_the_closest_entry() {
        let map: HostMap = [
            ("a.test", "10.0.0.1"),
            ("a.test:443", "10.0.0.2:8443"),
            ("*.test", "10.0.0.3"),
            ("*.b.test", "::1"),
        ]
        .into_iter()
        .map(|(name, target)| (name, target.parse().unwrap()))
        .collect();
        let find = |host, port| map.find(host, port).map(|t| (t.ip.to_string(), t.port));
        assert_eq!(find("a.test", 80), Some(("10.0.0.1".into(), None)));
        assert_eq!(find("A.test", 443), Some(("10.0.0.2".into(), Some(8443))));
        assert_eq!(find("x.b.test", 80), Some(("::1".into(), None)));
        assert_eq!(find("c.test", 80), Some(("10.0.0.3".into(), None)));
        assert_eq!(find("test", 80), None);
    }

    #[test]
    fn targets_print_as_written() {
        for text in ["127.0.0.1", "127.0.0.1:8080", "::1", "[::1]:443"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert_eq!("localhost".parse::<Target>().unwrap_err(), "'localhost' is not IP or IP:PORT");
    }

    #[test]
    fn ranges() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("1.2.3.4/32", "1.2.3.4", true),
            ("::/0", "::1", true),
            ("::/0", "1.2.3.4", false),
            ("fe80::/10", "fe80::1", true),
        ];
        for (range, ip, inside) in table {
            let range: Cidr = range.parse().unwrap();
            assert_eq!(range.contains(ip.parse().unwrap()), inside, "{range} {ip}");
        }
        for bad in ["10.0.0.0", "10.0.0.0/33", "x/8", "::/129"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn blocked_names() {
        let pattern = |text: &str| text.parse::<HostPattern>().unwrap();
        let patterns = [pattern("*.Evil.test"), pattern("bad.test")];
        assert!(refuse_name(&patterns, "evil.test").is_ok());
        assert_eq!(
            refuse_name(&patterns, "a.Evil.test").unwrap_err().to_string(),
            "hostname (a.evil.test) is in a blocked pattern (*.evil.test)"
        );
        assert!(refuse_name(&patterns, "bad.test").is_err());
        assert!(refuse_name(&[pattern("*")], "x").is_err());
        assert_eq!(pattern("*.Example.com").to_string(), "*.example.com");
        assert!("a*b".parse::<HostPattern>().is_err() && "".parse::<HostPattern>().is_err());
    }
}
