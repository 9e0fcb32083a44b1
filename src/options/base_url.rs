//! `baseURL`: where URLs of scripts that begin with `/` lead.

/// A server, and maybe a path there, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads a base; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match parsed {
            Some(url) if url.query().is_none() && url.fragment().is_none() => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            Some(_) => Err(format!("baseURL must have neither a query nor a fragment, but is '{text}'")),
            None => Err(format!("baseURL must be a URL such as http://localhost:8000/v1, but is '{text}'")),
        }
    }

    /// The whole of a URL that begins with one `/`; `None` for others, which stand for themselves.
    pub fn join(&self, typed: &str) -> Option<String> {
        (typed.starts_with('/') && !typed.starts_with("//")).then(|| format!("{}{typed}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_other_urls_are_not() {
        let base = BaseUrl::parse("http://u:p@host:80/v1/").unwrap();
        for (typed, joined) in [
            ("/", Some("http://u:p@host:80/v1/")),
            ("/chat?a=/b", Some("http://u:p@host:80/v1/chat?a=/b")),
            ("//other/x", None),
            ("http://other/x", None),
            ("chat", None),
            ("", None),
        ] {
            assert_eq!(base.join(typed).as_deref(), joined, "{typed}");
        }
    }

    #[test]
    fn what_is_no_base_is_told() {
        for text in ["localhost:80", "", "ws://x", "/v1"] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert_eq!(
                error,
                format!("baseURL must be a URL such as http://localhost:8000/v1, but is '{text}'")
            );
        }
        assert!(BaseUrl::parse("http://x/?a").unwrap_err().contains("neither a query"));
    }
}
