//! The network's settings, from the options.

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::net::client::Config;
use crate::net::proxy::Proxies;
use crate::options::Options;

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
    if options.http_debug.is_some() {
        return refuse("httpDebug", "log what you need with `console.log`");
    }
    Ok(Config {
        tls: options.tls.clone(),
        user_agent: options.user_agent.clone(),
        no_connection_reuse: options.no_connection_reuse,
        max_idle_per_host: match options.batch_per_host {
            0 => options.batch.max(1) as usize,
            per_host => per_host as usize,
        },
        hosts: options.hosts.clone(),
        block_hostnames: options.block_hostnames.clone(),
        blacklist_ips: options.blacklist_ips.clone(),
        dns: options.dns,
        proxies: Proxies::from_env(&|name| std::env::var(name).ok()),
    })
}
