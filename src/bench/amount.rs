//! Amounts that vary: `550±150`, `100-200`, `128`.

use std::str::FromStr;

use rand::Rng;

use crate::executor::arrivals::normal;

/// A number that is drawn anew each time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    Fixed(f64),
    /// Normal, cut off at zero: mean and standard deviation.
    Normal(f64, f64),
    /// Each number between the two is as likely as the others, both included.
    Uniform(f64, f64),
}

impl Amount {
    /// Draws one; never negative.
    pub fn draw(&self, random: &mut impl Rng) -> f64 {
        match *self {
            Self::Fixed(value) => value,
            Self::Normal(mean, deviation) => (mean + deviation * normal(random)).max(0.0),
            Self::Uniform(least, most) => random.random_range(least..=most),
        }
    }

    /// Draws a whole number, at least `least`.
    pub fn draw_whole(&self, least: u64, random: &mut impl Rng) -> u64 {
        (self.draw(random).round() as u64).max(least)
    }

    /// Reads `A`, `A±B`, `A+-B`, `A+/-B` or `A-B`, with `number` for the numbers.
    pub fn parse(text: &str, number: impl Fn(&str) -> Option<f64>) -> Result<Self, String> {
        let read = |part: &str| {
            let wrong = || format!("'{}' is none; write a number, MEAN±DEVIATION or LEAST-MOST", text.trim());
            number(part.trim()).filter(|value| *value >= 0.0 && value.is_finite()).ok_or_else(wrong)
        };
        for sign in ["±", "+/-", "+-"] {
            if let Some((mean, deviation)) = text.split_once(sign) {
                return Ok(Self::Normal(read(mean)?, read(deviation)?));
            }
        }
        if let Some((least, most)) = text.split_once('-') {
            let (least, most) = (read(least)?, read(most)?);
            if least > most {
                return Err(format!("'{text}' goes from more to less; write the smaller number first"));
            }
            return Ok(Self::Uniform(least, most));
        }
        Ok(Self::Fixed(read(text)?))
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text, |part| part.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn texts_become_amounts() {
        for (text, want) in [
            ("128", Amount::Fixed(128.0)),
            ("550±150", Amount::Normal(550.0, 150.0)),
            ("550 +- 150", Amount::Normal(550.0, 150.0)),
            ("550+/-150", Amount::Normal(550.0, 150.0)),
            ("100-200", Amount::Uniform(100.0, 200.0)),
        ] {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        for bad in ["", "x", "5±", "±5", "9-3", "-3", "1e999"] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
    }

    #[test]
    fn draws_have_their_mean_and_spread() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let draws: Vec<_> = (0..20_000).map(|_| Amount::Normal(550.0, 150.0).draw(&mut random)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let deviation = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0).sqrt();
        assert!((mean - 550.0).abs() < 5.0 && (deviation - 150.0).abs() < 5.0, "{mean} {deviation}");
        let uniform = Amount::Uniform(3.0, 5.0);
        assert!((0..100).all(|_| (3..=5).contains(&uniform.draw_whole(1, &mut random))));
        assert_eq!(Amount::Normal(0.0, 0.0).draw_whole(1, &mut random), 1);
    }
}
