//! When requests start: the flags as one of the executors that scripts have, too.

use std::sync::Arc;
use std::time::Duration;

use super::workload::Workload;
use crate::executor::{
    Base, ConstantArrivalRate, ConstantVus, Executor, Law, PerVuIterations, SharedIterations, Trace,
};
use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::Failure;

/// The name of the one scenario: the tag `scenario` of its samples.
pub const SCENARIO: &str = "bench";

/// How long an open model runs where nothing says it.
const OPEN_DURATION: Duration = Duration::from_secs(30);
/// Requests in flight of an open model, at most, where nothing says it.
const MAX_VUS: u32 = 10_000;
/// A closed model with a number of requests, but no time, ends when they are done: this is no limit.
const FOREVER: Duration = Duration::from_secs(30 * 24 * 3600);
/// The shortest duration that executors allow.
const SHORTEST: Duration = Duration::from_secs(1);

/// The shape of the load, as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pub vus: Option<u32>,
    /// Users that start in a second.
    pub spawn_rate: Option<f64>,
    /// Over which the users start.
    pub ramp_up: Option<Duration>,
    pub duration: Option<Duration>,
    /// Requests, or conversations, in all.
    pub requests: Option<u64>,
    /// Starts a second: an open model.
    pub rate: Option<f64>,
    pub law: Option<Law>,
    /// Requests in flight of an open model, at most.
    pub max_vus: Option<u32>,
    /// How long requests may go on after the end.
    pub graceful_stop: Option<Duration>,
}

/// What the shape comes to.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub executor: Arc<dyn Executor>,
    /// Where a file of times says when requests start.
    pub trace: Trace,
    /// How many pieces of work start at most.
    pub limit: Option<u64>,
    /// The place of the first of them in the workload.
    pub first: u64,
    /// For the banner: `5 users for 1m0s`.
    pub text: String,
}

/// Users, or requests at once: more than these fit into no machine.
const MOST: u32 = 1_000_000;

impl Shape {
    /// Whether requests start by the clock.
    pub fn is_open(&self, workload: &Workload) -> bool {
        self.rate.is_some() || self.law.is_some() || (self.vus.is_none() && workload.times().is_some())
    }

    /// The executor for this work.
    ///
    /// # Errors
    /// Two flags contradict each other.
    pub fn schedule(&self, workload: &Workload) -> Result<Schedule, Failure> {
        self.check(workload)?;
        let ends = [self.requests, workload.total()].into_iter().flatten().min();
        if self.is_open(workload) { self.open(workload, ends) } else { Ok(self.closed(ends)) }
    }

