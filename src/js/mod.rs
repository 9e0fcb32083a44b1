//! The engine, embedded. Knows Boa, knows no VU.

pub mod background;
pub mod convert;
pub mod deep_arrays;
pub mod engine;
pub mod error;
pub mod event_loop;
pub mod guard;
pub mod hooks;
pub mod insertions;
pub mod interrupt;
pub mod json;
pub mod loader;
pub mod nesting;
pub mod protect;
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
pub use source::Sources;
