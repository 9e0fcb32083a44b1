//! Execution segments: the instances of a test do together what one alone would do.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeSet;
use std::time::Duration;

use binary::ssek;
use proptest::prelude::*;
use serde_json::{Value, json};
use ssek::executor::{self, Budget, EXECUTORS, Gaps, Plan, Share, Trace};

/// Sizes of a scenario.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    vus: u64,
    more: u64,
    rate: u64,
}

/// Configurations of every executor, and of every law of arrivals.
fn configurations(Sizes { vus, more, rate }: Sizes) -> Vec<Value> {
    let stages = json!([
        {"duration": "1s", "target": more}, {"duration": "0s", "target": vus}, {"duration": "1500ms", "target": rate},
    ]);
    let pool = json!({"preAllocatedVUs": vus, "maxVUs": vus + more});
    let with = |base: Value, rest: &Value| -> Value {
        let entries = [base, rest.clone()].into_iter().flat_map(|part| part.as_object().unwrap().clone());
        entries.collect::<serde_json::Map<_, _>>().into()
    };
    let laws = [json!("even"), json!("poisson"), json!({"gamma": 0.3}), json!({"trace": "t"})];
    let laws = laws.map(|law| json!({ "arrivals": law }));
    let of = |name: &str| match name {
        "constant-vus" => vec![json!({"vus": vus, "duration": "3s"})],
        "ramping-vus" => vec![json!({"startVUs": vus, "stages": stages})],
        "per-vu-iterations" => vec![json!({"vus": vus, "iterations": more + 1})],
        "shared-iterations" => vec![json!({"vus": vus, "iterations": vus + more})],
        "constant-arrival-rate" => {
            let base = with(json!({"rate": rate, "duration": "3s"}), &pool);
            laws.iter().map(|law| with(base.clone(), law)).collect()
        }
        "ramping-arrival-rate" => {
            let base = with(json!({"startRate": vus, "stages": stages}), &pool);
            laws.iter().map(|law| with(base.clone(), law)).collect()
        }
        "at-once-users" => vec![json!({"users": vus + more})],
        "ramp-users" => vec![json!({"users": vus + more, "duration": "2s", "maxVUs": vus})],
        "constant-users-per-sec" => vec![json!({"rate": 0.7 * vus as f64, "duration": "3s"})],
        "ramp-users-per-sec" => vec![json!({"from": more, "to": vus, "duration": "2.5s"})],
        "stress-peak-users" => vec![json!({"users": vus, "duration": "2s"})],
        "increment-users-per-sec" => vec![json!({"increment": vus, "times": 3, "eachLevelLasting": "1s",
            "separatedByRampsLasting": "300ms"})],
        "inject-open" => vec![json!({"preAllocatedVUs": vus, "steps": [
            {"shape": "at-once-users", "users": vus}, {"shape": "nothing-for", "duration": "1s"},
            {"shape": "ramp-users", "users": more, "duration": "1s"}]})],
        "constant-concurrent-users" => vec![json!({"users": vus, "duration": "3s"})],
        "ramp-concurrent-users" => vec![json!({"from": more, "to": vus, "duration": "3s"})],
        "increment-concurrent-users" => vec![json!({"increment": vus, "times": 2, "eachLevelLasting": "1s",
            "startingFrom": more})],
        "inject-closed" => vec![json!({"steps": [
            {"shape": "ramp-concurrent-users", "from": 0, "to": vus, "duration": "1s"},
            {"shape": "constant-concurrent-users", "users": more, "duration": "1s"}]})],
        other => panic!("no configuration of {other}: add one, so that its shares are tested"),
    };
    let all = EXECUTORS.iter().flat_map(|(name, ..)| {
        let executor = json!({ "executor": name });
        of(name).into_iter().map(move |fields| with(fields, &executor))
    });
    all.collect()
}

/// What the instances do together: VUs at each moment at which their number changes anywhere, iterations, pools, due
/// times.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    looping: Vec<u64>,
    iterations: u64,
    pool: [u64; 2],
    due: Vec<Duration>,
}

fn sum(configuration: &Value, moments: &[Duration], shares: &[Share]) -> Sum {
    let executor = executor::parse("s", configuration).unwrap();
    assert_eq!(executor.validate(), Vec::<String>::new(), "{configuration}");
    let trace = Trace::parse("t", b"0\n0\n0.7\n1.1\n1.1\n2.5\n2.9\n4").unwrap();
    let mut sum = Sum { looping: vec![0; moments.len()], ..Sum::default() };
    for share in shares.iter().filter(|share| executor.has_work(share)) {
        match executor.plan(share).follow(executor.law(), Gaps::seed(5, "s"), &trace) {
            Plan::Closed(plan) => {
                let vus = moments.iter().map(|moment| u64::from(plan.vus_at(*moment)));
                sum.looping.iter_mut().zip(vus).for_each(|(sum, vus)| *sum += vus);
                sum.iterations += match plan.budget {
                    Budget::Unlimited => 0,
                    Budget::Shared(all) => all,
                    Budget::PerVu(each) => each * u64::from(plan.max_vus()),
                };
            }
            Plan::Open(plan) => {
                sum.pool[0] += u64::from(plan.pre_allocated_vus);
                sum.pool[1] += u64::from(plan.max_vus);
                sum.due.extend(plan.arrivals.iter());
            }
        }
    }
    sum.due.sort_unstable();
    sum
}

