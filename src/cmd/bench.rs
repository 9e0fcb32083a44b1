//! `ssek bench`: load on an LLM server without a script.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{GlobalFlags, levels};
use crate::bench::flags::{CallFlags, TargetFlags, WorkloadFlags, invalid, time};
use crate::bench::schedule::{self, Shape};
use crate::bench::target::is_url;
use crate::bench::{Common, Request, fail_on};
use crate::executor::Law;
use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::Failure;
use crate::metrics::ThresholdSpec;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;
use crate::run::open_files;

/// The command line of `ssek bench`.
#[derive(Args, Clone, Debug, Default)]
pub struct BenchArgs {
    #[command(flatten)]
    pub target: TargetFlags,
    #[command(flatten)]
    pub shape: ShapeFlags,
    #[command(flatten)]
    pub work: WorkloadFlags,
    #[command(flatten)]
    pub call: CallFlags,
    #[command(flatten)]
    pub result: ResultFlags,
    #[command(flatten)]
    pub network: NetworkFlags,
    /// Print the result as JSON
    #[arg(long, help_heading = "Results")]
    pub json: bool,
    /// Write an HTML report at the end: to report/report_[MODEL_]YYYYMMDD_HHMMSS.html, or to PATH
    #[arg(long, visible_alias = "html-report", alias = "html", num_args = 0..=1, default_missing_value = "", value_name = "PATH", help_heading = "Results")]
    pub report: Option<String>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// How much load, and how long. Without a time or a number each user asks once.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Load")]
pub struct ShapeFlags {
    /// Users who ask one thing after the other [default: 1]
    #[arg(short = 'u', long, aliases = ["threads", "users", "concurrency"], value_name = "N")]
    pub vus: Option<u32>,
    /// Users that start in a second [default: all at once]
    #[arg(short = 'r', long, value_name = "N")]
    pub spawn_rate: Option<f64>,
    /// The time over which the users start
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub ramp_up: Option<Duration>,
    /// How long requests start: 60s, 5m, or a number of seconds; 0 is no time
    #[arg(short = 'd', long, visible_short_alias = 't', aliases = ["execution-time", "run-time"], value_name = "TIME", value_parser = time)]
    pub duration: Option<Duration>,
    /// How many requests, or conversations, start in all
    #[arg(short = 'n', long, aliases = ["iterations", "num-prompts"], value_name = "N")]
    pub requests: Option<u64>,
    /// Requests, or conversations, that start in a second, however long answers take
    #[arg(long, aliases = ["request-rate"], value_name = "N")]
    pub rate: Option<f64>,
    /// By which law they start: even, poisson, gamma=SHAPE, trace=FILE [default: even, or at the times of a trace]
    #[arg(long, value_name = "LAW", value_parser = schedule::law)]
    pub arrivals: Option<Law>,
    /// With --rate: requests that go on at once, at most; what is due beyond is dropped [default: 10000]
    #[arg(long, alias = "max-concurrency", value_name = "N")]
    pub max_vus: Option<u32>,
    /// How long requests may go on after the end [default: 30s]
    #[arg(long, alias = "stop-timeout", value_name = "TIME", value_parser = time)]
    pub graceful_stop: Option<Duration>,
    /// Don't measure the first so much
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub warmup: Option<Duration>,
    /// Don't measure the last so much
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub cooldown: Option<Duration>,
    /// Accepted for Locust's sake: there is no other way
    #[arg(long, hide = true)]
    pub headless: bool,
    /// Locust's, which is told to be left out
    #[arg(short = 'f', long, hide = true)]
    pub locustfile: Option<String>,
}

/// What becomes of the figures.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Results")]
pub struct ResultFlags {
    /// Exit with 99 if this is so in the end: 'p95(ttft)>1s', 'error_rate>1%', 'goodput<95%'; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub fail_on: Vec<String>,
    /// Exit with 99 unless this holds, as thresholds of scripts: 'llm_time_to_first_token:p(95)<1000'; may be repeated
    #[arg(long = "threshold", value_name = "METRIC:EXPRESSION")]
    pub thresholds: Vec<String>,
    /// Send samples to an output, such as json=out.json; may be repeated
    #[arg(short = 'o', long = "out", value_name = "TYPE[=ARG]")]
    pub outputs: Vec<String>,
    /// Write the result as JSON to a file
    #[arg(long, value_name = "FILE")]
    pub json_file: Option<PathBuf>,
    /// Write the figures in the form of k6's summary to a JSON file
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<String>,
    /// Write that file in the names and by the formulas of another tool: vllm, aiperf, guidellm or genai-otel
    #[arg(long, value_name = "TOOL")]
    pub metric_names: Option<String>,
    /// A tag for every sample; may be repeated
    #[arg(long = "tag", value_delimiter = ',', value_name = "NAME=VALUE")]
    pub tags: Vec<String>,
    /// Only these system tags on samples
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub system_tags: Option<Vec<String>>,
    /// Exit with 111 when ssek was too busy for its figures to be trusted
    #[arg(long)]
    pub fail_on_saturation: bool,
    /// When that is: lag=10ms,ttfe=10%,cpu=85%,after=10s
    #[arg(long, value_name = "LIMITS")]
    pub saturation: Option<String>,
}

/// How connections are made.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Network")]
pub struct NetworkFlags {
    /// Don't check TLS certificates
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// Open a connection for every request
    #[arg(long)]
    pub no_connection_reuse: bool,
    /// User-Agent header of requests
    #[arg(long, value_name = "TEXT")]
    pub user_agent: Option<String>,
    /// How host names are resolved, such as ttl=5m,select=random
    #[arg(long, value_name = "SETTINGS")]
    pub dns: Option<String>,
    /// Log requests and responses; `full` with bodies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "headers", value_name = "full")]
    pub http_debug: Option<String>,
    /// Addresses of this machine to connect from in turn
    #[arg(long, value_name = "IPS")]
    pub local_ips: Option<String>,
    /// Begin when this URL answers with a status below 500
    #[arg(long, value_name = "URL")]
    pub wait_for: Option<String>,
    /// How long to wait for it, at most [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub wait_for_timeout: Option<Duration>,
}

/// Measures; the code is what the process exits with.
pub(super) fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let shape = args.shape.shape()?;
    let (warmup, cooldown) = (args.shape.warmup, args.shape.cooldown);
    let (json, json_file) = (args.json, args.result.json_file.clone());
    let (mut result, mut target, mut report) = (args.result, args.target, args.report);
    // `--report URL` has no path: what stands behind it is who is asked.
    if target.url.is_none() && report.as_deref().is_some_and(is_url) {
        target.url = report.replace(String::new());
    }
    let named = || super::env("SSEK_REPORT").filter(|path| !path.is_empty());
    if let Some(path) = &report.or_else(named) {
        result.outputs.push(format!("report={path}"));
    }
    let parts = Parts {
        target,
        work: args.work,
        call: args.call,
        result,
        network: args.network,
        windows: (warmup, cooldown),
    };
    let common = Common { api: args.global.api(&super::env), ..parts.common(&args.global)? };
    crate::bench::run(&Request { common, shape, json, json_file })
}

