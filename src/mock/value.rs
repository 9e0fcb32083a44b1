//! Values of settings, as typed.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::k6::duration::GoDuration;

/// The longest delay: a day, in nanoseconds.
const MAX_DELAY: i64 = 86_400_000_000_000;

/// A delay: bare milliseconds, fractions allowed, or a Go duration such as `1m1.5s`.
pub(super) fn delay(text: &str) -> Result<Duration> {
    let delay = GoDuration::parse(text).ok().filter(|delay| (0..=MAX_DELAY).contains(&delay.0));
    let delay = delay.context("want milliseconds (20) or a duration (20ms, 1.5s) of at most a day")?;
    Ok(delay.to_std())
}

/// A count.
pub(super) fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| anyhow!("want a whole number"))
}

/// A whole number of a range.
pub(super) fn within<T: FromStr + PartialOrd + Display>(text: &str, range: RangeInclusive<T>) -> Result<T> {
    let value = text.parse().ok().filter(|value| range.contains(value));
    value.ok_or_else(|| anyhow!("want a whole number from {} to {}", range.start(), range.end()))
}

/// A factor above zero, up to a million.
pub(super) fn factor(text: &str) -> Result<f64> {
    let value = text.parse().ok().filter(|value| *value > 0.0 && *value <= 1e6);
    value.context("want a number above 0 (2, 0.5)")
}

/// On or off; nothing means on.
pub(super) fn switch(text: &str) -> Result<bool> {
    match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => bail!("want 1 or 0"),
    }
}

/// One of several words.
pub(super) fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T> {
    match known.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(*value),
        None => bail!("want one of {}", known.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays() {
        let table: &[(&str, Option<u64>)] = &[
            ("60", Some(60_000_000)),
            ("0", Some(0)),
            ("0.25", Some(250_000)),
            ("60ms", Some(60_000_000)),
            ("1m1.5s", Some(61_500_000_000)),
            ("3µs", Some(3_000)),
            ("", None),
            ("-1", None),
            ("-1ms", None),
            ("1x", None),
            ("ms", None),
            ("NaN", None),
            ("inf", None),
            ("25h", None),
        ];
        for (text, want) in table {
            assert_eq!(delay(text).ok(), want.map(Duration::from_nanos), "{text:?}");
        }
    }
}
