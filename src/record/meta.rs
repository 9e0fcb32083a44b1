//! What a record says about its run beside the figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where, when and with what a run was made. No secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The version of ssek.
    pub ssek: String,
    /// The script's path, or the URL where there was no script.
    pub target: String,
    /// What people call the run; empty unless somebody gave it a name.
    pub name: String,
    /// The models that answered, where the samples have a tag `model`, in the order of their names.
    pub models: Vec<String>,
    /// When the run's clock started: nanoseconds since the Unix epoch. Points count from the whole second at or
    /// before it.
    pub start: i64,
    /// The command line.
    pub command: Vec<String>,
    /// The merged options, as `exec.test.options` shows them; `null` where there was no script.
    pub options: Value,
    /// Whether the summary has ssek's own metrics of event streams …
    pub shows_streaming: bool,
    /// … and those of late starts.
    pub shows_schedule: bool,
    pub host: Host,
    /// Variables of the process that begin with `K6_` or `SSEK_`.
    pub env: BTreeMap<String, String>,
    /// How many runs were merged into it; 1 for one.
    pub runs: u32,
}

/// The machine that made the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// As Rust names it: `linux`.
    pub os: String,
    /// `x86_64`
    pub arch: String,
    /// How many CPUs the process may use.
    pub cpus: u32,
    /// In bytes; 0 where the system does not tell.
    pub memory: u64,
}

/// Nanoseconds.
pub const SECOND: i64 = 1_000_000_000;

impl Meta {
    /// Where second 0 of the series begins: nanoseconds since the Unix epoch, a whole second.
    pub fn second_zero(&self) -> i64 {
        self.start.div_euclid(SECOND) * SECOND
    }
}

impl Host {
    /// The machine that this process runs on.
    pub fn this() -> Self {
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kibibytes = memory.lines().find_map(|line| {
            line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        });
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpus: std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u32),
            memory: kibibytes.unwrap_or(0) * 1024,
        }
    }
}
