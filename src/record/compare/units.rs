//! A series as units that can be drawn at random: its seconds.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::figure::Figure;
use crate::metrics::packed::{Cell, percentile};
use crate::metrics::{Kind, Packed};
use crate::record::{Record, Series};

/// More units are merged, neighbours with neighbours: they make no better estimate of an error, only a slower one.
const MOST: usize = 240;

/// With fewer seconds, the values of a trend are dealt out at random instead.
const LEAST: usize = 3;

/// To so many hands.
const HANDS: usize = 30;

/// The units of one metric in one record, in order of time.
#[derive(Clone, Debug)]
pub struct Units {
    rows: Vec<Row>,
    /// Of all keys in the rows, ascending.
    keys: Vec<i32>,
    /// Whether neighbours are neighbours in time.
    pub in_time: bool,
    /// Counters only: how long the record is, in units.
    length: f64,
    /// Counters only: units a second.
    per_second: f64,
}

/// What one unit adds to the figures.
#[derive(Clone, Debug, Default)]
struct Row {
    sum: f64,
    count: f64,
    /// Trends: places in the keys, with counts.
    cells: Vec<(u32, u64)>,
}

/// Units that were drawn, added up.
#[derive(Clone, Debug)]
pub struct Drawn {
    sum: f64,
    count: f64,
    units: f64,
    cells: Vec<u64>,
}

impl Units {
    /// The units of a series.
    pub fn of(series: &Series, record: &Record, random: &mut ChaCha8Rng) -> Self {
        match series.kind {
            Kind::Trend => Self::of_trend(series, random),
            Kind::Counter => Self::of_counter(series, record),
            Kind::Rate | Kind::Gauge => {
                let rows = series.points.iter().map(|point| match &point.value {
                    Packed::Rate(rate) => {
                        Row { sum: rate.trues as f64, count: rate.total as f64, cells: Vec::new() }
                    }
                    _ => Row::default(),
                });
                Self::plain(rows.collect(), 0.0, 0.0)
            }
        }
    }

