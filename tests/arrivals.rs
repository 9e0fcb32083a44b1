//! Open models through the binary: laws of arrivals, due times, and what late starts show.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{Outcome, ssek};

fn script(scenario: &str, options: &str, body: &str) -> String {
    format!(
        "import exec from 'k6/execution';
        export const options = {{ {options} scenarios: {{ s: {{ executor: 'constant-arrival-rate',
            preAllocatedVUs: 20, duration: '1s', {scenario} }} }} }};
        export default function () {{ {body} }}"
    )
}

/// What the script says of when its iterations were due, in milliseconds since the scenario's start.
const SAY: &str = "console.log(`due ${Math.round(exec.scenario.scheduledTime - exec.scenario.startTime)}`);";

fn due(outcome: &Outcome) -> Vec<i64> {
    let lines = outcome.stderr.lines().filter_map(|line| line.split_once("msg=\"due "));
    let mut due: Vec<i64> = lines.map(|(_, rest)| rest.split('"').next().unwrap().parse().unwrap()).collect();
    due.sort_unstable();
    due
}

#[test]
fn recorded_times_are_replayed() {
    let trace = "# seconds\n0\n0.3\n0.25\n{\"timestamp\": 600, \"input_length\": 3}\n1.5\n";
    let script = script("arrivals: { trace: './times.txt' }", "", SAY);
    let outcome = ssek(&["run", "s.js"]).file("s.js", &script).file("times.txt", trace).outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    // `startTime` has whole milliseconds.
    let close = |(got, want): (&i64, &i64)| (got - want).abs() <= 1;
    let due = due(&outcome);
    assert!(due.len() == 4 && due.iter().zip(&[0, 250, 300, 600]).all(close), "{due:?}");
    let described = "* s: iterations at recorded times for 1s (maxVUs: 20, arrivals: trace ./times.txt, gracefulStop: 30s)";
    assert!(outcome.stdout.contains(described), "{}", outcome.stdout);
    let warning = "Scenario s leaves out 1 of the 5 times of ./times.txt: they are after its duration of 1s";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);

    for (trace, want) in [
        (Some("0\n\n0,5\n"), "scenario s has bad arrivals: the trace ./times.txt:3: '0,5' is no time"),
        (None, "the trace ./times.txt cannot be read: stat "),
    ] {
        let mut run = ssek(&["run", "s.js"]).file("s.js", &script);
        if let Some(trace) = trace {
            run = run.file("times.txt", trace);
        }
        let outcome = run.outcome();
        assert_eq!(outcome.exit, Some(104), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(want), "{}", outcome.stderr);
    }
}

#[test]
fn a_seed_repeats_random_arrivals() {
    let script = script("rate: 30, arrivals: { gamma: 0.5 }", "", SAY);
    let run = |args: &[&str], env: &str| {
        let args = [&["run"], args, &["s.js"]].concat();
        let outcome = ssek(&args).file("s.js", &script).env("SSEK_SEED", env).outcome();
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        outcome
    };
    let (first, again) = (run(&["--seed=12"], ""), run(&[], "12"));
    let differ = |a: &[i64], b: &[i64]| a.len() != b.len() || a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1);
    assert!(!differ(&due(&first), &due(&again)), "{:?}\n{:?}", due(&first), due(&again));
    assert!(!first.stderr.contains("--seed="), "{}", first.stderr);
    // Without one, the one that was picked is told.
    let picked = run(&[], "");
    let seed = picked.stderr.split_once("Arrivals are random; --seed=").unwrap().1;
    let seed: String = seed.chars().take_while(char::is_ascii_digit).collect();
    let repeated = run(&[&format!("--seed={seed}")], "");
    assert!(!differ(&due(&picked), &due(&repeated)) && differ(&due(&picked), &due(&first)));
    assert!(
        first.stdout.contains("* s: 30.00 iterations/s for 1s (maxVUs: 20, arrivals: gamma of shape 0.5")
    );
}

