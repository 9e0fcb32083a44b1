//! The data of `SharedArray`s: one copy for all VUs of a run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use boa_engine::Context;

/// An array's elements, each as JSON text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SharedData(pub Vec<Box<str>>);

/// The shared arrays of a run, by name. Every VU's context holds the same map.
#[derive(Clone, Debug, Default)]
pub struct SharedArrays(pub Arc<Mutex<HashMap<String, Arc<SharedData>>>>);

impl SharedArrays {
    /// The context's map; a context without one gets its own.
    pub fn of(context: &mut Context) -> Self {
        if let Some(arrays) = context.get_data::<Self>() {
            return arrays.clone();
        }
        let arrays = Self::default();
        context.insert_data(arrays.clone());
        arrays
    }

    /// The data of a name, if there is any yet.
    pub fn lookup(&self, name: &str) -> Option<Arc<SharedData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Keeps the data of a name, unless there is some already. Returns what the name stands for.
    pub fn store(&self, name: &str, data: SharedData) -> Arc<SharedData> {
        let mut arrays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        arrays.entry(name.to_owned()).or_insert_with(|| Arc::new(data)).clone()
    }
}
