//! What an iteration costs with all that surrounds it: the binary runs a script to its end.
//!
//! Starting the process and making its virtual users is part of each figure; `scripts/bench` takes
//! that off.

use std::process::{Command, Stdio};

use divan::Bencher;
use divan::counter::ItemsCount;

/// Of all VUs together.
const ITERATIONS: usize = 20_000;

const SCRIPTS: &[(&str, &str)] = &[
    ("empty", "export default function () {}"),
    (
        "check",
        "import { check } from 'k6'; export default function () { check(1, { 'is one': (v) => v === 1 }); }",
    ),
    (
        "trend",
        "import { Trend } from 'k6/metrics'; const t = new Trend('values'); export default function () { t.add(1); }",
    ),
];

fn main() {
    divan::main();
}

fn run(bencher: Bencher<'_, '_>, script: &str, vus: usize) {
    let file = std::env::temp_dir().join(format!("ssek-bench-{}.js", std::process::id()));
    if let Err(error) = std::fs::write(&file, script) {
        panic!("{}: {error}", file.display());
    }
    bencher.counter(ItemsCount::new(ITERATIONS)).bench_local(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssek"));
        command.args(["run", "--quiet", "--vus", &vus.to_string(), "--iterations", &ITERATIONS.to_string()]);
        let status = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()));
    });
    // What is left behind is a small file in the folder for such files.
    let _ = std::fs::remove_file(&file);
}

#[divan::bench(args = SCRIPTS.iter().map(|(name, _)| *name), sample_count = 10)]
fn by_script(bencher: Bencher<'_, '_>, name: &str) {
    let script = SCRIPTS.iter().find(|(known, _)| *known == name).map_or("", |(_, script)| script);
    run(bencher, script, 1);
}

#[divan::bench(args = [1, 10, 100], sample_count = 10)]
fn by_vus(bencher: Bencher<'_, '_>, vus: usize) {
    run(bencher, SCRIPTS[0].1, vus);
}
