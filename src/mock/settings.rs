//! How the mock answers: the one table of settings behind flags, path prefixes and query parameters.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::protocol;
use super::value::{delay, factor, number, one_of, switch, within};

/// When the usage chunk is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// When the request asks for it (`stream_options.include_usage`).
    Auto,
    Never,
    Always,
}

/// The `finish_reason` of a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    Stop,
    Length,
}

impl Finish {
    /// `stop` or `length`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// How the events of a stream are put on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One chunk per event, written when it is due.
    Event,
    /// Chunks of 16 KiB or the whole stream, as from behind a buffering proxy.
    Big,
    /// One write per event, without chunks: an HTTP/1.0 answer that ends with the connection.
    Close,
}

/// How the mock answers. Flags of `ssek mock` set the defaults; a path prefix `/p/k=v,k=v/…` and
/// then the query override them for one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// From the request's arrival to the first token (or to an ordinary answer).
    pub ttft: Duration,
    /// Between tokens.
    pub itl: Duration,
    /// Each token is late by a random time up to this.
    pub jitter: Duration,
    /// Tokens (events) of a stream.
    pub tokens: u64,
    /// No delays, large writes.
    pub burst: bool,
    /// A chunk with the role alone comes first, together with the response head.
    pub role: bool,
    /// Tokens of thoughts before the answer, where the protocol has some.
    pub reasoning: u64,
    /// Call a tool, with the tokens as its arguments, where the protocol has tools.
    pub tool_call: bool,
    pub finish: Finish,
    pub usage: Usage,
    /// Send no more tokens than the request's `max_tokens` allows.
    pub honor_max: bool,
    /// The first token's event carries the wall clock at which it was written, in Unix milliseconds.
    pub ts: bool,
    /// Answer with this status and a JSON error.
    pub status: Option<u16>,
    /// Answer the first so many requests to a URL with `status`, or with 429, at once.
    pub reject: u64,
    /// The header `Retry-After` of answers with an error; `None`: one second where `reject` is at work.
    pub retry_after: Option<Duration>,
    /// Break the connection off after this many events.
    pub fail_after: Option<u64>,
    /// End the answer in good order after this many events, as a gateway does that lost its model.
    pub cut_after: Option<u64>,
    /// Report an error inside the stream after this many events, and end it.
    pub error_after: Option<u64>,
    /// Say nothing for a while after this many tokens.
    pub stall_after: Option<u64>,
    /// For how long.
    pub stall: Duration,
    /// Requests that are answered at a time; the others wait in a queue.
    pub slots: Option<usize>,
    /// Close the connection after the answer.
    pub close: bool,
    /// Length of a token's text, and of the body of `GET /`, in bytes.
    pub size: Option<usize>,
    /// `None`: an event a chunk when paced, large chunks with `burst`.
    pub framing: Option<Framing>,
    /// How many times as fast recorded streams are played.
    pub speed: f64,
    /// The protocol of every POST, whatever its path.
    pub protocol: Option<&'static str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ttft: Duration::from_millis(60),
            itl: Duration::from_millis(4),
            jitter: Duration::ZERO,
            tokens: 64,
            burst: false,
            role: false,
            reasoning: 0,
            tool_call: false,
            finish: Finish::Stop,
            usage: Usage::Auto,
            honor_max: false,
            ts: false,
            status: None,
            reject: 0,
            retry_after: None,
            fail_after: None,
            cut_after: None,
            error_after: None,
            stall_after: None,
            stall: Duration::from_secs(5),
            slots: None,
            close: false,
            size: None,
            framing: None,
            speed: 1.0,
            protocol: None,
        }
    }
}

/// The largest body or token that `size` may ask for.
const MAX_SIZE: usize = 64 << 20;

