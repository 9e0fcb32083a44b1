//! Numbers that the VUs of a thread asked the registry for, so that each is asked for once.

use std::cell::RefCell;

use boa_engine::JsString;
use rustc_hash::FxHashMap;

use crate::k6::builtin::Builtin;
use crate::metrics::{MetricId, Registry, SeriesId, TagSetId};

/// The numbers of metrics and series.
#[derive(Default)]
pub struct Known {
    series: RefCell<FxHashMap<(MetricId, TagSetId), SeriesId>>,
    /// By where their names lie, which is quicker to hash than the names.
    builtins: RefCell<FxHashMap<*const str, MetricId>>,
    /// The series of checks without tags of their own, by the tags in force and the check's name.
    checks: RefCell<FxHashMap<(TagSetId, JsString), SeriesId>>,
}

/// Scripts that make check names up must not make the thread grow without end.
const MAX_CHECKS: usize = 10_000;

impl Known {
    /// The series of a metric under tags.
    pub fn series(&self, registry: &Registry, metric: MetricId, tags: TagSetId) -> SeriesId {
        if let Some(series) = self.series.borrow().get(&(metric, tags)) {
            return *series;
        }
        let series = registry.series(metric, tags);
        self.series.borrow_mut().insert((metric, tags), series);
        series
    }

    /// The number of a built-in metric.
    pub fn builtin(&self, registry: &Registry, builtin: &Builtin) -> MetricId {
        if let Some(metric) = self.builtins.borrow().get(&(&raw const *builtin.name)) {
            return *metric;
        }
        let metric = registry.builtin(builtin);
        self.builtins.borrow_mut().insert(builtin.name, metric);
        metric
    }

    /// The series of a check under some tags, if it was kept.
    pub fn check(&self, tags: TagSetId, name: &JsString) -> Option<SeriesId> {
        self.checks.borrow().get(&(tags, name.clone())).copied()
    }

    /// Keeps the series of a check under some tags.
    pub fn keep_check(&self, tags: TagSetId, name: JsString, series: SeriesId) {
        let mut checks = self.checks.borrow_mut();
        if checks.len() >= MAX_CHECKS {
            checks.clear();
        }
        checks.insert((tags, name), series);
    }
}
