//! How a call ended.

use std::fmt;

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, StatusCode};

use super::metadata;

/// A status code: 0 to 16 by the protocol, anything by some servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

/// The names of the codes, in Go's spelling, by their numbers.
pub const NAMES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

impl Code {
    pub const OK: Self = Self(0);
    pub const CANCELED: Self = Self(1);
    pub const UNKNOWN: Self = Self(2);
    pub const DEADLINE_EXCEEDED: Self = Self(4);
    pub const NOT_FOUND: Self = Self(5);
    pub const PERMISSION_DENIED: Self = Self(7);
    pub const RESOURCE_EXHAUSTED: Self = Self(8);
    pub const UNIMPLEMENTED: Self = Self(12);
    pub const INTERNAL: Self = Self(13);
    pub const UNAVAILABLE: Self = Self(14);
    pub const UNAUTHENTICATED: Self = Self(16);
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "Code({})", self.0),
        }
    }
}

/// A code, what is said about it, and a `google.rpc.Status` if the server sent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: Code,
    pub message: String,
    /// The `google.rpc.Status` as it came; empty if none did.
    pub details: Bytes,
}

impl Status {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Bytes::new() }
    }

    pub fn ok() -> Self {
        Self::new(Code::OK, "")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::INTERNAL, message)
    }

    pub(super) fn deadline() -> Self {
        Self::new(Code::DEADLINE_EXCEEDED, "context deadline exceeded")
    }

    pub(super) fn closing() -> Self {
        Self::new(Code::CANCELED, "grpc: the client connection is closing")
    }

    /// The status in a call's trailers, or in the head of an answer that has nothing else; `None` if there is none.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get("grpc-status")?;
        let Some(code) = text.to_str().ok().and_then(|text| text.parse().ok()) else {
            return Some(Self::internal(format!("transport: malformed grpc-status: {text:?}")));
        };
        let message = headers.get("grpc-message").map(|text| decode_message(text.as_bytes()));
        let details =
            headers.get("grpc-status-details-bin").and_then(|text| metadata::decode(text.as_bytes()));
        Some(Self {
            code: Code(code),
            message: message.unwrap_or_default(),
            details: details.map(Bytes::from).unwrap_or_default(),
        })
    }

    /// What an answer that is not gRPC stands for, by its HTTP status.
    pub(super) fn of_http(status: StatusCode, content_type: Option<&str>) -> Self {
        let code = match status.as_u16() {
            400 => Code::INTERNAL,
            401 => Code::UNAUTHENTICATED,
            403 => Code::PERMISSION_DENIED,
            404 => Code::UNIMPLEMENTED,
            429 | 502 | 503 | 504 => Code::UNAVAILABLE,
            _ => Code::UNKNOWN,
        };
        let reason = status.canonical_reason().unwrap_or_default();
        let mut message =
            format!("unexpected HTTP status code received from server: {} ({reason})", status.as_u16());
        match content_type {
            Some(text) if is_grpc(text) => {}
            Some(text) => {
                message.push_str(&format!("; transport: received unexpected content-type {text:?}"));
            }
            None => message.push_str("; malformed header: missing HTTP content-type"),
        }
        Self::new(code, message)
    }

    /// What the end of a stream or of a connection stands for.
    pub(super) fn of_h2(error: &h2::Error) -> Self {
        if let Some(io) = error.get_io() {
            let text = match io.kind() {
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe => "EOF".to_owned(),
                _ => io.to_string(),
            };
            return Self::new(Code::UNAVAILABLE, format!("error reading from server: {text}"));
        }
        let Some(reason) = error.reason() else {
            return Self::new(Code::UNAVAILABLE, format!("error reading from server: {error}"));
        };
        if error.is_go_away() {
            return Self::new(
                Code::UNAVAILABLE,
                format!(
                    "closing transport due to: connection error: received goaway, code: {}",
                    name(reason)
                ),
            );
        }
        let code = match reason {
            Reason::REFUSED_STREAM => Code::UNAVAILABLE,
            Reason::CANCEL => Code::CANCELED,
            Reason::FLOW_CONTROL_ERROR | Reason::ENHANCE_YOUR_CALM => Code::RESOURCE_EXHAUSTED,
            Reason::INADEQUATE_SECURITY => Code::PERMISSION_DENIED,
            _ => Code::INTERNAL,
        };
        Self::new(code, format!("stream terminated by RST_STREAM with error code: {}", name(reason)))
    }
}

/// As Go prints the status of a call that failed.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc error: code = {} desc = {}", self.code, self.message)
    }
}

/// Whether a `Content-Type` is that of gRPC.
pub(super) fn is_grpc(content_type: &str) -> bool {
    let rest = content_type.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("application/grpc") else { return false };
    rest.is_empty() || rest.starts_with(['+', ';'])
}

fn name(reason: Reason) -> String {
    let names = crate::k6::error_code::HTTP2_NAMES;
    let index = usize::try_from(u32::from(reason)).ok();
    let name = index.and_then(|index| names.get(index).copied());
    name.map_or_else(|| format!("0x{:x}", u32::from(reason)), str::to_owned)
}

/// Undoes the percent-encoding of `grpc-message`; what is no such code stays.
fn decode_message(text: &[u8]) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| byte == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                decoded.push(code);
                rest = &tail[2..];
            }
            None => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_and_what_is_no_grpc() {
        let mut headers = HeaderMap::new();
        assert_eq!(Status::read(&headers), None);
        headers.insert("grpc-status", "5".parse().unwrap());
        headers.insert("grpc-message", "no %E2%82%AC, 100% %zz".parse().unwrap());
        headers.insert("grpc-status-details-bin", "CAU".parse().unwrap());
        let status = Status::read(&headers).unwrap();
        assert_eq!(status.to_string(), "rpc error: code = NotFound desc = no €, 100% %zz");
        assert_eq!(&*status.details, [8, 5]);
        headers.insert("grpc-status", "x".parse().unwrap());
        assert_eq!(Status::read(&headers).unwrap().code, Code::INTERNAL);

        let status = Status::of_http(StatusCode::NOT_FOUND, Some("text/html"));
        assert_eq!(
            status.to_string(),
            "rpc error: code = Unimplemented desc = unexpected HTTP status code received from server: 404 (Not \
             Found); transport: received unexpected content-type \"text/html\""
        );
        assert_eq!(Status::new(Code(99), "x").to_string(), "rpc error: code = Code(99) desc = x");
    }

    #[test]
    fn content_types() {
        for (text, is) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/gRPC; charset=x", true),
            ("application/grpc-web", false),
            ("text/plain", false),
        ] {
            assert_eq!(is_grpc(text), is, "{text}");
        }
    }
}
