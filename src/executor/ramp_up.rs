//! `rampUp`: the VUs of a closed model start one after the other instead of all at once.

use std::time::Duration;

use super::Step;

/// The curve with VU n (from 0) of N held back until `n·time/N`; N is the most that the curve asks for.
pub(super) fn held_back(curve: &[Step], time: Duration) -> Vec<Step> {
    let vus = curve.iter().map(|step| step.vus).max().unwrap_or(0);
    let start = |vu: u32| {
        let at = time.as_nanos() * u128::from(vu) / u128::from(vus.max(1));
        Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX))
    };
    let mut held: Vec<Step> = Vec::new();
    let mut curve = curve.iter().peekable();
    let (mut started, mut wanted) = (0, 0);
    loop {
        let next_vu = (started < vus).then(|| start(started));
        let next_step = curve.peek().map(|step| step.at);
        let Some(at) = next_vu.into_iter().chain(next_step).min() else { return held };
        while started < vus && start(started) <= at {
            started += 1;
        }
        while let Some(step) = curve.next_if(|step| step.at <= at) {
            wanted = step.vus;
        }
        let vus = started.min(wanted);
        if held.last().is_none_or(|last| last.vus != vus) {
            held.push(Step { at, vus });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(curve: &[(u64, u32)], seconds: u64) -> Vec<(u128, u32)> {
        let curve: Vec<_> =
            curve.iter().map(|(at, vus)| Step { at: Duration::from_millis(*at), vus: *vus }).collect();
        let held = held_back(&curve, Duration::from_secs(seconds));
        held.iter().map(|step| (step.at.as_millis(), step.vus)).collect()
    }

    #[test]
    fn vus_start_evenly_and_never_above_the_curve() {
        assert_eq!(held(&[(0, 4)], 2), [(0, 1), (500, 2), (1000, 3), (1500, 4)]);
        assert_eq!(held(&[(0, 4)], 0), [(0, 4)]);
        assert_eq!(held(&[(0, 1), (1200, 3), (1800, 2)], 3), [(0, 1), (1200, 2)]);
        assert_eq!(held(&[(0, 2), (700, 0)], 1), [(0, 1), (500, 2), (700, 0)]);
        assert_eq!(held(&[(0, 0), (5, 1)], 1), [(0, 0), (5, 1)]);
    }
}