    fn of_trend(series: &Series, random: &mut ChaCha8Rng) -> Self {
        let keys: Vec<_> = series.total.trend().into_iter().flat_map(|trend| trend.cells()).collect();
        let points = series.points.iter().filter_map(|point| point.value.trend());
        let mut hands: Vec<Vec<Cell>> = points.clone().map(|trend| trend.cells().collect()).collect();
        let mut sums: Vec<f64> = points.map(|trend| trend.sum()).collect();
        let in_time = hands.len() >= LEAST;
        if !in_time {
            (hands, sums) = dealt(&keys, random);
        }
        let keys: Vec<_> = {
            let mut keys: Vec<i32> = hands.iter().flatten().map(|(key, _)| *key).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        let place = |key: i32| keys.binary_search(&key).unwrap_or(0) as u32;
        let rows = hands.iter().zip(sums).map(|(cells, sum)| Row {
            sum,
            count: cells.iter().map(|(_, count)| *count as f64).sum(),
            cells: cells.iter().map(|(key, count)| (place(*key), *count)).collect(),
        });
        let rows = rows.collect();
        Self { keys, in_time, ..Self::plain(rows, 0.0, 0.0) }
    }

    /// Steps without samples count, too: nothing happened in them.
    fn of_counter(series: &Series, record: &Record) -> Self {
        let step = record.step.max(1);
        let steps = steps(series, record, step);
        let mut rows = vec![Row::default(); steps.len()];
        for point in &series.points {
            if let (Ok(at), Packed::Counter(counter)) =
                (steps.binary_search(&(point.second / step)), &point.value)
            {
                let row = &mut rows[at];
                row.sum = counter.sum;
                row.count = counter.count as f64;
            }
        }
        let length = record.duration() / f64::from(step);
        Self::plain(rows, if length > 0.0 { length } else { 1.0 }, 1.0 / f64::from(step))
    }

    fn plain(rows: Vec<Row>, length: f64, per_second: f64) -> Self {
        let mut units = Self { rows, keys: Vec::new(), in_time: true, length, per_second };
        let before = units.rows.len();
        if before > MOST {
            let width = before.div_ceil(MOST);
            units.rows = units.rows.chunks(width).map(Row::sum_of).collect();
            units.length /= width as f64;
            units.per_second /= width as f64;
        }
        units
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// All of them, each once.
    pub fn all(&self) -> Drawn {
        let mut all = self.add((0..self.rows.len()).map(|place| (place, 1)));
        if self.length > 0.0 {
            // The last second is not a whole one.
            all.units = self.length;
        }
        all
    }

    /// Runs of `block` neighbours, of which the last is followed by the first, drawn with replacement until
    /// there are as many units as there are.
    pub fn draw(&self, block: usize, random: &mut ChaCha8Rng) -> Drawn {
        let count = self.rows.len();
        let mut times = vec![0_u64; count];
        let mut drawn = 0;
        while drawn < count {
            let first = random.random_range(0..count);
            let width = block.min(count - drawn);
            (first..first + width).for_each(|place| times[place % count] += 1);
            drawn += width;
        }
        self.add(times.into_iter().enumerate().filter(|(_, times)| *times > 0))
    }

    fn add(&self, chosen: impl Iterator<Item = (usize, u64)>) -> Drawn {
        let mut drawn = Drawn { sum: 0.0, count: 0.0, units: 0.0, cells: vec![0; self.keys.len()] };
        for (place, times) in chosen {
            let row = &self.rows[place];
            drawn.units += times as f64;
            drawn.sum += row.sum * times as f64;
            drawn.count += row.count * times as f64;
            for (key, count) in &row.cells {
                drawn.cells[*key as usize] += count * times;
            }
        }
        drawn
    }

    /// A figure of what was drawn; counters give their growth per second.
    pub fn figure(&self, figure: Figure, drawn: &Drawn) -> f64 {
        match figure {
            Figure::Rate if self.per_second > 0.0 => drawn.sum / drawn.units.max(1e-9) * self.per_second,
            Figure::Avg | Figure::Rate => {
                if drawn.count == 0.0 {
                    0.0
                } else {
                    drawn.sum / drawn.count
                }
            }
            Figure::Percentile(p) => {
                let cells = self.keys.iter().zip(&drawn.cells).filter(|(_, count)| **count > 0);
                percentile(cells.map(|(key, count)| (*key, *count)), drawn.count as u64, p)
            }
        }
    }
}

impl Row {
    fn sum_of(rows: &[Self]) -> Self {
        let mut cells: Vec<(u32, u64)> = rows.iter().flat_map(|row| row.cells.iter().copied()).collect();
        cells.sort_unstable();
        cells.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self {
            sum: rows.iter().map(|row| row.sum).sum(),
            count: rows.iter().map(|row| row.count).sum(),
            cells,
        }
    }
}

/// The steps of a record in which a run was under way, ascending.
fn steps(series: &Series, record: &Record, step: u32) -> Vec<u32> {
    if record.meta.runs > 1 {
        // Between the runs there may be hours.
        let points = record.series.iter().flat_map(|series| &series.points);
        let mut steps: Vec<_> = points.map(|point| point.second / step).collect();
        steps.sort_unstable();
        steps.dedup();
        return steps;
    }
    let last = series.points.last().map_or(0, |point| point.second / step);
    let whole = (record.duration() / f64::from(step)).ceil().min(1e7) as u32;
    (0..whole.max(last.saturating_add(1))).collect()
}

/// The values of a trend, dealt out at random.
fn dealt(cells: &[Cell], random: &mut ChaCha8Rng) -> (Vec<Vec<Cell>>, Vec<f64>) {
    let values: u64 = cells.iter().map(|(_, count)| count).sum();
    let hands = HANDS.min(usize::try_from(values).unwrap_or(HANDS));
    let mut dealt = vec![Vec::<Cell>::new(); hands];
    let mut sums = vec![0.0; hands];
    // In a shuffled order each round, so that hands are of one size but for one value.
    let mut order: Vec<usize> = (0..hands).collect();
    let mut next = hands;
    for (key, count) in cells {
        for _ in 0..*count {
            if next == hands {
                for place in (1..hands).rev() {
                    order.swap(place, random.random_range(0..=place));
                }
                next = 0;
            }
            let hand = order[next];
            next += 1;
            sums[hand] += crate::metrics::trend::value(*key);
            match dealt[hand].last_mut() {
                Some((last, count)) if last == key => *count += 1,
                _ => dealt[hand].push((*key, 1)),
            }
        }
    }
    (dealt, sums)
}
