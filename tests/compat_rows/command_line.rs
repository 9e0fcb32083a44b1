//! Commands, flags and outputs.

use serde_json::Value;

use crate::Probed;
use crate::binary::ssek;

const COMMANDS: [&str; 9] =
    ["run", "archive", "inspect", "new", "deps", "version", "stats", "features", "completion"];

/// Of k6, but not of ssek.
const ABSENT_COMMANDS: [&str; 2] = ["cloud", "x"];

const FLAGS: [&str; 55] = [
    "vus",
    "duration",
    "iterations",
    "stage",
    "execution-segment",
    "execution-segment-sequence",
    "paused",
    "no-setup",
    "no-teardown",
    "max-redirects",
    "batch",
    "batch-per-host",
    "rps",
    "user-agent",
    "http-debug",
    "insecure-skip-tls-verify",
    "no-connection-reuse",
    "no-vu-connection-reuse",
    "min-iteration-duration",
    "throw",
    "blacklist-ip",
    "block-hostnames",
    "summary-trend-stats",
    "summary-time-unit",
    "system-tags",
    "tag",
    "console-output",
    "discard-response-bodies",
    "local-ips",
    "dns",
    "include-system-env-vars",
    "compatibility-mode",
    "type",
    "env",
    "no-thresholds",
    "summary-mode",
    "summary-export",
    "traces-output",
    "out",
    "linger",
    "no-usage-report",
    "features",
    "address",
    "config",
    "log-output",
    "log-format",
    "no-color",
    "quiet",
    "verbose",
    "secret-source",
    "help",
    "new-machine-readable-summary",
    "profiling-enabled",
    "inspect",
    "inspect-brk",
];

const OUTPUTS: [&str; 8] = [
    "json",
    "csv",
    "experimental-prometheus-rw",
    "experimental-opentelemetry",
    "opentelemetry",
    "influxdb",
    "web-dashboard",
    "cloud",
];

/// The results of all probes.
pub fn probes() -> Probed {
    let mut probed = Probed::new();
    let mut put = |section: &str, name: &str, result: Value| {
        probed.insert((section.to_owned(), name.to_owned()), result);
    };
    let help = ssek(&["--help"]).outcome().stdout;
    for name in COMMANDS {
        let is_listed = help.lines().any(|line| line.split_whitespace().next() == Some(name));
        put("Commands", name, is_listed.into());
    }
    for name in ABSENT_COMMANDS {
        put("Commands", name, ssek(&[name, "script.js"]).outcome().stderr.into());
    }
    let help = ssek(&["run", "--help"]).outcome().stdout;
    for name in FLAGS {
        let flag = format!("--{name}");
        let ends = |c: char| c.is_whitespace() || c == '[' || c == '=' || c == ',';
        let is_listed = help.match_indices(&flag).any(|(at, _)| help[at + flag.len()..].starts_with(ends));
        let script = "export default function () {}";
        let refused = ["profiling-enabled", "new-machine-readable-summary"].contains(&name);
        let result = if refused || !is_listed {
            ssek(&["run", "-q", &flag, "script.js"]).file("script.js", script).outcome().stderr.into()
        } else {
            true.into()
        };
        put("Flags", &flag, result);
    }
    for name in OUTPUTS {
        // One that there is complains of the server that it does not find, or of nothing.
        let script = "export default function () {}";
        let outcome = ssek(&["run", "-q", "--out", name, "script.js"]).file("script.js", script).outcome();
        let is_unknown = outcome.stderr.contains("output type") || outcome.stderr.contains("not supported");
        put("Outputs", name, if is_unknown { outcome.stderr.into() } else { true.into() });
    }
    probed
}
