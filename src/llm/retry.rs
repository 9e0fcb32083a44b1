//! When a request that was refused is sent again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::net::http_date;

/// The statuses that mean "not now".
pub const STATUSES: [u16; 5] = [429, 500, 502, 503, 504];

/// How often, and after which wait. One value serves all users of a run, for they share the budget.
#[derive(Debug)]
pub struct Retry {
    /// Attempts after the first.
    pub max: u32,
    pub statuses: Vec<u16>,
    /// The wait before the first retry; it doubles with each.
    pub delay: Duration,
    /// No wait is longer, `Retry-After` excepted.
    pub max_delay: Duration,
    budget: Budget,
}

impl Default for Retry {
    /// Three retries, half a second to ten, for one request in five.
    fn default() -> Self {
        Self::new(3, 0.2)
    }
}

impl Retry {
    /// At most `max` retries a request, and `budget` times as many retries as requests in all.
    pub fn new(max: u32, budget: f64) -> Self {
        Self {
            max,
            statuses: STATUSES.to_vec(),
            delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(10),
            budget: Budget::new(budget),
        }
    }

    /// The same with another budget.
    #[must_use]
    pub fn with_budget(self, budget: f64) -> Self {
        Self { budget: Budget::new(budget), ..self }
    }

    /// This value, or one that is the same but for what of its budget is left: clients of different users share it.
    pub fn shared(self) -> Arc<Self> {
        static ALL: Mutex<Vec<Arc<Retry>>> = Mutex::new(Vec::new());
        let mut all = ALL.lock().unwrap_or_else(|e| e.into_inner());
        let is_same = |other: &Self| {
            (self.max, self.delay, self.max_delay, self.budget.earned)
                == (other.max, other.delay, other.max_delay, other.budget.earned)
                && self.statuses == other.statuses
        };
        if let Some(known) = all.iter().find(|other| is_same(other)) {
            return known.clone();
        }
        let made = Arc::new(self);
        all.push(made.clone());
        made
    }

    /// Notes a request's first attempt.
    pub fn began(&self) {
        self.budget.earn();
    }

    /// How long to wait before the next attempt; `None`: there is none. `made`: retries so far; `retry_after`: that
    /// header of the response; `chance`: from 0 to 1, spreads the waits from half their length to the whole.
    pub fn after(&self, status: u16, made: u32, retry_after: Option<&str>, chance: f64) -> Option<Duration> {
        if made >= self.max || !self.statuses.contains(&status) || !self.budget.spend() {
            return None;
        }
        if let Some(asked) = retry_after.and_then(read_retry_after) {
            return Some(asked);
        }
        let full = self.delay.saturating_mul(2_u32.saturating_pow(made)).min(self.max_delay);
        Some(full.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0))
    }
}

/// Retries that may be made, in thousandths: so that a server which refuses everything does not get a multiple of
/// the load.
#[derive(Debug)]
struct Budget {
    earned: i64,
    left: AtomicI64,
}

impl Budget {
    /// `share` retries are earned by each request; ten are there from the beginning.
    fn new(share: f64) -> Self {
        let earned = (share.clamp(0.0, 1000.0) * 1000.0) as i64;
        Self { earned, left: AtomicI64::new(10_000) }
    }

    fn earn(&self) {
        self.left.fetch_add(self.earned, Ordering::Relaxed);
    }

    fn spend(&self) -> bool {
        let spent = |left: i64| (left >= 1000).then_some(left - 1000);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent).is_ok()
    }
}

/// Seconds, or a date.
fn read_retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_millis();
    let now = u64::try_from(now).ok()?;
    let at = u64::try_from(http_date::parse_of_server(text)?).ok()?;
    Some(Duration::from_millis(at.saturating_sub(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_servers_may_ask_for_more() {
        let retry = Retry::new(5, 1.0);
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        for (status, made, header, chance, wanted) in [
            (429, 0, None, 1.0, Some(ms(500))),
            (429, 0, None, 0.0, Some(ms(250))),
            (503, 2, None, 1.0, Some(s(2))),
            (503, 4, Some("soon"), 1.0, Some(s(8))),
            (500, 1, Some("30"), 1.0, Some(s(30))),
            (500, 1, Some("0.5"), 1.0, Some(ms(500))),
            (502, 1, Some("Sun, 06 Nov 1994 08:49:37 GMT"), 1.0, Some(s(0))),
            (504, 5, None, 1.0, None),
            (404, 0, None, 1.0, None),
            (200, 0, None, 1.0, None),
        ] {
            assert_eq!(retry.after(status, made, header, chance), wanted, "{status} {made} {header:?}");
        }
    }

    #[test]
    fn the_budget_grows_with_requests() {
        let retry = Retry::new(100, 0.5);
        let made = || (0..100).take_while(|_| retry.after(503, 0, None, 1.0).is_some()).count();
        assert_eq!(made(), 10);
        (0..6).for_each(|_| retry.began());
        assert_eq!(made(), 3);
    }
}
