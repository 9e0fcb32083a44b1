//! Modules of k6 that ssek does not have, and that k6 has no more: what an import of them says.

/// Experimental modules that k6 took away, and what replaces each.
const REMOVED: [(&str, &str); 6] = [
    ("browser", "k6/browser, which ssek does not have: it drives no browser"),
    ("grpc", "k6/net/grpc"),
    ("redis", "the extension k6/x/redis, which ssek does not have"),
    ("timers", "k6/timers, or the global setTimeout, setInterval and their like"),
    ("tracing", "https://jslib.k6.io/http-instrumentation-tempo"),
    ("webcrypto", "the global crypto"),
];

/// Why a module is not there, and what to do; `None` for a name that nobody knows. `ours` are the names of all
/// modules that are there.
pub fn reason<'a>(name: &str, ours: impl Iterator<Item = &'a str>) -> Option<String> {
    if let Some(experiment) = name.strip_prefix("k6/experimental/") {
        let (_, instead) = REMOVED.iter().find(|(removed, _)| *removed == experiment)?;
        return Some(format!("the module {name} has been removed from k6; use {instead}"));
    }
    if name == "k6/browser" || name.starts_with("k6/browser/") {
        return Some(format!(
            "the module {name} is not supported: ssek drives no browser; send the requests that the page sends with \
             k6/http, k6/x/sse and ssek/sse"
        ));
    }
    if name.starts_with("ssek/") {
        let modules: Vec<_> = ours.filter(|ours| ours.starts_with("ssek/")).collect();
        return Some(format!("ssek has no module {name}; of its own it has {}", modules.join(", ")));
    }
    if name.starts_with("k6/x/") {
        let extensions: Vec<_> = ours.filter(|ours| ours.starts_with("k6/x/")).collect();
        return Some(format!(
            "the module {name} is an extension that ssek does not have, and it cannot be built in as with xk6; of \
             the extensions it has {}",
            extensions.join(", ")
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn each_says_what_to_do() {
        for (name, word) in [
            ("k6/experimental/redis", "removed from k6; use the extension k6/x/redis"),
            ("k6/experimental/browser", "use k6/browser"),
            ("k6/experimental/grpc", "use k6/net/grpc"),
            ("k6/experimental/timers", "use k6/timers"),
            ("k6/experimental/tracing", "http-instrumentation-tempo"),
            ("k6/experimental/webcrypto", "the global crypto"),
            ("k6/browser", "ssek drives no browser"),
            ("k6/x/faker", "of the extensions it has k6/x/sse"),
            ("ssek/lml", "of its own it has ssek/llm, ssek/sse"),
        ] {
            let reason = reason(name, ["k6", "k6/x/sse", "ssek/llm", "ssek/sse"].into_iter()).unwrap();
            assert!(reason.contains(name) && reason.contains(word), "{reason}");
        }
        for name in ["k6/experimental/fs", "k6/htp"] {
            assert_eq!(reason(name, std::iter::empty()), None);
        }
    }
}
