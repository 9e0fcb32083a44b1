//! Text in the query of a URL and in forms.

/// Go's `url.QueryEscape`: a space becomes `+`, letters, digits and `-_.~` stay, other bytes become `%XX`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_does() {
        assert_eq!(escape("a b&\u{e9}~-_.*"), "a+b%26%C3%A9~-_.%2A");
    }
}
