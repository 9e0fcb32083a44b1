//! What stands behind a scenario's name, executor by executor.

use std::time::Duration;

use super::span::{fixed, padded};
use crate::k6::duration::GoDuration;

/// How much of a scenario is done, and the columns that say so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    /// 0 to 1.
    pub progress: f64,
    pub columns: Vec<String>,
}

impl Bar {
    /// A scenario whose `startTime` is still to come.
    pub fn waiting(left: Duration, start_time: Duration) -> Self {
        Self { progress: 0.0, columns: vec!["waiting".to_owned(), fixed(left, start_time)] }
    }

    /// `constant-vus`.
    pub fn constant_vus(vus: u64, spent: Duration, duration: Duration) -> Self {
        let time = time_of(spent, duration, &GoDuration::from(duration).to_string());
        Self { progress: share(spent, duration), columns: vec![format!("{vus} VUs"), time] }
    }

    /// `ramping-vus`: `active` VUs now, at most `max`.
    pub fn ramping_vus(active: u64, max: u64, spent: Duration, duration: Duration) -> Self {
        let vus = format!("{}/{max} VUs", padded(active, max));
        let time = time_of(spent, duration, &fixed(duration, duration));
        Self { progress: share(spent, duration), columns: vec![vus, time] }
    }

    /// `shared-iterations`: `done` of `iterations` by all VUs together.
    pub fn shared_iterations(
        vus: u64,
        done: u64,
        iterations: u64,
        spent: Duration,
        max_duration: Duration,
    ) -> Self {
        let count = format!("{}/{iterations} shared iters", padded(done, iterations));
        Self::counted(vus, done, iterations, count, spent, max_duration)
    }

    /// `per-vu-iterations`: `done` by all VUs together, `iterations` to be done by each.
    pub fn per_vu_iterations(
        vus: u64,
        done: u64,
        iterations: u64,
        spent: Duration,
        max_duration: Duration,
    ) -> Self {
        let total = vus.saturating_mul(iterations);
        let count = format!("{}/{total} iters, {iterations} per VU", padded(done, total));
        Self::counted(vus, done, total, count, spent, max_duration)
    }

    /// `constant-arrival-rate` and `ramping-arrival-rate`: of `allocated` VUs, of which there may be
    /// `max`, `active` run an iteration; `rate` a second now, at most `max_rate`.
    pub fn arrivals(
        (active, allocated, max): (u64, u64, u64),
        (rate, max_rate): (f64, f64),
        spent: Duration,
        duration: Duration,
    ) -> Self {
        let vus = format!("{}/{} VUs", padded(active, max), padded(allocated, max));
        let rate = format!("{rate:0w$.2} iters/s", w = format!("{max_rate:.2}").len());
        let time = time_of(spent, duration, &GoDuration::from(duration).to_string());
        Self { progress: share(spent, duration), columns: vec![vus, time, rate] }
    }

    /// Gatling's open shapes: VUs as in [`Bar::arrivals`], and how many of the users are through.
    pub fn users(
        (active, allocated, max): (u64, u64, u64),
        (done, users): (u64, u64),
        spent: Duration,
        duration: Duration,
    ) -> Self {
        let vus = format!("{}/{} VUs", padded(active, max), padded(allocated, max));
        let time = time_of(spent, duration, &GoDuration::from(duration).to_string());
        let progress = if spent > duration || users == 0 { 1.0 } else { done as f64 / users as f64 };
        Self { progress, columns: vec![vus, time, format!("{}/{users} users", padded(done, users))] }
    }

    fn counted(
        vus: u64,
        done: u64,
        total: u64,
        count: String,
        spent: Duration,
        max_duration: Duration,
    ) -> Self {
        let time = time_of(spent, max_duration, &GoDuration::from(max_duration).to_string());
        let progress = if spent > max_duration || total == 0 { 1.0 } else { done as f64 / total as f64 };
        Self { progress, columns: vec![format!("{vus} VUs"), time, count] }
    }
}

/// `1.0s/3s`, and behind the end the whole duration alone.
fn time_of(spent: Duration, duration: Duration, whole: &str) -> String {
    if spent > duration {
        GoDuration::from(duration).to_string()
    } else {
        format!("{}/{whole}", fixed(spent, duration))
    }
}

fn share(spent: Duration, duration: Duration) -> f64 {
    if duration.is_zero() { 1.0 } else { (spent.as_secs_f64() / duration.as_secs_f64()).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn each_executor_has_its_columns() {
        for (bar, progress, columns) in [
            (Bar::waiting(ms(9200), ms(10_000)), 0.0, "waiting|09.2s"),
            (Bar::constant_vus(2, ms(1000), ms(6000)), 1.0 / 6.0, "2 VUs|1.0s/6s"),
            (Bar::constant_vus(2, ms(6001), ms(6000)), 1.0, "2 VUs|6s"),
            (Bar::ramping_vus(3, 10, ms(8000), ms(105_000)), 8.0 / 105.0, "03/10 VUs|0m08.0s/1m45.0s"),
            (Bar::ramping_vus(0, 5, ms(4010), ms(4000)), 1.0, "0/5 VUs|4s"),
            (
                Bar::shared_iterations(3, 3, 20, ms(300), ms(600_000)),
                0.15,
                "3 VUs|00m00.3s/10m0s|03/20 shared iters",
            ),
            (Bar::shared_iterations(3, 3, 20, ms(10_001), ms(10_000)), 1.0, "3 VUs|10s|03/20 shared iters"),
            (
                Bar::per_vu_iterations(3, 12, 7, ms(1000), ms(600_000)),
                12.0 / 21.0,
                "3 VUs|00m01.0s/10m0s|12/21 iters, 7 per VU",
            ),
            (
                Bar::arrivals((4, 5, 10), (20.0, 20.0), ms(1500), ms(3000)),
                0.5,
                "04/05 VUs|1.5s/3s|20.00 iters/s",
            ),
            (Bar::users((4, 5, 10), (12, 100), ms(1500), ms(3000)), 0.12, "04/05 VUs|1.5s/3s|012/100 users"),
            (Bar::users((4, 5, 10), (6, 10), ms(1), ms(0)), 1.0, "04/05 VUs|0s|06/10 users"),
            (
                Bar::arrivals((58, 100, 1000), (631.176, 3000.0), ms(26_000), ms(25_000)),
                1.0,
                "0058/0100 VUs|25s|0631.18 iters/s",
            ),
        ] {
            assert_eq!(bar.columns.join("|"), columns);
            assert!((bar.progress - progress).abs() < 1e-9, "{columns}: {}", bar.progress);
        }
    }
}
