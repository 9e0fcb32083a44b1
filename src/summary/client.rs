//! What the summary says about ssek itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::style::Style;
use super::verdict::{Evidence, Verdict, judge};
use crate::k6::builtin::{CLIENT_LAG, SSE_EVENT};
use crate::metrics::Snapshot;
use crate::metrics::sink::{Sink, TrendSink};
use crate::options::Saturation;

/// What CPU time was spent while scenarios ran. Shares are of the cores that ssek may use, 0 to 1; the
/// machine's own is of all its cores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cpu {
    /// How long it was watched.
    pub time: Duration,
    /// How many cores that is; a fraction under a quota.
    pub cores: f64,
    /// In the busiest second.
    pub peak: f64,
    pub mean: f64,
    /// What three seconds in a row did not fall below, in the busiest three; zero in shorter runs.
    pub sustained: f64,
    /// How busy the whole machine was in its busiest second, where the system tells.
    pub machine_peak: Option<f64>,
}

/// ssek's own state during a run, and whether it spoils the figures.
#[derive(Clone, Debug)]
pub struct Client {
    pub evidence: Evidence,
    pub verdict: Verdict,
}

impl Client {
    /// Judges a run by its last figures. `None` where there were no streams to be measured, unless
    /// the user wants to know `anyway`.
    pub fn of(snapshot: &Snapshot, cpu: Cpu, limits: &Saturation, anyway: bool) -> Option<Self> {
        let of = |name: &str| {
            let whole = snapshot.metrics.iter().find(|m| m.name == name && m.selector.is_none());
            whole.map(|metric| &metric.sink)
        };
        let trend = |name: &str| match of(name) {
            Some(Sink::Trend(trend)) if trend.count() > 0 => Some(trend),
            _ => None,
        };
        let streamed = matches!(of(SSE_EVENT.name), Some(Sink::Counter(counter)) if counter.sum > 0.0);
        if !streamed && !anyway {
            return None;
        }
        let lag = trend(CLIENT_LAG.name);
        let percentile = |p: f64| lag.map_or(0.0, |lag| lag.percentile(p));
        let evidence = Evidence {
            cpu,
            lag_count: lag.map_or(0, TrendSink::count),
            lag_p99: percentile(99.0),
            lag_max: lag.map_or(0.0, TrendSink::max),
            first_event: trend("sse_time_to_first_event").map(TrendSink::med),
        };
        Some(Self { verdict: judge(&evidence, limits), evidence })
    }

    /// `client: CPU peak 37 % of 2 cores, lag p99 1.2 ms → trustworthy`, in red where it is not.
    pub fn line(&self, style: Style) -> String {
        let Evidence { cpu, lag_p99, .. } = &self.evidence;
        let machine = match cpu.machine_peak {
            // Close to ssek's own, it says nothing new.
            Some(machine) if machine > cpu.peak + 0.1 => format!(" (machine {})", percent(machine)),
            _ => String::new(),
        };
        let figures = format!(
            "client: CPU peak {} of {}{machine}, lag p99 {}",
            percent(cpu.peak),
            cores(cpu.cores),
            milliseconds(*lag_p99)
        );
        match &self.verdict {
            Verdict::TooShort => format!("{figures} → too short to judge"),
            Verdict::Trustworthy => format!("{figures} → {}", style.green("trustworthy")),
            Verdict::Suspect(_) => style.red(&format!("{figures} → suspect: {}", self.reason())),
        }
    }

    /// What is wrong and what to do; empty where nothing is.
    pub fn reason(&self) -> String {
        match &self.verdict {
            Verdict::Suspect(reasons) => reasons.join("; "),
            _ => String::new(),
        }
    }

    /// Whether the run was long enough for a verdict.
    pub fn is_judged(&self) -> bool {
        self.verdict != Verdict::TooShort
    }

    /// Whether the figures are not to be trusted.
    pub fn is_suspect(&self) -> bool {
        matches!(self.verdict, Verdict::Suspect(_))
    }

