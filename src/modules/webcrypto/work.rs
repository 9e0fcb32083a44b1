//! What a call computes once its arguments are read: without the engine, so that it can run anywhere.

use super::jwk::Jwk;
use super::key::Key;
use super::refusal::Refusal;

/// What a promise resolves with.
#[derive(Debug)]
pub enum Output {
    /// An `ArrayBuffer`.
    Bytes(Vec<u8>),
    Verdict(bool),
    Key(Box<Key>),
    /// `{ publicKey, privateKey }`
    Pair {
        public: Box<Key>,
        private: Box<Key>,
    },
    Jwk(Box<Jwk>),
}

/// A computation that was not begun.
pub struct Work {
    compute: Box<dyn FnOnce() -> Result<Output, Refusal> + Send>,
    /// Whether it may take so long that other VUs of the thread would feel it.
    pub is_long: bool,
}

impl Work {
    /// Work that is done within the call.
    pub fn short(compute: impl FnOnce() -> Result<Output, Refusal> + Send + 'static) -> Self {
        Self { compute: Box::new(compute), is_long: false }
    }

    /// Work for another thread.
    pub fn long(compute: impl FnOnce() -> Result<Output, Refusal> + Send + 'static) -> Self {
        Self { is_long: true, ..Self::short(compute) }
    }

    /// Computes.
    ///
    /// # Errors
    ///
    /// Whatever the algorithm cannot do with the data.
    pub fn run(self) -> Result<Output, Refusal> {
        (self.compute)()
    }
}
