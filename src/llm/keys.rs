//! API keys: none, one, or several that take turns.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::log;

/// Which key a request gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The next one, with each request.
    #[default]
    RoundRobin,
    /// Always the same one for a user.
    Sticky,
}

impl Policy {
    /// `round-robin` or `sticky`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "round-robin" => Some(Self::RoundRobin),
            "sticky" => Some(Self::Sticky),
            _ => None,
        }
    }
}

/// The keys of a run, shared by its users.
#[derive(Debug, Default)]
pub struct Keys {
    keys: Vec<String>,
    policy: Policy,
    next: AtomicUsize,
}

impl Keys {
    /// Keys as users write them: blanks around them and a `Bearer ` before them are dropped, empty ones left out.
    /// They are not shown in any output from now on.
    pub fn new(keys: impl IntoIterator<Item = impl AsRef<str>>, policy: Policy) -> Self {
        let bare = |key: &str| {
            let key = key.trim();
            let begins = key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
            if begins { key[7..].trim().to_owned() } else { key.to_owned() }
        };
        let keys: Vec<_> =
            keys.into_iter().map(|key| bare(key.as_ref())).filter(|key| !key.is_empty()).collect();
        keys.iter().filter(|key| key.len() >= SECRET).for_each(|key| log::redact(key));
        Self { keys, policy, next: AtomicUsize::new(0) }
    }

    /// [`Self::new`], or the same value again for the same keys: users that each make a client of their own take turns
    /// over all of them.
    pub fn shared(keys: &[String], policy: Policy) -> Arc<Self> {
        static ALL: Mutex<Vec<Known>> = Mutex::new(Vec::new());
        let mut all = ALL.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((.., known)) = all.iter().find(|(known, other, _)| known == keys && *other == policy) {
            return known.clone();
        }
        let made = Arc::new(Self::new(keys, policy));
        all.push((keys.to_vec(), policy, made.clone()));
        made
    }

    /// The key for a request of the user with this number.
    pub fn pick(&self, user: u64) -> Option<&str> {
        if self.keys.is_empty() {
            return None;
        }
        let turn = match self.policy {
            Policy::RoundRobin => self.next.fetch_add(1, Ordering::Relaxed) as u64,
            Policy::Sticky => user,
        };
        self.keys.get((turn % self.keys.len() as u64) as usize).map(String::as_str)
    }
}

/// Keys as they were given, and what was made of them.
type Known = (Vec<String>, Policy, Arc<Keys>);

/// Shorter keys are placeholders such as `none` or `x`, and would be blotted out wherever they stand in a word.
const SECRET: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_turns_or_stick() {
        let keys = Keys::new([" app-1 ", "", "Bearer app-2"], Policy::RoundRobin);
        assert_eq!([0, 0, 7].map(|user| keys.pick(user)), [Some("app-1"), Some("app-2"), Some("app-1")]);
        let keys = Keys::new(["app-1", "bearer app-2"], Policy::Sticky);
        assert_eq!([1, 1, 4].map(|user| keys.pick(user)), [Some("app-2"), Some("app-2"), Some("app-1")]);
        assert_eq!(Keys::default().pick(0), None);
    }
}
