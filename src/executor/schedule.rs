//! When the iterations of an open plan are due: at a rate, or user by user.

use std::time::Duration;

use super::{Arrivals, Injection};

/// The due times of one instance's iterations.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// k6's: a rate, which is kept up whoever is late.
    Rate(Arrivals),
    /// Gatling's: so many users, each of whom comes.
    Users(Injection),
}

impl Schedule {
    /// The times since the scenario's start, in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = Duration> + '_> {
        match self {
            Self::Rate(arrivals) => Box::new(arrivals.iter()),
            Self::Users(injection) => Box::new(injection.iter()),
        }
    }

    /// How many users come; `None` where there is a rate instead.
    pub fn users(&self) -> Option<u64> {
        match self {
            Self::Rate(_) => None,
            Self::Users(injection) => Some(injection.users()),
        }
    }

    /// The rate of one instance at this moment, in iterations a second, where random gaps hide it.
    pub fn pace(&self, elapsed: Duration) -> Option<f64> {
        match self {
            Self::Rate(arrivals) => arrivals.pace(elapsed),
            Self::Users(_) => None,
        }
    }

    /// Whether the rate never changes.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Rate(arrivals) if arrivals.is_constant())
    }
}
