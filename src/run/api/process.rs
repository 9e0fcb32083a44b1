//! `/metrics`: the process itself, in the text form of Prometheus.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::response::Response;

use super::reply;
#[cfg(target_os = "linux")]
use crate::run::open_files;

/// The text form's content type, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn answer() -> Response {
    reply::answer(StatusCode::OK, CONTENT_TYPE, text(&Process::now()))
}

/// The figures that Prometheus's own client libraries show of a process; `None` where the system does not
/// tell.
#[derive(Debug, Default)]
struct Process {
    /// Seconds of CPU time, user and system.
    cpu: Option<f64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
    /// Bytes.
    resident: Option<u64>,
    /// Bytes.
    virtual_size: Option<u64>,
    /// Seconds since 1970.
    start: Option<f64>,
    threads: Option<u64>,
}

fn text(process: &Process) -> String {
    let mut out = String::new();
    let mut show = |name: &str, kind: &str, help: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
    };
    let whole = |value: Option<u64>| value.map(|value| value.to_string());
    let float = |value: Option<f64>| value.map(|value| value.to_string());
    show(
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent in seconds.",
        float(process.cpu),
    );
    show("process_max_fds", "gauge", "Maximum number of open file descriptors.", whole(process.max_fds));
    show("process_open_fds", "gauge", "Number of open file descriptors.", whole(process.open_fds));
    show("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", whole(process.resident));
    show(
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
        float(process.start),
    );
    show("process_threads", "gauge", "Number of threads of the process.", whole(process.threads));
    show(
        "process_virtual_memory_bytes",
        "gauge",
        "Virtual memory size in bytes.",
        whole(process.virtual_size),
    );
    out
}

impl Process {
    #[cfg(target_os = "linux")]
    fn now() -> Self {
        let figures = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let boot = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let boot = boot.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        let mut process = Self::of(&figures, setting(libc::_SC_CLK_TCK), setting(libc::_SC_PAGESIZE), boot);
        process.open_fds = std::fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count() as u64);
        process.max_fds = open_files::limit();
        process
    }

    #[cfg(not(target_os = "linux"))]
    fn now() -> Self {
        Self { cpu: Some(crate::run::client::process_time().as_secs_f64()), ..Self::default() }
    }

    /// From the text of `/proc/PID/stat`, see proc_pid_stat(5); `boot` is in seconds since 1970.
    #[cfg(any(target_os = "linux", test))]
    fn of(stat: &str, ticks: Option<f64>, page: Option<f64>, boot: Option<f64>) -> Self {
        // The name in parentheses may hold anything; the third field comes after it.
        let fields: Vec<f64> = match stat.rsplit_once(')') {
            Some((_, rest)) => rest.split_whitespace().skip(1).map(|f| f.parse().unwrap_or(0.0)).collect(),
            None => return Self::default(),
        };
        let field = |number: usize| fields.get(number - 4).copied();
        let seconds = |value: f64| ticks.map(|ticks| value / ticks);
        Self {
            cpu: field(14).zip(field(15)).and_then(|(user, system)| seconds(user + system)),
            threads: field(20).map(|n| n as u64),
            start: field(22).and_then(seconds).zip(boot).map(|(since, boot)| boot + since),
            virtual_size: field(23).map(|n| n as u64),
            resident: field(24).zip(page).map(|(pages, page)| (pages * page) as u64),
            ..Self::default()
        }
    }
}

#[cfg(target_os = "linux")]
fn setting(name: libc::c_int) -> Option<f64> {
    // SAFETY: a call without pointers.
    let value = unsafe { libc::sysconf(name) };
    (value > 0).then_some(value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 1000 4096000 100 0\n";
        let process = Process::of(stat, Some(100.0), Some(4096.0), Some(1e9));
        let text = text(&process);
        for line in [
            "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 2\n",
            "process_threads 9\n",
            "process_start_time_seconds 1000000010\n",
            "process_virtual_memory_bytes 4096000\n",
            "process_resident_memory_bytes 409600\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("open_fds"));
        assert_eq!(super::text(&Process::of("", None, None, None)), "");
    }
}
