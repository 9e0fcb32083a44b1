//! What a driver needs of its scenario, whatever its plan.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::clock::Clock;
use super::dropped::Dropped;
use super::live::Live;
use crate::vu::ScenarioRun;

/// One scenario that is to be driven by a plan.
pub struct Job<P> {
    pub plan: P,
    pub scenario: Arc<ScenarioRun>,
    /// What `setup()` returned, as JSON.
    pub setup_data: Option<Arc<str>>,
    pub live: Arc<Live>,
    pub clock: Clock,
    /// Where iterations that could not start are reported.
    pub dropped: Dropped,
    /// Closed when the whole run is to stop.
    pub stop: Receiver<()>,
}
