//! Names that scripts know from browsers and Node, and that neither k6 nor ssek has: what to use instead.

const ABSENT: [(&str, &str); 10] = [
    (
        "Intl",
        "the engine knows no languages, as k6's does not; format with toFixed(), toISOString() or a library, and compare \
         with localeCompare()",
    ),
    ("Buffer", "use ArrayBuffer and Uint8Array with TextEncoder, TextDecoder and k6/encoding"),
    ("EventSource", "import sse from 'k6/x/sse' or 'ssek/sse'"),
    ("ReadableStream", "import { ReadableStream } from 'k6/experimental/streams'"),
    ("WebSocket", "import { WebSocket } from 'k6/websockets'"),
    ("XMLHttpRequest", "use fetch() or k6/http"),
    ("document", "there is no page; parse HTML with k6/html"),
    ("process", "environment variables are in __ENV, and exec.test.abort() ends a run"),
    ("setImmediate", "use setTimeout(callback, 0)"),
    ("window", "there is no page; the global object is globalThis"),
];

/// What is said, after the error's own text, of a name that is not defined; `None` for errors of other kinds.
pub(super) fn hint(message: &str) -> Option<&'static str> {
    let name = message.strip_prefix("ReferenceError: ")?.strip_suffix(" is not defined")?;
    ABSENT.iter().find(|(absent, _)| *absent == name).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn only_what_is_not_defined() {
        assert!(hint("ReferenceError: Intl is not defined").is_some_and(|hint| hint.contains("toFixed")));
        for other in
            ["ReferenceError: mine is not defined", "TypeError: Intl is not defined", "Intl is not defined"]
        {
            assert_eq!(hint(other), None);
        }
    }
}
