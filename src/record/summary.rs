//! The end-of-test summary of a record.

use super::Record;
use crate::k6::duration::TimeUnit;
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::options::runtime::SummaryMode;
use crate::summary::{Summary, SummaryOptions};

/// Counters whose parts the LLM table shows, and by which tag.
const PARTS: &[(&str, &str)] = &[
    ("llm_requests", "outcome"),
    ("sse_streams", "outcome"),
    ("llm_prompt_tokens_total", "tokens"),
    ("llm_completion_tokens_total", "tokens"),
];

impl Record {
    /// The summary as the run would have printed it in that mode, in the script's columns and unit.
    pub fn summary(&self, mode: SummaryMode) -> Summary {
        let option = |name: &str| self.meta.options.get(name);
        let stats = option("summaryTrendStats").and_then(|list| list.as_array()).map(|list| {
            list.iter().filter_map(|stat| stat.as_str()?.parse().ok()).collect::<Vec<TrendStat>>()
        });
        let unit = option("summaryTimeUnit").and_then(|unit| TimeUnit::from_name(unit.as_str()?));
        let mut summary = Summary {
            snapshot: self.snapshot.clone(),
            client: self.client.clone(),
            options: SummaryOptions {
                trend_stats: stats.filter(|list| !list.is_empty()).unwrap_or_else(TrendStat::defaults),
                time_unit: unit,
                mode,
                streaming: self.meta.shows_streaming || mode != SummaryMode::Compact,
                schedule: self.meta.shows_schedule || mode == SummaryMode::Full,
                ..SummaryOptions::default()
            },
        };
        if mode == SummaryMode::Llm {
            self.add_parts(&mut summary);
        }
        summary
    }

    /// Sub-metrics that the run itself had no need of.
    fn add_parts(&self, summary: &mut Summary) {
        for (metric, tag) in PARTS {
            for found in self.by(metric, tag) {
                let selector = Some(format!("{tag}:{}", found.value));
                let metrics = &mut summary.snapshot.metrics;
                if metrics.iter().any(|known| known.name == *metric && known.selector == selector) {
                    continue;
                }
                metrics.push(MetricSnapshot {
                    name: found.metric.clone(),
                    selector,
                    kind: found.kind,
                    contains: found.contains,
                    sink: found.total.sink(),
                    thresholds: Vec::new(),
                });
            }
        }
    }
}
