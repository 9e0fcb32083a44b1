//! What `.proto` files say, compiled once for all VUs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use prost_reflect::DescriptorPool;

/// The descriptors of a run, by what they were loaded from.
#[derive(Debug, Default)]
pub struct Descriptors(Mutex<HashMap<String, DescriptorPool>>);

impl Descriptors {
    /// The descriptors of a key, made if it is new.
    ///
    /// # Errors
    ///
    /// That of `make`, which is asked again the next time.
    pub fn get(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<DescriptorPool, String>,
    ) -> Result<DescriptorPool, String> {
        // Held while they are made: the other VUs want the very same.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = known.get(key) {
            return Ok(pool.clone());
        }
        let pool = make()?;
        known.insert(key.to_owned(), pool.clone());
        Ok(pool)
    }
}
