//! Why a connection ended, in the words that k6's scripts see.

use std::fmt;

/// What ended a connection, or kept a message from being sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server said goodbye, or left without a word (1006).
    Close { code: u16, reason: String },
    /// The server broke the protocol; the text is what it is told.
    Fault { code: u16, text: String },
    /// The socket failed.
    Socket(String),
    /// Nothing more can be sent, for this side has said goodbye.
    CloseSent,
}

/// No code was given.
pub const NO_STATUS: u16 = 1005;
/// The connection was cut.
pub const ABNORMAL: u16 = 1006;
pub const PROTOCOL_ERROR: u16 = 1002;
pub const TOO_BIG: u16 = 1009;

impl Ended {
    /// The connection was cut by the server.
    pub fn cut() -> Self {
        Self::Close { code: ABNORMAL, reason: "unexpected EOF".to_owned() }
    }

    /// A breach of the protocol.
    pub fn fault(text: impl Into<String>) -> Self {
        Self::Fault { code: PROTOCOL_ERROR, text: text.into() }
    }

    /// Whether it is what k6 calls unexpected: a goodbye other than 1000 and 1001.
    pub fn is_unexpected_close(&self) -> bool {
        matches!(self, Self::Close { code, .. } if !matches!(code, 1000 | 1001))
    }

    /// What the server is answered: code and reason of a close frame.
    pub fn answer(&self) -> Option<(u16, &str)> {
        match self {
            Self::Close { code, .. } if *code != ABNORMAL => Some((*code, "")),
            Self::Fault { code, text } => Some((*code, text)),
            _ => None,
        }
    }
}

/// Codes that a close frame may have.
pub fn is_sent_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999)
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { code, reason } => {
                write!(f, "websocket: close {code}")?;
                let meaning = match code {
                    1000 => "normal",
                    1001 => "going away",
                    1002 => "protocol error",
                    1003 => "unsupported data",
                    1005 => "no status",
                    1006 => "abnormal closure",
                    1007 => "invalid payload data",
                    1008 => "policy violation",
                    1009 => "message too big",
                    1010 => "mandatory extension missing",
                    1011 => "internal server error",
                    1015 => "TLS handshake error",
                    _ => "",
                };
                if !meaning.is_empty() {
                    write!(f, " ({meaning})")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::Fault { text, .. } => write!(f, "websocket: {text}"),
            Self::Socket(text) => f.write_str(text),
            Self::CloseSent => f.write_str("websocket: close sent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wordings() {
        let close = |code, reason: &str| Ended::Close { code, reason: reason.to_owned() };
        for (ended, text, unexpected) in [
            (close(1000, ""), "websocket: close 1000 (normal)", false),
            (close(1001, "bye"), "websocket: close 1001 (going away): bye", false),
            (Ended::cut(), "websocket: close 1006 (abnormal closure): unexpected EOF", true),
            (close(4000, ""), "websocket: close 4000", true),
            (Ended::fault("bad opcode 3"), "websocket: bad opcode 3", false),
            (Ended::CloseSent, "websocket: close sent", false),
        ] {
            assert_eq!((ended.to_string().as_str(), ended.is_unexpected_close()), (text, unexpected));
        }
        assert_eq!(Ended::cut().answer(), None);
        assert_eq!(close(1001, "bye").answer(), Some((1001, "")));
    }
}
