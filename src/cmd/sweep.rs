//! `ssek sweep`: the highest load that keeps the objectives.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::GlobalFlags;
use super::bench::{NetworkFlags, Parts, ResultFlags};
use crate::bench::flags::{CallFlags, TargetFlags, WorkloadFlags, invalid, share, time};
use crate::bench::schedule;
use crate::bench::sweep::search::Rules;
use crate::bench::sweep::{By, Request};
use crate::executor::Law;
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;

/// The command line of `ssek sweep`.
#[derive(Args, Clone, Debug, Default)]
pub struct SweepArgs {
    #[command(flatten)]
    pub target: TargetFlags,
    #[command(flatten)]
    pub range: RangeFlags,
    #[command(flatten)]
    pub work: WorkloadFlags,
    #[command(flatten)]
    pub call: CallFlags,
    #[command(flatten)]
    pub network: NetworkFlags,
    /// Print the result as JSON
    #[arg(long, help_heading = "Results")]
    pub json: bool,
    /// Write a drawing of throughput against latency to an SVG file
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub plot: Option<PathBuf>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// What is searched.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Search")]
pub struct RangeFlags {
    /// What grows: users, or requests that start in a second
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub by: By,
    /// The first load
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub from: f64,
    /// The highest load
    #[arg(long, value_name = "N", default_value_t = 1024.0)]
    pub to: f64,
    /// How long each load is measured, warm-up included
    #[arg(long, alias = "duration", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub step: Duration,
    /// How much of that is not measured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    pub warmup: Duration,
    /// The wait between two measurements
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = time)]
    pub settle: Duration,
    /// How long requests may go on after a measurement's end [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub graceful_stop: Option<Duration>,
    /// Measurements of a load that decides, at most
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub repeats: usize,
    /// The share of requests that must keep the objectives
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = share)]
    pub attain: f64,
    /// How close the answer is to the first load that is too much
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = share)]
    pub resolution: f64,
    /// With --by rate, by which law requests start: even, poisson, gamma=SHAPE [default: even]
    #[arg(long, value_name = "LAW", value_parser = schedule::law)]
    pub arrivals: Option<Law>,
}

/// Searches; the code is what the process exits with.
pub(super) fn run(args: SweepArgs) -> anyhow::Result<ExitCode> {
    let rules = args.range.rules()?;
    let RangeFlags { by, step, warmup, settle, graceful_stop, arrivals, .. } = args.range;
    let parts = Parts {
        target: args.target,
        work: args.work,
        call: args.call,
        result: ResultFlags::default(),
        network: args.network,
        windows: (Some(warmup), None),
    };
    let mut common = parts.common(&args.global)?;
    common.settle_for_many();
    let (json, plot) = (args.json, args.plot);
    crate::bench::sweep::run(&Request {
        common,
        by,
        rules,
        step,
        settle,
        graceful_stop,
        law: arrivals,
        json,
        plot,
    })
}

impl RangeFlags {
    fn rules(&self) -> Result<Rules, Failure> {
        let whole = self.by == By::Concurrency;
        let wrong = |text: &str| Err(invalid(text.to_owned()));
        if !(self.from > 0.0 && self.to >= self.from && self.to <= 1e6) {
            return wrong("--from and --to: want loads above zero, the smaller one first, up to 1000000");
        }
        if whole && (self.from.fract() != 0.0 || self.to.fract() != 0.0) {
            return wrong("--from and --to: there are no parts of users");
        }
        if !(0.0..=1.0).contains(&self.attain) || self.repeats == 0 {
            return wrong("--attain is a share up to 100%, and --repeats at least 1");
        }
        if self.warmup >= self.step {
            return wrong("--warmup must be shorter than --step");
        }
        if matches!(self.arrivals, Some(Law::Trace(_))) {
            return wrong("--arrivals trace has its own rate: want even, poisson or gamma=SHAPE");
        }
        let Self { from, to, attain, repeats, resolution, .. } = *self;
        Ok(Rules { from, to, whole, attain, repeats, resolution })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_make_sense() {
        let good = RangeFlags {
            from: 1.0,
            to: 8.0,
            repeats: 1,
            attain: 0.9,
            step: Duration::from_secs(2),
            ..RangeFlags::default()
        };
        assert!(good.rules().is_ok());
        for bad in [
            RangeFlags { from: 0.0, ..good.clone() },
            RangeFlags { from: 9.0, ..good.clone() },
            RangeFlags { from: 1.5, ..good.clone() },
            RangeFlags { attain: 1.5, ..good.clone() },
            RangeFlags { warmup: Duration::from_secs(2), ..good.clone() },
            RangeFlags { arrivals: Some(Law::Trace("x".into())), ..good.clone() },
        ] {
            assert!(bad.rules().is_err(), "{bad:?}");
        }
    }
}
