//! Who looks at the metrics of event streams.

use std::sync::atomic::{AtomicBool, Ordering};

/// Answers whether samples are taken of every event, and whether the script shows an interest.
///
/// What is measured once a stream always is. A sample an event costs enough to be left out where nobody
/// would see it.
#[derive(Debug, Default)]
pub struct Streaming {
    asked: AtomicBool,
    models: AtomicBool,
    gaps: AtomicBool,
}

impl Streaming {
    /// Says that the script uses a module that k6 does not have, so that its summary need not be k6's. Called
    /// by such modules when they are imported.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::ask`] was called.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Says that the script calls language models. Called by the module when it is imported.
    pub fn call_models(&self) {
        self.models.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::call_models`] was called.
    pub fn calls_models(&self) -> bool {
        self.models.load(Ordering::Relaxed)
    }

    /// Says, before the first iteration, that somebody will see the gaps between events.
    pub fn need_gaps(&self) {
        self.gaps.store(true, Ordering::Relaxed);
    }

    /// Whether each gap between events becomes a sample.
    pub fn needs_gaps(&self) -> bool {
        self.gaps.load(Ordering::Relaxed)
    }
}
