//! The figures of language models in the words and forms of other tools (`--metric-names`), for people who compare with
//! those. What they define otherwise is worked out anew from the values, and not only called otherwise.
//!
//! - vLLM's `vllm bench serve --save-result`: <https://docs.vllm.ai/en/latest/cli/bench/serve.html>
//! - AIPerf's `profile_export_aiperf.json`: its `inter_token_latency` is (request latency − TTFT) / (tokens − 1), which
//!   ssek calls time per output token; the gaps between chunks are `inter_chunk_latency`.
//! - GuideLLM's `benchmarks.json`: its `time_per_output_token_ms` is the whole duration by all tokens; what ssek calls so
//!   is its `inter_token_latency_ms`.
//! - OpenTelemetry's conventions: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>, in seconds.

use serde_json::{Map, Value, json};

use super::Summary;
use super::export::pretty;
use crate::metrics::sink::{Sink, TrendSink};
use crate::options::runtime::MetricNames;

const TTFT: &str = "llm_time_to_first_token";
const VISIBLE: &str = "llm_time_to_first_visible_token";
const TPOT: &str = "llm_time_per_output_token";
const GAPS: &str = "llm_inter_token_latency";
const DURATION: &str = "llm_request_duration";
const RATE: &str = "llm_output_tokens_per_second";
const PROMPT: &str = "llm_prompt_tokens";
const COMPLETION: &str = "llm_completion_tokens";

/// The JSON text of the figures. What was not measured is left out.
pub fn export(summary: &Summary, names: MetricNames) -> String {
    let figures = Figures(summary);
    let value = match names {
        MetricNames::Vllm => figures.vllm(),
        MetricNames::Aiperf => figures.aiperf(),
        MetricNames::Guidellm => figures.guidellm(),
        MetricNames::GenaiOtel => figures.genai_otel(),
    };
    pretty(&value.into())
}

struct Figures<'a>(&'a Summary);

