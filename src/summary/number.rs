//! How numbers print: rates, sizes, times, counts.

use crate::k6::builtin::Contains;
use crate::k6::duration::TimeUnit;

/// A metric's value: `60.37ms`, `1.1 kB`, `3.5`. Times come in milliseconds, data in bytes.
pub fn value(value: f64, contains: Contains, unit: Option<TimeUnit>) -> String {
    match contains {
        Contains::Default => count(value),
        Contains::Data => bytes(value),
        Contains::Time => match unit {
            Some(unit) => time_in(value, unit),
            None => time(value),
        },
    }
}

/// A share from 0 to 1 as a percentage, cut (not rounded) after two decimals: `66.66%`.
pub fn percent(share: f64) -> String {
    format!("{}%", to_fixed((share * 100.0 * 100.0).trunc() / 100.0, 2))
}

/// A plain number: at most six decimals, rounded.
pub fn count(value: f64) -> String {
    shortest(to_fixed(value, 6).parse().unwrap_or(value))
}

/// The shortest digits that read back as the same number, written as JavaScript writes them.
pub fn shortest(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if value.is_finite() && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        if size >= 1.0 { text.replace('e', "e+") } else { text }
    } else {
        value.to_string()
    }
}

/// A number of bytes, in steps of 1000: `355 B`, `1.1 kB`, `57 kB`.
fn bytes(value: f64) -> String {
    const UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    const BASE: f64 = 1000.0;
    // Also catches negative values, whose logarithm there is not.
    if value.is_nan() || value < 10.0 {
        return format!("{} B", shortest(value));
    }
    // The quotient of logarithms falls short of whole numbers now and then (1 GB shows as
    // 1000 MB), and so it does in k6.
    let step = (value.ln() / BASE.ln()).floor().min((UNITS.len() - 1) as f64);
    let scaled = (value / BASE.powf(step) * 10.0 + 0.5).floor() / 10.0;
    let decimals = if scaled < 10.0 { 1 } else { 0 };
    format!("{} {}", to_fixed(scaled, decimals), UNITS[step as usize])
}

/// A time in milliseconds, in the unit that fits its size, cut after two decimals.
fn time(ms: f64) -> String {
    if ms == 0.0 {
        "0s".to_owned()
    } else if ms < 0.001 {
        format!("{}ns", shortest((ms * 1e6).trunc()))
    } else if ms < 1.0 {
        format!("{}µs", cut(ms * 1000.0, 2))
    } else if ms < 1000.0 {
        format!("{}ms", cut(ms, 2))
    } else {
        let seconds = cut((ms % 60_000.0) / 1000.0, if ms > 60_000.0 { 0 } else { 2 });
        let minutes = (ms / 60_000.0).trunc();
        if minutes < 1.0 {
            return format!("{seconds}s");
        }
        let hours = (minutes / 60.0).trunc();
        if hours < 1.0 {
            return format!("{minutes}m{seconds}s");
        }
        format!("{hours}h{}m{seconds}s", minutes % 60.0)
    }
}

/// A time in milliseconds, in a given unit, with two decimals.
fn time_in(ms: f64, unit: TimeUnit) -> String {
    match unit {
        TimeUnit::Seconds => format!("{}s", to_fixed(ms * 0.001, 2)),
        TimeUnit::Milliseconds => format!("{}ms", to_fixed(ms, 2)),
        TimeUnit::Microseconds => format!("{}µs", to_fixed(ms * 1000.0, 2)),
    }
}

/// Cuts after some decimals and drops zeros at the end.
fn cut(value: f64, decimals: usize) -> String {
    let factor = 10f64.powi(decimals as i32);
    let cut = (factor * value).trunc() / factor;
    shortest(to_fixed(cut, decimals).parse().unwrap_or(cut))
}

