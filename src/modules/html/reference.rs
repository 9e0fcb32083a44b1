//! URLs and references to them, with the rules of Go's `net/url`: nothing is made canonical, so that a link is
//! shown and requested as it was written. Resolution is that of RFC 3986, 5.2.

use std::fmt::{self, Display};

use crate::k6::quote::quote;

/// The parts of a URL, or of a reference to one, as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// In small letters; empty for a relative reference.
    pub scheme: String,
    /// What follows the scheme where that is no path: `mailto:x@y`.
    pub opaque: String,
    /// Before the `@`.
    pub user: Option<String>,
    /// With the port.
    pub host: String,
    pub path: String,
    /// Without the `?`.
    pub query: Option<String>,
    /// Without the `#`.
    pub fragment: String,
}

impl Reference {
    /// Takes a text apart.
    ///
    /// # Errors
    ///
    /// The text is no URL: with Go's reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parts(text).map_err(|why| format!("parse {}: {why}", quote(text)))
    }

    fn parts(text: &str) -> Result<Self, String> {
        if text.chars().any(|c| c.is_ascii_control()) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        check_escapes(fragment)?;
        let (scheme, rest) = split_scheme(rest)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let mut parsed = Self { scheme, query, fragment: fragment.to_owned(), ..Self::default() };
        if !rest.starts_with('/') {
            if !parsed.scheme.is_empty() {
                parsed.opaque = rest.to_owned();
                return Ok(parsed);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let mut path = rest;
        let has_authority = !parsed.scheme.is_empty() || !rest.starts_with("///");
        if let Some(after) = rest.strip_prefix("//").filter(|_| has_authority) {
            let (authority, after) = after.split_at(after.find('/').unwrap_or(after.len()));
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user.to_owned()), host),
                None => (None, authority),
            };
            check_host(host)?;
            (parsed.user, parsed.host, path) = (user, host.to_owned(), after);
        }
        check_escapes(path)?;
        parsed.path = path.to_owned();
        Ok(parsed)
    }

    /// What a reference means in a document of this URL.
    pub fn resolve(&self, reference: &Self) -> Self {
        let mut found = reference.clone();
        if !reference.scheme.is_empty() || !reference.host.is_empty() || reference.user.is_some() {
            if reference.scheme.is_empty() {
                found.scheme.clone_from(&self.scheme);
            }
            if reference.opaque.is_empty() {
                found.path = without_dots(&reference.path);
            }
            return found;
        }
        found.scheme.clone_from(&self.scheme);
        if reference.path.is_empty() && reference.query.is_none() {
            found.query.clone_from(&self.query);
            if reference.fragment.is_empty() {
                found.fragment.clone_from(&self.fragment);
            }
        }
        if reference.path.is_empty() && !self.opaque.is_empty() {
            found.opaque.clone_from(&self.opaque);
            return found;
        }
        found.host.clone_from(&self.host);
        found.user.clone_from(&self.user);
        let folder = self.path.rfind('/').map_or("", |at| &self.path[..=at]);
        found.path = without_dots(&match &*reference.path {
            "" => self.path.clone(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("{folder}{path}"),
        });
        found
    }

    /// Host and port apart; the port is empty where there is none.
    pub fn host_and_port(&self) -> (&str, &str) {
        match self.host.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host.trim_matches(['[', ']']), port),
            _ => (&self.host, ""),
        }
    }

    /// User name and password, unescaped.
    pub fn credentials(&self) -> (String, String) {
        let (name, password) = self
            .user
            .as_deref()
            .unwrap_or_default()
            .split_once(':')
            .unwrap_or((self.user.as_deref().unwrap_or_default(), ""));
        (unescaped(name), unescaped(password))
    }
}

impl Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            let is_full = !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some();
            if is_full && (!self.host.is_empty() || !self.path.is_empty() || self.user.is_some()) {
                f.write_str("//")?;
                if let Some(user) = &self.user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&self.host)?;
            }
            let path = escaped(&self.path);
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            } else if !is_full && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                f.write_str("./")?;
            }
            f.write_str(&path)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", escaped(&self.fragment))?;
        }
        Ok(())
    }
}

