//! The flags that set options, with k6's names.

use super::dns::DnsLayer;
use super::layer::Layer;
use super::value::{self, Text};
use super::wait_for::WaitForLayer;
use crate::executor::{Segment, SegmentSequence, Stage};
use crate::k6::duration::{GoDuration, TimeUnit};
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::system_tag::SystemTags;
use crate::llm::Slo;
use crate::metrics::trend_stat::TrendStat;

/// One field per flag. Environment names are listed with their `K6_` prefix; `SSEK_` works as well.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OptionFlags {
    /// Number of virtual users [env: K6_VUS] [default: 1]
    #[arg(short = 'u', long, value_parser = integer, allow_negative_numbers = true, value_name = "N")]
    pub vus: Option<i64>,
    /// How long to run, such as 30s or 1m30s [env: K6_DURATION]
    #[arg(short = 'd', long, value_parser = GoDuration::parse_go)]
    pub duration: Option<GoDuration>,
    /// Total number of iterations, shared by all VUs [env: K6_ITERATIONS]
    #[arg(short = 'i', long, value_parser = integer, allow_negative_numbers = true, value_name = "N")]
    pub iterations: Option<i64>,
    /// Ramp to TARGET VUs over DURATION; may be repeated [env: K6_STAGES]
    #[arg(short = 's', long = "stage", value_delimiter = ',', value_name = "DURATION:TARGET")]
    pub stages: Vec<String>,
    /// Run only this part of the test, such as 0:1/4
    #[arg(long, value_name = "FROM:TO")]
    pub execution_segment: Option<String>,
    /// The borders of all parts of the test, such as 0,1/4,1
    #[arg(long, value_name = "BORDERS")]
    pub execution_segment_sequence: Option<String>,
    /// Wait with setup() and the scenarios until the REST API (--address) starts them [env: K6_PAUSED]
    #[arg(short = 'p', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub paused: Option<bool>,
    /// Don't run setup() [env: K6_NO_SETUP]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_setup: Option<bool>,
    /// Don't run teardown() [env: K6_NO_TEARDOWN]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_teardown: Option<bool>,
    /// Follow at most this many redirects [env: K6_MAX_REDIRECTS] [default: 10]
    #[arg(long, value_parser = integer, value_name = "N")]
    pub max_redirects: Option<i64>,
    /// Parallel requests in one http.batch() [env: K6_BATCH] [default: 20]
    #[arg(long, value_parser = integer, value_name = "N")]
    pub batch: Option<i64>,
    /// Parallel requests to one host in http.batch() [env: K6_BATCH_PER_HOST] [default: 6]
    #[arg(long, value_parser = integer, value_name = "N")]
    pub batch_per_host: Option<i64>,
    /// Limit of HTTP requests a second; 0 is none [env: K6_RPS] [default: 0]
    #[arg(long, value_parser = integer, value_name = "N")]
    pub rps: Option<i64>,
    /// User-Agent header of HTTP requests [env: K6_USER_AGENT]
    #[arg(long, value_name = "TEXT")]
    pub user_agent: Option<String>,
    /// Log HTTP requests and responses; `full` with bodies; secrets in headers and URLs are left out [env: K6_HTTP_DEBUG]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "headers", value_name = "full")]
    pub http_debug: Option<String>,
    /// Don't check TLS certificates [env: K6_INSECURE_SKIP_TLS_VERIFY]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Open a connection for every request [env: K6_NO_CONNECTION_REUSE]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_connection_reuse: Option<bool>,
    /// Don't keep connections from one iteration to the next [env: K6_NO_VU_CONNECTION_REUSE]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_vu_connection_reuse: Option<bool>,
    /// Least duration of an iteration; the rest is slept [env: K6_MIN_ITERATION_DURATION]
    #[arg(long, value_parser = GoDuration::parse_go, value_name = "DURATION")]
    pub min_iteration_duration: Option<GoDuration>,
    /// Throw on failed HTTP requests [env: K6_THROW]
    #[arg(short = 'w', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub throw: Option<bool>,
    /// Refuse to connect to this address range; may be repeated [env: K6_BLACKLIST_IPS]
    #[arg(long = "blacklist-ip", value_delimiter = ',', value_name = "CIDR")]
    pub blacklist_ips: Vec<String>,
    /// Refuse to connect to these hosts; a leading * is a wildcard; may be repeated [env: K6_BLOCK_HOSTNAMES]
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    pub block_hostnames: Vec<String>,
    /// Columns of trends in the summary [env: K6_SUMMARY_TREND_STATS] [default: avg,min,med,max,p(90),p(95)]
    #[arg(long, value_delimiter = ',', value_name = "STATS")]
    pub summary_trend_stats: Option<Vec<String>>,
    /// Unit of times in the summary: s, ms or us [env: K6_SUMMARY_TIME_UNIT]
    #[arg(long, value_name = "UNIT")]
    pub summary_time_unit: Option<String>,
    /// Only these system tags on samples [env: K6_SYSTEM_TAGS]
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub system_tags: Option<Vec<String>>,
    /// A tag for every sample; may be repeated [env: K6_TAGS]
    #[arg(long = "tag", value_delimiter = ',', value_name = "NAME=VALUE")]
    pub tags: Vec<String>,
    /// Don't keep response bodies [env: K6_DISCARD_RESPONSE_BODIES]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub discard_response_bodies: Option<bool>,
    /// How host names are resolved [env: K6_DNS] [default: ttl=5m,select=random,policy=preferIPv4]
    #[arg(long, value_name = "SETTINGS")]
    pub dns: Option<String>,
    /// Repeat random arrivals: the same number makes iterations start at the same times [env: SSEK_SEED] [default: a random one, which is logged]
    #[arg(long, value_parser = integer, allow_negative_numbers = true, value_name = "N")]
    pub seed: Option<i64>,
    /// Don't measure the first so much of the scenarios [env: SSEK_WARMUP]
    #[arg(long, value_parser = GoDuration::parse_go, value_name = "DURATION")]
    pub warmup: Option<GoDuration>,
    /// Don't measure the last so much before the scenarios' regular end, and what comes after it [env: SSEK_COOLDOWN]
    #[arg(long, value_parser = GoDuration::parse_go, value_name = "DURATION")]
    pub cooldown: Option<GoDuration>,
    /// Begin when this URL answers with a status below 500 [env: SSEK_WAIT_FOR]
    #[arg(long, value_name = "URL")]
    pub wait_for: Option<String>,
    /// How long to wait for it, at most [default: 1m]
    #[arg(long, value_parser = GoDuration::parse_go, value_name = "DURATION")]
    pub wait_for_timeout: Option<GoDuration>,
    /// Where URLs of the script that begin with / lead [env: SSEK_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// What calls of ssek/llm must keep to count in llm_goodput, such as ttft<500ms,tpot<50ms [env: SSEK_SLO]
    #[arg(long, value_name = "OBJECTIVES")]
    pub slo: Option<String>,
    /// Switch on these experimental features; may be repeated; `ssek features` lists them [env: K6_FEATURES]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub features: Vec<String>,
}

