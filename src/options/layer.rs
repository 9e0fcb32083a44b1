//! Options as typed at one level: every one optional. One line declares an option.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::dns::DnsLayer;
use super::environment::variable;
use super::threshold::Thresholds;
use super::tls::{CipherSuite, TlsAuth, TlsVersions};
use super::wait_for::WaitForLayer;
use crate::executor::{self, Executor, Segment, SegmentSequence, Stage, StopAfter};
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::json::{Fields, Json, Mismatch};
use crate::k6::system_tag::SystemTags;
use crate::llm::Slo;
use crate::net::hosts::{Cidr, HostPattern, Target};

/// The scenarios by name.
#[derive(Clone, Debug, Default)]
pub struct Scenarios(pub BTreeMap<String, Arc<dyn Executor>>);

impl Json for Scenarios {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let entries = match value {
            Value::Null => return Ok(None),
            Value::Object(entries) => entries,
            _ => return Err(Mismatch::new(value, "must be an object of scenarios")),
        };
        let read =
            |(name, json): (&String, &Value)| Ok((name.clone(), Arc::from(executor::parse(name, json)?)));
        entries.iter().map(read).collect::<Result<_, _>>().map(|map| Some(Self(map)))
    }

    fn to_json(&self) -> Value {
        self.0.iter().map(|(name, scenario)| (name.clone(), scenario.to_json())).collect()
    }
}

