//! Settings of a run that are no options: scripts can't set them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::environment::variable;
use super::file::ConfigFile;
use super::flags::boolean;
use super::secret_source::SecretSource;
use super::{Features, Saturation, folders};
use crate::k6::exit_code::{ExitCode, Failure};
use crate::net::local_ips::LocalIps;

/// The flags for these settings. Environment names have a `SSEK_` twin each.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RuntimeFlags {
    /// A variable for the script's __ENV; may be repeated
    #[arg(short = 'e', long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Give the script the process's environment [env: K6_INCLUDE_SYSTEM_ENV_VARS] [default: true for run, false for other commands]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub include_system_env_vars: Option<bool>,
    /// JavaScript mode: extended, or base, which lacks the name `global` [env: K6_COMPATIBILITY_MODE] [default: extended]
    #[arg(long, value_name = "MODE")]
    pub compatibility_mode: Option<String>,
    /// What FILE is: js or archive [env: K6_TYPE] [default: what it looks like]
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    pub test_type: Option<String>,
    /// Don't check thresholds [env: K6_NO_THRESHOLDS]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_thresholds: Option<bool>,
    /// The end-of-test summary: compact, full, llm or disabled; llm begins with a table of streams and LLM calls [env: K6_SUMMARY_MODE] [default: compact]
    #[arg(long, value_name = "MODE")]
    pub summary_mode: Option<String>,
    /// The summary's figures about event streams and late starts that k6 does not have: auto, on or off; auto shows them to scripts and options that k6 could not run, and in full mode [env: SSEK_STREAMING] [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub streaming: Option<String>,
    /// Write the summary's figures to a JSON file [env: K6_SUMMARY_EXPORT]
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<String>,
    /// Write that file with the LLM figures in the names and by the formulas of another tool: vllm, aiperf, guidellm or genai-otel [env: SSEK_METRIC_NAMES]
    #[arg(long, value_name = "TOOL")]
    pub metric_names: Option<String>,
    /// The new JSON form in --summary-export and handleSummary(); only false is supported [env: K6_NEW_MACHINE_READABLE_SUMMARY]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub new_machine_readable_summary: Option<bool>,
    /// Write console.* of the VUs to this file instead of the log [env: K6_CONSOLE_OUTPUT]
    #[arg(long, value_name = "FILE")]
    pub console_output: Option<String>,
    /// Send samples to an output, such as json=out.json, or report at the end (junit, github); may be repeated [env: K6_OUT]
    #[arg(short = 'o', long = "out", value_name = "TYPE[=ARG]")]
    pub outputs: Vec<String>,
    /// Keep the process and the REST API after the test until Ctrl+C; the summary comes then [env: K6_LINGER]
    #[arg(short = 'l', long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub linger: Option<bool>,
    /// At most so many threads for VUs that can share one [env: SSEK_THREADS] [default: 16 a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Let VUs of a thread share built-in objects where the script cannot see it [env: SSEK_SHARE_REALM] [default: true]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub share_realm: Option<bool>,
    /// Fetch no modules: https:// imports come from the cache or are ssek's own jslib modules [env: SSEK_OFFLINE]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub offline: Option<bool>,
    /// Accepted for k6's sake: ssek never sends usage reports [env: K6_NO_USAGE_REPORT]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub no_usage_report: Option<bool>,
    /// Addresses of this machine for the VUs to connect from in turn: addresses, ranges such as 10.0.0.5-10.0.0.9, networks such as 10.0.1.0/24 [env: K6_LOCAL_IPS]
    #[arg(long, value_name = "IPS")]
    pub local_ips: Option<String>,
    /// Where traces go: none, or otel, to which nothing is sent: in k6 only its browser module makes traces [env: K6_TRACES_OUTPUT] [default: none]
    #[arg(long, value_name = "TYPE")]
    pub traces_output: Option<String>,
    /// Exit with 111 when ssek was too busy for its figures to be trusted [env: SSEK_FAIL_ON_SATURATION]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, value_name = "BOOL")]
    pub fail_on_saturation: Option<bool>,
    /// When that is: the 99th percentile of client_lag, the same as a share of the median time to first event, the CPU used for three seconds; shorter runs than `after` are not judged [env: SSEK_SATURATION] [default: lag=10ms,ttfe=10%,cpu=85%,after=10s]
    #[arg(long, value_name = "LIMITS")]
    pub saturation: Option<String>,
    /// Start the built-in LLM server and point the script at it; settings such as ttft=60ms,itl=4ms,tokens=64
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "SETTINGS")]
    pub mock: Option<String>,
}