/// Reads a boolean flag's value: `true`, `1`, `f`, …
pub fn boolean(text: &str) -> Result<bool, String> {
    bool::from_text(text)
}

fn integer(text: &str) -> Result<i64, String> {
    i64::from_text(text)
}

impl OptionFlags {
    /// The flags as a level of options.
    pub fn layer(&self) -> Result<Layer, Failure> {
        Ok(Layer {
            paused: self.paused,
            vus: self.vus,
            duration: self.duration,
            iterations: self.iterations,
            stages: some(each("--stage", &self.stages, timed_stage)?),
            execution_segment: one(
                "--execution-segment",
                self.execution_segment.as_deref(),
                Segment::from_text,
            )?,
            execution_segment_sequence: one(
                "--execution-segment-sequence",
                self.execution_segment_sequence.as_deref(),
                SegmentSequence::from_text,
            )?,
            no_setup: self.no_setup,
            no_teardown: self.no_teardown,
            rps: self.rps,
            dns: one("--dns", self.dns.as_deref(), DnsLayer::from_text)?,
            max_redirects: self.max_redirects,
            user_agent: self.user_agent.clone(),
            batch: self.batch,
            batch_per_host: self.batch_per_host,
            http_debug: self.http_debug.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            throw: self.throw,
            blacklist_ips: some(each("--blacklist-ip", &self.blacklist_ips, str::parse)?),
            block_hostnames: some(each("--block-hostnames", &self.block_hostnames, str::parse)?),
            no_connection_reuse: self.no_connection_reuse,
            no_vu_connection_reuse: self.no_vu_connection_reuse,
            min_iteration_duration: self.min_iteration_duration,
            summary_trend_stats: self.trend_stats()?,
            summary_time_unit: one("--summary-time-unit", self.summary_time_unit.as_deref(), time_unit)?,
            system_tags: self
                .system_tags
                .as_ref()
                .map(|names| SystemTags::from_names(names.iter().map(|name| name.trim()))),
            tags: some(each("--tag", &self.tags, |text| value::tag(text, '='))?)
                .map(|tags| tags.into_iter().collect()),
            discard_response_bodies: self.discard_response_bodies,
            seed: self.seed,
            features: some(self.features.clone()),
            warmup: self.warmup,
            cooldown: self.cooldown,
            wait_for: self.wait_for()?,
            base_url: self.base_url.clone(),
            slo: one("--slo", self.slo.as_deref(), Slo::from_text)?,
            ..Layer::default()
        })
    }

