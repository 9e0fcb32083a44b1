//! The network's settings, from the options and the environment.

use std::path::PathBuf;

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::net::client::Config;
use crate::net::client_certificate::ClientCertificate;
use crate::net::debug::Detail;
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::options::tls::TlsAuth;
use crate::options::{Options, RuntimeOptions};

/// What every VU's client is made with.
///
/// # Errors
///
/// A certificate of `tlsAuth` cannot be used.
pub fn config(options: &Options, runtime: &RuntimeOptions) -> Result<Config, Failure> {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let key_log = env("SSLKEYLOGFILE").map(PathBuf::from);
    if let Some(path) = &key_log {
        log::warn(format!(
            "SSLKEYLOGFILE was specified, logging TLS connection keys to '{}'...",
            path.display()
        ));
    }
    let certificates = options.tls_auth.iter().enumerate().map(certificate).collect::<Result<_, _>>()?;
    Ok(Config {
        tls: Tls { certificates, key_log, ..options.tls.clone() },
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
        proxies: Proxies::from_env(&env),
        local_ips: runtime.local_ips.clone(),
        rps: options.rps,
        debug: options.http_debug.as_deref().map(|detail| match detail {
            "full" => Detail::Full,
            _ => Detail::Headers,
        }),
    })
}

fn certificate((index, auth): (usize, &TlsAuth)) -> Result<ClientCertificate, Failure> {
    ClientCertificate::from_pem(&auth.cert, &auth.key, &auth.domains).map_err(|error| {
        Failure::new(ExitCode::INVALID_CONFIG, format!("the option tlsAuth, entry {index}: {error}"))
    })
}
