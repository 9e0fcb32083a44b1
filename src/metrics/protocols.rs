//! Which protocol the language models of a run speak. Known of the run, by the names of requests: no sample carries it.

use std::sync::{PoisonError, RwLock};

/// A script that names each request otherwise must not fill the memory.
const MOST: usize = 1000;

/// Protocols by the tag `name` of their requests.
#[derive(Debug, Default)]
pub struct Protocols(RwLock<Vec<(String, &'static str)>>);

impl Protocols {
    /// Requests of this name speak this protocol. `auto` is none.
    pub fn note(&self, name: &str, protocol: &'static str) {
        let is_known = |known: &(String, &'static str)| known.0 == name && known.1 == protocol;
        if protocol == "auto" || self.0.read().unwrap_or_else(PoisonError::into_inner).iter().any(is_known) {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST && !known.iter().any(is_known) {
            known.push((name.to_owned(), protocol));
        }
    }

    /// The protocol of requests of this name, or that of all requests; `None` where it is not one.
    pub fn of(&self, name: Option<&str>) -> Option<&'static str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let only = |mut found: Box<dyn Iterator<Item = &'static str> + '_>| {
            let first = found.next()?;
            found.all(|other| other == first).then_some(first)
        };
        let named =
            known.iter().filter(|(known, _)| name == Some(known.as_str())).map(|(_, protocol)| *protocol);
        only(Box::new(named)).or_else(|| only(Box::new(known.iter().map(|(_, protocol)| *protocol))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_protocols_apart() {
        let protocols = Protocols::default();
        assert_eq!(protocols.of(None), None);
        protocols.note("a", "auto");
        protocols.note("a", "openai-chat");
        assert_eq!((protocols.of(Some("a")), protocols.of(None)), (Some("openai-chat"), Some("openai-chat")));
        protocols.note("b", "anthropic");
        protocols.note("b", "anthropic");
        assert_eq!(
            (protocols.of(Some("b")), protocols.of(Some("c")), protocols.of(None)),
            (Some("anthropic"), None, None)
        );
    }
}
