//! `Set-Cookie` as `res.cookies` shows it.

use cookie::Cookie;

use crate::net::header::Headers;

/// A cookie of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    values.filter_map(|text| Cookie::parse(text.as_str()).ok()).map(|cookie| shown(&cookie)).collect()
}

fn shown(cookie: &Cookie<'_>) -> ResponseCookie {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    ResponseCookie {
        name: cookie.name().to_owned(),
        value: cookie.value_trimmed().to_owned(),
        domain: text(cookie.domain()),
        path: text(cookie.path()),
        http_only: cookie.http_only().unwrap_or(false),
        secure: cookie.secure().unwrap_or(false),
        max_age: match cookie.max_age().map(|age| age.whole_seconds()) {
            None => 0,
            Some(seconds) if seconds <= 0 => -1,
            Some(seconds) => seconds,
        },
        expires: cookie.expires_datetime().map(|at| at.unix_timestamp() * 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let headers: Headers = vec![(
            "Set-Cookie".into(),
            vec![
                "a=\"1\"; Domain=x.test; Path=/p; HttpOnly; Secure; Max-Age=60".into(),
                "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=0".into(),
                "=".into(),
            ],
        )];
        let plain = ResponseCookie {
            name: "b".into(),
            value: "2".into(),
            domain: String::new(),
            path: String::new(),
            http_only: false,
            secure: false,
            max_age: -1,
            expires: Some(1_792_567_680_000),
        };
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
        assert_eq!(parse(&headers), [full, plain]);
    }
}