    fn check(&self, workload: &Workload) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::new(ExitCode::INVALID_CONFIG, text));
        let open = self.is_open(workload);
        if open && (self.spawn_rate.is_some() || self.ramp_up.is_some()) {
            return wrong(
                "--spawn-rate and --ramp-up start users one by one; with --rate or --arrivals there are none",
            );
        }
        if open && self.vus.is_some() {
            return wrong(
                "--vus says how many users there are; with --rate, say --max-vus for the most requests in flight",
            );
        }
        if self.spawn_rate.is_some() && self.ramp_up.is_some() {
            return wrong("--spawn-rate and --ramp-up are two ways to say the same; give one of them");
        }
        if self.rate.is_none() && matches!(self.law, Some(Law::Even | Law::Poisson | Law::Gamma(_))) {
            return wrong("--arrivals needs --rate: how many requests start in a second");
        }
        let numbers = [
            ("--vus", self.vus == Some(0)),
            ("--requests", self.requests == Some(0)),
            ("--max-vus", self.max_vus == Some(0)),
        ];
        if let Some((flag, _)) = numbers.iter().find(|(_, is_zero)| *is_zero) {
            return wrong(&format!("{flag} must be above zero"));
        }
        let most = [self.vus, self.max_vus].into_iter().flatten().max();
        if most.is_some_and(|most| most > MOST) {
            return wrong(&format!("--vus and --max-vus: {MOST} is the most"));
        }
        Ok(())
    }

    fn base(&self, executor: &'static str) -> Base {
        let graceful_stop = self.graceful_stop.map(GoDuration::from);
        Base { graceful_stop, ..Base::new(SCENARIO, executor) }
    }

    fn closed(&self, ends: Option<u64>) -> Schedule {
        let mut vus = self.vus.unwrap_or(1);
        if let Some(ends) = ends {
            vus = vus.min(u32::try_from(ends).unwrap_or(u32::MAX));
        }
        let by_rate = |rate: f64| Duration::try_from_secs_f64(f64::from(vus) / rate).unwrap_or(FOREVER);
        let ramp_up = self.ramp_up.or(self.spawn_rate.map(by_rate)).map(GoDuration::from);
        let common = |executor| Base { ramp_up, ..self.base(executor) };
        let users = vus;
        let (vus, forever) = (Some(i64::from(vus)), self.duration.unwrap_or(FOREVER).max(SHORTEST));
        let executor: Arc<dyn Executor> = match (ends, self.duration) {
            (Some(ends), _) => Arc::new(SharedIterations {
                common: common("shared-iterations"),
                vus,
                iterations: Some(i64::try_from(ends).unwrap_or(i64::MAX)),
                max_duration: Some(forever.into()),
            }),
            (None, Some(duration)) => Arc::new(ConstantVus {
                common: common("constant-vus"),
                vus,
                duration: Some(duration.max(SHORTEST).into()),
            }),
            (None, None) => Arc::new(PerVuIterations {
                common: common("per-vu-iterations"),
                vus,
                iterations: Some(1),
                max_duration: Some(forever.into()),
            }),
        };
        let text = self.describe_closed(users, ends);
        Schedule { executor, trace: Trace::default(), limit: ends, first: 0, text }
    }

    fn describe_closed(&self, users: u32, ends: Option<u64>) -> String {
        let who = if users == 1 { "one user".to_owned() } else { format!("{users} users") };
        let time = |time: Duration| GoDuration::from(time);
        let what = match (ends, self.duration) {
            (Some(ends), None) => format!(" until {ends} have started"),
            (Some(ends), Some(length)) => format!(" for {} or until {ends} have started", time(length)),
            (None, Some(length)) => format!(" for {}", time(length)),
            (None, None) => ", each once".to_owned(),
        };
        let ramp = match (self.ramp_up, self.spawn_rate) {
            (Some(ramp), _) => format!(", who come within {}", time(ramp)),
            (None, Some(rate)) => format!(", {rate} more each second"),
            (None, None) => String::new(),
        };
        format!("{who}{what}{ramp}")
    }

    fn open(&self, workload: &Workload, ends: Option<u64>) -> Result<Schedule, Failure> {
        let bad = |text: String| Failure::new(ExitCode::INVALID_CONFIG, text);
        let mut trace = Trace::default();
        let law = match (&self.law, self.rate, workload.times()) {
            (Some(Law::Trace(file)), ..) => {
                let bytes = std::fs::read(file)
                    .map_err(|error| bad(format!("--arrivals: the trace {file} cannot be read: {error}")))?;
                trace = Trace::parse(file, &bytes)
                    .map_err(|error| bad(format!("--arrivals: the trace {error}")))?;
                Law::Trace(file.clone())
            }
            (Some(law), ..) => law.clone(),
            (None, None, Some(times)) => {
                let text: String = times.iter().map(|time| format!("{:.9}\n", time.as_secs_f64())).collect();
                trace = Trace::parse("the dataset", text.as_bytes()).map_err(bad)?;
                Law::Trace("the dataset".to_owned())
            }
            (None, ..) => Law::Even,
        };
        let rate = self.rate.unwrap_or(1.0);
        let (number, unit) =
            fraction(rate).ok_or_else(|| bad(format!("--rate {rate}: want from 0.001 to 1000000")))?;
        let natural = match (&law, ends) {
            (Law::Trace(_), _) => {
                trace.times().last().copied().unwrap_or_default() + Duration::from_millis(1)
            }
            (law, Some(ends)) => {
                Duration::try_from_secs_f64(room(ends as f64, law) / rate).unwrap_or(FOREVER)
            }
            (_, None) => OPEN_DURATION,
        };
        let duration = self.duration.unwrap_or(natural).max(SHORTEST);
        let text = match &law {
            Law::Trace(file) => {
                format!("requests at the times of {file}, for {}", GoDuration::from(duration))
            }
            law => {
                let most = ends.map_or(String::new(), |ends| format!(", {ends} at most"));
                format!("{rate} requests a second ({law}), for {}{most}", GoDuration::from(duration))
            }
        };
        let max_vus = Some(i64::from(self.max_vus.unwrap_or(MAX_VUS)));
        let executor = ConstantArrivalRate {
            common: self.base("constant-arrival-rate"),
            rate: Some(number),
            time_unit: Some(unit.into()),
            duration: Some(duration.into()),
            pool: crate::executor::Pool { pre_allocated_vus: max_vus, max_vus },
            arrivals: Some(law),
        };
        Ok(Schedule { executor: Arc::new(executor), trace, limit: ends, first: 0, text })
    }
}

