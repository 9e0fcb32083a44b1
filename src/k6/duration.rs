//! Durations as k6 reads and prints them: Go's syntax, days, and bare milliseconds.

use std::fmt;
use std::time::Duration;

use super::quote::quote;

/// A signed number of nanoseconds, printed as Go prints a duration (`1m0s`, `1.5s`, `500ms`, `0s`).
///
/// Options keep this type until they are validated, since a negative value must be shown as typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(pub i64);

/// What is wrong with the text of a duration, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5, the micro sign
    ("μs", 1_000), // U+03BC, the Greek letter
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const DAY: i64 = 24 * 3_600_000_000_000;

impl GoDuration {
    /// So many seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// So many milliseconds, cut to whole nanoseconds; out of range saturates, NaN is zero.
    pub fn from_millis(milliseconds: f64) -> Self {
        Self((milliseconds * 1e6) as i64)
    }

    /// The duration for the clock: negative values become zero.
    pub fn to_std(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Parses Go's syntax (`1m30s`, `1.5h`, `-2us`, `0`). A unit is required: what `--duration` and
    /// `--stage` take.
    pub fn parse_go(text: &str) -> Result<Self, ParseError> {
        let invalid = || ParseError(format!("time: invalid duration {}", quote(text)));
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, after) = rest.split_at(number_end);
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
                return Err(invalid());
            }
            let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
            let (unit, after) = after.split_at(unit_end);
            if unit.is_empty() {
                return Err(ParseError(format!("time: missing unit in duration {}", quote(text))));
            }
            let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(ParseError(format!(
                    "time: unknown unit {} in duration {}",
                    quote(unit),
                    quote(text)
                )));
            };
            let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
            let part = if fraction.is_empty() {
                0.0
            } else {
                format!("0.{fraction}").parse::<f64>().map_err(|_| invalid())? * *scale as f64
            };
            total = whole
                .checked_mul(i128::from(*scale))
                .and_then(|v| v.checked_add(part as i128))
                .and_then(|v| v.checked_add(total))
                .ok_or_else(invalid)?;
            rest = after;
        }
        if negative {
            total = -total;
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }

    /// Parses what option values, environment variables and `timeout` parameters take: a bare number
    /// is milliseconds, days may come first (`2d12h`), everything else is Go's syntax.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if let Ok(milliseconds) = text.parse::<f64>()
            && milliseconds.is_finite()
        {
            return Ok(Self::from_millis(milliseconds));
        }
        let Some((days, rest)) = text.split_once('d') else { return Self::parse_go(text) };
        let invalid = || ParseError(format!("time: invalid duration {}", quote(text)));
        let days: i64 = days.parse().map_err(|_| invalid())?;
        let rest = if rest.is_empty() { Self(0) } else { Self::parse_go(rest)? };
        if rest.0 < 0 {
            return Err(invalid());
        }
        let rest = if days < 0 { -rest.0 } else { rest.0 };
        days.checked_mul(DAY).and_then(|d| d.checked_add(rest)).map(Self).ok_or_else(invalid)
    }
}

impl From<Duration> for GoDuration {
    fn from(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let ns = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (unit, scale) = match ns {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => ("s", 1_000_000_000),
        };
        if unit != "s" {
            return write!(f, "{sign}{}{unit}", decimal(ns, scale));
        }
        let (minutes, rest) = (ns / 60_000_000_000, ns % 60_000_000_000);
        let seconds = decimal(rest, 1_000_000_000);
        match (minutes / 60, minutes % 60) {
            (0, 0) => write!(f, "{sign}{seconds}s"),
            (0, minutes) => write!(f, "{sign}{minutes}m{seconds}s"),
            (hours, minutes) => write!(f, "{sign}{hours}h{minutes}m{seconds}s"),
        }
    }
}

/// `value / scale` without trailing zeros; `scale` is a power of ten.
fn decimal(value: u64, scale: u64) -> String {
    let (whole, part) = (value / scale, value % scale);
    if part == 0 {
        return whole.to_string();
    }
    let digits = scale.ilog10() as usize;
    format!("{whole}.{}", format!("{part:0digits$}").trim_end_matches('0'))
}

/// The unit of `summaryTimeUnit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    Seconds,
    Milliseconds,
    Microseconds,
}

impl TimeUnit {
    /// `s`, `ms` or `us`, as users write it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Milliseconds),
            "us" => Some(Self::Microseconds),
            _ => None,
        }
    }

    /// As users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
        }
    }
}

/// A time in milliseconds, the unit of all metrics of time.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn go_syntax_is_parsed_as_go_does() {
        for (text, want) in [
            ("0", Ok(0)),
            ("1m30s", Ok(90 * S)),
            ("1.5h", Ok(5400 * S)),
            (".5s", Ok(S / 2)),
            ("1.s", Ok(S)),
            ("-2us", Ok(-2_000)),
            ("+100µs", Ok(100_000)),
            ("1000", Err("time: missing unit in duration \"1000\"")),
            ("x", Err("time: invalid duration \"x\"")),
            ("", Err("time: invalid duration \"\"")),
            (".s", Err("time: invalid duration \".s\"")),
            ("1q", Err("time: unknown unit \"q\" in duration \"1q\"")),
            ("2d", Err("time: unknown unit \"d\" in duration \"2d\"")),
            ("9999999999h", Err("time: invalid duration \"9999999999h\"")),
        ] {
            let got = GoDuration::parse_go(text).map(|d| d.0).map_err(|e| e.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn options_also_take_milliseconds_and_days() {
        for (text, want) in [
            ("1500", 3 * S / 2),
            ("0.5", 500_000),
            ("2d12h", 60 * 3600 * S),
            ("1d", DAY),
            ("-1d1h", -25 * 3600 * S),
        ] {
            assert_eq!(GoDuration::parse(text).unwrap().0, want, "{text}");
        }
        assert!(GoDuration::parse("inf").is_err() && GoDuration::parse("1d-1h").is_err());
    }

    #[test]
    fn printed_as_go_prints() {
        for (ns, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (500_000_000, "500ms"),
            (3 * S / 2, "1.5s"),
            (60 * S, "1m0s"),
            (3600 * S + 1, "1h0m0.000000001s"),
            (-90 * S, "-1m30s"),
        ] {
            assert_eq!(GoDuration(ns).to_string(), want);
        }
    }
}
