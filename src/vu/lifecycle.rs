//! `setup`, `teardown` and `handleSummary`: one call each, in a VU of their own.

use std::time::Instant;

use boa_engine::JsValue;

use super::{Ending, Phase, VirtualUser};
use crate::js::ScriptError;
use crate::js::convert::{bytes_of, entries, put, to_text};
use crate::js::event_loop::LoopError;

/// Why a lifecycle function gave no result.
#[derive(Debug)]
pub enum CallError {
    Script(ScriptError),
    Interrupted,
    /// Its result is not what it may return; the reason.
    Result(String),
}

/// What `handleSummary()` wants written: paths (or `stdout`, `stderr`) and contents.
pub type SummaryFiles = Vec<(String, Vec<u8>)>;

impl VirtualUser {
    /// Calls `setup()`, if the script exports it; returns what it returned as JSON.
    pub fn setup(&mut self) -> Result<Option<String>, CallError> {
        let Some(value) = self.call_lifecycle("setup", Phase::Setup, JsValue::undefined())? else {
            return Ok(None);
        };
        super::setup_data::encode(&value, &mut self.engine.context)
            .map_err(|reason| CallError::Result(format!("error marshaling setup() data to JSON: {reason}")))
    }

    /// Calls `teardown(data)`, if the script exports it.
    pub fn teardown(&mut self, setup_data: Option<&str>) -> Result<(), CallError> {
        let data = self.parse(setup_data)?;
        self.call_lifecycle("teardown", Phase::Teardown, data).map(drop)
    }

    /// Calls `handleSummary(data)`, if the script exports it; `None` if it does not, or returned
    /// nothing. Each entry is a file's path (or `stdout`, `stderr`) with its contents.
    pub fn handle_summary(
        &mut self,
        data: &str,
        setup_data: Option<&str>,
    ) -> Result<Option<SummaryFiles>, CallError> {
        let data = self.parse(Some(data))?;
        let setup_data = self.parse(setup_data)?;
        if let Some(data) = data.as_object() {
            // Always there, `undefined` where `setup()` returned nothing.
            put(&data, "setup_data", setup_data);
        }
        let Some(value) = self.call_lifecycle("handleSummary", Phase::Summary, data)? else {
            return Ok(None);
        };
        if !value.to_boolean() {
            return Ok(None);
        }
        let context = &mut *self.engine.context;
        let wrong = || CallError::Result("handleSummary() should return a map with string keys".to_owned());
        let map = value.as_object().ok_or_else(wrong)?;
        let mut files = Vec::new();
        for (key, value) in entries(&map, context).map_err(|_| wrong())? {
            let contents = match bytes_of(&value, context) {
                Some(bytes) => bytes,
                None => to_text(&value, context).map_err(|_| wrong())?.into_bytes(),
            };
            files.push((key.to_std_string_lossy(), contents));
        }
        Ok(Some(files))
    }

    fn parse(&mut self, json: Option<&str>) -> Result<JsValue, CallError> {
        let Some(json) = json else { return Ok(JsValue::undefined()) };
        crate::js::json::parse_str(json, self.context()).map_err(|e| CallError::Result(e.to_string()))
    }

    fn call_lifecycle(
        &mut self,
        name: &str,
        phase: Phase,
        arg: JsValue,
    ) -> Result<Option<JsValue>, CallError> {
        let Some(function) = self.exported_function(name) else { return Ok(None) };
        self.enter(phase, None);
        let state = self.state.clone();
        let context = &mut *self.engine.context;
        let called = function.call(&JsValue::undefined(), &[arg], context);
        let settled = self.engine.event_loop.settle(called, context, &|until| state.wait(until));
        if let Err(error) = &settled {
            state.show_uncaught(error, context);
        }
        state.open.close_all(match &settled {
            _ if state.interrupt.is_raised() => Ending::Interrupted,
            Ok(_) => Ending::Complete,
            Err(_) => Ending::Failed,
        });
        if phase != Phase::Summary {
            self.count_bytes(Instant::now());
        }
        state.samples.flush();
        if state.interrupt.is_raised() {
            return Err(CallError::Interrupted);
        }
        let context = &mut *self.engine.context;
        match settled {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let error = match error {
                    LoopError::Thrown(error) => ScriptError::new(error, &state.test.sources, context),
                    LoopError::Rejected(reason) => ScriptError::of_value(&reason, context),
                };
                Err(CallError::Script(error))
            }
        }
    }
}
