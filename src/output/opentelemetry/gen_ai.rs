//! Metrics of LLMs under the names of OpenTelemetry's semantic conventions for generative AI, so that dashboards
//! made for those show them. Names, units, attributes and the bounds of histograms are those of
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>.

use opentelemetry_proto::tonic::common::v1::KeyValue;

use super::instrument::{Instrument, attribute};
use crate::metrics::protocols::Protocols;
use crate::output::slots::Tags;

const TOKEN_BOUNDS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];
const DURATION_BOUNDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_TOKEN_BOUNDS: &[f64] =
    &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const PER_TOKEN_BOUNDS: &[f64] = &[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

/// A metric's other name.
struct Semantic {
    metric: &'static str,
    name: &'static str,
    unit: &'static str,
    /// From ssek's unit.
    factor: f64,
    bounds: &'static [f64],
    attribute: Option<(&'static str, &'static str)>,
}

const SECONDS: f64 = 1e-3;

const SEMANTICS: &[Semantic] = &[
    Semantic {
        metric: "llm_prompt_tokens",
        name: "gen_ai.client.token.usage",
        unit: "{token}",
        factor: 1.0,
        bounds: TOKEN_BOUNDS,
        attribute: Some(("gen_ai.token.type", "input")),
    },
    Semantic {
        metric: "llm_completion_tokens",
        name: "gen_ai.client.token.usage",
        unit: "{token}",
        factor: 1.0,
        bounds: TOKEN_BOUNDS,
        attribute: Some(("gen_ai.token.type", "output")),
    },
    Semantic {
        metric: "llm_request_duration",
        name: "gen_ai.client.operation.duration",
        unit: "s",
        factor: SECONDS,
        bounds: DURATION_BOUNDS,
        attribute: None,
    },
    Semantic {
        metric: "llm_time_to_first_token",
        name: "gen_ai.server.time_to_first_token",
        unit: "s",
        factor: SECONDS,
        bounds: FIRST_TOKEN_BOUNDS,
        attribute: None,
    },
    Semantic {
        metric: "llm_time_per_output_token",
        name: "gen_ai.server.time_per_output_token",
        unit: "s",
        factor: SECONDS,
        bounds: PER_TOKEN_BOUNDS,
        attribute: None,
    },
];

/// A metric's twin, and what its values are multiplied with.
pub struct Twin {
    pub instrument: Instrument,
    factor: f64,
}

impl Twin {
    /// The twin of a metric that has one. `protocols` are those that the run knows.
    pub fn of(metric: &str, tags: &Tags, protocols: &Protocols) -> Option<Self> {
        let semantic = SEMANTICS.iter().find(|semantic| semantic.metric == metric)?;
        let mut attributes = attributes(tags, protocols);
        attributes.extend(semantic.attribute.map(|(key, value)| attribute(key, value)));
        let name = semantic.name.to_owned();
        let instrument = Instrument::histogram(name, semantic.unit, semantic.bounds, attributes);
        Some(Self { instrument, factor: semantic.factor })
    }

    pub fn add(&mut self, value: f64) {
        self.instrument.add(value * self.factor);
    }
}

/// The tags, those that the conventions know under their names there, and what the conventions require.
fn attributes(tags: &Tags, protocols: &Protocols) -> Vec<KeyValue> {
    let value = |name: &str| tags.iter().find(|(key, _)| **key == *name).map(|(_, value)| &**value);
    // A tag of the script's own has the last word.
    let protocol = value("protocol").or_else(|| protocols.of(value("name"))).unwrap_or_default();
    let operation = if protocol.ends_with("completions") { "text_completion" } else { "chat" };
    let mut attributes = Vec::new();
    for (key, value) in tags {
        match (&**key, &**value) {
            (_, "") => {}
            ("model", value) => attributes.push(attribute("gen_ai.request.model", value)),
            ("outcome", "ok") => {}
            ("outcome", value) => attributes.push(attribute("error.type", value)),
            ("protocol", _) => {}
            (key, value) => attributes.push(attribute(key, value)),
        }
    }
    attributes.push(attribute("gen_ai.operation.name", operation));
    attributes.push(attribute("gen_ai.provider.name", provider_of(protocol)));
    attributes
}

/// Who speaks a protocol, as the conventions call them.
fn provider_of(protocol: &str) -> &str {
    match protocol {
        "gemini" => "gcp.gemini",
        // Nobody's in particular.
        "" | "auto" | "append" | "assistant" | "custom" => "_OTHER",
        other if other.starts_with("openai") => "openai",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;

    use super::super::instrument::Span;
    use super::*;

    #[test]
    fn times_are_in_seconds_and_tags_have_their_names() {
        let tags =
            [("model", "m"), ("outcome", "timeout_total"), ("protocol", "openai-completions"), ("zone", "a")];
        let tags: Tags = tags.map(|(k, v)| (k.into(), v.into())).into();
        let mut twin = Twin::of("llm_request_duration", &tags, &Protocols::default()).unwrap();
        twin.add(250.0);
        let points = twin.instrument.points(Span { start: 0, now: 1 }, true);
        let [(name, unit, Data::Histogram(histogram))] = &points[..] else { panic!("{points:?}") };
        assert_eq!((&**name, *unit), ("gen_ai.client.operation.duration", "s"));
        let point = &histogram.data_points[0];
        assert_eq!((point.sum, point.bucket_counts[5]), (Some(0.25), 1));
        let keys: Vec<_> = point.attributes.iter().map(|pair| &*pair.key).collect();
        assert_eq!(
            keys,
            ["gen_ai.request.model", "error.type", "zone", "gen_ai.operation.name", "gen_ai.provider.name"]
        );
        assert_eq!(
            point.attributes[3..],
            [
                attribute("gen_ai.operation.name", "text_completion"),
                attribute("gen_ai.provider.name", "openai")
            ]
        );
    }

    #[test]
    fn providers_are_told_by_the_protocols_of_the_run() {
        let provider = |tags: &[(&str, &str)], protocols: &Protocols| {
            let tags: Tags = tags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            let attributes = attributes(&tags, protocols);
            attributes.into_iter().find(|pair| pair.key == "gen_ai.provider.name").unwrap()
        };
        let protocols = Protocols::default();
        let wanted = |name: &str| attribute("gen_ai.provider.name", name);
        assert_eq!(provider(&[("name", "a")], &protocols), wanted("_OTHER"));
        protocols.note("a", "gemini");
        protocols.note("b", "openai-chat");
        protocols.note("c", "assistant");
        for (name, want) in [("a", "gcp.gemini"), ("b", "openai"), ("c", "_OTHER"), ("d", "_OTHER")] {
            assert_eq!(provider(&[("name", name)], &protocols), wanted(want), "{name}");
        }
        assert_eq!(provider(&[("name", "a"), ("protocol", "anthropic")], &protocols), wanted("anthropic"));
    }

    #[test]
    fn only_some_have_a_twin() {
        let none = Protocols::default();
        let twin = |metric: &str| Twin::of(metric, &Tags::new(), &none).map(|twin| twin.instrument.name);
        assert_eq!(twin("llm_prompt_tokens").as_deref(), Some("gen_ai.client.token.usage"));
        assert_eq!(twin("llm_completion_tokens").as_deref(), Some("gen_ai.client.token.usage"));
        assert_eq!(twin("http_req_duration"), None);
    }
}
