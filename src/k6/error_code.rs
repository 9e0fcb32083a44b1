//! The error codes 1000–1799 of `res.error_code` and of the `error_code` tag.

/// Anything without a code of its own.
pub const GENERIC: u16 = 1000;
/// A network error that is not TCP's.
pub const NOT_TCP: u16 = 1010;
/// The URL could not be parsed.
pub const INVALID_URL: u16 = 1020;
/// The request's time was up.
pub const REQUEST_TIMEOUT: u16 = 1050;

/// A failed name lookup.
pub const DNS: u16 = 1100;
/// The name does not exist.
pub const NO_SUCH_HOST: u16 = 1101;
/// The address is in `blacklistIPs`.
pub const BLACKLISTED_IP: u16 = 1110;
/// The name matches `blockHostnames`.
pub const BLOCKED_HOSTNAME: u16 = 1111;

/// A TCP error after the connection stood.
pub const TCP: u16 = 1200;
/// The peer no longer reads.
pub const BROKEN_PIPE: u16 = 1201;
/// A system error without a code of its own.
pub const UNKNOWN_ERRNO: u16 = 1202;
/// A connection attempt failed.
pub const DIAL: u16 = 1210;
/// A connection attempt took too long.
pub const DIAL_TIMEOUT: u16 = 1211;
/// Nobody listens there.
pub const DIAL_REFUSED: u16 = 1212;
/// A connection attempt failed with a system error without a code of its own.
pub const DIAL_UNKNOWN_ERRNO: u16 = 1213;
/// The peer reset the connection.
pub const RESET_BY_PEER: u16 = 1220;

/// A failed TLS handshake, or a TLS error later.
pub const TLS: u16 = 1300;
/// The peer does not speak TLS.
pub const NOT_TLS: u16 = 1301;
/// The certificate is signed by nobody known.
pub const UNKNOWN_AUTHORITY: u16 = 1310;
/// The certificate is somebody else's.
pub const HOSTNAME_MISMATCH: u16 = 1311;

/// An HTTP/2 error that fits no class below.
pub const HTTP2: u16 = 1600;
/// A GOAWAY frame; its HTTP/2 error code + 1 is added.
pub const HTTP2_GO_AWAY: u16 = 1610;
/// A stream error; its HTTP/2 error code + 1 is added.
pub const HTTP2_STREAM: u16 = 1630;
/// A connection error; its HTTP/2 error code + 1 is added.
pub const HTTP2_CONNECTION: u16 = 1650;

/// The response body could not be decompressed.
pub const DECOMPRESSION: u16 = 1701;

/// The names of the HTTP/2 error codes 0–13 (RFC 9113, section 7).
pub const HTTP2_NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The code of an answered request: 1000 + status from 400 on, else 0.
pub const fn for_status(status: u16) -> u16 {
    if status >= 400 { 1000 + status } else { 0 }
}

/// The code of an HTTP/2 error: `base` is one of the three above; unknown codes give the bare base.
pub const fn for_http2(base: u16, code: u32) -> u16 {
    // The cast keeps the value: it is below 14.
    if (code as usize) < HTTP2_NAMES.len() { base + 1 + code as u16 } else { base }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_http2_codes() {
        assert_eq!([399, 400, 404, 503].map(for_status), [0, 1400, 1404, 1503]);
        assert_eq!(for_http2(HTTP2_GO_AWAY, 0), 1611);
        assert_eq!(for_http2(HTTP2_STREAM, 13), 1644);
        assert_eq!(for_http2(HTTP2_CONNECTION, 14), 1650);
    }
}
