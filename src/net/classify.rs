//! What a failure of hyper, h2, rustls or the system was, as a [`NetError`].

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, InvalidMessage};

use crate::net::error::{Http2, Kind, NetError, Stage};

/// Classifies an error that came while a request was sent or its answer read; `peer` is the address for the text
/// of a reset.
pub fn classify(error: &(dyn Error + 'static), stage: Stage, peer: Option<SocketAddr>) -> NetError {
    if let Some(kind) = causes(error).find_map(|cause| specific(cause, stage, peer)) {
        return NetError { kind, stage };
    }
    // hyper's "connection closed" family, without a cause that says more.
    if stage == Stage::Request && causes(error).any(|cause| cause.is::<hyper::Error>()) {
        return NetError { kind: Kind::Eof, stage };
    }
    let innermost = causes(error).last().unwrap_or(error);
    NetError { kind: Kind::Other(innermost.to_string()), stage }
}

/// The error and its causes, outermost first. `io::Error::source` skips the error that it wraps, so that one is
/// asked for by `get_ref`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

fn specific(cause: &(dyn Error + 'static), stage: Stage, peer: Option<SocketAddr>) -> Option<Kind> {
    let eof = if stage == Stage::Body { Kind::UnexpectedEof } else { Kind::Eof };
    if let Some(ours) = cause.downcast_ref::<NetError>() {
        return Some(ours.kind.clone());
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(classify_tls(tls));
    }
    if let Some(h2) = cause.downcast_ref::<h2::Error>() {
        return classify_h2(h2).or_else(|| of_io(h2.get_io()?, eof, peer));
    }
    if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
        if hyper.is_incomplete_message() {
            return Some(eof);
        }
        if hyper.is_parse() {
            return Some(Kind::Malformed(hyper.to_string()));
        }
        return None;
    }
    of_io(cause.downcast_ref::<io::Error>()?, eof, peer)
}

fn of_io(io: &io::Error, eof: Kind, peer: Option<SocketAddr>) -> Option<Kind> {
    if let Some(errno) = io.raw_os_error() {
        return Some(match io.kind() {
            io::ErrorKind::ConnectionReset => Kind::Reset(peer),
            io::ErrorKind::BrokenPipe => Kind::BrokenPipe,
            _ => Kind::Errno(errno),
        });
    }
    match io.kind() {
        // Made by hyper, h2 and rustls where the peer closed too early.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
            Some(eof)
        }
        _ => None,
    }
}

/// Classifies a TLS failure; the texts are Go's.
fn classify_tls(error: &rustls::Error) -> Kind {
    use CertificateError as Bad;
    const EXPIRED: &str = "certificate has expired or is not yet valid";
    match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => Kind::UnknownAuthority,
            Bad::NotValidForName => Kind::HostnameMismatch("certificate is not valid for the host".into()),
            Bad::NotValidForNameContext { expected, presented } => Kind::HostnameMismatch(format!(
                "certificate is valid for {}, not {}",
                presented.join(", "),
                { expected.to_str() }
            )),
            Bad::Expired | Bad::NotValidYet => Kind::Certificate(EXPIRED.into()),
            Bad::ExpiredContext { time, not_after } => {
                let (time, end) = (date(*time), date(*not_after));
                Kind::Certificate(format!("{EXPIRED}: current time {time} is after {end}"))
            }
            Bad::NotValidYetContext { time, not_before } => {
                let (time, begin) = (date(*time), date(*not_before));
                Kind::Certificate(format!("{EXPIRED}: current time {time} is before {begin}"))
            }
            // A certificate that signed itself, by which Go's verifier finds no authority either. The cause is
            // known by its text alone, for its type is of a crate further down.
            Bad::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => Kind::UnknownAuthority,
            other => Kind::Certificate(other.to_string()),
        },
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge,
        ) => Kind::NotTls,
        rustls::Error::AlertReceived(alert) => Kind::Alert(*alert),
        other => Kind::Tls(other.to_string()),
    }
}

/// A time as Go writes it.
fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// `None` where only the I/O below failed, which the next cause tells.
fn classify_h2(error: &h2::Error) -> Option<Kind> {
    let code = u32::from(error.reason()?);
    let class = if error.is_go_away() && error.is_remote() {
        Http2::GoAway
    } else if error.is_reset() {
        Http2::Stream
    } else {
        Http2::Connection
    };
    Some(Kind::Http2 { class, code })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_failures() {
        let names = CertificateError::NotValidForNameContext {
            expected: rustls::pki_types::ServerName::try_from("b.test").unwrap(),
            presented: vec!["a.test".into(), "*.a.test".into()],
        };
        let table = [
            (rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer), 1310),
            (rustls::Error::InvalidCertificate(names.clone()), 1311),
            (rustls::Error::InvalidCertificate(CertificateError::Expired), 1000),
            (rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion), 1010),
            (rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType), 1301),
            (rustls::Error::HandshakeNotComplete, 1300),
        ];
        for (error, code) in table {
            assert_eq!(NetError::request(classify_tls(&error)).code(), code, "{error}");
        }
        assert_eq!(
            NetError::request(classify_tls(&rustls::Error::InvalidCertificate(names))).to_string(),
            "tls: failed to verify certificate: x509: certificate is valid for a.test, *.a.test, not b.test"
        );
    }

    #[test]
    fn causes_look_into_io_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let io = io::Error::new(io::ErrorKind::InvalidData, tls);
        assert!(causes(&io).any(|cause| cause.is::<rustls::Error>()));
    }

    #[test]
    fn http2_resets() {
        let error = h2::Error::from(h2::Reason::ENHANCE_YOUR_CALM);
        assert_eq!(classify_h2(&error), Some(Kind::Http2 { class: Http2::Connection, code: 11 }));
    }
}
