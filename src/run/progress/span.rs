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

/// A time as Go prints it: `0s`, `1.5s`, `10m0s`, `1h0m0s`, `250ms`.
pub fn plain(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let rest = (time - Duration::from_secs(minutes * 60)).as_nanos();
    match (minutes / 60, minutes % 60) {
        (0, 0) => match rest {
            0 => "0s".to_owned(),
            1..1_000 => format!("{rest}ns"),
            1_000..1_000_000 => decimal(rest, 3) + "µs",
            1_000_000..1_000_000_000 => decimal(rest, 6) + "ms",
            _ => decimal(rest, 9) + "s",
        },
        (0, m) => format!("{m}m{}s", decimal(rest, 9)),
        (h, m) => format!("{h}h{m}m{}s", decimal(rest, 9)),
    }
}

/// A number with its last `digits` digits behind the point, zeros at the end left out.
fn decimal(number: u128, digits: u32) -> String {
    let unit = 10u128.pow(digits);
    let fraction = format!("{:0w$}", number % unit, w = digits as usize);
    let text = format!("{}.{fraction}", number / unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
            (90_061_000, 100_000, "1d01h01m01.0s"),
        ] {
            let text_of = fixed(Duration::from_millis(millis), Duration::from_secs(max));
            assert_eq!(text_of, text, "{millis} ms of {max} s");
        }
    }

    #[test]
    fn plain_times_are_gos() {
        for (nanos, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (250_000_000, "250ms"),
            (1_050_000, "1.05ms"),
            (3_000_000_000, "3s"),
            (1_500_000_000, "1.5s"),
            (60_000_000_000, "1m0s"),
            (60_000_000_500, "1m0.0000005s"),
            (630_000_000_000, "10m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (90_061_000_000_000, "25h1m1s"),
        ] {
            assert_eq!(plain(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn numbers_have_the_digits_of_the_largest() {
        assert_eq!((padded(3, 10), padded(12, 5), padded(0, 0)), ("03".into(), "12".into(), "0".into()));
    }
}
