//! A VU's HTTP client, and what the clients of a run share.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use url::Url;

use crate::net::direct::{Dialer, Pool};
use crate::net::dns::{Dns, Hook, Resolver};
use crate::net::error::{Kind, NetError};
use crate::net::handshake::Negotiated;
use crate::net::hosts::{Cidr, HostMap, HostPattern, refuse_ip, refuse_name};
use crate::net::proxy::Proxies;
use crate::net::request::Request;
use crate::net::tls::{Roots, Tls, client_config};
use crate::net::trace::ConnectLayer;

/// How long a connection attempt may take, TLS included.
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// The options that concern the network.
#[derive(Clone, Debug)]
pub struct Config {
    pub tls: Tls,
    /// The `User-Agent` of requests that set none; empty: no such header.
    pub user_agent: String,
    /// Close every connection after one request.
    pub no_connection_reuse: bool,
    /// Idle connections kept for a host (`batchPerHost`).
    pub max_idle_per_host: usize,
    pub hosts: HostMap,
    pub block_hostnames: Vec<HostPattern>,
    pub blacklist_ips: Vec<Cidr>,
    pub dns: Dns,
    /// None by default; `Proxies::from_env` reads the environment.
    pub proxies: Proxies,
}

impl Default for Config {
    /// k6's defaults.
    fn default() -> Self {
        Self {
            tls: Tls::default(),
            user_agent: crate::k6::USER_AGENT.to_owned(),
            no_connection_reuse: false,
            max_idle_per_host: 6,
            hosts: HostMap::default(),
            block_hostnames: Vec::new(),
            blacklist_ips: Vec::new(),
            dns: Dns::default(),
            proxies: Proxies::default(),
        }
    }
}

/// What is made once for a run: TLS settings, roots and the DNS cache.
pub struct Shared {
    pub(super) config: Config,
    tls: ClientConfig,
    roots: Arc<Roots>,
    resolver: Arc<Resolver>,
    proxies: Vec<reqwest::Proxy>,
}

impl Shared {
    /// Makes the shared part. The system's certificates are read later, before the first https request.
    ///
    /// # Errors
    ///
    /// The TLS options contradict each other, or a proxy's URL is none.
    pub fn new(config: Config) -> Result<Arc<Self>, NetError> {
        let bad = |text| NetError::request(Kind::Other(text));
        let roots = Roots::new();
        let tls = client_config(&config.tls, roots.clone()).map_err(bad)?;
        let proxies = config.proxies.build().map_err(bad)?;
        let resolver = Resolver::new(config.dns, config.blacklist_ips.clone());
        Ok(Arc::new(Self { config, tls, roots, resolver, proxies }))
    }

    /// Where a request to `url` has to go.
    ///
    /// # Errors
    ///
    /// The scheme is not http(s), or `blockHostnames` or `blacklistIPs` forbids it.
    pub(super) fn route(&self, url: &Url) -> Result<Route, NetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NetError::request(Kind::Scheme(url.scheme().to_owned())));
        }
        if url.scheme() == "https" && !self.config.tls.insecure_skip_verify {
            self.roots.load();
        }
        let host = url.host_str().unwrap_or_default();
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if literal.is_none() {
            refuse_name(&self.config.block_hostnames, host)?;
        }
        let port = url.port_or_known_default().unwrap_or(0);
        let target = self.config.hosts.find(host, port);
        if let Some(ip) = target.map(|t| t.ip).or(literal) {
            refuse_ip(&self.config.blacklist_ips, ip)?;
        }
        Ok(Route {
            literal,
            ip: target.map(|t| t.ip),
            port: target.and_then(|t| t.port).unwrap_or(port),
            moved: target.is_some_and(|t| t.port.is_some_and(|p| p != port) || literal.is_some()),
        })
    }
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// The URL's host, if it is an address.
    pub literal: Option<IpAddr>,
    /// The address that `hosts` has for it.
    pub ip: Option<IpAddr>,
    pub port: u16,
    /// Whether the URL's host or port has to be rewritten, its `Host` header kept.
    pub moved: bool,
}

/// The HTTP client of one VU, with its pools of connections.
///
/// What goes over plain TCP and past all proxies has connections of its own ([`crate::net::direct`]); the rest goes
/// through reqwest. Where a call has no `Accept` header, reqwest adds `Accept: */*`, which k6 does not send; it
/// means the same.
pub struct Client {
    pool: Pool,
    dialer: Dialer,
    /// Made when it is first needed, which takes about a millisecond.
    http: OnceCell<reqwest::Client>,
    pub(super) shared: Arc<Shared>,
    /// What TLS negotiated with each `host:port`; reused connections negotiate nothing that could be overheard.
    negotiated: Mutex<HashMap<String, Negotiated>>,
}

