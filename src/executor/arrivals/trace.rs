//! Recorded start times, from a file.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

/// Times since the scenario's start, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Arc<[Duration]>);

impl Trace {
    /// Reads a file with one time a line: a number of seconds, or a JSON object whose `timestamp` is in
    /// milliseconds, as in the traces of Mooncake. Blank lines and those that begin with `#` are passed over. The
    /// times need not be in order.
    ///
    /// # Errors
    /// The text begins with `name` and the number of the line.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, String> {
        let mut times = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let line = String::from_utf8_lossy(line);
            let line = line.trim().trim_start_matches('\u{feff}');
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            times.push(time(line).map_err(|error| format!("{name}:{number}: {error}"))?);
        }
        if times.is_empty() {
            return Err(format!("{name}: there are no times in it; write one a line, in seconds"));
        }
        times.sort_unstable();
        Ok(Self(times.into()))
    }

    /// The times.
    pub fn times(&self) -> &[Duration] {
        &self.0
    }

    /// How many of the times are not after `end`.
    pub fn until(&self, end: Duration) -> usize {
        self.0.partition_point(|time| *time <= end)
    }
}

fn time(line: &str) -> Result<Duration, String> {
    let seconds = if line.starts_with('{') {
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("this is no JSON object: {error}"))?;
        let milliseconds = object.get("timestamp").and_then(Value::as_f64);
        milliseconds.ok_or("the object has no number \"timestamp\", in milliseconds")? / 1e3
    } else {
        let wrong = || {
            let text: String = line.chars().take(40).collect();
            format!(
                "'{text}' is no time; write seconds, such as 0.25, or an object with a \"timestamp\" in milliseconds"
            )
        };
        line.parse().map_err(|_| wrong())?
    };
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{seconds} s is no time: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_timestamps() {
        let text =
            "\u{feff}# recorded at noon\n0.5\r\n\n 0 \n1e-3\n{\"timestamp\": 250, \"input_length\": 6758}\n2";
        let trace = Trace::parse("a.txt", text.as_bytes()).unwrap();
        assert_eq!(trace.times(), [0, 1, 250, 500, 2000].map(Duration::from_millis));
        assert_eq!(trace.until(Duration::from_millis(500)), 4);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, want) in [
            ("0\nabc\n", "t:2: 'abc' is no time; write seconds"),
            ("\n0.1 s", "t:2: '0.1 s' is no time"),
            ("-1", "t:1: -1 s is no time: "),
            ("inf", "t:1: inf s is no time: "),
            ("{\"time\": 1}", "t:1: the object has no number \"timestamp\""),
            ("{\"timestamp\": 1", "t:1: this is no JSON object: "),
            ("\n# nothing\n", "t: there are no times in it"),
        ] {
            let error = Trace::parse("t", text.as_bytes()).unwrap_err();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
