//! A run in bins of time: few enough to be drawn, whatever its length.

use std::collections::HashMap;

use crate::metrics::{Contains, Kind, Packed};
use crate::record::{Breakdown, Of, Record, Series};

/// The most bins that there are; where there would be more, pairs of them are merged.
const MOST_BINS: usize = 600;

/// The metrics of a run over time, and their totals.
#[derive(Debug)]
pub struct Board {
    /// How many seconds a bin stands for: a power of two.
    pub width: u32,
    /// How many seconds there are: to the end of the last one with samples.
    pub seconds: u32,
    pub lanes: Vec<Lane>,
    pub breakdowns: Vec<Breakdown>,
    by_name: HashMap<(String, Of), usize>,
}

/// One series of a board.
#[derive(Debug)]
pub struct Lane {
    pub metric: String,
    pub kind: Kind,
    pub contains: Contains,
    pub of: Of,
    /// By place; missing at the end, and `None` where there were no samples.
    pub bins: Vec<Option<Packed>>,
    pub total: Packed,
}

impl Default for Board {
    fn default() -> Self {
        Self { width: 1, seconds: 0, lanes: Vec::new(), breakdowns: Vec::new(), by_name: HashMap::new() }
    }
}

impl Board {
    /// A run that is over.
    pub fn of(record: &Record) -> Self {
        let mut board = Self::default();
        board.add(record.step, record.series.clone(), record.breakdowns.clone());
        board
    }

    /// Takes in what came since the last time: new points, in steps of so many seconds, and the totals of
    /// everything. Returns the first second that may be different now; `None` where none is.
    pub fn add(&mut self, step: u32, series: Vec<Series>, breakdowns: Vec<Breakdown>) -> Option<u32> {
        let step = step.max(1);
        let ends = series.iter().filter_map(|one| one.points.last()).map(|last| last.second + step);
        self.seconds = self.seconds.max(ends.max().unwrap_or(0));
        let first = series.iter().filter_map(|one| one.points.first()).map(|first| first.second).min();
        let width = self.width.max(step.next_power_of_two());
        self.widen(width);
        while self.bins() > MOST_BINS {
            self.widen(self.width * 2);
        }
        for one in series {
            let width = self.width;
            let lane = self.lane_of(&one);
            lane.total = one.total;
            for point in one.points {
                lane.add((point.second / width) as usize, point.value);
            }
        }
        self.breakdowns = breakdowns;
        first
    }

    /// How many bins there are.
    pub fn bins(&self) -> usize {
        self.seconds.div_ceil(self.width) as usize
    }

    /// The series of a metric with all its samples.
    pub fn whole(&self, metric: &str) -> Option<&Lane> {
        self.lane(metric, &Of::All)
    }

    /// The series of some samples of a metric.
    pub fn lane(&self, metric: &str, of: &Of) -> Option<&Lane> {
        let place = self.by_name.get(&(metric.to_owned(), of.clone()))?;
        Some(&self.lanes[*place])
    }

    /// The scenarios that have series, in the order in which they came up.
    pub fn scenarios(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for lane in &self.lanes {
            if let Of::Scenario(name) = &lane.of
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names
    }

    fn lane_of(&mut self, series: &Series) -> &mut Lane {
        let key = (series.metric.clone(), series.of.clone());
        let next = self.lanes.len();
        let place = *self.by_name.entry(key).or_insert(next);
        if place == next {
            self.lanes.push(Lane {
                metric: series.metric.clone(),
                kind: series.kind,
                contains: series.contains,
                of: series.of.clone(),
                bins: Vec::new(),
                total: Packed::new(series.kind),
            });
        }
        &mut self.lanes[place]
    }

    /// Merges bins until each stands for so many seconds.
    fn widen(&mut self, width: u32) {
        while self.width < width {
            self.width *= 2;
            for lane in &mut self.lanes {
                let narrow = std::mem::take(&mut lane.bins);
                for (place, bin) in narrow.into_iter().enumerate() {
                    if let Some(value) = bin {
                        lane.add(place / 2, value);
                    }
                }
            }
        }
    }
}

impl Lane {
    fn add(&mut self, place: usize, value: Packed) {
        if self.bins.len() <= place {
            self.bins.resize_with(place + 1, || None);
        }
        match &mut self.bins[place] {
            Some(bin) => bin.merge(&value),
            empty => *empty = Some(value),
        }
    }

    /// Something of each of the bins from a place up to the end of the board.
    pub fn map<T>(&self, from: usize, bins: usize, figure: impl Fn(&Packed) -> T) -> Vec<Option<T>> {
        (from..bins).map(|place| self.bins.get(place)?.as_ref().map(&figure)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sink::Sink;
    use crate::record::Point;

    fn counter(seconds: std::ops::Range<u32>, of: Of) -> Series {
        let one = |second| {
            let mut sink = Sink::new(Kind::Counter);
            sink.add(1.0);
            Point { second, value: Packed::of(&sink) }
        };
        let points: Vec<_> = seconds.map(one).collect();
        Series {
            metric: "http_reqs".to_owned(),
            kind: Kind::Counter,
            contains: Contains::Default,
            of,
            total: Packed::new(Kind::Counter),
            points,
        }
    }

    fn sums(lane: &Lane, bins: usize) -> Vec<f64> {
        let sum = |packed: &Packed| match packed.sink() {
            Sink::Counter(counter) => counter.sum,
            _ => f64::NAN,
        };
        lane.map(0, bins, sum).into_iter().map(|sum| sum.unwrap_or(0.0)).collect()
    }

    #[test]
    fn an_hour_is_as_many_bins_as_can_be_drawn() {
        let mut whole = Board::default();
        assert_eq!(whole.add(1, vec![counter(0..3600, Of::All)], Vec::new()), Some(0));
        assert_eq!((whole.width, whole.seconds, whole.bins()), (8, 3600, 450));
        assert_eq!(sums(&whole.lanes[0], 450), vec![8.0; 450]);

        let mut growing = Board::default();
        for second in 0..3600 {
            let first = growing.add(1, vec![counter(second..second + 1, Of::All)], Vec::new());
            assert_eq!(first, Some(second));
        }
        assert_eq!((growing.width, sums(&growing.lanes[0], 450)), (8, vec![8.0; 450]));
    }

    #[test]
    fn steps_of_a_record_are_not_cut() {
        let mut board = Board::default();
        board.add(4, vec![counter(4..5, Of::Scenario("a".to_owned()))], Vec::new());
        assert_eq!((board.width, board.seconds, board.bins()), (4, 8, 2));
        assert_eq!((board.scenarios(), board.whole("http_reqs").is_none()), (vec!["a"], true));
        assert_eq!(board.add(4, Vec::new(), Vec::new()), None);
    }
}
