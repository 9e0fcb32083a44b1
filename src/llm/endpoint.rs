//! Where requests go: a base URL and the protocol's path, or a path of the user's.

use url::Url;

use crate::net::NetError;

/// The URL of requests, which may hold `{model}`, `{session_id}` and `{conversation_id}`.
#[derive(Clone, Debug)]
pub struct Endpoint {
    template: String,
    /// Where the template holds nothing to be filled in.
    fixed: Option<Url>,
}

const PLACES: [&str; 3] = ["{model}", "{session_id}", "{conversation_id}"];

impl Endpoint {
    /// Joins what the user gave with a protocol's path.
    ///
    /// `http://h`, `http://h/v1` and `http://h/v1/chat/completions` with `/v1/chat/completions` are all the last of
    /// them; another base gets the path, without its version where the base ends in one. `own_path` goes after the
    /// base as it is.
    ///
    /// # Errors
    ///
    /// The base is no URL.
    pub fn new(base: &str, own_path: Option<&str>, path: &str) -> Result<Self, NetError> {
        let with_scheme = if base.contains("://") { base.to_owned() } else { format!("http://{base}") };
        let (address, query) = match with_scheme.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (with_scheme.as_str(), None),
        };
        let bad = |error: url::ParseError| NetError::invalid_url(error.to_string());
        Url::parse(address).map_err(bad)?;
        let mut template = match own_path {
            Some(own) => format!("{}/{}", address.trim_end_matches('/'), own.trim_start_matches('/')),
            None => joined(address, path),
        };
        if let Some(query) = query {
            template.push(if template.contains('?') { '&' } else { '?' });
            template.push_str(query);
        }
        // Tells of a bad URL before the first request.
        let filled = Url::parse(&fill(&template, "x", "x")).map_err(bad)?;
        let is_fixed = !PLACES.iter().any(|place| template.contains(place));
        Ok(Self { template, fixed: is_fixed.then_some(filled) })
    }

    /// The URL of a request.
    ///
    /// # Errors
    ///
    /// What was filled in makes it no URL.
    pub fn url(&self, model: &str, conversation: &str) -> Result<Url, NetError> {
        match &self.fixed {
            Some(url) => Ok(url.clone()),
            None => Url::parse(&fill(&self.template, model, conversation))
                .map_err(|error| NetError::invalid_url(error.to_string())),
        }
    }

    /// The URL with its places unfilled: one name for all its requests.
    pub fn template(&self) -> &str {
        &self.template
    }
}

fn joined(address: &str, path: &str) -> String {
    let address = address.trim_end_matches('/');
    let base_path =
        address.split_once("://").map_or("", |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let (path, query) = match path.find('?') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    // `/v1/chat/completions` without its version.
    let tail = match path.trim_start_matches('/').split_once('/') {
        Some((version, _)) if is_version(version) => &path[version.len() + 1..],
        _ => path,
    };
    // Only the URL of an endpoint says where a session's id stands.
    let has_session = base_path.contains("{session_id}") || base_path.contains("{conversation_id}");
    let is_whole =
        has_session || if has_places(tail) { is_filled(base_path, tail) } else { base_path.ends_with(tail) };
    if base_path.is_empty() {
        format!("{address}{path}{query}")
    } else if is_whole {
        format!("{address}{query}")
    } else if base_path.rsplit('/').next().is_some_and(is_version) {
        format!("{address}{tail}{query}")
    } else {
        format!("{address}{path}{query}")
    }
}

fn has_places(path: &str) -> bool {
    path.contains('{')
}

/// Whether a path ends in what a tail with places becomes: its parts before and after the places are there.
fn is_filled(path: &str, tail: &str) -> bool {
    let Some((before, after)) =
        tail.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)))
    else {
        return false;
    };
    path.rfind(before).is_some_and(|at| path.len() > at + before.len() + after.len()) && path.ends_with(after)
}

/// `v1`, `v1beta`.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn fill(template: &str, model: &str, conversation: &str) -> String {
    let escape = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    if !has_places(template) {
        return template.to_owned();
    }
    let (model, conversation) = (model.replace([' ', '?', '#', '%'], "-"), escape(conversation));
    template
        .replace("{model}", &model)
        .replace("{session_id}", &conversation)
        .replace("{conversation_id}", &conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_and_paths() {
        const CHAT: &str = "/v1/chat/completions";
        const GEMINI: &str = "/v1beta/models/{model}:streamGenerateContent?alt=sse";
        const SESSION: &str = "/stream/assistant/{session_id}";
        for (base, own, path, wanted) in [
            ("http://h:8000", None, CHAT, "http://h:8000/v1/chat/completions"),
            ("h:8000/", None, CHAT, "http://h:8000/v1/chat/completions"),
            ("https://h/v1", None, CHAT, "https://h/v1/chat/completions"),
            ("https://h/openai/v1/", None, CHAT, "https://h/openai/v1/chat/completions"),
            ("https://h/v1/chat/completions", None, CHAT, "https://h/v1/chat/completions"),
            ("https://h/gateway", None, CHAT, "https://h/gateway/v1/chat/completions"),
            ("https://h/v1?key=1", None, CHAT, "https://h/v1/chat/completions?key=1"),
            ("https://h", Some("ask"), CHAT, "https://h/ask"),
            ("https://h/v1beta", None, GEMINI, "https://h/v1beta/models/m/x:streamGenerateContent?alt=sse"),
            ("https://h/v1beta/models/a:streamGenerateContent", None, GEMINI, {
                "https://h/v1beta/models/a:streamGenerateContent?alt=sse"
            }),
            ("http://h:8000", None, SESSION, "http://h:8000/stream/assistant/a%2Fb"),
            ("http://h/stream/assistant/7", None, SESSION, "http://h/stream/assistant/7"),
        ] {
            let endpoint = Endpoint::new(base, own, path).unwrap();
            assert_eq!(endpoint.url("m/x", "a/b").unwrap().as_str(), wanted, "{base}");
        }
        assert!(Endpoint::new("http://", None, CHAT).is_err());
    }
}
