//! Ctrl-C and SIGTERM: the first ends the run gracefully, the second at once.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

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
    heard: Arc<Mutex<Heard>>,
}

/// What has come, and whom it stops.
#[derive(Default)]
struct Heard {
    signal: Option<&'static str>,
    test: Weak<Test>,
}

impl Listener {
    /// Turns signals into the run's reasons to stop.
    pub fn start(test: &Arc<Test>) -> Result<Self> {
        let listener = Self::of_several()?;
        listener.stop(test);
        Ok(listener)
    }

    /// Listens for runs that follow each other, also between them.
    pub fn of_several() -> Result<Self> {
        let mut interrupts = Interrupts::new()?;
        let closer = interrupts.closer();
        let heard = Arc::<Mutex<Heard>>::default();
        let place = heard.clone();
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
                    let mut heard = lock(&place);
                    heard.signal = Some(name);
                    if let Some(test) = heard.test.upgrade() {
                        test.control.stop(Stop::Signal(name));
                    }
                    tell = None;
                }
            })
            .context("could not start the signal thread")?;
        Ok(Self { closer, signalled, heard })
    }

    /// From now on it is this run that signals stop; one that has come already stops it at once.
    pub fn stop(&self, test: &Arc<Test>) {
        let mut heard = lock(&self.heard);
        heard.test = Arc::downgrade(test);
        if let Some(name) = heard.signal {
            test.control.stop(Stop::Signal(name));
        }
    }

    /// Waits, unless a signal comes meanwhile or has come: then that is the reason to stop.
    pub fn pause(&self, time: Duration) -> Option<Stop> {
        // Nothing is ever sent: it is the time that ends this, or the first signal.
        let _ = self.signalled.recv_timeout(time);
        lock(&self.heard).signal.map(Stop::Signal)
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

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
