//! URLs as Go sends them: nothing is resolved, and no more is escaped than must be.

use std::fmt;

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentUrl {
    /// Scheme and host, as typed.
    pub start: String,
    /// The path, escaped where it has to be; may be empty.
    pub path: String,
    /// `?query` as typed, or nothing.
    pub query: String,
    /// `#fragment`, or nothing.
    pub fragment: String,
}

impl SentUrl {
    /// Takes a typed URL apart; `None` if it has no host.
    ///
    /// # Errors
    ///
    /// A percent sign in the path has no two digits behind it; the error is that piece.
    pub fn of(typed: &str) -> Option<Result<Self, String>> {
        let host = typed.find("://")? + 3;
        let end = typed[host..].find(['/', '?', '#']).map_or(typed.len(), |at| host + at);
        let (start, rest) = typed.split_at(end);
        let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        Some(escaped(path).map(|path| Self {
            start: start.to_owned(),
            path,
            query: query.to_owned(),
            fragment: fragment.to_owned(),
        }))
    }

    /// Path and query as the request's line has them; a space, which would break it, is escaped.
    pub fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        format!("{path}{}", self.query.replace(' ', "%20"))
    }
}

impl fmt::Display for SentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}{}", self.start, self.path, self.query, self.fragment)
    }
}

/// Go's `URL.EscapedPath`: as it is if that is a valid encoding, else escaped anew.
fn escaped(path: &str) -> Result<String, String> {
    let bytes = path.as_bytes();
    for (at, _) in path.match_indices('%') {
        if !bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(path[at..].chars().take(3).collect());
        }
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b);
    if bytes.iter().all(|b| is_plain(*b) || b"!'()*[]%".contains(b)) {
        return Ok(path.to_owned());
    }
    let mut out = String::with_capacity(path.len() + 16);
    let mut at = 0;
    while at < bytes.len() {
        let mut byte = bytes[at];
        at += 1;
        if byte == b'%' {
            let digits = str::from_utf8(&bytes[at..at + 2]).unwrap_or_default();
            byte = u8::from_str_radix(digits, 16).unwrap_or(byte);
            at += 2;
        }
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::SentUrl;

    #[test]
    fn what_go_sends() {
        for (typed, target) in [
            ("", "/"),
            ("?y", "/?y"),
            ("/a/../b/./c", "/a/../b/./c"),
            ("/a|b", "/a%7Cb"),
            ("/a b?c d#e", "/a%20b?c%20d"),
            ("/é", "/%C3%A9"),
            ("/a\\b", "/a%5Cb"),
            ("/{}^`[]", "/%7B%7D%5E%60%5B%5D"),
            ("/[]'()!*", "/[]'()!*"),
            ("/%7e%2F;c", "/%7e%2F;c"),
            ("/%7e%2F c", "/~/%20c"),
            ("//x", "//x"),
            ("/?q='x'|^", "/?q='x'|^"),
            ("/?%zz", "/?%zz"),
        ] {
            let url = SentUrl::of(&format!("http://u:p@h:1{typed}")).unwrap().unwrap();
            assert_eq!((url.target().as_str(), url.start.as_str()), (target, "http://u:p@h:1"));
        }
        for (typed, piece) in [("http://h/%zz", "%zz"), ("http://h/a%", "%"), ("http://h/%é", "%é")] {
            assert_eq!(SentUrl::of(typed).unwrap().unwrap_err(), piece);
        }
        assert_eq!(SentUrl::of("/x"), None);
    }
}
