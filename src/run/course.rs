//! How far a run is, and what the REST API may change of it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

/// The stages of a run; the numbers are those that the REST API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    Created = 0,
    InitVus = 1,
    InitDone = 3,
    PausedBeforeRun = 4,
    Started = 5,
    Setup = 6,
    Running = 7,
    Teardown = 8,
    Ended = 9,
    /// It was stopped before its scenarios had ended.
    Interrupted = 10,
    /// The script called `exec.test.fail()`.
    MarkedAsFailed = 11,
}

/// One run as those who drive it from outside see it.
#[derive(Debug)]
pub struct Course {
    stage: AtomicU8,
    started: AtomicBool,
    ended: AtomicBool,
    /// Dropped when a paused run is let go; `None` where it is not paused.
    pause: Mutex<Option<Sender<()>>>,
    resumed: Receiver<()>,
    /// What `setup()` returned or the REST API has put there, as JSON.
    setup_data: Mutex<Option<Arc<str>>>,
}

impl Course {
    /// A run that waits before its start, if it is `paused`.
    pub fn new(paused: bool) -> Self {
        let (resume, resumed) = bounded(0);
        Self {
            stage: AtomicU8::new(Stage::Created as u8),
            started: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            pause: Mutex::new(paused.then_some(resume)),
            resumed,
            setup_data: Mutex::default(),
        }
    }

    /// The run has got to a stage.
    pub fn reach(&self, stage: Stage) {
        if stage == Stage::Started {
            self.started.store(true, Ordering::Relaxed);
        }
        if stage >= Stage::Ended {
            self.ended.store(true, Ordering::Relaxed);
        }
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// The number of the stage.
    pub fn stage(&self) -> u8 {
        self.stage.load(Ordering::Relaxed)
    }

    /// Whether it is between its start, before `setup()`, and its end, after `teardown()`.
    pub fn is_running(&self) -> bool {
        self.started.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed)
    }

    /// Whether it waits, or will wait, for [`Self::resume`].
    pub fn is_paused(&self) -> bool {
        lock(&self.pause).is_some()
    }

    /// Lets a paused run go; `false` if it is not paused.
    pub fn resume(&self) -> bool {
        lock(&self.pause).take().is_some()
    }

    /// A receiver that is disconnected once the run is not paused any more.
    pub fn resumed(&self) -> Receiver<()> {
        self.resumed.clone()
    }

    /// What scenarios that start now, and `teardown()`, get as their data.
    pub fn setup_data(&self) -> Option<Arc<str>> {
        lock(&self.setup_data).clone()
    }

    /// Sets the data; `None` is `undefined`.
    pub fn set_setup_data(&self, json: Option<Arc<str>>) {
        *lock(&self.setup_data) = json;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_run_is_let_go_once() {
        let course = Course::new(true);
        let resumed = course.resumed();
        assert!(course.is_paused() && resumed.try_recv().is_err_and(|e| e.is_empty()));
        assert!(course.resume() && !course.resume() && !course.is_paused());
        assert!(resumed.try_recv().is_err_and(|e| e.is_disconnected()));
        assert!(!Course::new(false).resume());
    }

    #[test]
    fn it_runs_from_its_start_to_its_end() {
        let course = Course::new(false);
        for (stage, running) in [
            (Stage::InitVus, false),
            (Stage::Started, true),
            (Stage::Teardown, true),
            (Stage::Interrupted, false),
        ] {
            course.reach(stage);
            assert_eq!((course.stage(), course.is_running()), (stage as u8, running));
        }
    }
}
