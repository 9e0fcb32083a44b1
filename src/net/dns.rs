//! Names to addresses: the system's resolver behind a cache that all VUs share, and k6's `dns` option.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::net::error::{Kind, NetError};
use crate::net::hosts::{Cidr, refuse_ip};

/// The `dns` option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dns {
    /// How long an answer is kept; zero asks every time, `Duration::MAX` keeps it for the whole run.
    pub ttl: Duration,
    pub select: Select,
    pub policy: Policy,
}

impl Default for Dns {
    /// k6's: five minutes, random, IPv4 preferred.
    fn default() -> Self {
        Self { ttl: Duration::from_secs(300), select: Select::Random, policy: Policy::PreferIpv4 }
    }
}

/// Which of several addresses is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    First,
    Random,
    RoundRobin,
}

/// Which family of addresses is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    PreferIpv4,
    PreferIpv6,
    OnlyIpv4,
    OnlyIpv6,
    Any,
}

impl Policy {
    fn apply(self, found: &[IpAddr]) -> Vec<IpAddr> {
        let of = |v4: bool| found.iter().copied().filter(|ip| ip.is_ipv4() == v4).collect::<Vec<_>>();
        let or_else = |first: Vec<IpAddr>, other: bool| if first.is_empty() { of(other) } else { first };
        match self {
            Self::PreferIpv4 => or_else(of(true), false),
            Self::PreferIpv6 => or_else(of(false), true),
            Self::OnlyIpv4 => of(true),
            Self::OnlyIpv6 => of(false),
            Self::Any => found.to_vec(),
        }
    }
}

/// The resolver that every client of a run uses. One address is chosen for each connection, as k6 does.
pub struct Resolver {
    dns: Dns,
    blacklist: Vec<Cidr>,
    cache: Mutex<HashMap<String, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    /// Held while one VU asks, so that the others wait for its answer and don't ask too.
    answer: tokio::sync::Mutex<Option<(Instant, Vec<IpAddr>)>>,
    /// How often an address was chosen, for [`Select::RoundRobin`].
    turns: AtomicUsize,
}

impl Resolver {
    pub fn new(dns: Dns, blacklist: Vec<Cidr>) -> Self {
        Self { dns, blacklist, cache: Mutex::default() }
    }

    /// An address of the host, as the option `dns` has it.
    ///
    /// # Errors
    ///
    /// There is none, the lookup failed, or `blacklistIPs` forbids the address.
    pub async fn choose(&self, host: &str) -> Result<IpAddr, NetError> {
        let slot = {
            let mut cache = self.cache.lock().unwrap_or_else(|e| e.into_inner());
            match cache.get(host) {
                Some(slot) => slot.clone(),
                None => cache.entry(host.to_owned()).or_default().clone(),
            }
        };
        let mut answer = slot.answer.lock().await;
        let fresh = matches!(&*answer, Some((at, _)) if at.elapsed() < self.dns.ttl);
        if !fresh {
            let found = self.dns.policy.apply(&lookup(host).await?);
            *answer = Some((Instant::now(), found));
        }
        let found = answer.as_ref().map_or(&[][..], |(_, found)| found);
        let index = match (self.dns.select, found.len()) {
            (_, 0) => return Err(NetError::request(Kind::NoSuchHost(host.to_owned()))),
            (Select::First, _) => 0,
            (Select::Random, n) => rand::random_range(0..n),
            (Select::RoundRobin, n) => slot.turns.fetch_add(1, Ordering::Relaxed) % n,
        };
        let ip = found[index];
        refuse_ip(&self.blacklist, ip)?;
        Ok(ip)
    }
}

async fn lookup(host: &str) -> Result<Vec<IpAddr>, NetError> {
    match tokio::net::lookup_host((host, 0)).await {
        Ok(addrs) => {
            let mut found = Vec::new();
            for ip in addrs.map(|addr| addr.ip()) {
                // The system may list an address once for each socket type.
                if !found.contains(&ip) {
                    found.push(ip);
                }
            }
            Ok(found)
        }
        Err(error) => Err(NetError::request(lookup_failed(host, &error))),
    }
}

/// `getaddrinfo` tells its own errors by text alone; a missing name is by far the commonest.
fn lookup_failed(host: &str, error: &io::Error) -> Kind {
    let text = error.to_string();
    let detail = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    if detail.contains("not known") || detail.contains("No address associated") {
        return Kind::NoSuchHost(host.to_owned());
    }
    Kind::Lookup { host: host.to_owned(), text: detail.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        let [v4, v6]: [IpAddr; 2] = ["1.2.3.4".parse().unwrap(), "::1".parse().unwrap()];
        let both = [v6, v4];
        assert_eq!(Policy::PreferIpv4.apply(&both), [v4]);
        assert_eq!(Policy::PreferIpv4.apply(&[v6]), [v6]);
        assert_eq!(Policy::PreferIpv6.apply(&both), [v6]);
        assert!(Policy::OnlyIpv4.apply(&[v6]).is_empty());
        assert_eq!(Policy::Any.apply(&both), both);
    }

    #[test]
    fn answers_are_kept_and_taken_in_turn() {
        let resolver = Resolver::new(Dns { select: Select::RoundRobin, ..Dns::default() }, vec![]);
        let [a, b]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let slot = Slot::default();
        *slot.answer.try_lock().unwrap() = Some((Instant::now(), vec![a, b]));
        resolver.cache.lock().unwrap().insert("kept.invalid".into(), Arc::new(slot));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let chosen: Vec<_> =
            (0..3).map(|_| runtime.block_on(resolver.choose("kept.invalid")).unwrap()).collect();
        assert_eq!(chosen, [a, b, a]);
    }

    #[test]
    fn missing_names() {
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(lookup_failed("a", &error), Kind::NoSuchHost("a".into()));
        let error =
            io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        assert_eq!(
            NetError::request(lookup_failed("a", &error)).to_string(),
            "lookup a: temporary failure in name resolution"
        );
    }
}
