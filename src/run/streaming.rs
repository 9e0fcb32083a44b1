//! Whether the run tells more of event streams than k6 does, and what that takes.

use crate::k6::builtin;
use crate::metrics::{Definition, Registry};
use crate::net::Outcome;
use crate::options::RuntimeOptions;
use crate::options::runtime::{StreamingMode, SummaryMode};
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

/// The sub-metrics that show how streams ended, one for each outcome.
pub fn outcomes(registry: &Registry) -> Vec<Definition> {
    let name = |outcome: Outcome| format!("{}{{outcome:{}}}", builtin::SSE_STREAMS.name, outcome.name());
    // The names are ours and the metric is there if the script streams; if not, there is nothing to show.
    let made = Outcome::ALL.map(|outcome| Definition::without_thresholds(&name(outcome), registry).ok());
    made.into_iter().flatten().collect()
}
