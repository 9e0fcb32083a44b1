//! `Set-Cookie`, read by Go's rules.

use crate::net::header::Headers;
use crate::net::http_date;

/// A cookie of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseCookie {
    pub name: String,
    pub value: String,
    /// Empty if not given; likewise `path`.
    pub domain: String,
    pub path: String,
    pub http_only: bool,
    pub secure: bool,
    /// Seconds; 0 if not given, -1 for "remove at once".
    pub max_age: i64,
    /// Milliseconds since 1970, `None` if not given.
    pub expires: Option<i64>,
}

/// The cookies that a response's headers set, in order; malformed ones are passed over.
pub fn parse(headers: &Headers) -> Vec<ResponseCookie> {
    let values = headers.iter().filter(|(name, _)| name == "Set-Cookie").flat_map(|(_, values)| values);
    values.filter_map(|text| parse_line(text)).collect()
}

/// One line; attributes that are malformed or unknown are passed over.
pub fn parse_line(line: &str) -> Option<ResponseCookie> {
    let mut parts = line.split(';').map(trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let name = trim(name);
    if !is_token(name) {
        return None;
    }
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let mut cookie = ResponseCookie {
        name: name.to_owned(),
        value: valid(quoted.unwrap_or(value))?.to_owned(),
        ..ResponseCookie::default()
    };
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        let Some(value) = valid(value) else { continue };
        match attribute.to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "domain" => value.clone_into(&mut cookie.domain),
            "path" => value.clone_into(&mut cookie.path),
            "max-age" => {
                if let Some(seconds) = max_age(value) {
                    cookie.max_age = seconds;
                }
            }
            "expires" => cookie.expires = http_date::parse_of_server(value),
            _ => {}
        }
    }
    Some(cookie)
}

/// Go's `Atoi`, without leading zeros.
fn max_age(value: &str) -> Option<i64> {
    let seconds: i64 = value.parse().ok()?;
    if seconds != 0 && value.starts_with('0') {
        return None;
    }
    Some(if seconds <= 0 { -1 } else { seconds })
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn valid(value: &str) -> Option<&str> {
    value.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b';' | b'\\')).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let full = ResponseCookie {
            name: "a".into(),
            value: "1".into(),
            domain: "x.test".into(),
            path: "/p".into(),
            http_only: true,
            secure: true,
            max_age: 60,
            expires: None,
        };
        let line =
            "a=\"1\"; Domain=x.test; Path=/p; HttpOnly; Secure=x; Max-Age=60; max-age=06; SameSite=Lax";
        assert_eq!(parse_line(line), Some(full));
        let b =
            parse_line(" b = 2=3 ;Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=0;; path=\"/\"").unwrap();
        assert_eq!((b.name.as_str(), b.value.as_str(), b.max_age), ("b", " 2=3", -1));
        assert_eq!((b.expires, b.path.as_str()), (Some(1_792_567_680_000), ""));
        for line in ["", "=", "=1", "a", "a b=1", "a=\"", "a=\u{e9}", "a=1\\"] {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