impl Figures<'_> {
    fn sink(&self, name: &str, selector: Option<&str>) -> Option<&Sink> {
        let metrics = &self.0.snapshot.metrics;
        let found = metrics.iter().find(|m| m.name == name && m.selector.as_deref() == selector);
        found.map(|metric| &metric.sink).filter(|sink| !sink.is_empty())
    }

    fn trend(&self, name: &str) -> Option<&TrendSink> {
        match self.sink(name, None) {
            Some(Sink::Trend(trend)) => Some(trend),
            _ => None,
        }
    }

    fn counted(&self, name: &str, selector: Option<&str>) -> f64 {
        match self.sink(name, selector) {
            Some(Sink::Counter(counter)) => counter.sum,
            _ => 0.0,
        }
    }

    /// Requests that went well, and that did not.
    fn requests(&self) -> (f64, f64) {
        let ok = self.counted("llm_requests", Some("outcome:ok"));
        (ok, self.counted("llm_requests", None) - ok)
    }

    /// Requests that kept the objectives, where there are some.
    fn good(&self) -> Option<f64> {
        match self.sink("llm_goodput", None) {
            Some(Sink::Rate(rate)) => Some(rate.trues as f64),
            _ => None,
        }
    }

    fn seconds(&self) -> f64 {
        self.0.snapshot.duration.as_secs_f64()
    }

    fn each_second(&self, count: f64) -> f64 {
        if self.seconds() > 0.0 { count / self.seconds() } else { 0.0 }
    }

    fn vllm(&self) -> Map<String, Value> {
        let (ok, failed) = self.requests();
        let (input, output) = (
            self.counted("llm_prompt_tokens_total", None),
            self.counted("llm_completion_tokens_total", None),
        );
        let mut all = Map::new();
        for (name, value) in [
            ("duration", self.seconds()),
            ("completed", ok),
            ("failed", failed),
            ("total_input_tokens", input),
            ("total_output_tokens", output),
            ("request_throughput", self.each_second(ok)),
            ("output_throughput", self.each_second(output)),
            ("total_token_throughput", self.each_second(input + output)),
        ] {
            all.insert(name.to_owned(), value.into());
        }
        all.insert("request_goodput".to_owned(), self.good().map(|good| self.each_second(good)).into());
        for (metric, name) in [(TTFT, "ttft"), (TPOT, "tpot"), (GAPS, "itl"), (DURATION, "e2el")] {
            let Some(trend) = self.trend(metric) else { continue };
            for (figure, value) in [
                ("mean", trend.avg()),
                ("median", trend.med()),
                ("std", trend.std_dev()),
                ("p90", trend.percentile(90.0)),
                ("p95", trend.percentile(95.0)),
                ("p99", trend.percentile(99.0)),
            ] {
                all.insert(format!("{figure}_{name}_ms"), value.into());
            }
        }
        all
    }

    fn aiperf(&self) -> Map<String, Value> {
        const PERCENTILES: [u8; 9] = [1, 5, 10, 25, 50, 75, 90, 95, 99];
        let shown = |unit: &str, trend: &TrendSink| {
            let mut value = json!({ "unit": unit, "avg": trend.avg() });
            for p in PERCENTILES {
                value[format!("p{p}")] = trend.percentile(p.into()).into();
            }
            value["min"] = trend.min().into();
            value["max"] = trend.max().into();
            value["std"] = trend.std_dev().into();
            value["count"] = trend.count().into();
            value
        };
        let mut all = Map::new();
        for (metric, name, unit) in [
            (TTFT, "time_to_first_token", "ms"),
            (VISIBLE, "time_to_first_output_token", "ms"),
            (DURATION, "request_latency", "ms"),
            (TPOT, "inter_token_latency", "ms"),
            (GAPS, "inter_chunk_latency", "ms"),
            (COMPLETION, "output_sequence_length", "tokens"),
            (PROMPT, "input_sequence_length", "tokens"),
            ("llm_reasoning_tokens", "reasoning_token_count", "tokens"),
        ] {
            all.extend(self.trend(metric).map(|trend| (name.to_owned(), shown(unit, trend))));
        }
        // Tokens a second that a user sees: of each request, what its inter-token latency comes to.
        let by_user = self.trend(TPOT).map(|trend| inverse(trend, 1000.0));
        let by_user = by_user.map(|trend| shown("tokens/sec/user", &trend));
        all.extend(by_user.map(|value| ("output_token_throughput_per_user".to_owned(), value)));
        let ((ok, failed), output) = (self.requests(), self.counted("llm_completion_tokens_total", None));
        for (name, unit, value) in [
            ("output_token_throughput", "tokens/sec", Some(self.each_second(output))),
            ("request_throughput", "requests/sec", Some(self.each_second(ok))),
            ("request_count", "requests", Some(ok)),
            ("error_request_count", "requests", Some(failed)),
            ("goodput", "requests/sec", self.good().map(|good| self.each_second(good))),
            ("benchmark_duration", "sec", Some(self.seconds())),
        ] {
            all.extend(value.map(|value| (name.to_owned(), json!({ "unit": unit, "avg": value }))));
        }
        all
    }

    fn guidellm(&self) -> Map<String, Value> {
        const PERCENTILES: [(&str, f64); 11] = [
            ("p001", 0.1),
            ("p01", 1.0),
            ("p05", 5.0),
            ("p10", 10.0),
            ("p25", 25.0),
            ("p50", 50.0),
            ("p75", 75.0),
            ("p90", 90.0),
            ("p95", 95.0),
            ("p99", 99.0),
            ("p999", 99.9),
        ];
        let shown = |trend: &TrendSink| {
            let percentiles = PERCENTILES.map(|(name, p)| (name.to_owned(), json!(trend.percentile(p))));
            json!({ "successful": {
                "mean": trend.avg(), "median": trend.med(),
                "variance": trend.std_dev().powi(2), "std_dev": trend.std_dev(),
                "min": trend.min(), "max": trend.max(), "count": trend.count(),
                "percentiles": Map::from_iter(percentiles),
            } })
        };
        let mut metrics = Map::new();
        for (name, trend) in [
            ("request_latency", self.trend(DURATION).map(|trend| trend.map(|ms| ms / 1000.0))),
            ("time_to_first_token_ms", self.trend(TTFT).cloned()),
            // Duration by tokens: what tokens by duration is the inverse of.
            ("time_per_output_token_ms", self.trend(RATE).map(|trend| inverse(trend, 1000.0))),
            ("inter_token_latency_ms", self.trend(TPOT).cloned()),
            ("prompt_token_count", self.trend(PROMPT).cloned()),
            ("output_token_count", self.trend(COMPLETION).cloned()),
        ] {
            metrics.extend(trend.map(|trend| (name.to_owned(), shown(&trend))));
        }
        let ((ok, failed), output) = (self.requests(), self.counted("llm_completion_tokens_total", None));
        for (name, value) in [
            ("requests_per_second", self.each_second(ok)),
            ("output_tokens_per_second", self.each_second(output)),
        ] {
            metrics.insert(name.to_owned(), json!({ "successful": { "mean": value } }));
        }
        let totals = json!({ "successful": ok, "errored": failed, "total": ok + failed });
        let benchmark = json!({ "duration": self.seconds(), "request_totals": totals, "metrics": metrics });
        Map::from_iter([("benchmarks".to_owned(), json!([benchmark]))])
    }

    fn genai_otel(&self) -> Map<String, Value> {
        let shown = |unit: &str, trend: &TrendSink| {
            json!({ "unit": unit, "count": trend.count(), "sum": trend.sum(), "avg": trend.avg(),
                    "min": trend.min(), "max": trend.max(), "p50": trend.med(),
                    "p90": trend.percentile(90.0), "p95": trend.percentile(95.0), "p99": trend.percentile(99.0) })
        };
        let mut all = Map::new();
        for (metric, name) in [
            (DURATION, "gen_ai.client.operation.duration"),
            (TTFT, "gen_ai.server.time_to_first_token"),
            (TPOT, "gen_ai.server.time_per_output_token"),
        ] {
            let seconds = self.trend(metric).map(|trend| trend.map(|ms| ms / 1000.0));
            all.extend(seconds.map(|trend| (name.to_owned(), shown("s", &trend))));
        }
        for (metric, kind) in [(PROMPT, "input"), (COMPLETION, "output")] {
            let name = format!("gen_ai.client.token.usage{{gen_ai.token.type:{kind}}}");
            all.extend(self.trend(metric).map(|trend| (name, shown("{token}", trend))));
        }
        all
    }
}

