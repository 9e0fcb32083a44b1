//! One iteration: call the function, let the event loop run dry, measure, report.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use boa_engine::JsValue;

use super::globals::define_iteration;
use super::{Ending, Phase, ScenarioRun, VirtualUser, fiber, schedule};
use crate::js::ScriptError;
use crate::js::event_loop::LoopError;
use crate::k6::builtin;
use crate::log::{self, Level};

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran to its end, or threw.
    Complete,
    /// It was cut off by the scenario's hard deadline, a ramp-down or the end of the run.
    Interrupted,
}

impl VirtualUser {
    /// Puts the VU to work for a scenario. `setup_data` is what `setup()` returned, as JSON.
    ///
    /// Fails if the script does not export the scenario's function, or if the data are no JSON.
    pub fn activate(&mut self, scenario: &Arc<ScenarioRun>, setup_data: Option<&str>) -> Result<(), String> {
        self.enter(Phase::Iterations, Some(scenario.clone()));
        let function = self.exported_function(&scenario.exec);
        self.exec = Some(function.ok_or_else(|| {
            format!("executor {}: function '{}' not found in exports", scenario.executor, scenario.exec)
        })?);
        if self.setup_data.is_none() {
            let data = match setup_data {
                Some(json) => crate::js::json::parse_str(json, self.context()).map_err(|e| e.to_string())?,
                None => JsValue::undefined(),
            };
            // Parsed once a VU: what an iteration changes in it, the next one of this VU sees.
            self.setup_data = Some(data);
        }
        Ok(())
    }

    /// Runs one iteration of the active scenario.
    pub fn iterate(&mut self) -> Outcome {
        let state = self.state.clone();
        let Some(scenario) = state.scenario() else { return Outcome::Interrupted };
        let Some(exec) = self.exec.clone() else { return Outcome::Interrupted };
        let options = state.test.options().cloned();
        if options.as_ref().is_none_or(|o| !o.no_cookies_reset) {
            state.reset_jar();
        }
        state.scenario_iteration.set(scenario.take_iteration());
        if state.has_tag(crate::k6::SystemTag::Iter) {
            let iteration = state.iteration.get().to_string();
            state.change_tags(|tags| tags.set_metadata("iter", &iteration));
        }
        if !self.shares {
            define_iteration(self.context(), state.iteration.get());
        }

        state.request_failed.set(false);
        let start = Instant::now();
        schedule::started(&state, start);
        let data = self.setup_data.clone().unwrap_or_default();
        let settled = catch_unwind(AssertUnwindSafe(|| {
            let context = &mut *self.engine.context;
            let called = exec.call(&JsValue::undefined(), &[data], context);
            self.engine.event_loop.settle(called, context, &|until| state.wait(until)).map(drop)
        }));
        let settled = match settled {
            Ok(settled) => settled,
            // The engine panics where an interrupt hits an async generator.
            Err(_) if state.interrupt.is_raised() => {
                self.is_ruined = true;
                Ok(())
            }
            Err(panic) => resume_unwind(panic),
        };
        let end = Instant::now();

        if let Err(error) = &settled {
            state.show_uncaught(error, &mut self.engine.context);
        }
        if options.as_ref().is_some_and(|o| o.no_vu_connection_reuse) {
            state.forget_client();
        }
        state.iteration.set(state.iteration.get() + 1);
        state.iteration_in_scenario.set(state.iteration_in_scenario.get() + 1);
        if state.interrupt.is_raised() {
            state.open.close_all(Ending::Interrupted);
            let dropped = self.engine.event_loop.clear();
            if dropped > 0 {
                log::warn(format!("{dropped} timers were dropped because the iteration was interrupted"));
            }
            if state.aborted.get() {
                let tags = state.tags_id();
                let elapsed = (end - start).as_secs_f64() * 1e3;
                state.record(&builtin::ITERATION_DURATION, tags, end, elapsed);
                state.record(&builtin::ITERATIONS, tags, end, 1.0);
            }
            self.count_bytes(end);
            state.samples.flush();
            state.test.counters.interrupted.fetch_add(1, Ordering::Relaxed);
            return Outcome::Interrupted;
        }
        state.open.close_all(if settled.is_ok() { Ending::Complete } else { Ending::Failed });
        scenario.ended(settled.is_err() || state.request_failed.get(), &state.test.control);
        if let Err(error) = settled {
            self.engine.event_loop.clear();
            self.report(error, &scenario);
        }
        let tags = state.tags_id();
        let elapsed = end - start;
        self.count_bytes(end);
        state.record(&builtin::ITERATION_DURATION, tags, end, elapsed.as_secs_f64() * 1e3);
        schedule::ended(&state, end, elapsed);
        state.record(&builtin::ITERATIONS, tags, end, 1.0);
        state.samples.flush_if_old(end);
        state.test.counters.complete.fetch_add(1, Ordering::Relaxed);
        let pause =
            options.map_or(std::time::Duration::ZERO, |o| o.min_iteration_duration).saturating_sub(elapsed);
        if !pause.is_zero() {
            // An interrupt shows at the next iteration's start.
            let _ = state.sleep(pause, self.context());
        }
        fiber::breathe(end);
        Outcome::Complete
    }

    /// Emits `data_sent` and `data_received`, zeros included, as k6 does once an iteration.
    pub(super) fn count_bytes(&self, at: Instant) {
        let state = &self.state;
        let tags = state.tags_id();
        state.record(&builtin::DATA_SENT, tags, at, state.bytes_sent.replace(0) as f64);
        state.record(&builtin::DATA_RECEIVED, tags, at, state.bytes_received.replace(0) as f64);
    }

    fn report(&mut self, error: LoopError, scenario: &ScenarioRun) {
        let sources = self.state.test.sources.clone();
        let context = &mut *self.engine.context;
        let executor = ("executor", scenario.executor);
        let name = ("scenario", scenario.name.as_str());
        match error {
            LoopError::Thrown(error) => {
                let text = ScriptError::new(error, &sources, context).with_stack();
                let hint = ("hint", "script exception");
                log::emit(Level::Error, &text, &[executor, hint, name, ("source", "stacktrace")]);
            }
            LoopError::Rejected(reason) => {
                let error = ScriptError::of_value(&reason, context);
                let text = format!("Uncaught (in promise) {}", error.with_stack());
                log::emit(Level::Error, &text, &[executor, name]);
            }
        }
    }
}
