//! Header names as Go writes them, and what a message's head weighs.

use http::{HeaderMap, Version};

/// How many lines a response's head may have; hyper's own limit of 100 refuses answers that Go takes.
pub const MAX_HEADERS: usize = 256;

/// Names with their values, both in the order of their first appearance.
pub type Headers = Vec<(String, Vec<String>)>;

/// The name in Go's canonical form: `content-type` → `Content-Type`. Names that are no tokens stay as they are.
pub fn canonical(name: &str) -> String {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.bytes().all(token) {
        return name.to_owned();
    }
    let mut upper = true;
    name.chars()
        .map(|c| {
            let shown = if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            upper = c == '-';
            shown
        })
        .collect()
}

/// A response's headers for scripts. Like Go, leaves out what belongs to the framing alone.
pub fn of_response(map: &HeaderMap) -> Headers {
    list(map, &["transfer-encoding", "trailer"])
}

/// A request's headers for scripts.
pub fn of_request(map: &HeaderMap) -> Headers {
    list(map, &["host", "content-length", "proxy-authorization"])
}

fn list(map: &HeaderMap, without: &[&str]) -> Headers {
    map.keys()
        .filter(|name| !without.contains(&name.as_str()))
        .map(|name| {
            let values = map.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
            (canonical(name.as_str()), values.collect())
        })
        .collect()
}

/// The first value of a header, whatever the name's case.
pub fn first<'a>(headers: &'a [(String, Vec<String>)], name: &str) -> Option<&'a str> {
    let (_, values) = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    values.first().map(String::as_str)
}

/// Bytes of the header lines and the blank line after them in HTTP/1.1. HTTP/2 packs them; they are counted as
/// if it did not.
pub fn size(map: &HeaderMap) -> usize {
    map.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() + 2
}

/// `HTTP/1.1`, as in the tag `proto`.
pub fn proto(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, shown) in [
            ("content-type", "Content-Type"),
            ("ETAG", "Etag"),
            ("x-aB-c", "X-Ab-C"),
            ("www-authenticate", "Www-Authenticate"),
            ("bad name", "bad name"),
        ] {
            assert_eq!(canonical(name), shown);
        }
    }

    #[test]
    fn values_keep_their_order() {
        let mut map = HeaderMap::new();
        map.append("set-cookie", "a=1".parse().unwrap());
        map.append("transfer-encoding", "chunked".parse().unwrap());
        map.append("set-cookie", "b=2".parse().unwrap());
        assert_eq!(of_response(&map), [("Set-Cookie".to_owned(), vec!["a=1".to_owned(), "b=2".to_owned()])]);
        assert_eq!(
            size(&map),
            "set-cookie: a=1\r\nset-cookie: b=2\r\ntransfer-encoding: chunked\r\n\r\n".len()
        );
    }
}
