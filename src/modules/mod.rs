//! To be written.

pub mod console;
pub mod crypto;
pub mod data;
pub mod encoding;
pub mod text;
pub mod timers;
pub mod webcrypto;
