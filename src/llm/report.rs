//! All that is known of a call once it is over.

use std::time::Duration;

use super::marks::{Arrivals, Marks};
use super::reply::Reply;
use super::tokens::Tokens;
use super::usage::Usage;
use crate::net::header::Headers;
use crate::net::{Hop, NetError, Outcome};

/// A call, measured.
#[derive(Clone, Debug)]
pub struct Report {
    pub outcome: Outcome,
    /// What went wrong, in a sentence; empty if nothing did.
    pub error: String,
    /// Of the last attempt. 0: there was no response.
    pub status: u16,
    pub marks: Marks,
    /// The events with content.
    pub arrivals: Arrivals,
    /// Events with data, pings left out.
    pub events: u64,
    pub reply: Reply,
    /// As the server said it.
    pub usage: Usage,
    /// The best that is known.
    pub tokens: Tokens,
    /// Of the answer: what `auto` found. `auto` if it found nothing.
    pub protocol: &'static str,
    /// Whether the protocol's terminator came, and not only a reason to finish.
    pub terminated: bool,
    /// In their order; never empty. All but the last were refused, and tried again.
    pub attempts: Vec<Attempt>,
    /// Whether the target's objectives were met; `None`: it has none.
    pub good: Option<bool>,
}

/// One request of a call.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The round trips, redirects first. Empty: the URL was bad, or the call was cut off before it got anywhere.
    pub hops: Vec<Hop>,
    /// 0: there was no response.
    pub status: u16,
    pub outcome: Outcome,
    /// What the server, or the network, said of it; empty if all is well.
    pub error: String,
    /// What broke the connection, or kept it from being made.
    pub cause: Option<NetError>,
    /// How long was waited after it, before the next one.
    pub waited: Option<Duration>,
}

impl Report {
    /// Whether the call ended as it should.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// Attempts after the first.
    pub fn retries(&self) -> usize {
        self.attempts.len().saturating_sub(1)
    }

    /// The last round trip, if there was one.
    pub fn hop(&self) -> Option<&Hop> {
        self.attempts.last().and_then(|attempt| attempt.hops.last())
    }

    /// The headers of the last response.
    pub fn headers(&self) -> &[(String, Vec<String>)] {
        const NONE: &Headers = &Headers::new();
        &self.hop().map_or(NONE, |hop| &hop.headers)[..]
    }

    /// The value of the tag `finish_reason`; empty: there was none.
    pub fn finish_reason(&self) -> &str {
        self.reply.finish_reason.as_deref().unwrap_or_default()
    }
}
