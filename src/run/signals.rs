//! Ctrl-C and SIGTERM: the first ends the run gracefully, the second at once.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::k6::ExitCode;
use crate::log::{self, Level};
use crate::vu::{Stop, Test};

/// Listens until dropped.
pub struct Listener(Handle);

impl Listener {
    /// Turns signals into the run's reasons to stop.
    pub fn start(test: &Arc<Test>) -> Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("could not listen for signals")?;
        let handle = signals.handle();
        let test = test.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let mut first = true;
                for signal in signals.forever() {
                    let name = if signal == SIGINT { "interrupt" } else { "terminated" };
                    if !first {
                        log::emit(Level::Error, "Aborting ssek in response to signal", &[("sig", name)]);
                        std::process::exit(i32::from(ExitCode::INTERRUPTED.0));
                    }
                    first = false;
                    log::debug(format!("stopping in response to the signal '{name}'"));
                    test.control.stop(Stop::Signal(name));
                }
            })
            .context("could not start the signal thread")?;
        Ok(Self(handle))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.close();
    }
}
