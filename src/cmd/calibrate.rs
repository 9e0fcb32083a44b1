//! `ssek calibrate`: how much load this machine makes before ssek itself becomes late.

mod ladder;
mod table;
mod trial;

use std::time::{Duration, Instant};

use clap::Args;

use self::ladder::{Ladder, Step};
use self::trial::{Bench, Times};
use super::print;
use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::run::open_files;

/// The limits of the lag's 99th percentile, in milliseconds.
const LIMITS: [f64; 3] = [1.0, 5.0, 20.0];

/// Streams of the first measurement.
const FIRST: u32 = 16;

/// Descriptors that a stream takes in ssek, at most, and those that are there anyway.
const FILES_PER_STREAM: u64 = 2;
const FILES: u64 = 100;

/// Memory that a stream may take in ssek and the mock server together, in bytes; a generous guess.
const MEMORY_PER_STREAM: u64 = 512 << 10;

/// The command line of `ssek calibrate`.
#[derive(Args, Clone, Debug)]
pub(super) struct CalibrateArgs {
    /// Take 15 seconds in place of 60, and be less exact
    #[arg(long)]
    quick: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Time between the events of a stream, from 1ms to 1s
    #[arg(long, value_name = "DURATION", default_value = "20ms", value_parser = pace)]
    pace: Duration,

    /// Try no more streams than that
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_streams: u32,
}

fn pace(text: &str) -> Result<Duration, String> {
    let time = GoDuration::parse_go(text).map_err(|error| error.to_string())?;
    let allowed = GoDuration::from_millis(1.0)..=GoDuration::from_secs(1);
    if allowed.contains(&time) { Ok(time.to_std()) } else { Err("want 1ms to 1s".to_owned()) }
}

/// Measures, with a line a measurement on stderr, and prints the table.
///
/// # Errors
/// The processes cannot be started, or the limit of open files is too low for anything.
pub(super) fn run(args: &CalibrateArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    open_files::raise_limit();
    let (budget, times, factor) = if args.quick {
        let (ramp, hold) = (Duration::from_millis(500), Duration::from_millis(1000));
        (Duration::from_secs(15), Times { pace: args.pace, ramp, hold }, 4)
    } else {
        let (ramp, hold) = (Duration::from_secs(1), Duration::from_secs(3));
        (Duration::from_secs(60), Times { pace: args.pace, ramp, hold }, 2)
    };
    let most = Most::of(args.max_streams);
    if most.streams == 0 {
        return Err(trial::too_few_files(FIRST).into());
    }
    let say = |text: &str| {
        if !quiet {
            eprintln!("{text}");
        }
    };
    say(&format!(
        "measuring for up to {} seconds; other work on this machine spoils the result",
        budget.as_secs()
    ));
    let bench = Bench::start(times)?;
    let mut ladder = Ladder::new(&LIMITS, FIRST, factor, most.streams);
    let mut slowest = Slowest::default();
    while let Some(streams) = ladder.next() {
        let at = Instant::now();
        if ladder.steps().next().is_some() && started.elapsed() + slowest.guess(streams, &times) > budget {
            break;
        }
        let step = bench.measure(streams)?;
        slowest.add(&step, at.elapsed(), &times);
        say(&table::line(&step));
        ladder.add(step);
    }
    let notes = notes(&ladder, &most);
    if args.json {
        print(&format!("{:#}\n", table::value(&ladder, &times, &notes)));
    } else {
        let text: String = notes.iter().map(|note| format!("{note}\n")).collect();
        print(&format!("\n{}\n{text}", table::table(&ladder.rows())));
    }
    Ok(ExitCode::OK)
}

/// How many streams may be tried, and what would have to change for more.
struct Most {
    streams: u32,
    because: String,
}

impl Most {
    fn of(asked: u32) -> Self {
        let of_memory = available_memory().map_or(u64::MAX, |bytes| bytes / 2 / MEMORY_PER_STREAM);
        let limit = open_files::limit().unwrap_or(u64::MAX);
        let of_files = limit.saturating_sub(FILES) / FILES_PER_STREAM;
        let candidates = [
            (u64::from(asked), "--max-streams allows no more".to_owned()),
            (of_memory, "the free memory allows no more".to_owned()),
            (of_files, format!("the limit of open files, {limit}, allows no more: `ulimit -n` raises it")),
        ];
        let least = candidates.into_iter().min_by_key(|(streams, _)| *streams);
        let (streams, because) = least.unwrap_or_default();
        Self { streams: u32::try_from(streams).unwrap_or(u32::MAX), because }
    }
}

/// What the system could give to new processes, in bytes; `None` where it does not tell.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What starting and ending a measurement takes, for the worst load up to now.
#[derive(Default)]
struct Slowest {
    streams: u32,
    around: Duration,
}

impl Slowest {
    fn add(&mut self, step: &Step, took: Duration, times: &Times) {
        let around = took.saturating_sub(times.total());
        if around >= self.around {
            (self.streams, self.around) = (step.streams, around);
        }
    }

    /// How long a measurement will take, if starting takes time in proportion to the streams.
    fn guess(&self, streams: u32, times: &Times) -> Duration {
        let ratio = f64::from(streams) / f64::from(self.streams.max(1));
        times.total() + self.around.mul_f64(ratio.max(0.5))
    }
}

fn notes(ladder: &Ladder, most: &Most) -> Vec<String> {
    let mut notes = Vec::new();
    let rows = ladder.rows();
    let held = rows.iter().rev().find_map(|row| Some((row.limit, row.step?)));
    match held {
        Some((limit, step)) => notes.push(format!(
            "Up to {} such streams at once, what ssek adds to a time it measures is below {limit} ms in 99 of 100 cases.",
            step.streams
        )),
        None => notes.push(
            "Even the smallest load was late: the machine is busy with something else, or too slow.".to_owned(),
        ),
    }
    if ladder.hit_the_ceiling() {
        notes.push(format!("{} streams were not too many; {}.", most.streams, most.because));
    }
    notes.push(
        "The mock server ran on this machine too: with the server elsewhere there is room for more. Heavier handlers \
         leave less."
            .to_owned(),
    );
    notes.push(
        "In CI, `ssek run --fail-on-saturation` fails a test whose figures ssek itself has spoilt."
            .to_owned(),
    );
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_have_bounds() {
        assert_eq!(pace("20ms"), Ok(Duration::from_millis(20)));
        for bad in ["0s", "500us", "2s", "20", "x"] {
            assert!(pace(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_scarcest_resource_bounds_the_load() {
        let most = Most::of(1);
        assert!(most.streams <= 1);
        assert!(most.streams == 0 || most.because.starts_with("--max-streams"), "{}", most.because);
    }

    #[test]
    fn starting_more_streams_takes_longer() {
        let second = Duration::from_secs(1);
        let times = Times { pace: second, ramp: second, hold: second };
        let mut slowest = Slowest::default();
        let step = Step { streams: 100, events_per_second: 1.0, lag: 1.0, cpu: 0.1 };
        slowest.add(&step, Duration::from_secs(3), &times);
        assert_eq!(slowest.guess(400, &times), Duration::from_secs(6));
        assert_eq!(slowest.guess(10, &times), Duration::from_millis(2500));
    }
}