/// The flags that bench and sweep share.
pub(super) struct Parts {
    pub target: TargetFlags,
    pub work: WorkloadFlags,
    pub call: CallFlags,
    pub result: ResultFlags,
    pub network: NetworkFlags,
    /// Warm-up and cool-down.
    pub windows: (Option<Duration>, Option<Duration>),
}

impl Parts {
    /// Puts the flags together with the config file and the environment.
    pub fn common(self, global: &GlobalFlags) -> Result<Common, Failure> {
        open_files::raise_limit();
        let Self { target, work, call, result, network, windows } = self;
        let thresholds = result.thresholds()?;
        let on = |flag: bool| flag.then_some(true);
        let options = OptionFlags {
            insecure_skip_tls_verify: on(network.insecure_skip_tls_verify),
            no_connection_reuse: on(network.no_connection_reuse),
            user_agent: network.user_agent,
            dns: network.dns,
            http_debug: network.http_debug,
            wait_for: network.wait_for,
            wait_for_timeout: network.wait_for_timeout.map(GoDuration::from),
            tags: result.tags,
            system_tags: result.system_tags,
            warmup: windows.0.map(GoDuration::from),
            cooldown: windows.1.map(GoDuration::from),
            ..OptionFlags::default()
        };
        let runtime = RuntimeFlags {
            outputs: result.outputs,
            summary_export: result.summary_export,
            metric_names: result.metric_names,
            fail_on_saturation: on(result.fail_on_saturation),
            saturation: result.saturation,
            local_ips: network.local_ips,
            ..RuntimeFlags::default()
        };
        let (layers, runtime) = levels::read(global, &options, &runtime, false)?;
        let (quiet, no_color) = (global.quiet, global.no_color);
        Ok(Common { target, work, call, thresholds, layers, runtime, quiet, no_color, api: None })
    }
}

