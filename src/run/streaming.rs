//! Whether the run tells more of event streams than k6 does, and what that takes.

use crate::k6::builtin;
use crate::metrics::{Definition, Registry};
use crate::net::Outcome;
use crate::options::RuntimeOptions;
use crate::options::runtime::{StreamingMode, SummaryMode};
use crate::summary::text::TOKEN_ORIGINS;
use crate::vu::Test;

/// Decides once, after the first VU's init code, whether the summary has the metrics of event streams, and says
/// to the VUs what to measure for it and for thresholds and outputs.
pub fn decide(test: &Test, definitions: &[Definition], runtime: &RuntimeOptions) -> bool {
    let watched = |definition: &Definition| {
        let name = &*definition.metric.name;
        let is_gap = name == builtin::LLM_INTER_TOKEN_LATENCY.name && test.streaming.calls_models();
        (builtin::is_streaming(name) || is_gap) && !definition.thresholds.is_empty()
    };
    let watched = definitions.iter().any(watched);
    let shown = match runtime.streaming {
        StreamingMode::On => true,
        StreamingMode::Off => false,
        StreamingMode::Auto => {
            watched
                || test.streaming.is_asked()
                || matches!(runtime.summary_mode, SummaryMode::Full | SummaryMode::Llm)
        }
    };
    if shown || watched || !runtime.outputs.is_empty() {
        test.streaming.need_gaps();
    }
    shown
}

/// The sub-metrics that show how streams ended, one for each outcome; for the table of LLM calls, and for other
/// tools' names, also theirs, and tokens by where their counts come from.
pub fn outcomes(registry: &Registry, runtime: &RuntimeOptions) -> Vec<Definition> {
    let of_outcome = |metric: &str| {
        Outcome::ALL.map(|outcome| format!("{metric}{{outcome:{}}}", outcome.name())).into_iter()
    };
    let mut names: Vec<_> = of_outcome(builtin::SSE_STREAMS.name).collect();
    if runtime.summary_mode == SummaryMode::Llm || runtime.metric_names.is_some() {
        names.extend(of_outcome(builtin::LLM_REQUESTS.name));
        for metric in [builtin::LLM_PROMPT_TOKENS_TOTAL, builtin::LLM_COMPLETION_TOKENS_TOTAL] {
            let of_origin = |origin: &&str| format!("{}{{tokens:{origin}}}", metric.name);
            names.extend(TOKEN_ORIGINS.iter().map(of_origin));
        }
    }
    // The names are ours and the metric is there if the script streams; if not, there is nothing to show.
    names.iter().filter_map(|name| Definition::without_thresholds(name, registry).ok()).collect()
}
