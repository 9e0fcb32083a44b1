//! Tells everybody who listens that the run is to stop.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::vu::Test;

/// Closes a channel when the run is to stop, so that everybody who listens hears it.
pub struct StopSignal {
    stopped: Receiver<()>,
    /// Dropped last: ends the thread.
    _alive: Sender<()>,
}

impl StopSignal {
    /// Starts to listen to the run's control.
    pub fn start(test: &Arc<Test>) -> Result<Self> {
        let (tell, stopped) = bounded::<()>(0);
        let (alive, ended) = bounded::<()>(0);
        let test = test.clone();
        std::thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || {
                select! {
                    recv(test.control.woken()) -> _ => drop(tell),
                    // The run is over; nobody listens any more.
                    recv(ended) -> _ => {}
                }
            })
            .context("could not start a thread")?;
        Ok(Self { stopped, _alive: alive })
    }

    /// A receiver that is disconnected when the run is to stop.
    pub fn receiver(&self) -> Receiver<()> {
        self.stopped.clone()
    }
}
