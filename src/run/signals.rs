//! Ctrl-C and SIGTERM: the first ends the run gracefully, the second at once.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, bounded};

use crate::k6::ExitCode;
use crate::log::{self, Level};
use crate::vu::{Stop, Test};

use super::interrupt::{Closer, Interrupts};

/// Listens until dropped.
pub struct Listener {
    closer: Closer,
    /// Closed by the first signal.
    signalled: Receiver<()>,
}

impl Listener {
    /// Turns signals into the run's reasons to stop.
    pub fn start(test: &Arc<Test>) -> Result<Self> {
        let mut interrupts = Interrupts::new()?;
        let closer = interrupts.closer();
        let test = test.clone();
        let (tell, signalled) = bounded::<()>(0);
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let mut tell = Some(tell);
                while let Some(signal) = interrupts.wait() {
                    let name = signal.name();
                    if tell.is_none() {
                        log::emit(Level::Error, "Aborting ssek in response to signal", &[("sig", name)]);
                        std::process::exit(i32::from(ExitCode::INTERRUPTED.0));
                    }
                    log::debug(format!("stopping in response to the signal '{name}'"));
                    test.control.stop(Stop::Signal(name));
                    tell = None;
                }
            })
            .context("could not start the signal thread")?;
        Ok(Self { closer, signalled })
    }

    /// Waits for a signal, if none has come yet, and says so.
    pub fn linger(&self, quiet: bool) {
        if self.signalled.try_recv().is_err_and(|state| state.is_disconnected()) {
            return;
        }
        let text = "The test is done, but --linger was enabled, so ssek is waiting for Ctrl+C to continue...";
        log::debug(text);
        if !quiet {
            let mut out = std::io::stdout().lock();
            // Nobody may be there to read it.
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        }
        let _ = self.signalled.recv();
        log::debug("Ctrl+C received, exiting...");
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.closer.close();
    }
}