/// What the end-of-test summary shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SummaryMode {
    #[default]
    Compact,
    /// With the phases of HTTP requests and a section for each group and scenario.
    Full,
    /// With a table of streams and LLM calls before everything else.
    Llm,
    Disabled,
}

impl SummaryMode {
    /// `compact`, `full`, `llm` or `disabled`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "compact" => Some(Self::Compact),
            "full" => Some(Self::Full),
            "llm" => Some(Self::Llm),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

/// Whose names the figures of language models have in `--summary-export`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricNames {
    Vllm,
    Aiperf,
    Guidellm,
    GenaiOtel,
}

impl MetricNames {
    const ALL: [(&str, Self); 4] = [
        ("vllm", Self::Vllm),
        ("aiperf", Self::Aiperf),
        ("guidellm", Self::Guidellm),
        ("genai-otel", Self::GenaiOtel),
    ];

    /// The names that users call so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, names)| *names)
    }
}

/// Whether the summary has ssek's own metrics of event streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamingMode {
    /// Where something asks for it that k6 does not have, or in full mode.
    #[default]
    Auto,
    On,
    Off,
}

/// What is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestType {
    /// A script.
    Js,
    /// A tar file with a script and what it needs.
    Archive,
}

/// What k6 does to scripts beyond the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatibilityMode {
    Extended,
    /// Without the name `global`.
    Base,
}

impl CompatibilityMode {
    /// As flags and archives have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Extended => "extended",
            Self::Base => "base",
        }
    }
}

/// The settings with their defaults.
#[derive(Clone, Debug, Default)]
pub struct RuntimeOptions {
    /// `None`: what the input looks like.
    pub test_type: Option<TestType>,
    /// `None`: what the archive says, or `extended`.
    pub compatibility_mode: Option<CompatibilityMode>,
    /// Experimental behaviour that was switched on.
    pub features: Features,
    /// Whether somebody wants traces, of which there are none.
    pub has_traces: bool,
    pub include_system_env_vars: bool,
    /// From `-e`, in order; later ones win.
    pub env: Vec<(String, String)>,
    pub no_thresholds: bool,
    pub summary_mode: SummaryMode,
    pub streaming: StreamingMode,
    pub summary_export: Option<String>,
    /// Whose names figures have in that; `None`: k6's and ssek's own.
    pub metric_names: Option<MetricNames>,
    /// Replaces the log as the place of the VUs' `console.*`.
    pub console_output: Option<String>,
    /// `TYPE` or `TYPE=ARG`, in order.
    pub outputs: Vec<String>,
    pub linger: bool,
    /// Whether the verdict on ssek itself decides on the exit code.
    pub fail_on_saturation: bool,
    /// The limits of that verdict.
    pub saturation: Saturation,
    /// How many threads VUs may have that can share one.
    pub threads: Option<usize>,
    /// Whether VUs may share a realm.
    pub share_realm: bool,
    /// Whether modules must not be fetched.
    pub offline: bool,
    /// The folder in which fetched modules are kept; `None` where the user has no home.
    pub module_cache: Option<PathBuf>,
    /// Where the VUs' connections come from.
    pub local_ips: Option<LocalIps>,
    /// Set where `--mock` was given; holds its settings, which may be empty.
    pub mock: Option<String>,
    /// Where `k6/secrets` finds its values.
    pub secret_sources: Vec<SecretSource>,
}

