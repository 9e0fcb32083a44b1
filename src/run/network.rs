//! The network's settings, from the options.

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::net::client::Config;
use crate::net::dns::{Dns, Policy, Select};
use crate::net::hosts::HostMap;
use crate::net::proxy::Proxies;
use crate::net::tls::{Tls, Version};
use crate::options::Options;
use crate::options::dns::{self, Ttl};
use crate::options::tls::TlsVersion;

/// What every VU's client is made with.
///
/// Fails for options that this version reads and does not obey.
pub fn config(options: &Options) -> Result<Config, Failure> {
    let refuse = |name: &str, instead: &str| {
        let text = format!("the option {name} is not supported yet; {instead}");
        Err(Failure::new(ExitCode::INVALID_CONFIG, text))
    };
    if !options.tls_auth.is_empty() {
        return refuse("tlsAuth", "client certificates come with a later version");
    }
    if options.rps.is_some() {
        return refuse("rps", "limit the load with `sleep` or with fewer VUs");
    }
    if options.http_debug.is_some() {
        return refuse("httpDebug", "log what you need with `console.log`");
    }
    let hosts: Vec<_> = options.hosts.iter().map(|(host, to)| (host.as_str(), to.to_string())).collect();
    let invalid = |text: String| Failure::new(ExitCode::INVALID_CONFIG, text);
    Ok(Config {
        tls: Tls {
            insecure_skip_verify: options.insecure_skip_tls_verify,
            min: options.tls_version.min.map(version),
            max: options.tls_version.max.map(version),
            cipher_suites: options.tls_cipher_suites.clone(),
            http1_only: false,
        },
        user_agent: options.user_agent.clone(),
        no_connection_reuse: options.no_connection_reuse,
        max_idle_per_host: match options.batch_per_host {
            0 => options.batch.max(1) as usize,
            per_host => per_host as usize,
        },
        proxies: Proxies::from_env(&|name| std::env::var(name).ok()),
        hosts: HostMap::new(hosts.iter().map(|(host, to)| (*host, to.as_str()))).map_err(invalid)?,
        block_hostnames: options.block_hostnames.iter().map(|pattern| pattern.0.clone()).collect(),
        blacklist_ips: options
            .blacklist_ips
            .iter()
            .map(|range| format!("{}/{}", range.ip, range.prefix).parse().map_err(invalid))
            .collect::<Result<_, _>>()?,
        dns: Dns {
            ttl: match options.dns.ttl {
                Ttl::Forever => std::time::Duration::MAX,
                Ttl::For(time) => time,
            },
            select: match options.dns.select {
                dns::Select::First => Select::First,
                dns::Select::Random => Select::Random,
                dns::Select::RoundRobin => Select::RoundRobin,
            },
            policy: match options.dns.policy {
                dns::Policy::PreferIpv4 => Policy::PreferIpv4,
                dns::Policy::PreferIpv6 => Policy::PreferIpv6,
                dns::Policy::OnlyIpv4 => Policy::OnlyIpv4,
                dns::Policy::OnlyIpv6 => Policy::OnlyIpv6,
                dns::Policy::Any => Policy::Any,
            },
        },
    })
}

fn version(version: TlsVersion) -> Version {
    match version {
        TlsVersion::V1_0 => Version::Tls10,
        TlsVersion::V1_1 => Version::Tls11,
        TlsVersion::V1_2 => Version::Tls12,
        TlsVersion::V1_3 => Version::Tls13,
    }
}
