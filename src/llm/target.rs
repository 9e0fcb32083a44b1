//! Who is asked, and how: what all requests of a client have in common.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::keys::Keys;
use super::protocol::Protocol;
use super::retry::Retry;
use super::slo::Slo;
use super::tokens::Tokenizer;
use crate::net::{NetError, Timeouts};

/// Redirects that are followed where nothing else is said: k6's default.
const MAX_REDIRECTS: u32 = 10;

/// A server, its protocol and the settings of calls.
#[derive(Clone, Debug)]
pub struct Target {
    pub endpoint: Endpoint,
    pub protocol: Protocol,
    pub keys: Arc<Keys>,
    pub model: Option<String>,
    /// They replace those of the protocol.
    pub headers: Vec<(String, String)>,
    pub timeouts: Timeouts,
    /// `None`: every call is one attempt.
    pub retry: Option<Arc<Retry>>,
    pub slo: Option<Arc<Slo>>,
    pub tokenizer: Tokenizer,
    /// Redirects that are followed.
    pub max_redirects: u32,
    /// Whether replies have their texts; else they are counted and forgotten.
    pub keep_text: bool,
}

impl Target {
    /// A target with nothing special; `path` goes after the base URL instead of the protocol's path.
    ///
    /// # Errors
    ///
    /// The base is no URL.
    pub fn new(base: &str, path: Option<&str>, protocol: Protocol) -> Result<Self, NetError> {
        let protocol = protocol.for_url(base, path);
        Ok(Self {
            endpoint: Endpoint::new(base, path, protocol.path())?,
            protocol,
            keys: Arc::default(),
            model: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            retry: None,
            slo: None,
            tokenizer: Tokenizer::default(),
            max_redirects: MAX_REDIRECTS,
            keep_text: true,
        })
    }
}