impl RuntimeOptions {
    /// Flags over environment over config file over defaults.
    ///
    /// # Errors
    /// For bad values (exit 255; in the environment, 104) and for what this version can't do.
    pub fn resolve(
        flags: &RuntimeFlags,
        env: &dyn Fn(&str) -> Option<String>,
        file: &ConfigFile,
    ) -> Result<Self, Failure> {
        let on = |flag: Option<bool>, name: &str, default: bool| match flag {
            Some(value) => Ok(value),
            None => Ok(variable(name, name, env)?.unwrap_or(default)),
        };
        let text = |flag: &Option<String>, name: &str| match flag {
            Some(text) => Ok(Some(text.clone())),
            None => variable::<String>(name, name, env),
        };
        let outputs: Option<Vec<String>> = match flags.outputs.as_slice() {
            [] => variable("out", "OUT", env)?,
            outputs => Some(outputs.to_vec()),
        };
        let mut outputs = outputs.unwrap_or_else(|| file.out.clone());
        if variable("web dashboard", "WEB_DASHBOARD", env)?.unwrap_or(file.web_dashboard) {
            outputs.push("web-dashboard".to_owned());
        }
        let place = |flag: bool, long: &str, name: &str| match flag {
            true => format!("the flag --{long}"),
            false => {
                let prefix = if env(&format!("SSEK_{name}")).is_some() { "SSEK" } else { "K6" };
                format!("the environment variable {prefix}_{name}")
            }
        };
        let compatibility_mode = match text(&flags.compatibility_mode, "COMPATIBILITY_MODE")?.as_deref() {
            None | Some("") => None,
            Some("extended" | "experimental_enhanced") => Some(CompatibilityMode::Extended),
            Some("base") => Some(CompatibilityMode::Base),
            Some(mode) => {
                let place =
                    place(flags.compatibility_mode.is_some(), "compatibility-mode", "COMPATIBILITY_MODE");
                return bad_at("compatibility mode", mode, "extended, base, experimental_enhanced", &place);
            }
        };
        let test_type = match text(&flags.test_type, "TYPE")?.as_deref() {
            None | Some("") => None,
            Some("js") => Some(TestType::Js),
            Some("archive") => Some(TestType::Archive),
            Some(kind) => {
                let place = place(flags.test_type.is_some(), "type", "TYPE");
                return bad_at("test type", kind, "js, archive", &place);
            }
        };
        let has_traces = match text(&flags.traces_output, "TRACES_OUTPUT")?.as_deref() {
            None | Some("" | "none") => false,
            Some(output) if output == "otel" || output.starts_with("otel=") => true,
            Some(output) => {
                let place = place(flags.traces_output.is_some(), "traces-output", "TRACES_OUTPUT");
                return bad_at("traces output", output, "none, otel", &place);
            }
        };
        let local_ips = match flags.local_ips.as_deref() {
            None => variable("local IPs", "LOCAL_IPS", env)?,
            Some("") => None,
            Some(list) => Some(list.parse().map_err(|error| {
                Failure::new(ExitCode::OTHER, format!("the flag --local-ips has an invalid value: {error}"))
            })?),
        };
        if on(flags.new_machine_readable_summary, "NEW_MACHINE_READABLE_SUMMARY", false)? {
            let place = place(
                flags.new_machine_readable_summary.is_some(),
                "new-machine-readable-summary",
                "NEW_MACHINE_READABLE_SUMMARY",
            );
            let text = format!(
                "--new-machine-readable-summary is not supported: ssek writes k6's classic form to \
                 --summary-export and handleSummary(), from which a script can make any other; leave it out or \
                 say =false\n\tat {place}"
            );
            return Err(Failure::new(ExitCode::OTHER, text));
        }
        let summary_mode = match text(&flags.summary_mode, "SUMMARY_MODE")?.as_deref() {
            None | Some("") => SummaryMode::Compact,
            Some(mode) => match SummaryMode::from_name(mode) {
                Some(mode) => mode,
                None => {
                    let place = place(flags.summary_mode.is_some(), "summary-mode", "SUMMARY_MODE");
                    return bad_at("summary mode", mode, "compact, full, llm, disabled", &place);
                }
            },
        };
        let metric_names = match text(&flags.metric_names, "METRIC_NAMES")?.as_deref() {
            None | Some("") => None,
            Some(name) => match MetricNames::from_name(name) {
                Some(names) => Some(names),
                None => {
                    let place = place(flags.metric_names.is_some(), "metric-names", "METRIC_NAMES");
                    return bad_at("metric names", name, "vllm, aiperf, guidellm, genai-otel", &place);
                }
            },
        };
        let summary_export = text(&flags.summary_export, "SUMMARY_EXPORT")?;
        if flags.metric_names.is_some() && metric_names.is_some() && summary_export.is_none() {
            let text = "--metric-names is about the file of --summary-export: give that, too";
            return Err(Failure::new(ExitCode::OTHER, text));
        }
        let saturation = match text(&flags.saturation, "SATURATION")? {
            Some(list) => list.parse().map_err(|error| {
                Failure::new(ExitCode::OTHER, format!("invalid --saturation (SSEK_SATURATION): {error}"))
            })?,
            None => Saturation::default(),
        };
        let streaming = match text(&flags.streaming, "STREAMING")?.as_deref() {
            None | Some("" | "auto") => StreamingMode::Auto,
            Some("on") => StreamingMode::On,
            Some("off") => StreamingMode::Off,
            Some(mode) => {
                let place = place(flags.streaming.is_some(), "streaming", "STREAMING");
                return bad_at("value of --streaming", mode, "auto, on, off", &place);
            }
        };
        let threads = match flags.threads {
            Some(threads) => Some(threads),
            None => variable::<i64>("threads", "THREADS", env)?.map(|n| usize::try_from(n).unwrap_or(0)),
        };
        if threads == Some(0) {
            let place = place(flags.threads.is_some(), "threads", "THREADS");
            return bad_at("number of threads", "0", "1 or more", &place);
        }
        let share_realm = on(flags.share_realm, "SHARE_REALM", true)?;
        let linger = on(flags.linger, "LINGER", file.linger.unwrap_or(false))?;
        Ok(Self {
            test_type,
            compatibility_mode,
            // Only flags of options and config files name them: who has these fills it in.
            features: Features::default(),
            has_traces,
            include_system_env_vars: on(flags.include_system_env_vars, "INCLUDE_SYSTEM_ENV_VARS", true)?,
            env: flags.env.iter().map(|text| script_variable(text)).collect::<Result<_, _>>()?,
            no_thresholds: on(flags.no_thresholds, "NO_THRESHOLDS", false)?,
            summary_mode,
            streaming,
            summary_export,
            metric_names,
            console_output: text(&flags.console_output, "CONSOLE_OUTPUT")?,
            outputs,
            linger,
            fail_on_saturation: on(flags.fail_on_saturation, "FAIL_ON_SATURATION", false)?,
            saturation,
            threads,
            share_realm,
            offline: on(flags.offline, "OFFLINE", false)?,
            module_cache: module_cache(env),
            local_ips,
            mock: flags.mock.clone(),
            // A flag of all commands names them: who has it fills it in.
            secret_sources: Vec::new(),
        })
    }

