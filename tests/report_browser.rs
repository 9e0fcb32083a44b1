//! Reports and the dashboard in a real Chromium, where there are one, Node.js and playwright-core. Screenshots are
//! left in `target/tmp/report`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/recorded.rs"]
mod recorded;
#[path = "support/running.rs"]
mod running;

use std::path::{Path, PathBuf};
use std::process::Command;

use recorded::{Shape, record};
use running::Running;

/// The version that drives the browser.
const PLAYWRIGHT: &str = "playwright-core@1.65.1";

/// What a browser test needs.
struct Browser {
    library: PathBuf,
    chromium: PathBuf,
    folder: PathBuf,
}

/// What there is here; `None`, with a word about it, where something is missing.
fn browser() -> Option<Browser> {
    let found = |names: &[&str]| {
        let path = std::env::var_os("PATH")?;
        let places: Vec<_> = std::env::split_paths(&path).collect();
        names.iter().find_map(|name| places.iter().map(|place| place.join(name)).find(|file| file.is_file()))
    };
    let Some(chromium) = found(&["chromium", "chromium-browser", "google-chrome"]) else {
        eprintln!("skipped: there is no Chromium here (Debian: apt install chromium)");
        return None;
    };
    if found(&["node"]).is_none() {
        eprintln!("skipped: there is no Node.js here");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    let library = folder.join("node_modules/playwright-core");
    if !library.join("index.mjs").exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let installed = Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix", ".", PLAYWRIGHT])
            .current_dir(&folder)
            .output();
        if !installed.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: npm cannot install {PLAYWRIGHT} here");
            return None;
        }
    }
    Some(Browser { library, chromium, folder })
}

impl Browser {
    /// Runs a script of tests/browser; what it prints is shown where it fails.
    fn run(&self, script: &str, more: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
        let output = Command::new("node")
            .arg(script)
            .args([&self.library, &self.chromium, &self.folder])
            .args(more)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{out}");
        assert!(output.status.success(), "{out}\n{err}");
    }
}

const LLM: Shape = Shape { seconds: 120, users: 64, requests_a_second: 8, events: 40, llm: true };
const HTTP: Shape = Shape { seconds: 45, users: 10, requests_a_second: 20, events: 0, llm: false };
/// A thousand users with long pauses: what the page has depends on the time and on the values, not on how many there are.
const HOUR: Shape = Shape { seconds: 3600, users: 1000, requests_a_second: 6, events: 10, llm: true };

#[test]
fn reports_in_a_real_browser() {
    let Some(browser) = browser() else { return };
    for (name, shape) in [("llm", LLM), ("http", HTTP), ("hour", HOUR)] {
        let page = ssek::report::html(&record(shape));
        assert!(page.len() < 5_000_000, "{name} has {} bytes", page.len());
        std::fs::write(browser.folder.join(format!("{name}.html")), page).unwrap();
    }
    browser.run("report.mjs", &[]);
}

const STREAMS: &str = "import sse from 'k6/x/sse';
    import { check, group } from 'k6';
    export const options = { thresholds: { sse_time_to_first_event: ['p(95)<10000'] } };
    export default function () {
      group('chat', () => {
        const body = JSON.stringify({ model: 'mock', stream: true, messages: [{ role: 'user', content: 'hi' }] });
        const params = { method: 'POST', body, headers: { 'Content-Type': 'application/json' } };
        const response = sse.open(`${__ENV.OPENAI_BASE_URL}/chat/completions`, params, () => {});
        check(response, { 'status is 200': (r) => r.status === 200 });
      });
    }";

#[test]
fn the_dashboard_in_a_real_browser() {
    let Some(browser) = browser() else { return };
    let out = "--out=web-dashboard=port=0&period=500ms";
    let mut run =
        Running::start(&["--mock=ttft=20ms,itl=5ms,tokens=20", "--vus=4", "--duration=25s", out], STREAMS);
    let text = run.wait_for("web dashboard: http://", 1);
    let address = text.split("web dashboard: ").nth(1).unwrap().lines().next().unwrap().trim().to_owned();
    browser.run("dashboard.mjs", &[&address]);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
}