/// `unit` by each value.
fn inverse(trend: &TrendSink, unit: f64) -> TrendSink {
    trend.map(|value| if value > 0.0 { unit / value } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::snapshot::MetricSnapshot;
    use crate::metrics::{Contains, Kind, Snapshot};

    /// Two requests in two seconds: 10 and 20 tokens in 500 and 2000 ms, the first of them after 50 and 100 ms.
    fn summary() -> Summary {
        let metric = |name: &str, selector: Option<&str>, kind, values: &[f64]| {
            let mut sink = Sink::new(kind);
            values.iter().for_each(|value| sink.add(*value));
            let (name, selector) = (name.into(), selector.map(Into::into));
            MetricSnapshot { name, selector, kind, contains: Contains::Default, sink, thresholds: Vec::new() }
        };
        let metrics = vec![
            metric(TTFT, None, Kind::Trend, &[50.0, 100.0]),
            metric(TPOT, None, Kind::Trend, &[50.0, 100.0]),
            metric(GAPS, None, Kind::Trend, &[50.0, 50.0, 100.0]),
            metric(DURATION, None, Kind::Trend, &[500.0, 2000.0]),
            metric(RATE, None, Kind::Trend, &[20.0, 10.0]),
            metric("llm_completion_tokens_total", None, Kind::Counter, &[10.0, 20.0]),
            metric("llm_requests", None, Kind::Counter, &[1.0, 1.0, 1.0]),
            metric("llm_requests", Some("outcome:ok"), Kind::Counter, &[1.0, 1.0]),
            metric("llm_goodput", None, Kind::Rate, &[1.0, 0.0, 0.0]),
        ];
        let snapshot = Snapshot { metrics, duration: Duration::from_secs(2), ..Snapshot::default() };
        Summary { snapshot, ..Summary::default() }
    }

    #[test]
    fn each_tool_has_its_words_and_formulas() {
        let value = |names| serde_json::from_str::<Value>(&export(&summary(), names)).unwrap();
        for (names, place, want) in [
            (MetricNames::Vllm, "/completed", 2.0),
            (MetricNames::Vllm, "/failed", 1.0),
            (MetricNames::Vllm, "/output_throughput", 15.0),
            (MetricNames::Vllm, "/request_goodput", 0.5),
            (MetricNames::Vllm, "/mean_ttft_ms", 75.0),
            (MetricNames::Vllm, "/std_ttft_ms", 25.0),
            (MetricNames::Vllm, "/median_itl_ms", 50.0),
            (MetricNames::Vllm, "/mean_e2el_ms", 1250.0),
            (MetricNames::Aiperf, "/inter_token_latency/avg", 75.0),
            (MetricNames::Aiperf, "/inter_chunk_latency/p50", 50.0),
            (MetricNames::Aiperf, "/output_token_throughput_per_user/avg", 15.0),
            (MetricNames::Aiperf, "/error_request_count/avg", 1.0),
            // 500 / 10 and 2000 / 20: the first token counts.
            (MetricNames::Guidellm, "/benchmarks/0/metrics/time_per_output_token_ms/successful/mean", 75.0),
            (MetricNames::Guidellm, "/benchmarks/0/metrics/request_latency/successful/max", 2.0),
            (MetricNames::Guidellm, "/benchmarks/0/request_totals/errored", 1.0),
            (MetricNames::GenaiOtel, "/gen_ai.server.time_to_first_token/max", 0.1),
        ] {
            let value = value(names);
            assert_eq!(
                value.pointer(place).and_then(Value::as_f64),
                Some(want),
                "{names:?} {place}: {value}"
            );
        }
        assert_eq!(value(MetricNames::Aiperf).get("input_sequence_length"), None);
    }
}
