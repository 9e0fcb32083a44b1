//! The engine, embedded. Knows Boa, knows no VU.

pub mod background;
pub mod convert;
pub mod deep_arrays;
pub mod engine;
pub mod error;
pub mod event_loop;
pub mod factory;
pub mod guard;
pub mod hooks;
pub mod insertions;
pub mod interrupt;
mod isolation;
pub mod json;
pub mod loader;
pub mod nesting;
pub mod protect;
pub mod shared_realm;
pub mod shared_script;
mod protect_parts;
mod protect_scan;
pub mod source;
pub mod stack;
pub mod typescript;

pub use background::Background;
pub use engine::Engine;
pub use error::{ScriptError, go_error};
pub use event_loop::EventLoop;
pub use interrupt::Interrupt;
pub use loader::{Exports, Loader};
pub use shared_realm::SharedRealm;
pub use source::Sources;
