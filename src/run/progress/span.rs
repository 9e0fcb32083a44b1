//! Times and numbers of a fixed width, so that lines do not jump.

use std::time::Duration;

/// A time to a tenth of a second, at most `max`, with the units and digits that `max` needs:
/// `0.1s` up to ten seconds, `00.1s` up to a minute, then `0m05.1s`, `00m05.1s`, `0h00m05.1s` and
/// with days.
pub fn fixed(time: Duration, max: Duration) -> String {
    let tenths = time.min(max).as_nanos().saturating_add(50_000_000) / 100_000_000;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    let whole = max.as_secs();
    let digits = |leading: u64| leading.to_string().len();
    let (days, hours, minutes) = (whole / 86_400, whole / 3600, whole / 60);
    if days > 0 {
        let (d, h, m, s) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{d:0w$}d{h:02}h{m:02}m{s:02}.{tenth}s", w = digits(days))
    } else if hours > 0 {
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{h:0w$}h{m:02}m{s:02}.{tenth}s", w = digits(hours))
    } else if minutes > 0 {
        format!("{:0w$}m{:02}.{tenth}s", seconds / 60, seconds % 60, w = digits(minutes))
    } else {
        format!("{seconds:0w$}.{tenth}s", w = digits(whole))
    }
}

/// A number with zeros before it, as many digits as `max` has.
pub fn padded(number: u64, max: u64) -> String {
    format!("{number:0w$}", w = max.to_string().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_sets_the_form() {
        for (millis, max, text) in [
            (60, 5, "0.1s"),
            (1040, 5, "1.0s"),
            (2960, 3, "3.0s"),
            (9000, 5, "5.0s"),
            (1000, 10, "01.0s"),
            (100, 59, "00.1s"),
            (2500, 60, "0m02.5s"),
            (59_960, 60, "1m00.0s"),
            (300, 630, "00m00.3s"),
            (5100, 3600, "0h00m05.1s"),
            (5100, 86_399, "00h00m05.1s"),
            (5100, 7200, "0h00m05.1s"),
            (90_061_000, 100_000, "1d01h01m01.0s"),
            (90_061_000, 10, "10.0s"),
        ] {
            let text_of = fixed(Duration::from_millis(millis), Duration::from_secs(max));
            assert_eq!(text_of, text, "{millis} ms of {max} s");
        }
    }

    #[test]
    fn numbers_have_the_digits_of_the_largest() {
        assert_eq!((padded(3, 10), padded(12, 5), padded(0, 0)), ("03".into(), "12".into(), "0".into()));
    }
}