fn split_scheme(text: &str) -> Result<(String, &str), String> {
    match text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')) {
        Some(0) if text.starts_with(':') => Err("missing protocol scheme".to_owned()),
        Some(at) if text[at..].starts_with(':') && text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Ok((text[..at].to_ascii_lowercase(), &text[at + 1..]))
        }
        _ => Ok((String::new(), text)),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    if let Some(c) =
        host.chars().find(|c| matches!(c, ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}'))
    {
        return Err(format!("invalid character {} in host name", quote(&c.to_string())));
    }
    let port = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map(|(_, port)| port);
    match port {
        Some(port) if !port.bytes().all(|b| b.is_ascii_digit()) => {
            Err(format!("invalid port {} after host", quote(&format!(":{port}"))))
        }
        _ => Ok(()),
    }
}

fn check_escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            let shown: String = text[at..].chars().take(3).collect();
            return Err(format!("invalid URL escape {}", quote(&shown)));
        }
    }
    Ok(())
}

/// An absolute path with its `.` and `..` followed.
fn without_dots(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut last = "";
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        last = segment;
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    // What ends in dots is a folder.
    if matches!(last, "." | "..") {
        kept.push("");
    }
    let joined = format!("/{}", kept.join("/"));
    // Two slashes at the beginning would be read as a host.
    if joined.starts_with("//") { joined[1..].to_owned() } else { joined }
}

/// Percent-encodes what may not stand in a path, and leaves the rest as it was written.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f.. => {
                out.push_str(&format!("%{byte:02X}"));
            }
            _ => out.push(byte as char),
        }
    }
    out
}

/// Percent-decodes; bytes that are no UTF-8 become U+FFFD.
pub fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolution() {
        let base = Reference::parse("http://u:p@h:80/a/b/c?q=1#f").unwrap();
        for (reference, found) in [
            ("", "http://u:p@h:80/a/b/c?q=1#f"),
            ("#x", "http://u:p@h:80/a/b/c?q=1#x"),
            ("?y=2", "http://u:p@h:80/a/b/c?y=2"),
            ("d", "http://u:p@h:80/a/b/d"),
            ("./d/", "http://u:p@h:80/a/b/d/"),
            ("../d", "http://u:p@h:80/a/d"),
            ("../../../../d", "http://u:p@h:80/d"),
            ("..", "http://u:p@h:80/a/"),
            ("/x/./y/../z", "http://u:p@h:80/x/z"),
            ("//other/x", "http://other/x"),
            ("HTTPS://other:443", "https://other:443"),
            ("mailto:a@b", "mailto:a@b"),
            ("javascript:void(0)", "javascript:void(0)"),
            ("a b/é?c d", "http://u:p@h:80/a/b/a%20b/%C3%A9?c d"),
            ("a%2Fb", "http://u:p@h:80/a/b/a%2Fb"),
        ] {
            assert_eq!(base.resolve(&Reference::parse(reference).unwrap()).to_string(), found, "{reference}");
        }
        let nothing = Reference::default();
        assert_eq!(nothing.resolve(&Reference::parse("a/b").unwrap()).path, "/a/b");
    }

    #[test]
    fn parts() {
        let url = Reference::parse("http://us%20er:pa%3Ass@[::1]:8080/x%20y?q#f%20g").unwrap();
        assert_eq!(url.host_and_port(), ("::1", "8080"));
        assert_eq!(url.credentials(), ("us er".to_owned(), "pa:ss".to_owned()));
        assert_eq!((unescaped(&url.path), unescaped(&url.fragment)), ("/x y".to_owned(), "f g".to_owned()));
        assert_eq!(Reference::parse("http://h").unwrap().host_and_port(), ("h", ""));
        assert_eq!(unescaped("%é%4"), "%é%4");
    }

    #[test]
    fn faults() {
        for (text, why) in [
            ("1:2", "first path segment in URL cannot contain colon"),
            (":x", "missing protocol scheme"),
            ("http://h:x/", "invalid port \":x\" after host"),
            ("/a%zz", "invalid URL escape \"%zz\""),
            ("a\nb", "net/url: invalid control character in URL"),
            ("http://a b/", "invalid character \" \" in host name"),
        ] {
            let fault = Reference::parse(text).unwrap_err();
            assert_eq!(fault, format!("parse {}: {why}", quote(text)));
        }
    }
}