impl Settings {
    /// The name of every setting, as a flag (with `-` for `_`), in a list and in a query.
    pub const KEYS: &'static [&'static str] = &[
        "ttft",
        "itl",
        "jitter",
        "tokens",
        "burst",
        "role",
        "reasoning",
        "tool_call",
        "finish",
        "usage",
        "honor_max",
        "ts",
        "status",
        "reject",
        "retry_after",
        "fail_after",
        "cut_after",
        "error_after",
        "stall_after",
        "stall",
        "slots",
        "close",
        "size",
        "framing",
        "speed",
        "protocol",
    ];

    /// Changes one setting; `n` is another name of `tokens`. An empty value of a switch means on.
    ///
    /// # Errors
    /// An unknown name, or a value that is none of its kind.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.assign(key, value.trim()).with_context(|| format!("mock server: setting {key}={value}"))
    }

    fn assign(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "ttft" => self.ttft = delay(value)?,
            "itl" => self.itl = delay(value)?,
            "jitter" => self.jitter = delay(value)?,
            "tokens" | "n" => self.tokens = number(value)?,
            "burst" => self.burst = switch(value)?,
            "role" => self.role = switch(value)?,
            "reasoning" => self.reasoning = number(value)?,
            "tool_call" => self.tool_call = switch(value)?,
            "finish" => self.finish = one_of(value, &[("stop", Finish::Stop), ("length", Finish::Length)])?,
            "usage" => {
                let known = [("auto", Usage::Auto), ("0", Usage::Never), ("1", Usage::Always)];
                self.usage = one_of(value, &known)?;
            }
            "honor_max" => self.honor_max = switch(value)?,
            "ts" => self.ts = switch(value)?,
            "status" => self.status = Some(within(value, 200..=599)?).filter(|&status| status != 200),
            "reject" => self.reject = number(value)?,
            "retry_after" => self.retry_after = Some(delay(value)?),
            "fail_after" => self.fail_after = Some(number(value)?),
            "cut_after" => self.cut_after = Some(number(value)?),
            "error_after" => self.error_after = Some(number(value)?),
            "stall_after" => self.stall_after = Some(number(value)?),
            "stall" => self.stall = delay(value)?,
            "slots" => self.slots = Some(within(value, 1..=1_000_000)?),
            "close" => self.close = switch(value)?,
            "size" => self.size = Some(within(value, 0..=MAX_SIZE)?),
            "framing" => {
                let known = [("event", Framing::Event), ("big", Framing::Big), ("close", Framing::Close)];
                self.framing = Some(one_of(value, &known)?);
            }
            "speed" => self.speed = factor(value)?,
            "protocol" => {
                let known: Vec<_> = protocol::names().map(|name| (name, name)).collect();
                self.protocol = Some(one_of(value, &known)?);
            }
            _ => bail!("no such setting; there are {}", Self::KEYS.join(", ")),
        }
        Ok(())
    }

    /// These settings changed by a list `k=v,k=v`, as in `--mock=ttft=500,itl=20ms`.
    ///
    /// # Errors
    /// As of [`Settings::set`].
    pub fn with_list(&self, list: &str) -> Result<Self> {
        let mut settings = self.clone();
        for pair in list.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            settings.set(key.trim(), value)?;
        }
        Ok(settings)
    }

    /// These settings changed by the parameters of a query that name one; the others are passed over.
    ///
    /// # Errors
    /// A value that is none of its kind.
    pub fn with_query(&self, query: &str) -> Result<Self> {
        let mut settings = self.clone();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if key == "n" || Self::KEYS.contains(&&*key) {
                settings.set(&key, &value)?;
            }
        }
        Ok(settings)
    }

    /// How events are framed when `framing` leaves it open.
    pub fn effective_framing(&self) -> Framing {
        self.framing.unwrap_or(if self.burst { Framing::Big } else { Framing::Event })
    }

    /// When token `i` (from 0) of a stream is due, after the request's arrival; without jitter.
    pub fn due(&self, i: u64) -> Duration {
        if self.burst {
            return Duration::ZERO;
        }
        let gaps = u32::try_from(i).unwrap_or(u32::MAX);
        let stall = self.stall_after.filter(|&after| i >= after).map_or(Duration::ZERO, |_| self.stall);
        self.ttft.saturating_add(self.itl.saturating_mul(gaps)).saturating_add(stall)
    }
}

impl FromStr for Settings {
    type Err = anyhow::Error;

    /// The default settings changed by a list `k=v,k=v`.
    fn from_str(list: &str) -> Result<Self> {
        Self::default().with_list(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_override_each_other() {
        let flags: Settings = "ttft=1.5s,itl=0.5,tokens=8,burst".parse().unwrap();
        assert_eq!(flags.ttft, Duration::from_millis(1500));
        assert_eq!(flags.itl, Duration::from_micros(500));
        assert!(flags.burst);
        let prefix = flags.with_list("finish=length,n=9").unwrap();
        let query = prefix.with_query("n=2&burst=0&x=1&status=503").unwrap();
        assert_eq!((query.tokens, query.finish, query.status), (2, Finish::Length, Some(503)));
        assert_eq!(query.effective_framing(), Framing::Event);
        assert_eq!(query.due(3), Duration::from_micros(1_501_500));
        assert_eq!(prefix.effective_framing(), Framing::Big);
        assert_eq!(prefix.due(3), Duration::ZERO);
        let stalls: Settings = "ttft=10,itl=1,stall_after=2,stall=1s".parse().unwrap();
        assert_eq!([1, 2].map(|i| stalls.due(i).as_millis()), [11, 1012]);
    }

    #[test]
    fn every_key_can_be_set_and_errors_name_it() {
        for key in Settings::KEYS {
            let error = Settings::default().set(key, "?").unwrap_err();
            assert!(format!("{error:#}").contains(&format!("{key}=?")), "{error:#}");
            assert!(!format!("{error:#}").contains("no such"), "{error:#}");
        }
        let error = "tft=1".parse::<Settings>().unwrap_err();
        assert!(format!("{error:#}").contains("no such setting; there are ttft, itl"), "{error:#}");
    }
}
