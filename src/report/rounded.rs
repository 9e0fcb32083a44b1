//! Numbers for the page: as many digits as can be seen.

use serde::{Serialize, Serializer};

/// A number that is written with four significant digits; `null` where it is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded(pub f64);

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = significant(self.0);
        // Shorter, and most of counts are.
        if value.fract() == 0.0 && value.abs() < 1e15 {
            serializer.serialize_i64(value as i64)
        } else {
            serializer.serialize_f64(value)
        }
    }
}

/// The number with four significant digits; whole numbers stay as they are.
fn significant(value: f64) -> f64 {
    if !value.is_finite() || value.fract() == 0.0 {
        return value;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    if digits <= 0 {
        return value.round();
    }
    if digits > 15 {
        return 0.0;
    }
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// All of them.
pub fn all(values: Vec<Option<f64>>) -> Vec<Option<Rounded>> {
    values.into_iter().map(|value| value.map(Rounded)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_enough() {
        for (value, want) in [
            (0.0, "0"),
            (123_456.0, "123456"),
            (123_456.7, "123457"),
            (12.345_678, "12.35"),
            (0.000_123_456, "0.0001235"),
            (-1.5, "-1.5"),
            (1e-30, "0"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(serde_json::to_string(&Rounded(value)).unwrap(), want, "{value}");
        }
    }
}
