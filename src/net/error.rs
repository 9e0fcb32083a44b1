//! Why a request failed: k6's code, its short text and the long text of its log.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustls::AlertDescription;
use url::Url;

use crate::k6::error_code as code;
use crate::net::deadline::{self, Part};

/// A failed request.
///
/// `Display` gives the cause without the request's method and URL; [`NetError::go_error`] adds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetError {
    pub kind: Kind,
    pub stage: Stage,
}

/// How far the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before the response's head was read.
    Request,
    /// While the response's body was read.
    Body,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The call's timeout was over.
    Timeout,
    /// A part of a stream took longer than its own limit.
    TooLong {
        part: Part,
        limit: Duration,
    },
    /// The text, without `invalid URL: `.
    InvalidUrl(String),
    /// A scheme other than http and https.
    Scheme(String),
    /// The name does not exist.
    NoSuchHost(String),
    /// The name could not be looked up.
    Lookup {
        host: String,
        text: String,
    },
    /// The address and the range that forbids it.
    Blacklisted {
        ip: IpAddr,
        range: String,
    },
    /// The name and the pattern that forbids it.
    Blocked {
        host: String,
        pattern: String,
    },
    /// No connection to `addr` (`None`: it is not known which address was tried).
    Dial {
        addr: Option<SocketAddr>,
        cause: Dial,
    },
    BrokenPipe,
    /// The peer's address, where known.
    Reset(Option<SocketAddr>),
    /// A system error on a standing connection.
    Errno(i32),
    UnknownAuthority,
    /// The text says for which names the certificate is good.
    HostnameMismatch(String),
    /// Any other fault of the server's certificate.
    Certificate(String),
    NotTls,
    /// What the server says is wrong with the handshake.
    Alert(AlertDescription),
    Tls(String),
    Http2 {
        class: Http2,
        code: u32,
    },
    Decompression(String),
    /// The limit.
    TooManyRedirects(u32),
    /// The server closed the connection without an answer.
    Eof,
    /// The server closed the connection in the middle of a message.
    UnexpectedEof,
    /// The stream ended, by the rules of HTTP, before what should have been its last event.
    Unfinished,
    /// The answer is not HTTP.
    Malformed(String),
    /// An event stream broke a limit.
    EventStream(String),
    Other(String),
}

/// Why a connection attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    Timeout,
    Refused,
    Errno(i32),
    Other(String),
}

/// What an HTTP/2 error ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2 {
    GoAway,
    Stream,
    Connection,
}

impl NetError {
    /// An error before the response's head was read.
    pub fn request(kind: Kind) -> Self {
        Self { kind, stage: Stage::Request }
    }

    /// An error while the response's body was read.
    pub fn body(kind: Kind) -> Self {
        Self { kind, stage: Stage::Body }
    }

    /// A URL that cannot be parsed; `text` says why.
    pub fn invalid_url(text: impl Into<String>) -> Self {
        Self::request(Kind::InvalidUrl(text.into()))
    }

    /// k6's `error_code`, 1000–1799.
    pub fn code(&self) -> u16 {
        match &self.kind {
            Kind::Timeout | Kind::TooLong { .. } => code::REQUEST_TIMEOUT,
            Kind::InvalidUrl(_) => code::INVALID_URL,
            Kind::NoSuchHost(_) => code::NO_SUCH_HOST,
            Kind::Lookup { .. } => code::DNS,
            Kind::Blacklisted { .. } => code::BLACKLISTED_IP,
            Kind::Blocked { .. } => code::BLOCKED_HOSTNAME,
            Kind::Dial { cause: Dial::Timeout, .. } => code::DIAL_TIMEOUT,
            Kind::Dial { cause: Dial::Refused, .. } => code::DIAL_REFUSED,
            Kind::Dial { cause: Dial::Errno(_), .. } => code::DIAL_UNKNOWN_ERRNO,
            Kind::Dial { cause: Dial::Other(_), .. } => code::DIAL,
            Kind::BrokenPipe => code::BROKEN_PIPE,
            Kind::Reset(_) => code::RESET_BY_PEER,
            Kind::Errno(_) => code::UNKNOWN_ERRNO,
            Kind::UnknownAuthority => code::UNKNOWN_AUTHORITY,
            Kind::HostnameMismatch(_) => code::HOSTNAME_MISMATCH,
            Kind::NotTls => code::NOT_TLS,
            Kind::Alert(_) => code::NOT_TCP,
            Kind::Tls(_) => code::TLS,
            Kind::Http2 { class, code } => code::for_http2(class.base(), *code),
            Kind::Decompression(_) => code::DECOMPRESSION,
            // As in k6, which has no code for certificates that are out of date.
            Kind::Certificate(_)
            | Kind::Scheme(_)
            | Kind::TooManyRedirects(_)
            | Kind::Eof
            | Kind::UnexpectedEof
            | Kind::Unfinished
            | Kind::Malformed(_)
            | Kind::EventStream(_)
            | Kind::Other(_) => code::GENERIC,
        }
    }

