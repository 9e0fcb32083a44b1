//! `hosts`, `blacklistIPs` and `blockHostnames`.

use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use super::value::Text;
use crate::k6::json::{Json, Mismatch};

/// What a host name is replaced by: an address, and a port where the entry has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostTarget {
    pub ip: IpAddr,
    pub port: Option<u16>,
}

/// A range of addresses: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    pub ip: IpAddr,
    /// How many leading bits must agree.
    pub prefix: u8,
}

/// A host name, or one with a leading `*` that stands for anything; in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern(pub String);

impl HostTarget {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self { ip, port: None });
        }
        let socket: std::net::SocketAddr =
            text.parse().map_err(|_| format!("'{text}' is not IP or IP:PORT"))?;
        Ok(Self { ip: socket.ip(), port: Some(socket.port()) })
    }
}

impl fmt::Display for HostTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => std::net::SocketAddr::new(self.ip, port).fmt(f),
            None => self.ip.fmt(f),
        }
    }
}

impl Json for HostTarget {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        read(value, Self::parse)
    }

    fn to_json(&self) -> Value {
        self.to_string().into()
    }
}

impl IpRange {
    /// Parses `ADDRESS/BITS`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(ip, prefix)| {
            let (ip, prefix) = (ip.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?);
            let bits = if ip.is_ipv4() { 32 } else { 128 };
            (prefix <= bits).then_some(Self { ip, prefix })
        });
        parsed.ok_or_else(|| format!("'{text}' is not an address range such as 10.0.0.0/8"))
    }

    /// Whether `ip` is in the range. IPv4 addresses mapped into IPv6 count as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.ip, ip.to_canonical()) {
            (IpAddr::V4(range), IpAddr::V4(ip)) => {
                (range.to_bits() ^ ip.to_bits()).checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(range), IpAddr::V6(ip)) => {
                (range.to_bits() ^ ip.to_bits()).checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl Json for IpRange {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        read(value, Self::parse)
    }

    fn to_json(&self) -> Value {
        format!("{}/{}", self.ip, self.prefix).into()
    }
}

impl Text for Vec<IpRange> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').filter(|part| !part.is_empty()).map(IpRange::parse).collect()
    }
}

impl HostPattern {
    /// Parses a host name (with a port, where `hosts` allows it); `*` may only stand first.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('*').unwrap_or(text);
        let allowed = |c: char| c.is_alphanumeric() || "-_.:[]".contains(c);
        if text.is_empty() || !rest.chars().all(allowed) {
            return Err(format!("invalid hostname pattern '{text}': only a leading * is a wildcard"));
        }
        Ok(Self(text.to_lowercase()))
    }
}

impl Json for HostPattern {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        read(value, Self::parse)
    }

    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

impl Text for Vec<HostPattern> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').filter(|part| !part.is_empty()).map(HostPattern::parse).collect()
    }
}

fn read<T>(value: &Value, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Mismatch> {
    match String::from_json(value)? {
        Some(text) => {
            parse(&text).map(Some).map_err(|error| Mismatch::new(value, format!("is not valid: {error}")))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let ten = IpRange::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.9.8.7".parse().unwrap()) && !ten.contains("11.0.0.1".parse().unwrap()));
        assert!(ten.contains("::ffff:10.1.1.1".parse().unwrap()));
        assert!(IpRange::parse("::/0").unwrap().contains("fe80::1".parse().unwrap()));
        assert!(IpRange::parse("10.0.0.0").is_err() && IpRange::parse("10.0.0.0/33").is_err());
    }

    #[test]
    fn targets_and_patterns() {
        for text in ["127.0.0.1", "127.0.0.1:8080", "::1", "[::1]:443"] {
            assert_eq!(HostTarget::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(HostPattern::parse("*.Example.com").unwrap().0, "*.example.com");
        assert!(HostPattern::parse("a*b").is_err() && HostTarget::parse("localhost").is_err());
    }
}