impl Client {
    /// A client with no connection yet; `local_address` is the address to connect from (`localIPs`).
    ///
    /// # Errors
    ///
    /// None any more; what can go wrong does so with the first request.
    pub fn new(shared: &Arc<Shared>, local_address: Option<IpAddr>) -> Result<Self, NetError> {
        let config = &shared.config;
        let kept = if config.no_connection_reuse { 0 } else { config.max_idle_per_host };
        Ok(Self {
            pool: Pool::new(kept),
            dialer: Dialer { resolver: shared.resolver.clone(), local_address, timeout: DIAL_TIMEOUT },
            http: OnceCell::new(),
            shared: shared.clone(),
            negotiated: Mutex::default(),
        })
    }

    /// How a request is sent without reqwest, if it can be.
    pub(super) fn direct(&self, request: &Request) -> Option<(&Pool, &Dialer)> {
        let plain = request.url.scheme() == "http" && request.method != Method::CONNECT;
        (plain && self.shared.proxies.is_empty()).then_some((&self.pool, &self.dialer))
    }

    /// The client for everything else.
    ///
    /// # Errors
    ///
    /// reqwest could not be set up, which no known setting brings about.
    pub(super) fn http(&self) -> Result<&reqwest::Client, NetError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = self.build().map_err(|error| NetError::request(Kind::Other(error.to_string())))?;
        Ok(self.http.get_or_init(|| http))
    }

    /// A TCP connection for another protocol, to where a name and a port lead by the options.
    ///
    /// # Errors
    ///
    /// The options forbid it, the name has no address, or nobody answers there.
    pub(super) async fn dial(&self, host: &str, port: u16) -> Result<(TcpStream, SocketAddr), NetError> {
        let config = &self.shared.config;
        let literal: Option<IpAddr> = host.parse().ok();
        if literal.is_none() {
            refuse_name(&config.block_hostnames, host)?;
        }
        let target = config.hosts.find(host, port);
        let ip = match target.map(|target| target.ip).or(literal) {
            Some(ip) => {
                refuse_ip(&config.blacklist_ips, ip)?;
                ip
            }
            None => self.dialer.resolver.choose(host).await?,
        };
        let address = SocketAddr::new(ip, target.and_then(|target| target.port).unwrap_or(port));
        Ok((self.dialer.dial_address(address).await?, address))
    }

    /// The TLS settings of the options, for another protocol; the system's roots are there.
    pub fn tls(&self) -> ClientConfig {
        if !self.shared.config.tls.insecure_skip_verify {
            self.shared.roots.load();
        }
        self.shared.tls.clone()
    }

    /// Whether any certificate will do (`insecureSkipTLSVerify`).
    pub fn takes_any_certificate(&self) -> bool {
        self.shared.config.tls.insecure_skip_verify
    }

    /// The option `userAgent`.
    pub fn user_agent(&self) -> &str {
        &self.shared.config.user_agent
    }

    fn build(&self) -> reqwest::Result<reqwest::Client> {
        let (shared, config) = (&self.shared, &self.shared.config);
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(shared.tls.clone())
            .dns_resolver(Arc::new(Hook(shared.resolver.clone())))
            .connector_layer(ConnectLayer)
            .connect_timeout(DIAL_TIMEOUT)
            .no_proxy()
            // Redirects, cookies and Referer are ours, for each hop is a round trip of its own.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_title_case_headers()
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .pool_idle_timeout(None)
            .pool_max_idle_per_host(if config.no_connection_reuse { 0 } else { config.max_idle_per_host })
            .local_address(self.dialer.local_address);
        for proxy in &shared.proxies {
            builder = builder.proxy(proxy.clone());
        }
        if config.tls.http1_only {
            builder = builder.http1_only();
        }
        if !config.user_agent.is_empty() {
            // For CONNECT requests to proxies; other requests bring their own.
            builder = builder.user_agent(config.user_agent.as_str());
        }
        builder.build()
    }

    /// Notes what a new connection to `authority` negotiated, and returns what holds for this one.
    pub(super) fn negotiated(&self, authority: &str, new: Option<Negotiated>) -> Option<Negotiated> {
        let mut known = self.negotiated.lock().unwrap_or_else(|e| e.into_inner());
        match new {
            Some(new) => {
                known.insert(authority.to_owned(), new);
                Some(new)
            }
            None => known.get(authority).copied(),
        }
    }
}