    /// k6's short text: `res.error` and the `error` tag. Never holds addresses, so that it stays one tag.
    pub fn message(&self) -> String {
        match &self.kind {
            Kind::NoSuchHost(_) => "lookup: no such host".into(),
            Kind::Blacklisted { .. } => "ip is blacklisted".into(),
            Kind::Blocked { .. } => "hostname is blocked".into(),
            Kind::Dial { cause: Dial::Timeout, .. } => "dial: i/o timeout".into(),
            Kind::Dial { cause: Dial::Refused, .. } => "dial: connection refused".into(),
            Kind::Dial { cause: Dial::Errno(n), .. } => unknown_errno("dial", *n),
            Kind::BrokenPipe => "write: broken pipe".into(),
            Kind::Reset(_) => "read: connection reset by peer".into(),
            Kind::Errno(n) => unknown_errno("read", *n),
            Kind::UnknownAuthority => "x509: unknown authority".into(),
            Kind::HostnameMismatch(_) => "x509: certificate doesn't match hostname".into(),
            Kind::Certificate(text) => format!("x509: {text}"),
            Kind::Http2 { class, code } => class.text(*code),
            _ => self.to_string(),
        }
    }

    /// The long text that `k6/http` logs and throws: `Get "http://…": dial tcp …`.
    ///
    /// A password in `url` is shown as `***`. Errors from the body and bad URLs stand alone, as in k6.
    pub fn go_error(&self, method: &str, url: &str) -> String {
        if self.stage == Stage::Body || matches!(self.kind, Kind::InvalidUrl(_)) {
            return self.to_string();
        }
        format!("{} \"{}\": {self}", go_method(method), without_password(url))
    }

