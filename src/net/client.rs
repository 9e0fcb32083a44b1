//! A VU's HTTP client, and what the clients of a run share.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::Method;
use hyper_util::client::legacy;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use url::Url;

use crate::net::connect::Connector;
use crate::net::debug::Detail;
use crate::net::dial::Dialer;
use crate::net::direct::Pool;
use crate::net::dns::{Dns, Resolver};
use crate::net::error::{Kind, NetError};
use crate::net::header::MAX_HEADERS;
use crate::net::hosts::{Cidr, HostMap, HostPattern, refuse_ip, refuse_name};
use crate::net::local_ips::LocalIps;
use crate::net::proxy::Proxies;
use crate::net::rate::Rate;
use crate::net::request::Request;
use crate::net::tls::{Roots, Tls, TlsConfigs};
use crate::net::trace::TracedBody;

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
    /// Where connections come from; `None`: from where the system likes.
    pub local_ips: Option<LocalIps>,
    /// Requests a second, by all clients together.
    pub rps: Option<u32>,
    /// What is logged of exchanges.
    pub debug: Option<Detail>,
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
            local_ips: None,
            rps: None,
            debug: None,
        }
    }
}

/// What is made once for a run: TLS settings, roots, proxies and the DNS cache.
pub struct Shared {
    pub(super) config: Config,
    pub(super) tls: TlsConfigs,
    roots: Arc<Roots>,
    pub(super) resolver: Resolver,
    pub(super) proxies: Option<Matcher>,
    rate: Option<Rate>,
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
        let tls = TlsConfigs::new(&config.tls, roots.clone()).map_err(bad)?;
        let proxies = config.proxies.build().map_err(bad)?;
        let resolver = Resolver::new(config.dns, config.blacklist_ips.clone());
        let rate = config.rps.map(Rate::per_second);
        Ok(Arc::new(Self { config, tls, roots, resolver, proxies, rate }))
    }

    /// How many idle connections to a host a client keeps.
    fn most_idle(&self) -> usize {
        if self.config.no_connection_reuse { 0 } else { self.config.max_idle_per_host }
    }

    /// Waits until a request may be sent (`rps`).
    pub(super) async fn turn(&self) {
        if let Some(rate) = &self.rate {
            rate.turn().await;
        }
    }

    /// Whether a request to `url` may be made.
    ///
    /// # Errors
    ///
    /// The scheme is not http(s), or `blockHostnames` or `blacklistIPs` forbids it.
    pub(super) fn admit(&self, url: &Url) -> Result<(), NetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NetError::request(Kind::Scheme(url.scheme().to_owned())));
        }
        if url.scheme() == "https" && !self.config.tls.insecure_skip_verify {
            self.roots.load();
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if !self.config.block_hostnames.is_empty() && host.parse::<IpAddr>().is_err() {
            refuse_name(&self.config.block_hostnames, host)?;
        }
        self.fixed_address(host, url.port_or_known_default().unwrap_or(0)).map(drop)
    }

    /// The address of a host that needs no lookup: `hosts` has it, or it is one itself.
    ///
    /// # Errors
    ///
    /// `blacklistIPs` forbids it.
    pub(super) fn fixed_address(&self, host: &str, port: u16) -> Result<Option<SocketAddr>, NetError> {
        let found = match self.config.hosts.find(host, port) {
            Some(target) => Some(SocketAddr::new(target.ip, target.port.unwrap_or(port))),
            None => host.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, port)),
        };
        if let Some(address) = found {
            refuse_ip(&self.config.blacklist_ips, address.ip())?;
        }
        Ok(found)
    }
}

/// The HTTP client of one VU, with its pools of connections.
///
/// What goes over plain TCP and past all proxies has connections of its own ([`crate::net::direct`]); the rest goes
/// through hyper's client.
pub struct Client {
    pool: Pool,
    dialer: Dialer,
    /// Made when it is first needed.
    http: OnceCell<legacy::Client<Connector, TracedBody>>,
    pub(super) shared: Arc<Shared>,
}

impl Client {
    /// A client with no connection yet, for the VU with this number, from one.
    pub fn new(shared: &Arc<Shared>, vu: u32) -> Self {
        let local = shared.config.local_ips.as_ref().map(|ips| ips.of_vu(vu));
        Self {
            pool: Pool::new(shared.most_idle()),
            dialer: Dialer { shared: shared.clone(), local },
            http: OnceCell::new(),
            shared: shared.clone(),
        }
    }

    /// What makes connections, for those who keep them for themselves.
    pub(super) fn connector(&self) -> Connector {
        Connector(self.dialer.clone())
    }

    /// How a request is sent directly, if it can be.
    pub(super) fn direct(&self, request: &Request) -> Option<(&Pool, &Dialer)> {
        let plain = request.uri.scheme_str() == Some("http") && request.method != Method::CONNECT;
        (plain && self.shared.proxies.is_none()).then_some((&self.pool, &self.dialer))
    }

    /// A TCP connection for another protocol, to where a name and a port lead by the options.
    ///
    /// # Errors
    ///
    /// The options forbid it, the name has no address, or nobody answers there.
    pub(super) async fn dial(&self, host: &str, port: u16) -> Result<(TcpStream, SocketAddr), NetError> {
        if host.parse::<IpAddr>().is_err() {
            refuse_name(&self.shared.config.block_hostnames, host)?;
        }
        self.dialer.dial(host, port, |_| ()).await
    }

    /// The TLS settings of the options for connections of another protocol to a host; the system's roots are there.
    pub fn tls(&self, host: &str) -> ClientConfig {
        if !self.takes_any_certificate() {
            self.shared.roots.load();
        }
        (**self.shared.tls.for_host(host)).clone()
    }

    /// Whether any certificate will do (`insecureSkipTLSVerify`).
    pub fn takes_any_certificate(&self) -> bool {
        self.shared.config.tls.insecure_skip_verify
    }

    /// The option `userAgent`.
    pub fn user_agent(&self) -> &str {
        &self.shared.config.user_agent
    }

    /// The client for everything else.
    pub(super) fn http(&self) -> &legacy::Client<Connector, TracedBody> {
        self.http.get_or_init(|| {
            legacy::Client::builder(TokioExecutor::new())
                .http1_title_case_headers(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                .http1_max_headers(MAX_HEADERS)
                .pool_idle_timeout(None)
                .pool_max_idle_per_host(self.shared.most_idle())
                .build(Connector(self.dialer.clone()))
        })
    }
}
