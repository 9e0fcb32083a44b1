//! What the config file and the environment say where the command line does not: the options of scripts that benchmarks
//! have flags for, too.

use std::time::Duration;

use super::flags::invalid;
use super::schedule::Shape;
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::options::{Layer, Sources};

/// Options that shape a load in ways that benchmarks do not know.
const SHAPES: [&str; 3] = ["stages", "scenarios", "stopAfter"];

/// Those that `ssek sweep` has no use for either: it is the one to say how much load there is, and when.
const LOAD: [&str; 4] = ["vus", "duration", "iterations", "paused"];

/// The config file, and the environment over it.
pub fn lower(levels: &Sources) -> Layer {
    levels.environment.clone().over(levels.file.clone())
}

/// Warns of options that have no effect. `is_sweep`: also of those that `ssek bench` heeds.
pub fn warn_of_unheeded(levels: &Sources, is_sweep: bool) {
    for text in unheeded(levels, is_sweep) {
        log::warn(text);
    }
}

fn unheeded(levels: &Sources, is_sweep: bool) -> Vec<String> {
    let further = if is_sweep { &LOAD[..] } else { &[] };
    let command = if is_sweep { "sweep" } else { "bench" };
    let instead =
        if is_sweep { "--from, --to and --step" } else { "--vus, --duration, --requests and --rate" };
    let told = |key: &&str| {
        let (value, place) = levels.origin(key)?;
        let text = format!("{key} = {value} from {place} has no effect on ssek {command}: say {instead}");
        // Somebody took it back.
        (value != "false").then_some(text)
    };
    SHAPES.iter().chain(further).filter_map(told).collect()
}

impl Shape {
    /// This shape, where it says nothing, as the lower levels have it. As everywhere, a level that says how long the
    /// load is says it alone.
    ///
    /// # Errors
    /// A number below zero.
    pub fn over(self, lower: &Layer) -> Result<Self, Failure> {
        let number = |key: &str, value: Option<i64>| match value.map(u64::try_from) {
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => Err(invalid(format!("{key} must be above zero, but is {}", value.unwrap_or(0)))),
            None => Ok(None),
        };
        let vus = number("vus", lower.vus)?.map(|vus| u32::try_from(vus).unwrap_or(u32::MAX));
        let iterations = number("iterations", lower.iterations)?;
        let shapes_load = self.duration.is_some() || self.requests.is_some() || self.rate.is_some();
        let duration = lower.duration.map(GoDuration::to_std).filter(|time| *time > Duration::ZERO);
        let is_open = self.rate.is_some() || self.law.is_some();
        if is_open && self.vus.is_none() && vus.is_some() {
            log::debug("vus has no effect on requests that start by the clock: there are no users");
        }
        Ok(Self {
            vus: self.vus.or(vus.filter(|_| !is_open)),
            duration: self.duration.or(duration.filter(|_| !shapes_load)),
            requests: self.requests.or(iterations.filter(|_| !shapes_load)),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::Places;

    fn layer(json: &serde_json::Value) -> Layer {
        Layer::from_json(json, "test").unwrap().0
    }

    #[test]
    fn flags_go_over_the_environment() {
        let lower = layer(&json!({ "vus": 7, "duration": "20s", "iterations": 50 }));
        let second = Duration::from_secs(1);
        let nothing = Shape::default().over(&lower).unwrap();
        assert_eq!((nothing.vus, nothing.duration, nothing.requests), (Some(7), Some(20 * second), Some(50)));
        let timed = Shape { vus: Some(2), duration: Some(second), ..Shape::default() }.over(&lower).unwrap();
        assert_eq!((timed.vus, timed.duration, timed.requests), (Some(2), Some(second), None));
        let open = Shape { rate: Some(2.0), ..Shape::default() }.over(&lower).unwrap();
        assert_eq!((open.vus, open.duration, open.requests), (None, None, None));
        assert!(Shape::default().over(&layer(&json!({ "vus": -1 }))).is_err());
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let file = layer(&json!({ "stages": [{ "duration": "1s", "target": 2 }], "vus": 3 }));
        let places = Places { file: "the config file 'c.json'".into(), ..Places::default() };
        let levels = Sources { file, places, ..Sources::default() };
        let said = unheeded(&levels, false);
        assert!(said.len() == 1 && said[0].contains("stages") && said[0].contains("c.json"), "{said:?}");
        assert_eq!(unheeded(&levels, true).len(), 2);
    }
}
