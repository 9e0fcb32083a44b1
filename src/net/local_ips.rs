//! The addresses that VUs connect from (`--local-ips`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Addresses of this machine, given out to the VUs in turn. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalIps {
    blocks: Vec<Block>,
    /// As it was typed.
    text: String,
}

/// Addresses that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    first: IpAddr,
    /// At least one; all of IPv6 would be one more than fits.
    count: u128,
}

impl LocalIps {
    /// The address of the VU with this number, from one; the VU of `setup()` and its kin, zero, has the first.
    pub fn of_vu(&self, vu: u32) -> IpAddr {
        let total = self.blocks.iter().fold(0_u128, |sum, block| sum.saturating_add(block.count));
        let mut index = u128::from(vu.saturating_sub(1)) % total.max(1);
        for block in &self.blocks {
            if index < block.count {
                return block.at(index);
            }
            index -= block.count;
        }
        self.blocks[0].first
    }
}

impl Block {
    fn at(&self, index: u128) -> IpAddr {
        match self.first {
            // The index is below the count, which fits the version.
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits().wrapping_add(index as u32)).into(),
            IpAddr::V6(first) => Ipv6Addr::from_bits(first.to_bits().wrapping_add(index)).into(),
        }
    }

    fn between(first: IpAddr, last: IpAddr) -> Result<Self, &'static str> {
        let (from, to) = match (first, last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits().into(), b.to_bits().into()),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits()),
            _ => return Err("its ends are of different IP versions"),
        };
        if to < from {
            return Err("it ends before it begins");
        }
        Ok(Self { first, count: (to - from).saturating_add(1) })
    }

    /// A network of IPv4 addresses, unless it has two or fewer, is without its first and last one, which are
    /// the network's and that of broadcasts.
    fn network(ip: IpAddr, prefix: u32) -> Result<Self, &'static str> {
        let too_long = "its prefix is longer than an address";
        match ip {
            IpAddr::V4(ip) => {
                let hosts = 32_u32.checked_sub(prefix).ok_or(too_long)?;
                let mask = u32::MAX.checked_shl(hosts).unwrap_or(0);
                let (first, last) = (ip.to_bits() & mask, ip.to_bits() | !mask);
                let inner = u32::from(hosts > 1);
                Self::between(
                    Ipv4Addr::from_bits(first + inner).into(),
                    Ipv4Addr::from_bits(last - inner).into(),
                )
            }
            IpAddr::V6(ip) => {
                let hosts = 128_u32.checked_sub(prefix).ok_or(too_long)?;
                let mask = u128::MAX.checked_shl(hosts).unwrap_or(0);
                let (first, last) = (ip.to_bits() & mask, ip.to_bits() | !mask);
                Self::between(Ipv6Addr::from_bits(first).into(), Ipv6Addr::from_bits(last).into())
            }
        }
    }
}

impl FromStr for Block {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| {
            format!(
                "'{text}' is no list of local addresses: {why}; write addresses such as 10.0.0.5, ranges such as \
                 10.0.0.5-10.0.0.9 and networks such as 10.0.1.0/24, with commas between them"
            )
        };
        let ip = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| bad("it is not an IP address"));
        if let Some((first, last)) = text.split_once('-') {
            return Self::between(ip(first)?, ip(last)?).map_err(bad);
        }
        if let Some((network, prefix)) = text.split_once('/') {
            let prefix = prefix.trim().parse().map_err(|_| bad("its prefix is not a number"))?;
            return Self::network(ip(network)?, prefix).map_err(bad);
        }
        Ok(Self { first: ip(text)?, count: 1 })
    }
}

impl FromStr for LocalIps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let blocks = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { blocks, text: text.to_owned() })
    }
}

impl fmt::Display for LocalIps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_round() {
        for (text, vus, wanted) in [
            ("10.0.0.1", &[0, 1, 2][..], "10.0.0.1 10.0.0.1 10.0.0.1"),
            ("10.0.0.1-10.0.0.2,fd00::1", &[0, 1, 2, 3, 4], "10.0.0.1 10.0.0.1 10.0.0.2 fd00::1 10.0.0.1"),
            ("10.0.0.5/30", &[1, 2, 3], "10.0.0.5 10.0.0.6 10.0.0.5"),
            ("10.0.0.4/31", &[1, 2, 3], "10.0.0.4 10.0.0.5 10.0.0.4"),
            ("10.0.0.4/32, 10.0.1.0/24", &[1, 2, 255], "10.0.0.4 10.0.1.1 10.0.1.254"),
            ("0.0.0.0/0", &[1, 2], "0.0.0.1 0.0.0.2"),
            ("fd00::/126", &[1, 4, 5], "fd00:: fd00::3 fd00::"),
            ("::/0", &[1, 3], ":: ::2"),
        ] {
            let ips: LocalIps = text.parse().unwrap();
            let given: Vec<_> = vus.iter().map(|vu| ips.of_vu(*vu).to_string()).collect();
            assert_eq!(given.join(" "), wanted, "{text}");
            assert_eq!(ips.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_list() {
        for (text, why) in [
            ("", "it is not an IP address"),
            ("10.0.0.1,", "it is not an IP address"),
            ("localhost", "it is not an IP address"),
            ("10.0.0.2-10.0.0.1", "it ends before it begins"),
            ("10.0.0.1-::1", "different IP versions"),
            ("10.0.0.0/33", "its prefix is longer"),
            ("fd00::/129", "its prefix is longer"),
            ("10.0.0.0/x", "its prefix is not a number"),
        ] {
            let error = text.parse::<LocalIps>().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
