//! A debugger for scripts: where they pause, what is there to be seen, and how they go on.
//!
//! The engine has none. Under `ssek run --inspect` scripts are rewritten as they are loaded
//! ([`instrument`]) to call a hook before each statement, with a number that says where they are and a
//! function that evaluates texts in that scope. The hook ([`hook`]) keeps those of all functions on the
//! stack; where it finds a reason to pause, it does not return before it is told to
//! ([`pause`]). What the script's thread is asked and answers is in the words of the Chrome DevTools
//! Protocol; who asks, and over what, is not known here. Without `--inspect` nothing of this runs.

mod awaits;
mod breakpoint;
mod console;
mod debugger;
mod evaluate;
mod exception;
mod frame;
mod hook;
mod instrument;
mod loading;
mod names;
mod objects;
mod pause;
mod properties;
mod remote;
mod scopes;
mod script;
mod stack;

#[cfg(test)]
mod tests;

pub use breakpoint::{Breakpoint, Exceptions, Target};
pub use console::console;
pub use debugger::{Debugger, Event};
pub use evaluate::syntax_error;
pub use exception::uncaught;
pub use hook::{Waiter, attend, install};
pub use loading::{File, Loading};
pub use pause::{Answer, Ask, How, Step, What};
pub use script::{Place, Point, Script};
