//! Which loads to measure, and what the measurements come to. No clock, no processes.

use std::collections::BTreeMap;

/// What one load came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub streams: u32,
    /// Received, on average while all streams were open.
    pub events_per_second: f64,
    /// 99th percentile in milliseconds; infinite where the load could not be brought about.
    pub lag: f64,
    /// Share of the cores that ssek may use, from 0 to 1.
    pub cpu: f64,
}

/// The largest load that keeps within a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Of the lag, in milliseconds.
    pub limit: f64,
    /// `None` where even the smallest load was too much.
    pub step: Option<Step>,
    /// Whether no load was too much: there would have been room for more.
    pub is_open: bool,
}

/// Climbs until the largest limit is passed, then looks closer between the loads around each limit.
pub struct Ladder {
    /// Rising, in milliseconds.
    limits: Vec<f64>,
    first: u32,
    factor: u32,
    most: u32,
    /// By streams: the best of the measurements, and how many there were.
    steps: BTreeMap<u32, (Step, u32)>,
}

/// Loads around a limit that are closer than this are close enough.
const CLOSE: f64 = 1.25;

impl Ladder {
    /// From `first` streams on, each time `factor` times as many, up to `most`.
    pub fn new(limits: &[f64], first: u32, factor: u32, most: u32) -> Self {
        let limits = limits.to_vec();
        Self { limits, first: first.min(most).max(1), factor, most: most.max(1), steps: BTreeMap::new() }
    }

    /// The load to measure next; `None` when nothing more is to be learnt.
    pub fn next(&self) -> Option<u32> {
        let Some((top, (step, _))) = self.steps.last_key_value() else { return Some(self.first) };
        let largest = self.limits.last().copied().unwrap_or_default();
        if step.lag <= largest && *top < self.most {
            return Some(top.saturating_mul(self.factor).min(self.most));
        }
        let gaps = self.limits.iter().filter_map(|limit| self.closer(*limit));
        gaps.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, streams)| streams)
    }

    /// The load that tells most about a limit, and how much that is.
    fn closer(&self, limit: f64) -> Option<(f64, u32)> {
        let (over, (_, times)) = self.steps.iter().find(|(_, (step, _))| step.lag > limit)?;
        let over = *over;
        if *times == 1 {
            // Another process may have been the reason, once.
            return Some((f64::INFINITY, over));
        }
        let under = self.steps.range(..over).next_back().map(|(streams, _)| *streams);
        let Some(under) = under else {
            return (over > 1).then(|| (f64::MAX, (over / 4).max(1)));
        };
        let between = (f64::from(under) * f64::from(over)).sqrt().round() as u32;
        let gap = f64::from(over) / f64::from(under);
        (gap > CLOSE && between > under && between < over).then_some((gap, between))
    }

    /// Takes a measurement in. Of several of one load the best counts: what disturbs makes lag longer
    /// and never shorter.
    pub fn add(&mut self, step: Step) {
        let entry = self.steps.entry(step.streams).or_insert((step, 0));
        entry.1 += 1;
        if step.lag < entry.0.lag {
            entry.0 = step;
        }
    }

    /// Every load that was measured, rising.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.values().map(|(step, _)| step)
    }

    /// One row a limit. Rising limits have rising loads.
    pub fn rows(&self) -> Vec<Row> {
        let row = |limit: &f64| {
            let within = self.steps().take_while(|step| step.lag <= *limit);
            let step = within.last().copied();
            Row { limit: *limit, step, is_open: self.steps().all(|step| step.lag <= *limit) }
        };
        self.limits.iter().map(row).collect()
    }

    /// Whether the largest load that is allowed was not too much.
    pub fn hit_the_ceiling(&self) -> bool {
        let largest = self.limits.last().copied().unwrap_or_default();
        self.steps.get(&self.most).is_some_and(|(step, _)| step.lag <= largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(streams: u32, lag: f64) -> Step {
        Step { streams, events_per_second: f64::from(streams) * 50.0, lag, cpu: 0.5 }
    }

    /// Measures a machine whose lag is a function of the load.
    fn measure(ladder: &mut Ladder, lag: impl Fn(u32) -> f64, most_steps: usize) -> Vec<u32> {
        let mut loads = Vec::new();
        while let Some(streams) = ladder.next().filter(|_| loads.len() < most_steps) {
            ladder.add(step(streams, lag(streams)));
            loads.push(streams);
        }
        loads
    }

    #[test]
    fn climbs_then_closes_in() {
        let mut ladder = Ladder::new(&[1.0, 5.0, 20.0], 16, 4, 10_000);
        let loads = measure(&mut ladder, |streams| f64::from(streams) / 100.0, 40);
        assert_eq!(loads[..5], [16, 64, 256, 1024, 4096]);
        let found: Vec<_> = ladder.rows().iter().map(|row| row.step.unwrap().streams).collect();
        for (streams, true_limit) in found.iter().zip([100.0, 500.0, 2000.0]) {
            let ratio = true_limit / f64::from(*streams);
            assert!((1.0..CLOSE).contains(&ratio), "{found:?}");
        }
        assert!(ladder.rows().iter().all(|row| !row.is_open) && !ladder.hit_the_ceiling());
        assert!(ladder.next().is_none());
    }

    #[test]
    fn rows_rise_with_their_limits_however_few_steps() {
        for most_steps in 1..8 {
            let mut ladder = Ladder::new(&[1.0, 5.0, 20.0], 10, 2, 100_000);
            // Lag that goes up and down.
            measure(&mut ladder, |streams| f64::from(streams * 7 % 23), most_steps);
            let streams = |row: &Row| row.step.map_or(0, |step| step.streams);
            let rows = ladder.rows();
            assert!(rows.windows(2).all(|pair| streams(&pair[0]) <= streams(&pair[1])), "{rows:?}");
        }
    }

    #[test]
    fn one_disturbance_is_measured_again() {
        let mut ladder = Ladder::new(&[5.0], 10, 2, 40);
        ladder.add(step(10, 1.0));
        ladder.add(step(20, 60.0));
        assert_eq!(ladder.next(), Some(20));
        ladder.add(step(20, 2.0));
        assert_eq!(ladder.next(), Some(40));
        ladder.add(step(40, 3.0));
        assert!(ladder.next().is_none() && ladder.hit_the_ceiling());
        assert_eq!(ladder.rows(), [Row { limit: 5.0, step: Some(step(40, 3.0)), is_open: true }]);
    }

    #[test]
    fn a_machine_that_is_too_slow_for_anything() {
        let mut ladder = Ladder::new(&[1.0], 16, 4, 1000);
        assert_eq!(measure(&mut ladder, |_| f64::INFINITY, 40), [16, 16, 4, 4, 1, 1]);
        assert_eq!(ladder.rows(), [Row { limit: 1.0, step: None, is_open: false }]);
    }
}
