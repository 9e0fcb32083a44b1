//! Random gaps between arrivals, in units of their mean, from a seed.

use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};

/// Independent gaps of one distribution with the mean 1; the same ones each time they are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaps {
    shape: f64,
    seed: [u8; 32],
}

impl Gaps {
    /// Exponential gaps, as of a Poisson process: when an arrival comes has nothing to do with the ones before.
    pub fn exponential(seed: [u8; 32]) -> Self {
        Self::gamma(1.0, seed)
    }

    /// Gamma gaps of a positive shape and the scale 1/shape, so that the mean is 1 and the variance 1/shape: below
    /// 1 arrivals come in bursts, 1 is exponential, above they become even.
    pub fn gamma(shape: f64, seed: [u8; 32]) -> Self {
        Self { shape, seed }
    }

    /// The seed of one scenario: the scenarios of a test are independent of each other.
    pub fn seed(seed: i64, scenario: &str) -> [u8; 32] {
        Sha256::new().chain_update(seed.to_le_bytes()).chain_update(scenario).finalize().into()
    }

    /// Draws the gaps from the first one on.
    pub fn draw(&self) -> Draw {
        Draw { shape: self.shape, generator: ChaCha8Rng::from_seed(self.seed) }
    }
}

/// Draws gaps without end.
#[derive(Clone, Debug)]
pub struct Draw {
    shape: f64,
    generator: ChaCha8Rng,
}

impl Draw {
    /// The next gap, never negative.
    pub fn gap(&mut self) -> f64 {
        if self.shape == 1.0 {
            return self.exponential();
        }
        if self.shape > 1.0 {
            return self.gamma(self.shape) / self.shape;
        }
        // A draw of the next shape times U^(1/shape): Marsaglia and Tsang, section 6.
        let above = self.gamma(self.shape + 1.0);
        above * (-self.exponential() / self.shape).exp() / self.shape
    }

    /// By inversion.
    fn exponential(&mut self) -> f64 {
        let below_one: f64 = self.generator.random();
        -(-below_one).ln_1p()
    }

    /// A gamma variable of the scale 1 and a shape of 1 or more: G. Marsaglia and W. W. Tsang, "A simple method for
    /// generating gamma variables", ACM Transactions on Mathematical Software 26 (2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = normal(&mut self.generator);
            let v = (1.0 + c * x).powi(3);
            // The logarithm of a uniform variable is an exponential one, negated.
            if v > 0.0 && -self.exponential() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }
}

/// A standard normal variable by Marsaglia's polar method; the second one that it gives is let go.
pub fn normal(random: &mut impl Rng) -> f64 {
    loop {
        let x = random.random::<f64>() * 2.0 - 1.0;
        let y = random.random::<f64>() * 2.0 - 1.0;
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let gaps = |seed, scenario| {
            let mut draw = Gaps::exponential(Gaps::seed(seed, scenario)).draw();
            [draw.gap(), draw.gap(), draw.gap()]
        };
        assert_eq!(gaps(7, "a"), gaps(7, "a"));
        assert_ne!(gaps(7, "a"), gaps(8, "a"));
        assert_ne!(gaps(7, "a"), gaps(7, "b"));
        // The same for everybody who runs this version, whatever the machine.
        assert_eq!(gaps(1, "s").map(|gap| (gap * 1e6).round()), [650_730.0, 2_335_212.0, 755_653.0]);
    }

    #[test]
    fn moments_of_gamma_gaps() {
        for shape in [0.25, 1.0, 9.0] {
            let mut draw = Gaps::gamma(shape, Gaps::seed(3, "s")).draw();
            let gaps: Vec<_> = (0..100_000).map(|_| draw.gap()).collect();
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
            let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
            assert!((mean - 1.0).abs() < 0.02, "{shape}: mean {mean}");
            assert!((variance * shape - 1.0).abs() < 0.05, "{shape}: variance {variance}");
        }
    }
}
