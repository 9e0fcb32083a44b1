//! Why a run ends, and how a script or a signal says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use crate::k6::ExitCode;

/// Why a run ends before its scenarios do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A threshold with `abortOnFail` was crossed; the log line's text.
    Threshold(String),
    /// The first SIGINT or SIGTERM; the signal's name in k6's words: `interrupt`, `terminated`.
    Signal(&'static str),
    /// `exec.test.abort()`; the log line's text.
    Script(String),
    /// The REST API was told to.
    Api,
    /// A bug in ssek ended a VU's thread.
    Panic,
}

impl Stop {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Threshold(_) => ExitCode::THRESHOLDS,
            Self::Signal(_) => ExitCode::INTERRUPTED,
            Self::Script(_) => ExitCode::SCRIPT_ABORTED,
            Self::Api => ExitCode::STOPPED_BY_API,
            Self::Panic => ExitCode::PANIC,
        }
    }

    /// The error line at the end of the run.
    pub fn message(&self) -> String {
        match self {
            Self::Threshold(text) | Self::Script(text) => text.clone(),
            Self::Signal(name) => {
                format!("test run was aborted because ssek received a '{name}' signal")
            }
            Self::Api => "test run stopped from REST API".to_owned(),
            Self::Panic => {
                "a virtual user ended because of a bug in ssek; please report the message above".to_owned()
            }
        }
    }
}

/// Takes the first reason to stop and wakes whoever drives the run.
#[derive(Debug)]
pub struct Control {
    stop: Mutex<Option<Stop>>,
    wake: Sender<()>,
    woken: Receiver<()>,
    failed: AtomicBool,
    too_many_errors: AtomicBool,
}

impl Default for Control {
    fn default() -> Self {
        let (wake, woken) = crossbeam_channel::bounded(1);
        Self {
            stop: Mutex::new(None),
            wake,
            woken,
            failed: AtomicBool::new(false),
            too_many_errors: AtomicBool::new(false),
        }
    }
}

impl Control {
    /// Ends the run; the first reason wins.
    pub fn stop(&self, reason: Stop) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        // A full channel means that the wake-up is already on its way.
        let _ = self.wake.try_send(());
    }

    /// The reason to stop, if there is one.
    pub fn reason(&self) -> Option<Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Yields once when the run is to stop.
    pub fn woken(&self) -> &Receiver<()> {
        &self.woken
    }

    /// `exec.test.fail()`: the run goes on and ends with exit code 110.
    pub fn mark_failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// `stopAfter` found too many failed iterations: the run ends with exit code 112.
    pub fn mark_too_many_errors(&self) {
        self.too_many_errors.store(true, Ordering::Relaxed);
    }

    /// Whether `stopAfter` ended a scenario, or the run, because of errors.
    pub fn has_too_many_errors(&self) -> bool {
        self.too_many_errors.load(Ordering::Relaxed)
    }

    /// Whether the script marked the run as failed.
    pub fn is_marked_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}
