//! How late iterations start at 1,000 a second: `schedule_delay` of the binary, for every law of arrivals.
//!
//! `cargo bench --bench arrivals`, on a machine that does nothing else. Prints the number of starts, and the median, the
//! 99th percentile and the maximum of how late they were, in milliseconds.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const LAWS: &[(&str, &str)] = &[
    ("even", "'even'"),
    ("poisson", "'poisson'"),
    ("gamma 0.5", "{ gamma: 0.5 }"),
    ("trace", "{ trace: './times.txt' }"),
];

const RATE: u32 = 1_000;
const SECONDS: u32 = 10;

fn main() {
    let folder = std::env::temp_dir().join(format!("ssek-arrivals-{}", std::process::id()));
    let done = std::fs::create_dir_all(&folder).and_then(|()| {
        let times: String =
            (0..RATE * SECONDS).map(|n| format!("{}\n", f64::from(n) / f64::from(RATE))).collect();
        std::fs::write(folder.join("times.txt"), times)
    });
    if let Err(error) = done {
        panic!("{}: {error}", folder.display());
    }
    println!(
        "{:<10} {:>8} {:>8} {:>10} {:>10} {:>10}",
        "law", "starts", "dropped", "p50 ms", "p99 ms", "max ms"
    );
    for (name, law) in LAWS {
        match measure(&folder, law) {
            Ok(row) => println!("{name:<10} {row}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    // What is left behind is a small folder among such files.
    let _ = std::fs::remove_dir_all(&folder);
}

fn measure(folder: &Path, law: &str) -> Result<String, Box<dyn std::error::Error>> {
    let script = format!(
        "export const options = {{ scenarios: {{ s: {{ executor: 'constant-arrival-rate', rate: {RATE},
            duration: '{SECONDS}s', preAllocatedVUs: 100, arrivals: {law} }} }} }};
        export default function () {{}}"
    );
    std::fs::write(folder.join("s.js"), script)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssek"));
    command.current_dir(folder).args(["run", "--quiet", "--streaming=on", "--seed=1"]);
    command.args(["--summary-trend-stats=p(50),p(99),max", "--summary-export=out.json", "s.js"]);
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let figures: Value = serde_json::from_slice(&std::fs::read(folder.join("out.json"))?)?;
    let figure = |metric: &str, name: &str| figures["metrics"][metric][name].as_f64().unwrap_or(0.0);
    let late = |name: &str| figure("schedule_delay", name);
    Ok(format!(
        "{:>8} {:>8} {:>10.3} {:>10.3} {:>10.3}",
        figure("iterations", "count"),
        figure("dropped_iterations", "count"),
        late("p(50)"),
        late("p(99)"),
        late("max")
    ))
}