    /// [`Self::resolve`] for commands that only look at the script: unless it is asked for, they do not
    /// show it the process's environment.
    ///
    /// # Errors
    /// As there.
    pub fn resolve_without_system_env(
        flags: &RuntimeFlags,
        env: &dyn Fn(&str) -> Option<String>,
        file: &ConfigFile,
    ) -> Result<Self, Failure> {
        let name = "INCLUDE_SYSTEM_ENV_VARS";
        let include = match flags.include_system_env_vars {
            Some(include) => include,
            None => variable(name, name, env)?.unwrap_or(false),
        };
        Self::resolve(&RuntimeFlags { include_system_env_vars: Some(include), ..flags.clone() }, env, file)
    }

    /// What the script sees as `__ENV`: the variables of its archive, under the process's, where they are
    /// wanted, under those of `-e`.
    pub fn script_env(
        &self,
        archived: BTreeMap<String, String>,
        system: impl Iterator<Item = (String, String)>,
    ) -> BTreeMap<String, String> {
        let system = system.filter(|_| self.include_system_env_vars);
        archived.into_iter().chain(system).chain(self.env.iter().cloned()).collect()
    }
}

/// `ssek/modules` in the user's folder for what can be had again.
fn module_cache(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(folders::cache(env)?.join("ssek").join("modules"))
}