#[test]
fn k6s_scripts_do_not_see_the_new_names() {
    let body = "if (exec.scenario.iterationInTest === 0) {
            console.log(`keys ${Object.keys(exec.scenario).includes('scheduledTime')} ${typeof exec.scenario.scheduledTime}`);
            console.log(`options ${JSON.stringify(exec.test.options).includes('arrivals')} ${'seed' in exec.test.options}`);
        }";
    for (args, shown) in [
        (&["run", "s.js"][..], false),
        (&["run", "--summary-mode=full", "s.js"], false),
        (&["run", "--streaming=on", "s.js"], true),
    ] {
        let outcome = ssek(args).file("s.js", &script("rate: 5", "", body)).outcome();
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("keys false number"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("options false false"), "{}", outcome.stderr);
        for name in ["schedule_delay", "_scheduled"] {
            assert_eq!(outcome.stdout.contains(name), shown, "{args:?}\n{}", outcome.stdout);
        }
    }
    let closed = "import exec from 'k6/execution'; import { Trend } from 'k6/metrics';
        const own = new Trend('schedule_delay');
        export default function () { own.add(1); console.log(`closed ${exec.scenario.scheduledTime}`); }";
    let outcome = ssek(&["run", "s.js"]).file("s.js", closed).outcome();
    assert!(outcome.stderr.contains("closed undefined") && outcome.stdout.contains("schedule_delay"));
}

#[test]
fn late_starts_are_told() {
    // The VUs of one thread wait for each other: most starts are late, and no iteration takes longer.
    let busy = "const end = Date.now() + 100; while (Date.now() < end) {}";
    let thresholds = "thresholds: { schedule_delay: ['max>200'], 'iteration_duration_scheduled{scenario:s}': ['max>260'] },";
    let args = ["run", "--threads=1", "--out", "json=out.json", "s.js"];
    let mut run = ssek(&args).file("s.js", &script("rate: 20", thresholds, busy));
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("Iterations started later than they were due"), "{}", outcome.stderr);
    for line in ["    schedule_delay..", "    iteration_duration_scheduled..", "✓ 'max>200' max="] {
        assert!(outcome.stdout.contains(line), "{line}\n{}", outcome.stdout);
    }
    let samples = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let points = |name: &str| {
        let of = format!("\"metric\":\"{name}\",\"type\":\"Point\"");
        samples.lines().filter(|line| line.contains(&of)).count()
    };
    let (starts, complete) = (points("schedule_delay"), points("iteration_duration_scheduled"));
    assert_eq!((starts, complete), (points("iterations"), points("iterations")));
}

#[test]
fn latencies_are_given_from_the_due_time_too() {
    let script = "import http from 'k6/http'; import sse from 'k6/x/sse';
        const base = __ENV.OPENAI_BASE_URL;
        export const options = { scenarios: { s: { executor: 'constant-arrival-rate', rate: 5, duration: '1s',
            preAllocatedVUs: 5 } } };
        export default function () {
            http.get(`${base}/models`);
            const body = JSON.stringify({ model: 'm', stream: true, max_tokens: 2, messages: [] });
            sse.open(`${base}/chat/completions`, { method: 'POST', body }, (client) => client.on('event', () => {}));
        }";
    let mut run =
        ssek(&["run", "--mock=ttft=1,itl=1", "--out", "json=out.json", "s.js"]).file("s.js", script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let samples = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let values = |name: &str| {
        let of = format!("\"metric\":\"{name}\",\"type\":\"Point\"");
        let lines = samples.lines().filter(|line| line.contains(&of));
        let value =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["data"]["value"].as_f64();
        lines.map(|line| value(line).unwrap()).collect::<Vec<_>>()
    };
    for (name, count) in
        [("http_req_duration", 10), ("sse_time_to_first_event", 5), ("iteration_duration", 5)]
    {
        let (own, scheduled) = (values(name), values(&format!("{name}_scheduled")));
        assert_eq!((own.len(), scheduled.len()), (count, count), "{name}");
        assert!(own.iter().sum::<f64>() < scheduled.iter().sum::<f64>(), "{name}");
    }
}
