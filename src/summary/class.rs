//! Which block of the summary a metric is shown in, if any.

use crate::k6::builtin::{self, Builtin};
use crate::options::runtime::SummaryMode;

/// A block of metrics under one heading.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    pub heading: &'static str,
    names: Names,
}

#[derive(Clone, Copy, Debug)]
enum Names {
    /// All that are in no other block.
    Rest,
    /// These metrics of ssek's own.
    Builtins(&'static [&'static [Builtin]]),
    /// Those that begin with one of these, as k6 has it.
    StartingWith(&'static [&'static str]),
}

/// The metrics that ssek measures on event streams of its own accord. k6's event counter,
/// `sse_event`, is not among them: it stays where k6 shows it.
const STREAMING: &[&[Builtin]] = &[builtin::STREAMING, &[builtin::CLIENT_LAG]];

/// The heading of what ssek measures on calls of language models.
pub const LLM: &str = "LLM";

/// All blocks in the order in which they are shown.
pub const CLASSES: &[Class] = &[
    Class { heading: "CUSTOM", names: Names::Rest },
    Class { heading: "STREAMING", names: Names::Builtins(STREAMING) },
    // Who is in it depends on the script: see `is_of_models`.
    Class { heading: LLM, names: Names::Builtins(&[]) },
    Class {
        heading: "HTTP",
        names: Names::StartingWith(&[
            "http_reqs",
            "http_req_failed",
            "http_req_duration",
            "http_req_blocked",
            "http_req_connecting",
            "http_req_tls_handshaking",
            "http_req_sending",
            "http_req_waiting",
            "http_req_receiving",
        ]),
    },
    Class {
        heading: "EXECUTION",
        names: Names::StartingWith(&[
            "vus",
            "vus_max",
            "iterations",
            "iteration_duration",
            "dropped_iterations",
        ]),
    },
    Class { heading: "NETWORK", names: Names::StartingWith(&["data_sent", "data_received"]) },
    Class { heading: "BROWSER", names: Names::StartingWith(&["browser_"]) },
    Class { heading: "WEBVITALS", names: Names::StartingWith(&["browser_web_vital_"]) },
    Class { heading: "GRPC", names: Names::StartingWith(&["grpc_"]) },
    Class { heading: "WEBSOCKET", names: Names::StartingWith(&["ws_"]) },
];

/// Metrics of open models that k6's prefixes do not place.
const SCHEDULED: &[(Builtin, &str)] =
    &[(builtin::SCHEDULE_DELAY, "EXECUTION"), (builtin::SSE_TIME_TO_FIRST_EVENT_SCHEDULED, "STREAMING")];

/// Metrics that are shown in another way, or not at all.
const NEVER_SHOWN: &[&str] = &["checks", "group_duration"];

/// Metrics that only the full summary shows.
const FULL_ONLY: &[&str] = &[
    "http_req_blocked",
    "http_req_connecting",
    "http_req_receiving",
    "http_req_sending",
    "http_req_tls_handshaking",
    "http_req_waiting",
];

/// Whether a metric of that name has a line in the summary. As in k6, the beginning of the name
/// decides.
pub fn is_shown(name: &str, mode: SummaryMode) -> bool {
    let begins = |list: &[&str]| list.iter().any(|prefix| name.starts_with(prefix));
    !begins(NEVER_SHOWN) && (mode == SummaryMode::Full || !begins(FULL_ONLY))
}

/// Whether a name is that of a metric of calls of language models.
pub fn is_of_models(name: &str) -> bool {
    let scheduled = [builtin::LLM_TIME_TO_FIRST_TOKEN_SCHEDULED, builtin::LLM_REQUEST_DURATION_SCHEDULED];
    builtin::LLM.iter().chain(&scheduled).any(|metric| metric.name == name)
}

/// The heading under which a metric is shown, calls of language models left aside.
pub fn heading(name: &str) -> &'static str {
    if let Some((_, heading)) = SCHEDULED.iter().find(|(metric, _)| metric.name == name) {
        return heading;
    }
    let matching = CLASSES.iter().filter_map(|class| class.matched(name).map(|len| (len, class.heading)));
    // The longest prefix wins: web vitals are browser metrics too.
    matching.max_by_key(|(len, _)| *len).map_or("CUSTOM", |(_, heading)| heading)
}

impl Class {
    /// How many characters of a name speak for this class.
    fn matched(&self, name: &str) -> Option<usize> {
        match self.names {
            Names::Rest => Some(0),
            Names::Builtins(metrics) => metrics
                .iter()
                .flat_map(|set| set.iter())
                .any(|metric| metric.name == name)
                .then_some(name.len()),
            Names::StartingWith(prefixes) => {
                prefixes.iter().filter(|p| name.starts_with(**p)).map(|p| p.len()).max()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_on_the_block() {
        for (name, wanted) in [
            ("my_trend", "CUSTOM"),
            ("sse_event", "CUSTOM"),
            ("sse_latency_of_a_script", "CUSTOM"),
            ("sse_event_gap", "STREAMING"),
            ("client_lag", "STREAMING"),
            ("client_lag_of_a_script", "CUSTOM"),
            // Unless the script imports ssek/llm.
            ("llm_prompt_tokens", "CUSTOM"),
            ("http_req_duration", "HTTP"),
            ("http_reqs_of_mine", "HTTP"),
            ("http_errors", "CUSTOM"),
            ("vus_max", "EXECUTION"),
            ("dropped_iterations", "EXECUTION"),
            ("schedule_delay", "EXECUTION"),
            ("schedule_delay_of_a_script", "CUSTOM"),
            ("http_req_duration_scheduled", "HTTP"),
            ("sse_time_to_first_event_scheduled", "STREAMING"),
            ("iteration_duration_scheduled", "EXECUTION"),
            ("data_sent", "NETWORK"),
            ("browser_data_sent", "BROWSER"),
            ("browser_web_vital_lcp", "WEBVITALS"),
            ("grpc_req_duration", "GRPC"),
            ("ws_ping", "WEBSOCKET"),
        ] {
            assert_eq!(heading(name), wanted, "{name}");
        }
    }

    #[test]
    fn some_metrics_are_hidden() {
        for (name, compact, full) in [
            ("checks", false, false),
            ("group_duration", false, false),
            ("http_req_waiting", false, true),
            ("http_req_duration", true, true),
        ] {
            let shown = (is_shown(name, SummaryMode::Compact), is_shown(name, SummaryMode::Full));
            assert_eq!(shown, (compact, full), "{name}");
        }
    }
}
