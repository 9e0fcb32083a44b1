//! `--saturation`: from when on ssek itself is too slow for its figures to be trusted.

use std::str::FromStr;
use std::time::Duration;

use crate::k6::duration::GoDuration;

/// The limits of the verdict. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturation {
    /// Of the 99th percentile of `client_lag`.
    pub lag: Duration,
    /// Of the same, as a share of the median time to first event.
    pub ttfe: f64,
    /// Of the CPU time that was kept up for three seconds, as a share of the cores at hand.
    pub cpu: f64,
    /// Runs that are shorter get no verdict.
    pub after: Duration,
}

impl Default for Saturation {
    fn default() -> Self {
        Self { lag: Duration::from_millis(10), ttfe: 0.1, cpu: 0.85, after: Duration::from_secs(10) }
    }
}

impl FromStr for Saturation {
    type Err = String;

    /// The defaults changed by a list such as `lag=10ms,ttfe=10%,cpu=85%,after=10s`.
    fn from_str(list: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for pair in list.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let wrong = |error: String| format!("{pair}: {error}");
            match key.trim() {
                "lag" => limits.lag = time(value).map_err(wrong)?,
                "ttfe" => limits.ttfe = share(value).map_err(wrong)?,
                "cpu" => limits.cpu = share(value).map_err(wrong)?,
                "after" => limits.after = time(value).map_err(wrong)?,
                _ => return Err(format!("{pair}: there are lag, ttfe, cpu and after, each with =VALUE")),
            }
        }
        Ok(limits)
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let time = GoDuration::parse_go(text.trim()).map_err(|error| error.to_string())?;
    if time < GoDuration::from_secs(0) {
        return Err("a time below zero".to_owned());
    }
    Ok(time.to_std())
}

/// `85%`, `85 %` or `0.85`
fn share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, whole) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let share = number.parse::<f64>().ok().map(|number| number / whole);
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "want a share from 0% to 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_changes_some_of_the_limits() {
        let limits: Saturation = " lag = 2.5ms, cpu=70%".parse().unwrap();
        let want = Saturation { lag: Duration::from_micros(2500), cpu: 0.7, ..Saturation::default() };
        assert_eq!(limits, want);
        let limits: Saturation = "ttfe=0.2,after=0s".parse().unwrap();
        assert_eq!((limits.ttfe, limits.after), (0.2, Duration::ZERO));
        assert_eq!("".parse(), Ok(Saturation::default()));
    }

    #[test]
    fn wrong_lists_are_told() {
        for (list, word) in [
            ("lag=10", "missing unit"),
            ("lag=-1s", "below zero"),
            ("cpu=120%", "cpu=120%: want a share"),
            ("cpu", "want a share"),
            ("ram=1", "there are lag, ttfe, cpu and after"),
        ] {
            let error = list.parse::<Saturation>().unwrap_err();
            assert!(error.contains(word), "{list}: {error}");
        }
    }
}