/// `field: type = "key in scripts and config files", "NAME"` (K6_NAME, SSEK_NAME) or `none`.
macro_rules! layer {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $key:literal, $variable:tt;)*) => {
        /// Options as typed at one level: config file, script, environment or flags.
        #[derive(Clone, Debug, Default)]
        pub struct Layer { $($(#[$doc])* pub $field: Option<$type>,)* }

        impl Layer {
            /// Every option's key and the name of its variable without the prefix; empty where it has none.
            pub const VARIABLES: &[(&'static str, &'static str)] = &[$(($key, layer!(@name $variable)),)*];

            /// The option of that key as JSON, if it is set.
            pub fn get(&self, key: &str) -> Option<Value> {
                match key {
                    $($key => self.$field.as_ref().map(Json::to_json),)*
                    _ => None,
                }
            }

            fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
                Ok(Self { $($field: fields.take($key)?,)* })
            }

            fn read_environment(&mut self, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Failure> {
                $(layer!(@variable self.$field, $key, $variable, env);)*
                Ok(())
            }

            /// This level over a `lower` one. A level that says how the load is made (`duration`,
            /// `iterations`, `stages` or `scenarios`) clears all four of the lower one.
            #[must_use]
            pub fn over(self, mut lower: Self) -> Self {
                if self.shapes_load() {
                    (lower.duration, lower.iterations, lower.stages, lower.scenarios) = (None, None, None, None);
                }
                Self {
                    $($field: match (self.$field, lower.$field) {
                        (Some(upper), Some(lower)) => Some(Json::over(upper, lower)),
                        (upper, lower) => upper.or(lower),
                    },)*
                }
            }

            /// Every option in k6's order, as JSON; what is unset is `null`.
            fn entries(&self) -> Map<String, Value> {
                let mut entries = Map::new();
                $(entries.insert($key.to_owned(), self.$field.as_ref().map_or_else(<$type as Json>::unset, Json::to_json));)*
                entries
            }
        }
    };
    (@name none) => { "" };
    (@name $variable:literal) => { $variable };
    (@variable $layer:ident.$field:ident, $key:literal, none, $env:ident) => {};
    (@variable $layer:ident.$field:ident, $key:literal, $variable:literal, $env:ident) => {
        $layer.$field = variable($key, $variable, $env)?;
    };
}

layer! {
    /// Wait for the REST API before starting.
    paused: bool = "paused", "PAUSED";
    vus: i64 = "vus", "VUS";
    duration: GoDuration = "duration", "DURATION";
    iterations: i64 = "iterations", "ITERATIONS";
    stages: Vec<Stage> = "stages", "STAGES";
    scenarios: Scenarios = "scenarios", none;
    execution_segment: Segment = "executionSegment", none;
    execution_segment_sequence: SegmentSequence = "executionSegmentSequence", none;
    no_setup: bool = "noSetup", "NO_SETUP";
    setup_timeout: GoDuration = "setupTimeout", "SETUP_TIMEOUT";
    no_teardown: bool = "noTeardown", "NO_TEARDOWN";
    teardown_timeout: GoDuration = "teardownTimeout", "TEARDOWN_TIMEOUT";
    handle_summary_timeout: GoDuration = "handleSummaryTimeout", "HANDLE_SUMMARY_TIMEOUT";
    /// HTTP requests a second, by the whole process; zero is no limit.
    rps: i64 = "rps", "RPS";
    dns: DnsLayer = "dns", "DNS";
    max_redirects: i64 = "maxRedirects", "MAX_REDIRECTS";
    user_agent: String = "userAgent", "USER_AGENT";
    batch: i64 = "batch", "BATCH";
    batch_per_host: i64 = "batchPerHost", "BATCH_PER_HOST";
    http_debug: String = "httpDebug", "HTTP_DEBUG";
    insecure_skip_tls_verify: bool = "insecureSkipTLSVerify", "INSECURE_SKIP_TLS_VERIFY";
    tls_cipher_suites: Vec<CipherSuite> = "tlsCipherSuites", none;
    tls_version: TlsVersions = "tlsVersion", none;
    tls_auth: Vec<TlsAuth> = "tlsAuth", none;
    throw: bool = "throw", "THROW";
    thresholds: Thresholds = "thresholds", none;
    blacklist_ips: Vec<Cidr> = "blacklistIPs", "BLACKLIST_IPS";
    block_hostnames: Vec<HostPattern> = "blockHostnames", "BLOCK_HOSTNAMES";
    hosts: BTreeMap<String, Target> = "hosts", none;
    no_connection_reuse: bool = "noConnectionReuse", "NO_CONNECTION_REUSE";
    no_vu_connection_reuse: bool = "noVUConnectionReuse", "NO_VU_CONNECTION_REUSE";
    min_iteration_duration: GoDuration = "minIterationDuration", "MIN_ITERATION_DURATION";
    /// Raw settings of extensions, by name.
    ext: Value = "ext", none;
    /// Settings of k6's cloud service; passed through, unused.
    cloud: Value = "cloud", none;
    summary_trend_stats: Vec<String> = "summaryTrendStats", "SUMMARY_TREND_STATS";
    summary_time_unit: String = "summaryTimeUnit", "SUMMARY_TIME_UNIT";
    system_tags: SystemTags = "systemTags", "SYSTEM_TAGS";
    tags: BTreeMap<String, String> = "tags", "TAGS";
    /// Has no effect: samples wait in no buffer of fixed size.
    metric_samples_buffer_size: i64 = "metricSamplesBufferSize", "METRIC_SAMPLES_BUFFER_SIZE";
    no_cookies_reset: bool = "noCookiesReset", "NO_COOKIES_RESET";
    discard_response_bodies: bool = "discardResponseBodies", "DISCARD_RESPONSE_BODIES";
    /// Of random arrivals.
    seed: i64 = "seed", "SEED";
    features: Vec<String> = "features", "FEATURES";
    stop_after: StopAfter = "stopAfter", none;
    warmup: GoDuration = "warmup", "WARMUP";
    cooldown: GoDuration = "cooldown", "COOLDOWN";
    wait_for: WaitForLayer = "waitFor", "WAIT_FOR";
    base_url: String = "baseURL", "BASE_URL";
    slo: Slo = "slo", "SLO";
}

/// Options that k6 does not have.
const OWN: [&str; 7] = ["seed", "stopAfter", "warmup", "cooldown", "waitFor", "baseURL", "slo"];

impl Layer {
    /// Reads the options that a script exports or a config file holds.
    ///
    /// `source` is what errors call the place: `script`, or the file's path. The second value lists
    /// the keys that are no options.
    pub fn from_json(json: &Value, source: &str) -> Result<(Self, Vec<String>), Failure> {
        let failed = |error: Mismatch| {
            let text = match &error {
                Mismatch::Value { .. } => format!("parsing options from {source} got {error}"),
                Mismatch::Sentence { .. } => error.to_string(),
            };
            Failure::new(ExitCode::INVALID_CONFIG, text)
        };
        Self::from_value(json).map_err(failed)
    }

    /// The same for who says in other words where the options are from.
    pub(super) fn from_value(json: &Value) -> Result<(Self, Vec<String>), Mismatch> {
        if json.is_null() {
            return Ok((Self::default(), Vec::new()));
        }
        let mut fields = Fields::of(json).map_err(|error| error.at("options"))?;
        let layer = Self::read(&mut fields)?;
        let unknown = fields.unknown().map(str::to_owned).collect();
        Ok((layer, unknown))
    }

    /// Reads `K6_…` and `SSEK_…` variables; empty ones count as not set.
    pub fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let mut layer = Self::default();
        layer.read_environment(env)?;
        Ok(layer)
    }

    /// Whether this level says how the load is made (`vus` alone does not).
    pub fn shapes_load(&self) -> bool {
        self.duration.is_some()
            || self.iterations.is_some()
            || self.stages.is_some()
            || self.scenarios.is_some()
    }

    /// All options as a JSON object with k6's keys in k6's order; `null` where unset. `cloud`, and what
    /// k6 does not have, is left out when unset.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut entries = self.entries();
        if self.cloud.is_none() {
            entries.shift_remove("cloud");
        }
        for key in OWN {
            if entries.get(key).is_some_and(Value::is_null) {
                entries.shift_remove(key);
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn layer(json: Value) -> Layer {
        Layer::from_json(&json, "script").unwrap().0
    }

    #[test]
    fn script_options_are_lenient_where_k6_is() {
        let (layer, unknown) = Layer::from_json(
            &json!({"vus": "3", "duration": 1500, "setupTimeout": "2d", "tags": null, "nope": 1}),
            "script",
        )
        .unwrap();
        assert_eq!((layer.vus, layer.duration.map(|d| d.to_string())), (Some(3), Some("1.5s".to_owned())));
        assert_eq!(layer.setup_timeout.map(|d| d.to_string()), Some("48h0m0s".to_owned()));
        assert_eq!(unknown, ["nope"]);
    }

    #[test]
    fn wrong_types_say_where_and_what() {
        for (json, want) in [
            (
                json!({"vus": 2.5}),
                "parsing options from script got error while parsing \"2.5\": vus must be an integer",
            ),
            (
                json!({"scenarios": {"a": {"executor": "constant-vus", "duration": "1q"}}}),
                "parsing options from script got error while parsing \"\\\"1q\\\"\": scenarios.a.duration must be a \
                 duration such as \"30s\": time: unknown unit \"q\" in duration \"1q\"",
            ),
            (
                json!({"scenarios": {"a": {"executor": "nope"}}}),
                "unknown executor type 'nope'\n\tat scenarios.a.executor: there are shared-iterations, \
                 per-vu-iterations, constant-vus, ramping-vus, constant-arrival-rate, ramping-arrival-rate, \
                 at-once-users, ramp-users, constant-users-per-sec, ramp-users-per-sec, increment-users-per-sec, \
                 stress-peak-users, inject-open, constant-concurrent-users, ramp-concurrent-users, \
                 increment-concurrent-users, inject-closed",
            ),
            (
                json!([]),
                "parsing options from script got error while parsing \"[]\": options must be an object",
            ),
        ] {
            let failure = Layer::from_json(&json, "script").unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), (ExitCode::INVALID_CONFIG, want));
        }
    }

    #[test]
    fn a_level_that_shapes_load_clears_the_lower_shape() {
        let lower = layer(json!({"vus": 5, "duration": "1m", "tags": {"a": "b"}, "dns": "ttl=1m"}));
        let merged =
            layer(json!({"iterations": 3, "tags": {"c": "d"}, "dns": "policy=any"})).over(lower.clone());
        assert_eq!((merged.vus, merged.duration, merged.iterations), (Some(5), None, Some(3)));
        assert_eq!(merged.tags.map(|tags| tags.len()), Some(1));
        let dns = merged.dns.unwrap();
        assert!(dns.ttl.is_some() && dns.policy.is_some());
        assert!(layer(json!({"vus": 2})).over(lower).duration.is_some());
    }

    #[test]
    fn variables_have_two_prefixes() {
        let env = |name: &str| match name {
            "K6_VUS" | "K6_DURATION" => Some("7".to_owned()),
            "SSEK_VUS" => Some("8".to_owned()),
            "K6_STAGES" => Some("1s:3,1s:0".to_owned()),
            "K6_TAGS" => Some(String::new()),
            _ => None,
        };
        let layer = Layer::from_environment(&env).unwrap();
        assert_eq!((layer.vus, layer.stages.map(|s| s.len()), layer.tags), (Some(8), Some(2), None));
        let bad = Layer::from_environment(&|name| (name == "K6_VUS").then(|| "x".to_owned())).unwrap_err();
        assert_eq!(
            bad.message,
            "the environment variable K6_VUS (option vus) has the invalid value \"x\": \
             strconv.ParseInt: parsing \"x\": invalid syntax"
        );
    }
}
