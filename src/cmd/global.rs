//! The flags that every command takes.

use std::path::PathBuf;

use crate::k6;
use crate::k6::exit_code::{ExitCode, Failure};
use crate::log::{self, Format, Output, Settings};
use crate::options::flags::boolean;
use crate::run::api::Listen;

/// Where help texts list these flags.
const HEADING: &str = "Global options";

/// Flags of every command. Environment names have a `SSEK_` twin each.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GlobalFlags {
    /// Address of the REST API: run and bench listen on it, stats asks it; without a host only this machine can reach it [env: K6_ADDRESS] [default: no REST API]
    #[arg(short = 'a', long, global = true, help_heading = HEADING, value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// Config file [env: K6_CONFIG] [default: ~/.config/ssek/config.json]
    #[arg(short = 'c', long, global = true, help_heading = HEADING, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where log lines go: stderr, stdout, none or file=PATH[,level=LEVEL] [env: K6_LOG_OUTPUT] [default: stderr]
    #[arg(long, global = true, help_heading = HEADING, value_name = "OUTPUT")]
    pub log_output: Option<String>,
    /// How log lines look: text, json or raw [env: K6_LOG_FORMAT] [default: text]
    #[arg(long, global = true, help_heading = HEADING, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// No colours [env: K6_NO_COLOR, NO_COLOR]
    #[arg(long, global = true, help_heading = HEADING, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true, value_parser = boolean, value_name = "BOOL")]
    pub no_color: bool,
    /// Serve profiles of the process (not supported)
    #[arg(long, global = true, help_heading = HEADING, hide = true)]
    pub profiling_enabled: bool,
    /// No banner, no description, no progress; the summary is still printed
    #[arg(short = 'q', long, global = true, help_heading = HEADING, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true, value_parser = boolean, value_name = "BOOL")]
    pub quiet: bool,
    /// Debug lines in the log
    #[arg(short = 'v', long, global = true, help_heading = HEADING, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true, value_parser = boolean, value_name = "BOOL")]
    pub verbose: bool,
    /// Where k6/secrets finds its values: file=PATH, mock=KEY=VALUE,… or url=urlTemplate=URL with {key} in it; with name=NAME and default among them; may be repeated [env: K6_SECRET_SOURCE]
    #[arg(long, global = true, help_heading = HEADING, value_name = "TYPE=ARG")]
    pub secret_source: Vec<String>,
}

/// A global flag that a command may have no use for.
#[derive(Clone, Copy, Debug)]
pub enum Unheeded {
    Address,
    Config,
    SecretSource,
}

impl GlobalFlags {
    /// Fails for what a run would need but this version can't do.
    pub fn refuse_unsupported(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Failure> {
        if self.profiling_enabled || k6::env_var("PROFILING_ENABLED", env).is_some() {
            let text = "profiling (--profiling-enabled, K6_PROFILING_ENABLED) is not supported: k6's profiles are \
                        those of its Go runtime; leave it out, and use a profiler such as perf on the process";
            return Err(Failure::new(ExitCode::OTHER, text));
        }
        Ok(())
    }

    /// Fails for flags that a command has no use for, so that nobody relies on them. What the environment says is meant
    /// for whoever can heed it.
    pub fn refuse(&self, command: &str, flags: &[Unheeded]) -> Result<(), Failure> {
        let refused = flags.iter().find(|unheeded| match unheeded {
            Unheeded::Address => self.address.as_ref().is_some_and(|address| !address.is_empty()),
            Unheeded::Config => self.config.is_some(),
            Unheeded::SecretSource => !self.secret_source.is_empty(),
        });
        let Some(refused) = refused else { return Ok(()) };
        let reason = match refused {
            Unheeded::Address => "--address has no effect here: only run and bench have a REST API",
            Unheeded::Config => "--config has no effect here: no option of a config file is read",
            Unheeded::SecretSource => {
                "--secret-source has no effect here: secrets are for the module k6/secrets"
            }
        };
        Err(Failure::new(ExitCode::OTHER, format!("ssek {command}: {reason}; leave it out")))
    }

    /// Where the REST API is or is to be, and whether the command line says so; an empty flag takes back what
    /// the environment says.
    pub fn api(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<Listen> {
        let (address, required) = match &self.address {
            Some(address) => (address.clone(), true),
            None => (k6::env_var("ADDRESS", env)?, false),
        };
        (!address.is_empty()).then_some(Listen { address, required })
    }

    /// The flags with the environment filled in.
    #[must_use]
    pub fn settled(self, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| k6::env_var(name, env).filter(|value| !value.is_empty());
        Self {
            config: self.config.or_else(|| variable("CONFIG").map(PathBuf::from)),
            log_output: self.log_output.or_else(|| variable("LOG_OUTPUT")),
            log_format: self.log_format.or_else(|| variable("LOG_FORMAT")),
            // NO_COLOR counts even when it is empty: https://no-color.org before 2023, as in k6.
            no_color: self.no_color || variable("NO_COLOR").is_some() || env("NO_COLOR").is_some(),
            ..self
        }
    }

    /// The format of log lines, which `--console-output` shares.
    pub fn log_format(&self) -> anyhow::Result<Format> {
        Ok(Format::parse(self.log_format.as_deref().unwrap_or_default())?)
    }

    /// Sets the process-wide logger up by these flags.
    pub fn setup_log(&self, env: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        let no_color = self.no_color || env("NO_COLOR").is_some();
        log::setup(Settings {
            output: Output::parse(self.log_output.as_deref().unwrap_or_default())?,
            format: self.log_format()?,
            verbose: self.verbose,
            color: !no_color,
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_fills_in_and_nothing_is_ignored() {
        let env = |name: &str| (name == "K6_LOG_FORMAT" || name == "NO_COLOR").then(|| "json".to_owned());
        let flags = GlobalFlags::default().settled(&env);
        assert!(flags.no_color && flags.log_format.as_deref() == Some("json"));
        let env = |asked: &str| (asked == "K6_PROFILING_ENABLED").then(|| "x".to_owned());
        assert!(GlobalFlags::default().refuse_unsupported(&env).is_err());
    }

    #[test]
    fn the_command_line_has_the_last_word_on_the_address() {
        let env = |name: &str| (name == "K6_ADDRESS").then(|| "localhost:1".to_owned());
        let with =
            |flag: Option<&str>| GlobalFlags { address: flag.map(str::to_owned), ..GlobalFlags::default() };
        let listen = |address: &str, required| Some(Listen { address: address.to_owned(), required });
        assert_eq!(with(None).api(&env), listen("localhost:1", false));
        assert_eq!(with(Some(":2")).api(&env), listen(":2", true));
        assert_eq!(with(Some("")).api(&env), None);
        assert_eq!(with(None).api(&|_| None), None);
    }
}