/// Mean gaps in which so many arrivals surely come: their number and ten standard deviations of their sum.
fn room(arrivals: f64, law: &Law) -> f64 {
    match law {
        Law::Poisson => arrivals + 10.0 * arrivals.sqrt() + 20.0,
        Law::Gamma(shape) => arrivals + (10.0 * arrivals.sqrt() + 20.0) / shape.min(1.0).sqrt(),
        _ => arrivals,
    }
}

/// A rate a second as a whole number in a time.
fn fraction(rate: f64) -> Option<(i64, Duration)> {
    (0.001..=1e6).contains(&rate).then(|| {
        let seconds = if rate.fract() == 0.0 { 1 } else { 1_000_000 };
        ((rate * seconds as f64).round() as i64, Duration::from_secs(seconds))
    })
}

/// `even`, `poisson`, `gamma=0.5`, `trace=FILE`
pub fn law(text: &str) -> Result<Law, String> {
    let (name, value) = text.split_once(['=', ':']).unwrap_or((text, ""));
    match (name, value) {
        ("even" | "constant", "") => Ok(Law::Even),
        ("poisson", "") => Ok(Law::Poisson),
        ("gamma", shape) => match shape.parse() {
            Ok(shape) if (0.001..=1e6).contains(&shape) => Ok(Law::Gamma(shape)),
            _ => Err("the shape of gamma arrivals is a number from 0.001 to 1000000: gamma=0.5".to_owned()),
        },
        ("trace", file) if !file.is_empty() => Ok(Law::Trace(file.to_owned())),
        _ => Err("want even, poisson, gamma=SHAPE or trace=FILE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::workload::{Settings, load};
    use crate::executor::{Budget, Plan, Share};

    fn plan(shape: &Shape) -> Plan {
        let workload = load(&Settings::default()).unwrap();
        let schedule = shape.schedule(&workload).unwrap();
        assert_eq!(schedule.executor.problems(), Vec::<String>::new(), "{shape:?}");
        schedule.executor.plan(&Share::whole())
    }

    #[test]
    fn closed_shapes() {
        let Plan::Closed(once) = plan(&Shape { vus: Some(5), ..Shape::default() }) else { panic!() };
        assert_eq!((once.max_vus(), once.budget), (5, Budget::PerVu(1)));
        let Plan::Closed(timed) = plan(&Shape {
            vus: Some(10),
            spawn_rate: Some(5.0),
            duration: Some(Duration::from_secs(60)),
            ..Shape::default()
        }) else {
            panic!()
        };
        assert_eq!((timed.vus_at(Duration::from_millis(900)), timed.vus_at(Duration::from_secs(2))), (5, 10));
        let Plan::Closed(few) = plan(&Shape { vus: Some(9), requests: Some(4), ..Shape::default() }) else {
            panic!()
        };
        assert_eq!((few.max_vus(), few.budget), (4, Budget::Shared(4)));
    }

    #[test]
    fn open_shapes() {
        let shape = Shape { rate: Some(2.5), requests: Some(10), ..Shape::default() };
        let Plan::Open(open) = plan(&shape) else { panic!() };
        let due: Vec<_> = open.arrivals.iter().collect();
        assert_eq!(
            (due.len(), due[1], open.duration),
            (10, Duration::from_millis(400), Duration::from_secs(4))
        );
        let shape = Shape { law: Some(Law::Poisson), ..shape };
        assert_eq!(plan(&shape).duration().as_secs(), 24);
        assert_eq!(plan(&Shape { rate: Some(1.0), ..Shape::default() }).duration(), OPEN_DURATION);
    }

    #[test]
    fn contradictions_are_told() {
        let workload = load(&Settings::default()).unwrap();
        let second = Some(Duration::from_secs(1));
        for shape in [
            Shape { rate: Some(1.0), vus: Some(1), ..Shape::default() },
            Shape { rate: Some(1.0), ramp_up: second, ..Shape::default() },
            Shape { spawn_rate: Some(1.0), ramp_up: second, ..Shape::default() },
            Shape { law: Some(Law::Poisson), ..Shape::default() },
            Shape { law: Some(Law::Trace("/nowhere".into())), ..Shape::default() },
            Shape { vus: Some(0), ..Shape::default() },
            Shape { rate: Some(0.0), ..Shape::default() },
        ] {
            assert!(shape.schedule(&workload).is_err(), "{shape:?}");
        }
        assert_eq!(law("gamma=0.5"), Ok(Law::Gamma(0.5)));
        assert!(law("gamma").is_err() && law("trace").is_err() && law("x").is_err());
    }
}