    fn wait_for(&self) -> Result<Option<WaitForLayer>, Failure> {
        let layer = one("--wait-for", self.wait_for.as_deref(), WaitForLayer::from_text)?;
        let timeout = self.wait_for_timeout;
        let url = layer.and_then(|layer| layer.url);
        Ok((url.is_some() || timeout.is_some()).then_some(WaitForLayer { url, timeout }))
    }

    fn trend_stats(&self) -> Result<Option<Vec<String>>, Failure> {
        let Some(stats) = &self.summary_trend_stats else { return Ok(None) };
        let stats: Vec<_> = stats.iter().filter(|stat| !stat.is_empty()).cloned().collect();
        for stat in &stats {
            stat.parse::<TrendStat>().map_err(|error| Failure::new(ExitCode::OTHER, error.to_string()))?;
        }
        Ok(Some(stats))
    }
}

fn timed_stage(text: &str) -> Result<Stage, String> {
    let stage = Stage::parse(text)?;
    match stage.duration {
        Some(_) => Ok(stage),
        None => Err("it doesn't have a specified duration, write DURATION:TARGET".to_owned()),
    }
}

fn time_unit(text: &str) -> Result<String, String> {
    match TimeUnit::from_name(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("invalid summary time unit '{text}', use 's', 'ms' or 'us'")),
    }
}

fn one<T>(
    flag: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    text.map(|text| parse(text).map_err(|error| bad(flag, text, &error))).transpose()
}

fn each<T>(
    flag: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Failure> {
    texts.iter().map(|text| parse(text).map_err(|error| bad(flag, text, &error))).collect()
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn bad(flag: &str, text: &str, error: &str) -> Failure {
    Failure::new(ExitCode::OTHER, format!("the flag {flag} has the invalid value '{text}': {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    #[command(args_override_self = true)]
    struct Line {
        #[command(flatten)]
        flags: OptionFlags,
        rest: Vec<String>,
    }

    fn layer(line: &str) -> Result<Layer, String> {
        let words = std::iter::once("x").chain(line.split(' '));
        let parsed = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        assert!(parsed.rest.len() <= 1);
        parsed.flags.layer().map_err(|failure| failure.message)
    }

    #[test]
    fn k6s_spellings() {
        let flags =
            layer("-u 3 -u2 -s 1s:3,2s:0 --stage=1s:1 --tag a=b --tag c=d,e=f --no-setup script.js").unwrap();
        assert_eq!((flags.vus, flags.no_setup, flags.no_teardown), (Some(2), Some(true), None));
        assert_eq!((flags.stages.map(|s| s.len()), flags.tags.map(|t| t.len())), (Some(3), Some(3)));
        let flags =
            layer("--no-setup=false --http-debug --summary-trend-stats=avg,p(99.9) -d 1m30s x.js").unwrap();
        assert_eq!((flags.no_setup, flags.http_debug.as_deref()), (Some(false), Some("headers")));
        assert_eq!(flags.duration, Some(GoDuration::from_secs(90)));
        assert_eq!(flags.summary_trend_stats.map(|stats| stats.len()), Some(2));
    }

    #[test]
    fn bad_values_are_named() {
        for (line, word) in [
            ("--vus abc", "strconv.ParseInt: parsing \"abc\": invalid syntax"),
            ("--duration 1000", "time: missing unit in duration \"1000\""),
            ("--stage 10:5", "the flag --stage has the invalid value '10:5'"),
            ("--tag =x", "invalid tag, empty name"),
            ("--summary-trend-stats foo", "invalid trend stat 'foo', unknown format"),
            ("--dns policy=x", "allowed are: preferIPv4"),
            ("--wait-for localhost:1", "the flag --wait-for has the invalid value 'localhost:1'"),
            ("--execution-segment 1/2:1/4", "must be less than its end"),
        ] {
            let error = layer(line).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
