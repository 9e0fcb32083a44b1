//! Whether the load generator was fast enough for its own figures.
//!
//! The limits and where they come from are in `docs/metrics.md`.

use super::client::{Cpu, cores, milliseconds, percent};
use crate::options::Saturation;

/// Fewer observations of the lag make no 99th percentile.
const LEAST_OBSERVATIONS: u64 = 100;

/// The lag may be a share of the time that is measured; below this, in milliseconds, it is never too
/// much: the runtime's own timers, which `sleep()` waits with, come up to two milliseconds late.
const HARMLESS_LAG: f64 = 3.0;

/// A single lag may be so many times the limit of the 99th percentile.
const LONGEST_LAG: f64 = 100.0;

/// What is known about ssek itself. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    pub cpu: Cpu,
    /// Observations of `client_lag`, their 99th percentile and the largest.
    pub lag_count: u64,
    pub lag_p99: f64,
    pub lag_max: f64,
    /// The median time to the first event, where streams were measured.
    pub first_event: Option<f64>,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The run, or the observation, was too short to tell.
    TooShort,
    Trustworthy,
    /// Why, each a clause, and at last what to do about it.
    Suspect(Vec<String>),
}

/// Compares the evidence with the limits.
pub fn judge(evidence: &Evidence, limits: &Saturation) -> Verdict {
    let Evidence { cpu, lag_count, lag_p99, lag_max, first_event } = *evidence;
    if cpu.time < limits.after {
        return Verdict::TooShort;
    }
    let mut reasons = Vec::new();
    let busy = cpu.sustained > limits.cpu;
    if busy {
        let (limit, of) = (percent(limits.cpu), cores(cpu.cores));
        reasons.push(format!("ssek used more than {limit} of {of} for three seconds or longer"));
    }
    if lag_count >= LEAST_OBSERVATIONS {
        let limit = limits.lag.as_secs_f64() * 1e3;
        let relative = first_event.map(|median| (median, (median * limits.ttfe).max(HARMLESS_LAG)));
        if lag_p99 > limit {
            reasons.push(format!("lag p99 is above {}", milliseconds(limit)));
        } else if let Some((median, least)) = relative
            && lag_p99 > least
        {
            let (share, median) = (percent(limits.ttfe), milliseconds(median));
            reasons.push(format!("lag p99 is above {share} of the median time to first event ({median})"));
        }
        if lag_max > limit * LONGEST_LAG {
            reasons.push(format!("ssek stood still for {}", milliseconds(lag_max)));
        }
    } else if !busy {
        return Verdict::TooShort;
    }
    if reasons.is_empty() {
        return Verdict::Trustworthy;
    }
    let crowded = cpu.machine_peak.is_some_and(|peak| peak > limits.cpu);
    reasons.push(
        match (busy, crowded) {
            (true, _) => "run fewer VUs, do less in handlers, or share the test among several machines",
            (false, true) => "other processes took the CPU: give ssek a machine that does not run the server",
            (false, false) => {
                "ssek did not get the CPU in time: look for CPU limits, other tenants and power saving"
            }
        }
        .to_owned(),
    );
    Verdict::Suspect(reasons)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn evidence(seconds: u64, sustained: f64, lag: (u64, f64, f64), first_event: Option<f64>) -> Evidence {
        let time = Duration::from_secs(seconds);
        let cpu = Cpu { time, cores: 2.0, peak: sustained, mean: sustained, sustained, machine_peak: None };
        let (lag_count, lag_p99, lag_max) = lag;
        Evidence { cpu, lag_count, lag_p99, lag_max, first_event }
    }

    #[test]
    fn limits_make_the_verdict() {
        let limits = Saturation::default();
        let suspect = "suspect";
        for (seconds, sustained, lag, first_event, want) in [
            (60, 0.40, (6000, 1.2, 8.0), Some(250.0), "trustworthy"),
            (60, 0.85, (6000, 10.0, 1000.0), Some(250.0), "trustworthy"),
            (60, 0.86, (6000, 1.2, 8.0), None, suspect),
            (60, 0.40, (6000, 10.1, 30.0), None, suspect),
            (60, 0.40, (6000, 1.2, 1001.0), None, suspect),
            // A tenth of the median time to first event, but not below three milliseconds.
            (60, 0.40, (6000, 6.0, 30.0), Some(50.0), suspect),
            (60, 0.40, (6000, 6.0, 30.0), Some(70.0), "trustworthy"),
            (60, 0.40, (6000, 2.9, 30.0), Some(5.0), "trustworthy"),
            // Not enough to tell.
            (9, 0.99, (6000, 50.0, 50.0), None, "short"),
            (60, 0.40, (99, 50.0, 50.0), None, "short"),
            (60, 0.99, (0, 0.0, 0.0), None, suspect),
        ] {
            let got = match judge(&evidence(seconds, sustained, lag, first_event), &limits) {
                Verdict::TooShort => "short",
                Verdict::Trustworthy => "trustworthy",
                Verdict::Suspect(_) => suspect,
            };
            assert_eq!(got, want, "{seconds} s, CPU {sustained}, lag {lag:?}, first event {first_event:?}");
        }
    }

    #[test]
    fn every_reason_is_said_and_what_to_do() {
        let limits: Saturation = "lag=2ms,cpu=50%,after=1s".parse().unwrap();
        let mut busy = evidence(2, 0.6, (200, 5.0, 250.0), Some(80.0));
        let Verdict::Suspect(reasons) = judge(&busy, &limits) else { panic!() };
        assert_eq!(
            reasons,
            [
                "ssek used more than 50 % of 2 cores for three seconds or longer",
                "lag p99 is above 2.0 ms",
                "ssek stood still for 250 ms",
                "run fewer VUs, do less in handlers, or share the test among several machines",
            ]
        );
        busy.cpu.sustained = 0.1;
        busy.cpu.machine_peak = Some(0.99);
        let Verdict::Suspect(reasons) = judge(&busy, &limits) else { panic!() };
        assert!(reasons.last().is_some_and(|advice| advice.starts_with("other processes")), "{reasons:?}");
    }
}