impl ShapeFlags {
    fn shape(&self) -> Result<Shape, Failure> {
        // Where another tool says "no time" with a zero, it means once each.
        let duration = self.duration.filter(|time| !time.is_zero());
        for (flag, value) in [("--spawn-rate", self.spawn_rate), ("--rate", self.rate)] {
            if value.is_some_and(|value| value <= 0.0 || !value.is_finite()) {
                return Err(invalid(format!("{flag} must be above zero")));
            }
        }
        if let Some(file) = &self.locustfile {
            return Err(invalid(format!(
                "-f {file}: there is no Locust script here; leave it out, and name what it would ask: --conversations \
                 data, --prompts FILE or --api-path PATH"
            )));
        }
        Ok(Shape {
            vus: self.vus,
            spawn_rate: self.spawn_rate,
            ramp_up: self.ramp_up,
            duration,
            requests: self.requests,
            rate: self.rate,
            law: self.arrivals.clone(),
            max_vus: self.max_vus,
            graceful_stop: self.graceful_stop,
        })
    }
}

impl ResultFlags {
    fn thresholds(&self) -> Result<Vec<(String, ThresholdSpec)>, Failure> {
        let conditions = self
            .fail_on
            .iter()
            .map(|text| fail_on::parse(text).map_err(|error| invalid(format!("--fail-on: {error}"))));
        let own = self.thresholds.iter().map(|text| {
            // A selector may hold colons.
            let at = text
                .rfind('}')
                .map_or_else(|| text.find(':'), |brace| text[brace..].find(':').map(|at| at + brace));
            let at = at.ok_or_else(|| invalid(format!("--threshold {text}: want METRIC:EXPRESSION")))?;
            let source = text[at + 1..].trim().to_owned();
            Ok((text[..at].trim().to_owned(), ThresholdSpec { source, ..ThresholdSpec::default() }))
        });
        conditions.chain(own).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    fn args(line: &str) -> BenchArgs {
        let command = BenchArgs::augment_args(Command::new("bench"));
        BenchArgs::from_arg_matches(&command.get_matches_from(line.split(' '))).unwrap()
    }

    #[test]
    fn flags_of_other_tools_mean_the_same() {
        let ours = args("bench http://h -u 5 --ramp-up 10s -d 60s --prompt x --prompts q.txt --model m");
        let theirs = args(
            "bench --host h --threads 5 --ramp-up 10 --execution-time 60 --query x --param-file q.txt --model-name m",
        );
        assert_eq!(ours.shape.shape().unwrap(), theirs.shape.shape().unwrap());
        assert_eq!(
            (ours.work.prompts, ours.work.prompt_file),
            (theirs.work.prompts, theirs.work.prompt_file)
        );
        assert_eq!(ours.target.model, theirs.target.model);
        let locust = args("bench --headless --users 55 -r 55 -t 1h30m -H http://h:8000");
        assert_eq!((locust.shape.vus, locust.shape.spawn_rate), (Some(55), Some(55.0)));
        assert_eq!(locust.shape.duration, Some(Duration::from_secs(5400)));
        assert_eq!(args("bench h --duration 0").shape.shape().unwrap().duration, None);
        assert!(args("bench h --rate 0").shape.shape().is_err());
        let script = args("bench -f locustfile.py --headless -H http://h:8000").shape.shape().unwrap_err();
        assert!(script.message.contains("leave it out"), "{}", script.message);
    }

    #[test]
    fn thresholds_have_two_forms() {
        let result = args("bench h --threshold llm_tail{a:b}:max<5 --fail-on p95(ttft)>1s").result;
        let thresholds: Vec<_> =
            result.thresholds().unwrap().into_iter().map(|(metric, spec)| (metric, spec.source)).collect();
        let want = [("llm_time_to_first_token", "p(95)<=1000"), ("llm_tail{a:b}", "max<5")];
        assert_eq!(thresholds, want.map(|(metric, source)| (metric.to_owned(), source.to_owned())));
        let bad = ResultFlags { thresholds: vec!["x".into()], ..ResultFlags::default() };
        assert!(bad.thresholds().is_err());
    }
}
