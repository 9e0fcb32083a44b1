//! The limit of requests a second (`rps`): each waits for its turn.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A token bucket for one request: turns are never closer to each other than a second divided by the rate, and
/// what was not used is not saved.
#[derive(Debug)]
pub struct Rate {
    gap: Duration,
    /// The earliest instant for the next turn.
    next: Mutex<Option<Instant>>,
}

impl Rate {
    /// `rps` requests a second; zero counts as one.
    pub fn per_second(rps: u32) -> Self {
        Self { gap: Duration::from_secs(1) / rps.max(1), next: Mutex::default() }
    }

    /// Waits for the next turn.
    pub async fn turn(&self) {
        tokio::time::sleep_until(self.take(Instant::now()).into()).await;
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.gap);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_a_gap_apart_and_none_are_saved() {
        let rate = Rate::per_second(10);
        let start = Instant::now();
        let ms = |n| Duration::from_millis(n);
        let asked = [0, 0, 20, 1000, 1000];
        let given: Vec<_> = asked.iter().map(|at| rate.take(start + ms(*at)) - start).collect();
        assert_eq!(given, [ms(0), ms(100), ms(200), ms(1000), ms(1100)]);
    }
}