    /// The long text that `k6/x/sse` reports and throws: like [`Self::go_error`], but it words a timeout as
    /// Go's client does.
    pub fn stream_error(&self, method: &str, url: &str) -> String {
        match (&self.kind, self.stage) {
            (Kind::Timeout, Stage::Request) => format!(
                "{} \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                go_method(method),
                without_password(url)
            ),
            (Kind::Timeout, Stage::Body) => {
                "context deadline exceeded (Client.Timeout or context cancellation while reading body)".into()
            }
            _ => self.go_error(method, url),
        }
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const X509: &str = "tls: failed to verify certificate: x509:";
        match &self.kind {
            Kind::Timeout => f.write_str("request timeout"),
            Kind::TooLong { part, limit } => deadline::describe(*part, *limit, f),
            Kind::InvalidUrl(text) => write!(f, "invalid URL: {text}"),
            Kind::Scheme(scheme) => write!(f, "unsupported protocol scheme \"{scheme}\""),
            Kind::NoSuchHost(host) => write!(f, "lookup {host}: no such host"),
            Kind::Lookup { host, text } => write!(f, "lookup {host}: {text}"),
            Kind::Blacklisted { ip, range } => write!(f, "IP ({ip}) is in a blacklisted range ({range})"),
            Kind::Blocked { host, pattern } => {
                write!(f, "hostname ({host}) is in a blocked pattern ({pattern})")
            }
            Kind::Dial { addr, cause } => {
                f.write_str("dial tcp")?;
                if let Some(addr) = addr {
                    write!(f, " {addr}")?;
                }
                match cause {
                    Dial::Timeout => f.write_str(": i/o timeout"),
                    Dial::Refused => f.write_str(": connect: connection refused"),
                    Dial::Errno(n) => write!(f, ": connect: {}", errno_text(*n)),
                    Dial::Other(text) => write!(f, ": {text}"),
                }
            }
            Kind::BrokenPipe => f.write_str("write: broken pipe"),
            Kind::Reset(Some(addr)) => write!(f, "read tcp {addr}: read: connection reset by peer"),
            Kind::Reset(None) => f.write_str("read: connection reset by peer"),
            Kind::Errno(n) => write!(f, "read: {}", errno_text(*n)),
            Kind::UnknownAuthority => write!(f, "{X509} certificate signed by unknown authority"),
            Kind::HostnameMismatch(text) | Kind::Certificate(text) => write!(f, "{X509} {text}"),
            Kind::NotTls => f.write_str("tls: first record does not look like a TLS handshake"),
            Kind::Alert(alert) => write!(f, "remote error: tls: {}", alert_text(*alert)),
            Kind::Tls(text) => write!(f, "tls: {text}"),
            Kind::Http2 { class, code } => f.write_str(&class.text(*code)),
            Kind::Decompression(text) => write!(f, "error decompressing response body ({text})"),
            Kind::TooManyRedirects(limit) => write!(f, "stopped after {limit} redirects"),
            Kind::Eof => f.write_str("EOF"),
            Kind::UnexpectedEof => f.write_str("unexpected EOF"),
            Kind::Unfinished => f.write_str("the stream ended before the event that `until` waits for"),
            Kind::Malformed(text) => {
                write!(f, "net/http: HTTP/1.x transport connection broken: malformed HTTP response ({text})")
            }
            Kind::EventStream(text) | Kind::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for NetError {}

impl Http2 {
    fn base(self) -> u16 {
        match self {
            Self::GoAway => code::HTTP2_GO_AWAY,
            Self::Stream => code::HTTP2_STREAM,
            Self::Connection => code::HTTP2_CONNECTION,
        }
    }

    fn text(self, code: u32) -> String {
        let what = match self {
            Self::GoAway => "received GoAway",
            Self::Stream => "stream error",
            Self::Connection => "connection error",
        };
        let name = usize::try_from(code).ok().and_then(|i| code::HTTP2_NAMES.get(i).copied());
        let name = name.map_or_else(|| format!("unknown error code {code:#x}"), str::to_owned);
        format!("http2: {what} with http2 ErrCode {name}")
    }
}

/// The method as Go's `url.Error` shows it: `GET` → `Get`.
fn go_method(method: &str) -> String {
    let mut chars = method.chars();
    match chars.next() {
        None => "Get".to_owned(),
        Some(first) => std::iter::once(first).chain(chars.flat_map(char::to_lowercase)).collect(),
    }
}

fn without_password(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if parsed.password().is_some() && parsed.set_password(Some("***")).is_ok() {
        return parsed.to_string();
    }
    url.to_owned()
}

fn unknown_errno(op: &str, n: i32) -> String {
    format!("{op}: unknown errno `{n}` on {} with message `{}`", std::env::consts::OS, errno_text(n))
}

/// An alert in Go's words, or by its name.
fn alert_text(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let text = match alert {
        Alert::CloseNotify => "close notify",
        Alert::UnexpectedMessage => "unexpected message",
        Alert::BadRecordMac => "bad record MAC",
        Alert::HandshakeFailure => "handshake failure",
        Alert::BadCertificate => "bad certificate",
        Alert::UnsupportedCertificate => "unsupported certificate",
        Alert::CertificateRevoked => "revoked certificate",
        Alert::CertificateExpired => "expired certificate",
        Alert::CertificateUnknown => "unknown certificate",
        Alert::IllegalParameter => "illegal parameter",
        Alert::UnknownCA => "unknown certificate authority",
        Alert::AccessDenied => "access denied",
        Alert::DecodeError => "error decoding message",
        Alert::DecryptError => "error decrypting message",
        Alert::ProtocolVersion => "protocol version not supported",
        Alert::InsufficientSecurity => "insufficient security level",
        Alert::InternalError => "internal error",
        Alert::UnrecognisedName => "unrecognized name",
        Alert::CertificateRequired => "certificate required",
        Alert::NoApplicationProtocol => "no application protocol",
        other => return format!("{other:?}"),
    };
    text.to_owned()
}

/// The system's text in Go's manner: lower case, without the number.
fn errno_text(n: i32) -> String {
    let text = io::Error::from_raw_os_error(n).to_string();
    text.strip_suffix(&format!(" (os error {n})")).unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_wordings() {
        let addr: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let dial = |cause| Kind::Dial { addr: Some(addr), cause };
        let table = [
            (
                dial(Dial::Refused),
                1212,
                "dial: connection refused",
                "dial tcp 127.0.0.1:1: connect: connection refused",
            ),
            (dial(Dial::Timeout), 1211, "dial: i/o timeout", "dial tcp 127.0.0.1:1: i/o timeout"),
            (Kind::Timeout, 1050, "request timeout", "request timeout"),
            (
                Kind::NoSuchHost("a.invalid".into()),
                1101,
                "lookup: no such host",
                "lookup a.invalid: no such host",
            ),
            (
                Kind::Http2 { class: Http2::Stream, code: 7 },
                1638,
                "http2: stream error with http2 ErrCode REFUSED_STREAM",
                "http2: stream error with http2 ErrCode REFUSED_STREAM",
            ),
            (Kind::Eof, 1000, "EOF", "EOF"),
        ];
        for (kind, code, short, long) in table {
            let error = NetError::request(kind);
            assert_eq!(error.code(), code);
            assert_eq!(error.message(), short);
            assert_eq!(error.go_error("GET", "http://x/"), format!("Get \"http://x/\": {long}"));
        }
    }

    #[test]
    fn timeouts_of_streams_are_go_s() {
        let error = NetError::request(Kind::Timeout);
        assert!(error.stream_error("POST", "http://x/").contains("Client.Timeout exceeded"));
        assert!(
            NetError::body(Kind::Timeout).stream_error("POST", "http://x/").starts_with("context deadline")
        );
    }

    #[test]
    fn passwords_are_masked() {
        let text = NetError::request(Kind::Eof).go_error("post", "http://u:p@x/a");
        assert_eq!(text, "post \"http://u:***@x/a\": EOF");
    }
}
