//! The engine, embedded. Knows Boa, knows no VU.

pub mod convert;
mod data_file;
pub mod decode;
pub mod deep_arrays;
pub mod engine;
pub mod error;
pub mod event_loop;
pub mod factory;
pub mod garbage;
pub mod guard;
pub mod hooks;
pub mod insertions;
pub mod interrupt;
mod isolation;
pub mod json;
pub mod loader;
pub mod nesting;
pub mod protect;
mod protect_parts;
mod protect_scan;
mod regexp_matcher;
pub mod regexp_split;
pub mod shared_realm;
pub mod shared_script;
pub mod source;
pub mod stack;
pub mod typescript;
mod words;

pub use engine::Engine;
pub use error::{ScriptError, go_error};
pub use event_loop::EventLoop;
pub use interrupt::Interrupt;
pub use loader::{Exports, Loader};
pub use shared_realm::SharedRealm;
pub use source::Sources;
