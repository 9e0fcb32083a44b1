//! Which load to try next: doubling until it is too much, then halving what is left in between.

use super::trial::Trial;

/// Measurements of one search, at most.
const MOST: usize = 60;

/// Throughput that grows by less than this, where the load grows by more than [`LOAD`], has come to its end.
const GROWTH: f64 = 1.05;
const LOAD: f64 = 1.4;

/// What is searched, and how closely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The first load.
    pub from: f64,
    /// The highest load.
    pub to: f64,
    /// Loads are whole numbers: users.
    pub whole: bool,
    /// The share of requests that must be good, 0 to 1.
    pub attain: f64,
    /// Measurements of a load that decides, at most.
    pub repeats: usize,
    /// How far the answer may be from the first load that is too much, as a share.
    pub resolution: f64,
}

/// A load and how it went, each time.
#[derive(Clone, Debug)]
pub struct Level {
    pub load: f64,
    pub trials: Vec<Trial>,
}

/// What is known of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Meets,
    /// Too few requests are good.
    Misses,
    /// More load than the server can take: throughput grows no more, or requests queue up.
    Saturated,
    /// The interval of the share has the limit in it.
    Unsure,
}

/// The loads that were tried, in order of load.
#[derive(Clone, Debug)]
pub struct Search {
    rules: Rules,
    levels: Vec<Level>,
}

impl Search {
    pub fn new(rules: Rules) -> Self {
        Self { rules, levels: Vec::new() }
    }

    /// All loads, the least first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Takes a measurement in.
    pub fn add(&mut self, load: f64, trial: Trial) {
        match self.levels.iter_mut().find(|level| level.load == load) {
            Some(level) => level.trials.push(trial),
            None => {
                let at = self.levels.partition_point(|level| level.load < load);
                self.levels.insert(at, Level { load, trials: vec![trial] });
            }
        }
    }

    /// The load to be measured next; `None` when the answer is known.
    pub fn next(&self) -> Option<f64> {
        let rules = &self.rules;
        if self.levels.iter().map(|level| level.trials.len()).sum::<usize>() >= MOST {
            return None;
        }
        if self.levels.is_empty() {
            return Some(rules.from);
        }
        // What is unsure, or bounds the answer from below, is measured again before anything is built on it.
        let verdicts: Vec<_> = self.levels.iter().map(|level| self.verdict(level)).collect();
        if let Some(unsure) = verdicts.iter().position(|verdict| *verdict == Verdict::Unsure) {
            return Some(self.levels[unsure].load);
        }
        let too_much = verdicts.iter().position(|verdict| *verdict != Verdict::Meets);
        let bound = too_much.map(|place| self.levels[place].load);
        let best = match too_much {
            Some(place) => place.checked_sub(1).map(|below| &self.levels[below]),
            None => self.levels.last(),
        };
        let next = match (best, bound) {
            (Some(best), None) => {
                let doubled = self.rounded(best.load * 2.0).min(rules.to);
                (doubled > best.load).then_some(doubled)
            }
            (None, Some(bound)) => {
                let least = if rules.whole { 1.0 } else { rules.from / 64.0 };
                let halved = if rules.whole { (bound / 2.0).floor() } else { bound / 2.0 };
                (halved >= least).then_some(halved)
            }
            (Some(best), Some(bound)) => {
                let close = bound <= best.load * (1.0 + rules.resolution);
                let middle = self.rounded((best.load * bound).sqrt());
                (!close && middle > best.load && middle < bound).then_some(middle)
            }
            (None, None) => None,
        };
        // The answer itself is measured as often as any.
        let answer = self.answer().filter(|answer| answer.trials.len() < rules.repeats);
        next.or_else(|| answer.map(|answer| answer.load))
    }

    fn rounded(&self, load: f64) -> f64 {
        if self.rules.whole { load.round() } else { (load * 1e3).round() / 1e3 }
    }

    /// The highest load that keeps the objectives, if there is one; where more load brings no more throughput, the
    /// least one that has it all.
    pub fn answer(&self) -> Option<&Level> {
        let too_much = self.levels.iter().position(|level| self.verdict(level) != Verdict::Meets);
        let (meet, rest) = self.levels.split_at(too_much.unwrap_or(self.levels.len()));
        let highest = meet.last()?;
        let saturated = rest.first().is_some_and(|level| self.verdict(level) == Verdict::Saturated);
        let most = meet.iter().map(Level::throughput).fold(0.0, f64::max);
        let enough = meet.iter().find(|level| level.throughput() * GROWTH >= most);
        enough.filter(|_| saturated).or(Some(highest))
    }

    /// What is known of a load.
    pub fn verdict(&self, level: &Level) -> Verdict {
        if self.is_saturated(level) {
            return Verdict::Saturated;
        }
        let (good, total) = level.counts();
        let attain = self.rules.attain;
        let (low, high) = interval(good, total);
        let decided = level.trials.len() >= self.rules.repeats;
        let share = good as f64 / total.max(1) as f64;
        match () {
            () if total == 0 => Verdict::Misses,
            () if low >= attain => Verdict::Meets,
            () if high < attain => Verdict::Misses,
            () if !decided => Verdict::Unsure,
            () if share >= attain => Verdict::Meets,
            () => Verdict::Misses,
        }
    }

