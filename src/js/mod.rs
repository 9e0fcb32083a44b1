//! The engine, embedded. Knows Boa, knows no VU.

pub mod convert;
pub mod engine;
pub mod error;
pub mod event_loop;
pub mod hooks;
pub mod interrupt;
pub mod json;
pub mod loader;
pub mod source;
pub mod typescript;

pub use engine::Engine;
pub use error::{ScriptError, go_error};
pub use event_loop::EventLoop;
pub use interrupt::Interrupt;
pub use loader::{Exports, Loader};
pub use source::Sources;