fn bad_at<T>(what: &str, value: &str, allowed: &str, place: &str) -> Result<T, Failure> {
    let text = format!("invalid {what} '{value}', allowed are: {allowed}\n\tat {place}");
    Err(Failure::new(ExitCode::OTHER, text))
}

/// `NAME=VALUE`, or `NAME` for an empty value; the name is an identifier.
fn script_variable(text: &str) -> Result<(String, String), Failure> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(word) {
        let text = format!(
            "invalid environment variable name '{name}' in -e {text}: use letters, digits and underscores"
        );
        return Err(Failure::new(ExitCode::OTHER, text));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(flags: RuntimeFlags, env: &[(&str, &str)]) -> Result<RuntimeOptions, String> {
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        RuntimeOptions::resolve(&flags, &env, &ConfigFile::default()).map_err(|failure| failure.message)
    }

    #[test]
    fn flags_win_over_the_environment() {
        let flags = RuntimeFlags { summary_mode: Some("full".to_owned()), ..RuntimeFlags::default() };
        let env = [("K6_SUMMARY_MODE", "x"), ("SSEK_OUT", "json=a,csv"), ("K6_NO_THRESHOLDS", "true")];
        let options = resolve(flags, &env).unwrap();
        assert_eq!(options.summary_mode, SummaryMode::Full);
        assert_eq!(options.outputs, ["json=a", "csv"]);
        assert!(options.no_thresholds && options.include_system_env_vars && !options.linger);
        let error = resolve(RuntimeFlags::default(), &env[..1]).unwrap_err();
        let want = "invalid summary mode 'x', allowed are: compact, full, llm, disabled\
                    \n\tat the environment variable K6_SUMMARY_MODE";
        assert_eq!(error, want);
    }

    #[test]
    fn nothing_is_ignored_in_silence() {
        for flags in [
            RuntimeFlags { test_type: Some("har".to_owned()), ..RuntimeFlags::default() },
            RuntimeFlags { traces_output: Some("jaeger".to_owned()), ..RuntimeFlags::default() },
            RuntimeFlags { local_ips: Some("10.0.0".to_owned()), ..RuntimeFlags::default() },
            RuntimeFlags { metric_names: Some("vllm".to_owned()), ..RuntimeFlags::default() },
            RuntimeFlags { new_machine_readable_summary: Some(true), ..RuntimeFlags::default() },
            RuntimeFlags { env: vec!["1A=x".to_owned()], ..RuntimeFlags::default() },
            RuntimeFlags { saturation: Some("lag=10".to_owned()), ..RuntimeFlags::default() },
        ] {
            assert!(resolve(flags, &[]).is_err());
        }
    }

    #[test]
    fn the_script_sees_its_variables() {
        let flags = RuntimeFlags {
            env: vec!["A=1=2".to_owned(), "B".to_owned()],
            include_system_env_vars: Some(false),
            ..RuntimeFlags::default()
        };
        let options = resolve(flags, &[]).unwrap();
        let archived = BTreeMap::from([("A", "0"), ("C", "3")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let seen = options.script_env(archived.clone(), [("HOME".to_owned(), "/".to_owned())].into_iter());
        let want = [("A", "1=2"), ("B", ""), ("C", "3")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(seen, BTreeMap::from(want));
        let system = [("A".to_owned(), "sys".to_owned()), ("C".to_owned(), "sys".to_owned())];
        let all = RuntimeOptions { include_system_env_vars: true, ..RuntimeOptions::default() };
        assert_eq!(all.script_env(archived, system.into_iter())["C"], "sys");
    }
}
