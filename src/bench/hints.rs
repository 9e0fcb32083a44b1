//! What may be wrong, and what to do, when requests fail.

use super::tally::Failed;

/// Who was asked, for texts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The URL, with `{session_id}` and the like in it.
    pub url: &'a str,
    pub protocol: &'a str,
    pub has_key: bool,
    pub has_model: bool,
    pub retries: bool,
}

/// A sentence for a way to fail; `None` where the error says it all.
pub fn hint(failed: &Failed, asked: Asked) -> Option<String> {
    let Asked { url, protocol, .. } = asked;
    let text = failed.text.to_lowercase();
    let sentence = match (failed.outcome, failed.status) {
        ("connect_error", _) if text.contains("refused") => {
            format!("nothing listens at {url}: is the server running, and are host and port right?")
        }
        ("connect_error", _) if text.contains("lookup") || text.contains("no such host") => {
            "the host's name is not known: is it spelt right?".to_owned()
        }
        ("connect_error", _) if text.contains("unsupported protocol scheme") => {
            "the URL must begin with http:// or https://".to_owned()
        }
        ("connect_error", _) if text.contains("too many open files") => {
            "the limit of open files is too low for so many connections: raise it with ulimit -n".to_owned()
        }
        ("tls_error", _) => {
            "for a certificate of one's own, add --insecure-skip-tls-verify; where the server has no TLS, say http://"
                .to_owned()
        }
        ("http_error", 401 | 403) if !asked.has_key => "the server wants an API key: give one with --api-key".to_owned(),
        ("http_error", 401 | 403) => "the server does not take this API key".to_owned(),
        ("http_error", 400 | 404 | 422) if text.contains("model") && asked.has_model => {
            "the server does not have that model: see --model".to_owned()
        }
        ("http_error", 404 | 405) => format!(
            "the server has no POST {url}: give the endpoint's whole URL, or its path with --api-path, or say \
             with --protocol what the server speaks ({protocol} was used)"
        ),
        ("http_error", 400 | 422) if !asked.has_model => {
            "the server does not take the request; many want to know a model: --model".to_owned()
        }
        ("http_error", 400 | 415 | 422) => format!(
            "the server does not take the request: is its protocol {protocol} (--protocol), and is the body what it \
             wants (--body-template, --extra-body)?"
        ),
        ("http_error", 429 | 503) if !asked.retries => {
            "the server is at its limit: lower the load, or have requests sent again with --retry".to_owned()
        }
        ("truncated", 0) => "the server hung up without an answer: does it want https://, did it crash? Some (llama.cpp's) announce that they \
             keep connections, and close them when they have streamed an answer: say --no-connection-reuse"
            .to_owned(),
        ("truncated", _) => format!(
            "answers ended without what ends them in the protocol {protocol}: [DONE], a finish reason or the like; a \
             proxy or a time-out of the server may have cut them off"
        ),
        ("protocol_error", _) if text.contains("text/html") => {
            format!("the answers are web pages: is {url} the API's URL, or is a login page before it?")
        }
        ("protocol_error", _) if text.contains("is no json") => {
            "events that are cut or garbled: look at one with ssek probe --pieces".to_owned()
        }
        ("protocol_error", _) => format!(
            "the answers are no stream of {protocol} or another protocol that ssek knows: is the URL right ({url}), \
             and does the server stream? --protocol says what it speaks"
        ),
        ("timeout_first_event" | "timeout_idle", _) => {
            "the server took longer than --timeout allows".to_owned()
        }
        ("timeout_total", _) => "requests took longer than --timeout-total allows".to_owned(),
        _ => return None,
    };
    Some(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_own() {
        let asked = Asked {
            url: "http://h/v1/x",
            protocol: "openai-chat",
            has_key: false,
            has_model: true,
            retries: false,
        };
        for (outcome, status, text, want) in [
            ("connect_error", 0, "dial tcp: connection refused", "nothing listens at http://h/v1/x"),
            ("http_error", 404, "no route", "has no POST http://h/v1/x"),
            ("http_error", 404, "The model `m` does not exist", "--model"),
            ("http_error", 401, "", "--api-key"),
            ("http_error", 429, "", "--retry"),
            ("truncated", 200, "", "[DONE]"),
            ("truncated", 0, "read: connection reset by peer", "hung up without an answer"),
            ("truncated", 0, "EOF", "--no-connection-reuse"),
            ("protocol_error", 200, "", "--protocol"),
            ("protocol_error", 200, "no event stream but text/html; does", "web pages"),
        ] {
            let failed = Failed { outcome, status, text: text.to_owned() };
            let hint = hint(&failed, asked).unwrap_or_default();
            assert!(hint.contains(want), "{outcome} {status}: {hint}");
        }
        let failed = Failed { outcome: "interrupted", status: 0, text: String::new() };
        assert_eq!(hint(&failed, asked), None);
    }
}
