//! The queue before a server with so many slots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A slot; dropping it frees it for the next in the queue.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

/// A queue for each number of slots that requests were made with.
#[derive(Debug, Default)]
pub(super) struct Queues {
    known: Mutex<HashMap<usize, Arc<Semaphore>>>,
}

impl Queues {
    /// Waits for one of `slots` slots, in the order of the calls.
    pub async fn slot(&self, slots: usize) -> Option<Slot> {
        let queue = {
            let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(known.entry(slots).or_insert_with(|| Arc::new(Semaphore::new(slots))))
        };
        // It is never closed.
        queue.acquire_owned().await.ok().map(|permit| Slot { _permit: permit })
    }
}