    fn is_saturated(&self, level: &Level) -> bool {
        // In half of the measurements at least.
        if level.trials.iter().filter(|trial| trial.queues_up).count() * 2 >= level.trials.len() {
            return true;
        }
        let below = self.levels.iter().filter(|other| other.load * LOAD <= level.load);
        below.map(Level::throughput).any(|before| before > 0.0 && level.throughput() < before * GROWTH)
    }
}

impl Level {
    /// Good requests, and all.
    pub fn counts(&self) -> (u64, u64) {
        let sum = |figure: fn(&Trial) -> u64| self.trials.iter().map(figure).sum();
        (sum(|trial| trial.good), sum(|trial| trial.total))
    }

    /// Requests that went well, a second; the mean of all measurements.
    pub fn throughput(&self) -> f64 {
        self.mean(|trial| trial.requests_per_second)
    }

    /// The mean of a figure.
    pub fn mean(&self, figure: impl Fn(&Trial) -> f64) -> f64 {
        self.trials.iter().map(figure).sum::<f64>() / self.trials.len().max(1) as f64
    }

    /// Half the width of the 95 % confidence interval of that mean, by Student's t; `None` for one measurement.
    pub fn spread(&self, figure: impl Fn(&Trial) -> f64) -> Option<f64> {
        /// The 97.5th percentiles for 1, 2, … degrees of freedom.
        const T: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
        let count = self.trials.len();
        if count < 2 {
            return None;
        }
        let mean = self.mean(&figure);
        let squares: f64 = self.trials.iter().map(|trial| (figure(trial) - mean).powi(2)).sum();
        let t = T.get(count - 2).copied().unwrap_or(1.96);
        Some(t * (squares / (count - 1) as f64 / count as f64).sqrt())
    }
}

/// The 95 % confidence interval of a share: Wilson's score interval (E. B. Wilson, "Probable inference, the law of
/// succession, and statistical inference", 1927).
pub fn interval(good: u64, total: u64) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    if total == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (total as f64, good as f64 / total as f64);
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules =
        Rules { from: 1.0, to: 1000.0, whole: true, attain: 0.9, repeats: 2, resolution: 0.1 };

    /// A server of `slots`, where requests beyond these are late, and `most` requests a second.
    fn trial(load: f64, slots: f64, most: f64) -> Trial {
        let total = 200;
        let good = if load <= slots { total } else { 0 };
        Trial { good, total, requests_per_second: load.min(most), ..Trial::default() }
    }

    fn search(rules: Rules, slots: f64, most: f64) -> (Search, usize) {
        let mut search = Search::new(rules);
        let mut count = 0;
        while let Some(load) = search.next() {
            count += 1;
            search.add(load, trial(load, slots, most));
        }
        (search, count)
    }

    #[test]
    fn the_knee_is_found() {
        for (slots, most, want) in
            [(23.0, 1e9, 21.0..=23.0), (1.0, 1e9, 1.0..=1.0), (1e9, 1e9, 1000.0..=1000.0)]
        {
            let (search, count) = search(RULES, slots, most);
            let answer = search.answer().unwrap();
            assert!(want.contains(&answer.load) && count < 25, "{slots}: {} after {count}", answer.load);
            assert_eq!(answer.trials.len(), 2, "the answer was measured again");
        }
        // Nothing meets it.
        assert!(search(RULES, 0.0, 1e9).0.answer().is_none());
        let rules = Rules { from: 32.0, whole: false, ..RULES };
        let found = search(rules, 5.0, 1e9).0.answer().unwrap().load;
        assert!((4.5..=5.0).contains(&found), "{found}");
    }

    #[test]
    fn more_load_without_more_throughput_is_too_much() {
        let (search, _) = search(RULES, 1e9, 40.0);
        let answer = search.answer().unwrap().load;
        assert!((38.0..=64.0).contains(&answer), "{answer}");
        let last = search.levels().last().unwrap();
        assert_eq!(search.verdict(last), Verdict::Saturated);
        let mut queueing = Search::new(RULES);
        queueing.add(1.0, Trial { queues_up: true, ..trial(1.0, 9.0, 9.0) });
        assert!(queueing.answer().is_none() && queueing.next().is_none());
    }

    #[test]
    fn shares_near_the_limit_are_measured_again() {
        let mut search = Search::new(RULES);
        let near = Trial { good: 46, total: 50, requests_per_second: 1.0, ..Trial::default() };
        search.add(1.0, near.clone());
        assert_eq!((search.verdict(&search.levels()[0]), search.next()), (Verdict::Unsure, Some(1.0)));
        search.add(1.0, near);
        assert_eq!((search.verdict(&search.levels()[0]), search.next()), (Verdict::Meets, Some(2.0)));
        let (low, high) = interval(46, 50);
        assert!((low - 0.8116).abs() < 1e-3 && (high - 0.9685).abs() < 1e-3, "{low} {high}");
        let level = &search.levels()[0];
        assert_eq!(
            (level.mean(|trial| trial.good as f64), level.spread(|trial| trial.good as f64)),
            (46.0, Some(0.0))
        );
    }
}