    /// For JSON: `cores`, shares from 0 to 1, times in milliseconds, the verdict and its reasons.
    pub fn value(&self) -> Value {
        let Evidence { cpu, lag_p99, lag_max, .. } = &self.evidence;
        let (verdict, reasons) = match &self.verdict {
            Verdict::TooShort => ("too short", &[][..]),
            Verdict::Trustworthy => ("trustworthy", &[][..]),
            Verdict::Suspect(reasons) => ("suspect", reasons.as_slice()),
        };
        json!({
            "cores": cpu.cores,
            "cpu_peak": cpu.peak,
            "cpu_mean": cpu.mean,
            "machine_cpu_peak": cpu.machine_peak,
            "lag_p99": lag_p99,
            "lag_max": lag_max,
            "verdict": verdict,
            "reasons": reasons,
        })
    }
}

/// `37 %`
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `2 cores`, `1 core`, `0.5 cores`
pub(super) fn cores(cores: f64) -> String {
    let text = format!("{cores:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "1" { "1 core".to_owned() } else { format!("{text} cores") }
}

/// `2 µs`, `0.15 ms`, `1.2 ms`, `31 ms`, `1.2 s`
pub fn milliseconds(time: f64) -> String {
    match time {
        t if t < 0.01 => format!("{:.0} µs", t * 1e3),
        t if t < 1.0 => format!("{t:.2} ms"),
        t if t < 10.0 => format!("{t:.1} ms"),
        t if t < 1000.0 => format!("{t:.0} ms"),
        t => format!("{:.1} s", t / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::snapshot::MetricSnapshot;
    use crate::metrics::{Contains, Kind};

    fn metric(name: &str, kind: Kind, values: &[f64]) -> MetricSnapshot {
        let mut sink = Sink::new(kind);
        values.iter().for_each(|value| sink.add(*value));
        let (selector, thresholds) = (None, Vec::new());
        MetricSnapshot { name: name.into(), selector, kind, contains: Contains::Default, sink, thresholds }
    }

    fn snapshot(lag: f64) -> Snapshot {
        let metrics = vec![
            metric("sse_event", Kind::Counter, &[5.0]),
            metric("client_lag", Kind::Trend, &vec![lag; 2000]),
            metric("sse_time_to_first_event", Kind::Trend, &[60.0]),
        ];
        Snapshot { metrics, ..Snapshot::default() }
    }

    const CPU: Cpu = Cpu {
        time: Duration::from_secs(20),
        cores: 2.0,
        peak: 0.37,
        mean: 0.2,
        sustained: 0.3,
        machine_peak: Some(0.4),
    };

    #[test]
    fn one_line_says_it() {
        let limits = Saturation::default();
        let line =
            |lag, cpu| Client::of(&snapshot(lag), cpu, &limits, false).unwrap().line(Style { color: false });
        assert_eq!(line(1.23, CPU), "client: CPU peak 37 % of 2 cores, lag p99 1.2 ms → trustworthy");
        let busy = Cpu { cores: 0.5, machine_peak: Some(0.97), ..CPU };
        let line = line(31.0, busy);
        let begins = "client: CPU peak 37 % of 0.5 cores (machine 97 %), lag p99 31 ms → suspect: lag p99";
        assert!(line.starts_with(begins), "{line}");
        let red = Client::of(&snapshot(31.0), CPU, &limits, false).unwrap().line(Style { color: true });
        assert!(red.starts_with("\x1b[31mclient: ") && red.ends_with("\x1b[0m"), "{red}");
    }

    #[test]
    fn without_streams_there_is_nothing_to_say_unless_asked() {
        let quiet = Snapshot::default();
        let limits = Saturation::default();
        assert!(Client::of(&quiet, CPU, &limits, false).is_none());
        let asked = Client::of(&quiet, CPU, &limits, true).unwrap();
        assert_eq!((asked.value()["verdict"].as_str(), asked.is_suspect()), (Some("too short"), false));
        assert_eq!(asked.value()["cores"], 2.0);
    }

    #[test]
    fn figures_are_short() {
        for (got, want) in [
            (cores(1.0), "1 core"),
            (cores(16.0), "16 cores"),
            (percent(0.994), "99 %"),
            (milliseconds(0.001), "1 µs"),
            (milliseconds(0.154), "0.15 ms"),
            (milliseconds(999.4), "999 ms"),
            (milliseconds(1234.0), "1.2 s"),
        ] {
            assert_eq!(got, want);
        }
    }
}