/// When the number of VUs changes in one of the plans.
fn moments(configuration: &Value, shares: &[Share]) -> Vec<Duration> {
    let executor = executor::parse("s", configuration).unwrap();
    let steps = shares.iter().flat_map(|share| match executor.plan(share) {
        Plan::Closed(plan) => plan.curve.iter().map(|step| step.at).collect::<Vec<_>>(),
        Plan::Open(_) => Vec::new(),
    });
    steps.collect::<BTreeSet<_>>().into_iter().collect()
}

fn shares(borders: &[String]) -> Vec<Share> {
    let sequence = borders.join(",").parse().unwrap();
    let share = |pair: &[String]| {
        let segment = format!("{}:{}", pair[0], pair[1]).parse().unwrap();
        Share::new(Some(segment), Some(&sequence)).unwrap()
    };
    borders.windows(2).map(share).collect()
}

fn equal(parts: u64) -> Vec<Share> {
    shares(&(0..=parts).map(|n| format!("{n}/{parts}")).collect::<Vec<_>>())
}

fn uneven() -> impl Strategy<Value = Vec<Share>> {
    (2_i64..40, proptest::collection::btree_set(1_i64..40, 0..6)).prop_map(|(parts, inner)| {
        let inner = inner.iter().filter(|n| **n < parts).map(|n| format!("{n}/{parts}"));
        shares(&["0".to_owned()].into_iter().chain(inner).chain(["1".to_owned()]).collect::<Vec<_>>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn instances_add_up_to_the_whole(
        any in uneven(),
        vus in 1_u64..30,
        more in 0_u64..30,
        rate in 1_u64..60,
    ) {
        for configuration in configurations(Sizes { vus, more, rate }) {
            for shares in [&any, &equal(1), &equal(3), &equal(7)] {
                let whole = [Share::whole()];
                let moments = moments(&configuration, &[&whole[..], shares].concat());
                let (together, alone) = (sum(&configuration, &moments, shares), sum(&configuration, &moments, &whole));
                prop_assert_eq!(together, alone, "{} in {} parts", configuration, shares.len());
            }
        }
    }
}

/// Random arrivals, dealt out to three processes.
#[test]
fn three_processes_make_the_starts_of_one() {
    let script = "import exec from 'k6/execution';
        export const options = { scenarios: { s: { executor: 'constant-arrival-rate', rate: 15, duration: '2s',
            preAllocatedVUs: 30, arrivals: 'poisson' } } };
        export default function () {
            const { iterationInTest, scheduledTime, startTime } = exec.scenario;
            console.log(`start ${iterationInTest} ${scheduledTime - startTime}`);
        }";
    let starts = |segment: &str| {
        let sequence = "--execution-segment-sequence=0,1/3,2/3,1";
        let mut args = vec!["run", "--quiet", "--seed=4", "s.js"];
        let segment = format!("--execution-segment={segment}");
        if segment.ends_with(char::is_numeric) && segment.contains('/') {
            args.extend([segment.as_str(), sequence]);
        }
        let outcome = ssek(&args).file("s.js", script).outcome();
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        let lines = outcome.stderr.lines().filter_map(|line| line.split_once("msg=\"start "));
        let start = |(_, rest): (&str, &str)| {
            let (number, rest) = rest.split_once(' ').unwrap();
            (number.parse::<u64>().unwrap(), rest.split('"').next().unwrap().parse::<f64>().unwrap())
        };
        lines.map(start).unzip::<u64, f64, Vec<_>, Vec<_>>()
    };
    let sorted = |(mut numbers, mut times): (Vec<u64>, Vec<f64>)| {
        numbers.sort_unstable();
        times.sort_by(f64::total_cmp);
        (numbers, times)
    };
    let alone = sorted(starts(""));
    let mut together = (Vec::new(), Vec::new());
    for segment in ["0:1/3", "1/3:2/3", "2/3:1"] {
        let (numbers, times) = starts(segment);
        together.0.extend(numbers);
        together.1.extend(times);
    }
    let together = sorted(together);
    assert!(alone.0.len() > 10, "{alone:?}");
    assert_eq!(alone.0, together.0);
    // `startTime` has whole milliseconds.
    let close = |(a, b): (&f64, &f64)| (a - b).abs() < 2.0;
    assert!(alone.1.iter().zip(&together.1).all(close), "{alone:?}\n{together:?}");
}
