//! The hot path, whole: one virtual user, its iterations, and what host modules see of it.

pub mod control;
pub mod debugging;
mod descriptors;
pub mod fiber;
mod globals;
pub mod iteration;
pub mod known;
pub mod lag;
pub mod lifecycle;
pub mod mates;
pub mod open_resources;
pub mod round_trip;
pub mod samples;
pub mod scenario;
pub mod schedule;
pub mod secrets;
mod setup_data;
pub mod shared_arrays;
pub mod state;
pub mod stop_rules;
pub mod streaming;
pub mod test;
pub mod user;
mod waiting;
pub mod wake;

pub use control::{Control, Stop};
pub use descriptors::Descriptors;
pub use iteration::Outcome;
pub use mates::Mates;
pub use open_resources::{Ending, OpenResources, Resource};
pub use scenario::ScenarioRun;
pub use state::{Phase, State};
pub use stop_rules::{Enough, StopRules};
pub use streaming::Streaming;
pub use test::{Counters, Test};
pub use user::VirtualUser;
