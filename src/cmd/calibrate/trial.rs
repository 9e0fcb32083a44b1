//! One measurement: a run of this binary against its own mock server, both in processes of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::ladder::Step;
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;

/// A run that has not ended so long after its time is cut off: it is not what was asked for.
const PATIENCE: Duration = Duration::from_secs(15);

/// With a smaller share of the events that were due, the load did not come about.
const LEAST_DELIVERED: f64 = 0.85;

/// The timing of each measurement.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Between the events of a stream.
    pub pace: Duration,
    /// In which streams are opened, one after the other.
    pub ramp: Duration,
    /// In which all are open.
    pub hold: Duration,
}

impl Times {
    /// Tokens of a stream, so that each takes about a second.
    fn tokens(&self) -> u32 {
        (1.0 / self.pace.as_secs_f64()).round().clamp(1.0, 1e6) as u32
    }

    /// The shortest time that a measurement takes.
    pub fn total(&self) -> Duration {
        self.ramp + self.hold
    }

    /// Events that a stream would send in a second, its closing ones included.
    fn events_per_second(&self) -> f64 {
        let tokens = f64::from(self.tokens());
        // The first token comes after one pace, as all others.
        (tokens + 2.0) / (tokens * self.pace.as_secs_f64())
    }
}

/// A child that ends with this process, and at the latest when it is dropped.
struct Process(Child);

impl Process {
    fn start(args: &[&str], stdin: Stdio) -> Result<Self> {
        let this = std::env::current_exe().context("could not find the file of this program")?;
        let mut command = Command::new(this);
        command.args(args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Options from the environment, the config file in it, or a proxy would change the load.
        command.env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::process::CommandExt as _;
            // SAFETY: between fork and exec, one system call without memory of this process.
            unsafe {
                command.pre_exec(|| {
                    libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                    Ok(())
                });
            }
        }
        command.spawn().map(Self).context("could not start a second process of ssek")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The mock server, and how it is asked.
pub struct Bench {
    _mock: Process,
    url: String,
    times: Times,
}

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Figures {
    events: f64,
    failed: f64,
    /// p99 of the time from the server's write of a first event to its arrival, in milliseconds.
    delay: f64,
    client: Option<ClientFigures>,
}

#[derive(Debug, Deserialize)]
struct ClientFigures {
    cpu_mean: f64,
    lag_p99: f64,
}

impl Bench {
    /// Starts the server.
    pub fn start(times: Times) -> Result<Self> {
        let pace = format!("{}us", times.pace.as_micros());
        let tokens = times.tokens().to_string();
        let args =
            ["mock", "--listen", "127.0.0.1:0", "--ts", "--ttft", &pace, "--itl", &pace, "--tokens", &tokens];
        let mut mock = Process::start(&args, Stdio::null())?;
        let mut greeting = String::new();
        if let Some(out) = &mut mock.0.stdout {
            BufReader::new(out).read_line(&mut greeting).context("the mock server said nothing")?;
        }
        let Some(root) = greeting.split_whitespace().find(|word| word.starts_with("http://")) else {
            let mut said = String::new();
            // Whatever it says is better than nothing.
            let _ = mock.0.stderr.take().map(|mut err| err.read_to_string(&mut said));
            bail!("the mock server did not start: {}", said.trim());
        };
        Ok(Self { url: format!("{root}/v1/chat/completions"), _mock: mock, times })
    }

    /// Measures a load.
    ///
    /// # Errors
    /// Where the run itself fails; a load that is too much is a result.
    pub fn measure(&self, streams: u32) -> Result<Step> {
        let Times { ramp, hold, .. } = self.times;
        let too_much = Step { streams, events_per_second: 0.0, lag: f64::INFINITY, cpu: 1.0 };
        let Some((out, err)) = self.run(streams)? else { return Ok(too_much) };
        if err.contains("open files") {
            return Err(too_few_files(streams).into());
        }
        let figures: Figures = serde_json::from_str(&out).with_context(|| {
            let line = err.lines().find(|line| line.contains("level=error")).unwrap_or(&err);
            format!("a run with {streams} streams failed: {}", line.trim())
        })?;
        let Some(client) = figures.client else { return Ok(too_much) };
        // The last of the streams begins when the ramp ends, and the only one is the last.
        let others = f64::from(streams.saturating_sub(1)) / f64::from(streams.max(1));
        let seconds = ramp.as_secs_f64() / 2.0 * others + hold.as_secs_f64();
        let events_per_second = figures.events / seconds;
        let wanted = self.times.events_per_second() * f64::from(streams);
        let arrived = events_per_second >= wanted * LEAST_DELIVERED && figures.failed == 0.0;
        let lag = if arrived { client.lag_p99.max(figures.delay) } else { f64::INFINITY };
        Ok(Step { streams, events_per_second, lag, cpu: client.cpu_mean })
    }

    /// What the run wrote to stdout and stderr; `None` if it did not end in time.
    fn run(&self, streams: u32) -> Result<Option<(String, String)>> {
        let milliseconds = |time: Duration| format!("{}ms", time.as_millis());
        let variables = [
            format!("URL={}", self.url),
            format!("STREAMS={streams}"),
            format!("RAMP={}", milliseconds(self.times.ramp)),
            format!("HOLD={}", milliseconds(self.times.hold)),
        ];
        let mut args = vec!["run", "--quiet", "-"];
        for variable in &variables {
            args.extend(["-e", variable]);
        }
        let mut run = Process::start(&args, Stdio::piped())?;
        if let Some(mut input) = run.0.stdin.take() {
            // A run that ends before it has read its script says why.
            let _ = input.write_all(include_bytes!("load.js"));
        }
        let (out, err) = (run.0.stdout.take(), run.0.stderr.take());
        let (out, err) = (reader(out), reader(err));
        let end = Instant::now() + self.times.total() + PATIENCE;
        while run.0.try_wait().context("could not wait for a run")?.is_none() {
            if Instant::now() > end {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = |thread: std::thread::JoinHandle<String>| thread.join().unwrap_or_default();
        Ok(Some((text(out), text(err))))
    }
}

/// Reads to the end beside the process, which would block on a full pipe.
fn reader(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is still worth something.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The failure for a limit of open files that `streams` run into.
pub fn too_few_files(streams: u32) -> Failure {
    let limit = crate::run::open_files::limit().unwrap_or(u64::MAX);
    let text = format!(
        "the limit of open files ({limit}) is too low for {streams} streams: raise it with `ulimit -n 65536`, where \
         the system's own limit allows it, and start again"
    );
    Failure::new(ExitCode::OTHER, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_take_about_a_second() {
        for (pace, tokens, events) in [(20, 50, 52.0), (200, 5, 7.0), (2000, 1, 1.5), (1, 1000, 1002.0)] {
            let second = Duration::from_secs(1);
            let times = Times { pace: Duration::from_millis(pace), ramp: second, hold: second };
            assert_eq!(times.tokens(), tokens, "{pace}");
            assert!((times.events_per_second() - events).abs() < 1e-9, "{pace}");
        }
    }
}
