//! Scenarios: from the shortcuts `vus`, `duration`, `iterations` and `stages`, or as written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::layer::{Layer, Scenarios};
use crate::executor::reservation::{Requirements, requirements};
use crate::executor::{
    Base, ConstantVus, Executor, Gaps, PerVuIterations, Plan, RampingVus, Share, SharedIterations, Trace,
};
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::{ExitCode, Failure};

/// The name of the scenario that the shortcuts make.
pub const DEFAULT_NAME: &str = "default";

/// One scenario, ready to be planned.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    pub executor: Arc<dyn Executor>,
    /// After `setup()`.
    pub start_time: Duration,
    /// The exported function to call.
    pub exec: String,
    /// Laid over `__ENV` while a VU works for the scenario.
    pub env: BTreeMap<String, String>,
    /// On every sample of the scenario.
    pub tags: BTreeMap<String, String>,
    /// What the file says by which iterations start; empty until a run has read it, or without such a file.
    pub trace: Trace,
}

impl Scenario {
    /// When the iterations of one instance start, by the scenario's law. `seed` is the option.
    pub fn plan(&self, share: &Share, seed: Option<i64>) -> Plan {
        let seed = Gaps::seed(seed.unwrap_or(0), &self.name);
        self.executor.plan(share).follow(self.executor.law(), seed, &self.trace)
    }
}

/// Fills in `scenarios` from the shortcuts; warnings go to `warnings`.
pub(super) fn derive(layer: &mut Layer, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let stages = layer.stages.as_ref().is_some_and(|stages| !stages.is_empty());
    let scenarios = layer.scenarios.as_ref().is_some_and(|scenarios| !scenarios.0.is_empty());
    let conflict = |first: &'static str, second: &'static str| {
        let text = format!("using `{first}` and `{second}` options simultaneously is not allowed");
        Err(Failure::new(ExitCode::INVALID_CONFIG, text).about(&[first, second]))
    };
    let common = |executor| Base::new(DEFAULT_NAME, executor);
    let derived: Arc<dyn Executor> = if layer.iterations.is_some() {
        if stages {
            return conflict("iterations", "stages");
        }
        if scenarios {
            return conflict("iterations", "scenarios");
        }
        Arc::new(SharedIterations {
            common: common("shared-iterations"),
            vus: layer.vus,
            iterations: layer.iterations,
            max_duration: layer.duration,
        })
    } else if let Some(duration) = layer.duration {
        if stages {
            return conflict("duration", "stages");
        }
        if scenarios {
            return conflict("duration", "scenarios");
        }
        if duration.0 <= 0 {
            let text = format!("`duration` should be more than 0, but is {duration}");
            return Err(Failure::new(ExitCode::INVALID_CONFIG, text).about(&["duration"]));
        }
        Arc::new(ConstantVus { common: common("constant-vus"), vus: layer.vus, duration: layer.duration })
    } else if stages {
        if scenarios {
            return conflict("stages", "scenarios");
        }
        Arc::new(RampingVus {
            common: common("ramping-vus"),
            start_vus: layer.vus,
            stages: layer.stages.clone(),
            graceful_ramp_down: None,
        })
    } else if let Some(vus) = layer.vus {
        if scenarios {
            warnings.push(format!("`vus={vus}` overrides scenarios configuration"));
        }
        Arc::new(SharedIterations {
            common: common("shared-iterations"),
            vus: layer.vus,
            iterations: layer.vus,
            max_duration: None,
        })
    } else if scenarios {
        return Ok(());
    } else {
        for (name, empty) in [("stages", layer.stages.is_some()), ("scenarios", layer.scenarios.is_some())] {
            if empty {
                warnings.push(format!(
                    "`{name}` was explicitly set to an empty value, running the script with 1 iteration in 1 VU"
                ));
            }
        }
        Arc::new(PerVuIterations { common: common("per-vu-iterations"), ..PerVuIterations::default() })
    };
    layer.scenarios = Some(Scenarios(BTreeMap::from([(DEFAULT_NAME.to_owned(), derived)])));
    Ok(())
}

/// The scenarios by start time, then name.
pub(super) fn settle(scenarios: &Scenarios) -> Vec<Scenario> {
    let mut settled: Vec<_> = scenarios.0.values().map(|executor| settle_one(executor.clone())).collect();
    settled.sort_by(|a, b| (a.start_time, &a.name).cmp(&(b.start_time, &b.name)));
    settled
}

fn settle_one(executor: Arc<dyn Executor>) -> Scenario {
    let common = executor.common().clone();
    Scenario {
        start_time: common.start_time(),
        exec: common.exec().to_owned(),
        name: common.name,
        env: common.env.unwrap_or_default(),
        tags: common.tags.unwrap_or_default(),
        trace: Trace::default(),
        executor,
    }
}

/// What an instance needs for all scenarios together: duration, initialised VUs, VUs at most.
pub fn total(scenarios: &[Scenario], share: &Share) -> Requirements {
    let held: Vec<_> = scenarios.iter().map(|s| (s.start_time, s.executor.reservation(share))).collect();
    requirements(&held)
}

/// The `scenarios:` block: what follows the label, without the colon, then one `name: description`
/// per scenario.
pub fn describe(scenarios: &[Scenario], share: &Share) -> (String, Vec<String>) {
    let total = total(scenarios, share);
    let tenths = (total.duration.as_millis() + 50) / 100;
    let rounded = GoDuration(i64::try_from(tenths * 100_000_000).unwrap_or(i64::MAX));
    let plural = if scenarios.len() == 1 { "" } else { "s" };
    let header = format!(
        "({:.2}%) {} scenario{plural}, {} max VUs, {rounded} max duration (incl. graceful stop)",
        share.length() * 100.0,
        scenarios.len(),
        total.max_vus,
    );
    (header, scenarios.iter().map(|s| format!("{}: {}", s.name, s.executor.describe(share))).collect())
}
