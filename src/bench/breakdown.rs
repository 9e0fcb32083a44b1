//! The parts in which the figures are shown: outcomes, conversations, turns.

use crate::k6::builtin;
use crate::metrics::{Definition, Registry};
use crate::net::Outcome;
use crate::summary::text::TOKEN_ORIGINS;

use super::workload::Workload;

/// Conversations, and turns, of which there are figures of their own.
const PARTS: usize = 30;

/// Metrics that are shown by conversation and turn.
const BY_TURN: [&str; 2] = ["llm_time_to_first_token", "llm_request_duration"];

/// Metrics of which it is told where their counts come from.
pub const TOKENS: [&str; 2] = ["llm_prompt_tokens_total", "llm_completion_tokens_total"];

/// Makes the metrics known, so that thresholds may name them.
pub fn register(registry: &Registry) {
    for metric in builtin::LLM.iter().chain([&builtin::SSE_EVENT, &builtin::SSE_TIME_TO_FIRST_EVENT]) {
        registry.builtin(metric);
    }
}

/// The sub-metrics of those parts.
pub fn definitions(workload: &Workload, registry: &Registry) -> Vec<Definition> {
    let mut names: Vec<_> =
        Outcome::ALL.iter().map(|outcome| format!("llm_requests{{outcome:{}}}", outcome.name())).collect();
    for metric in TOKENS {
        names.extend(TOKEN_ORIGINS.iter().map(|origin| format!("{metric}{{tokens:{origin}}}")));
    }
    for conversation in workload.names().iter().take(PARTS) {
        names.push(format!("iteration_duration{{conversation:{conversation}}}"));
        names.extend(BY_TURN.iter().map(|metric| format!("{metric}{{conversation:{conversation}}}")));
    }
    let longest = workload.longest();
    if longest > 1 {
        let turns = 1..=longest.min(PARTS);
        names.extend(turns.flat_map(|turn| BY_TURN.map(|metric| format!("{metric}{{turn:{turn}}}"))));
    }
    // A name that cannot stand in a selector has no figures of its own.
    names.iter().filter_map(|name| Definition::without_thresholds(name, registry).ok()).collect()
}