/// JavaScript's `toFixed`: exact halves go away from zero, where Rust rounds them to even.
fn to_fixed(value: f64, decimals: usize) -> String {
    let factor = 10f64.powi(decimals as i32);
    let scaled = value * factor;
    // Only a multiple of 2^-(decimals + 1) can lie exactly between two neighbours.
    let dyadic = (value * 2f64.powi(decimals as i32 + 1)).fract() == 0.0;
    let half = dyadic && scaled.abs().fract() == 0.5;
    if half { format!("{:.decimals$}", scaled.round() / factor) } else { format!("{value:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_cut() {
        for (share, text) in [
            (0.0, "0.00%"),
            (1.0, "100.00%"),
            (2.0 / 3.0, "66.66%"),
            (14.0 / 18.0, "77.77%"),
            (0.5, "50.00%"),
            (0.99999, "99.99%"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn data_goes_by_thousands() {
        for (size, text) in [
            (0.0, "0 B"),
            (-3.0, "-3 B"),
            (0.5234, "0.5234 B"),
            (9.75, "9.75 B"),
            (10.0, "10 B"),
            (355.4, "355 B"),
            (999.97, "1000 B"),
            (1000.0, "1.0 kB"),
            (1149.0, "1.1 kB"),
            (9960.0, "10 kB"),
            (12_500.0, "13 kB"),
            (12_440.0, "12 kB"),
            (173_643.0, "174 kB"),
            (2_400_000.0, "2.4 MB"),
            (7.1e9, "7.1 GB"),
        ] {
            assert_eq!(value(size, Contains::Data, None), text, "{size}");
        }
    }

    #[test]
    fn times_pick_their_unit() {
        for (ms, text) in [
            (0.0, "0s"),
            (0.00046, "460ns"),
            (0.0009999, "999ns"),
            (0.001, "1µs"),
            (0.002399, "2.39µs"),
            (0.382, "382µs"),
            (1.0, "1ms"),
            (60.379, "60.37ms"),
            (614.0, "614ms"),
            (999.999, "999.99ms"),
            (1000.0, "1s"),
            (3973.0, "3.97s"),
            (59_999.0, "59.99s"),
            (60_000.0, "1m0s"),
            (65_900.0, "1m5s"),
            (3_600_000.0, "1h0m0s"),
            (3_665_000.0, "1h1m5s"),
            (90_061_000.0, "25h1m1s"),
        ] {
            assert_eq!(value(ms, Contains::Time, None), text, "{ms}");
        }
    }

    #[test]
    fn a_fixed_unit_has_two_decimals() {
        for (unit, text) in [("s", "1.50s"), ("ms", "1500.00ms"), ("us", "1500000.00µs")] {
            let unit = TimeUnit::from_name(unit).unwrap();
            assert_eq!(value(1500.0, Contains::Time, Some(unit)), text);
            assert_eq!(TimeUnit::from_name(unit.name()), Some(unit));
        }
        assert_eq!(TimeUnit::from_name("h"), None);
    }

    #[test]
    fn plain_numbers_have_up_to_six_decimals() {
        for (number, text) in [
            (0.0, "0"),
            (-5.0, "-5"),
            (3.5, "3.5"),
            (4.552_440_91, "4.552441"),
            (1_424.748_81, "1424.74881"),
            (0.000_000_4, "0"),
            (0.000_001, "0.000001"),
            (2_000_000.0, "2000000"),
        ] {
            assert_eq!(value(number, Contains::Default, None), text);
        }
    }

    #[test]
    fn halves_and_extremes_print_as_in_javascript() {
        for (number, decimals, text) in [
            (2.5, 0, "3"),
            (0.5, 0, "1"),
            (-2.5, 0, "-3"),
            (1.005, 2, "1.00"),
            (1.115, 2, "1.11"),
            (0.125, 2, "0.13"),
        ] {
            assert_eq!(to_fixed(number, decimals), text);
        }
        for (number, text) in
            [(1e-7, "1e-7"), (1.5e21, "1.5e+21"), (1e20, "100000000000000000000"), (0.1, "0.1")]
        {
            assert_eq!(shortest(number), text);
        }
    }
}
