//! Archives: a test with every file that its init code read, in one tar file of k6's form.
//!
//! `metadata.json` has the options and the variables, `data` the main script. What was read from disk
//! stands below `file/`, what came from the web below `https/`. Names of users in paths are replaced.

mod metadata;
mod path;
mod read;
mod write;

pub use metadata::Metadata;
pub use path::entry_of;
pub use read::{Archive, is_archive};
pub use write::{Content, WriteError, write};
