//! Student's t distribution.

/// The probability that a value of the distribution with so many degrees of freedom is at least as far from
/// zero as `t`, on either side. Degrees below one count as one.
///
/// By the incomplete beta function: `I_x(df/2, 1/2)` at `x = df / (df + t²)` (Abramowitz & Stegun, 26.7.1).
pub fn two_sided(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() {
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    let df = df.clamp(1.0, 1e6);
    beta(df / (df + t * t), df / 2.0, 0.5).clamp(0.0, 1.0)
}

/// The `t` that [`two_sided`] gives this probability.
pub fn quantile(p: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e4);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, df) > p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function, by the continued fraction of Abramowitz & Stegun 26.5.8, which is
/// evaluated from its front (Lentz's method).
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // Where it converges slowly its mirror image does not.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    let floor = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / floor(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / floor(1.0 + term * d);
            c = floor(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction / before - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * fraction
}

/// The logarithm of the gamma function for positive numbers, by Lanczos' series with g = 7 and nine terms.
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let tail: f64 = TERMS[1..].iter().zip(1..).map(|(term, place)| term / (x + f64::from(place))).sum();
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + (TERMS[0] + tail).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of printed tables.
    #[test]
    fn probabilities_are_those_of_the_tables() {
        for (t, df, want) in [
            (12.706, 1.0, 0.05),
            (2.228, 10.0, 0.05),
            (3.169, 10.0, 0.01),
            (2.750, 30.0, 0.01),
            (1.960, 1e6, 0.05),
            (4.587, 10.0, 0.001),
            (0.0, 5.0, 1.0),
        ] {
            let got = two_sided(t, df);
            assert!((got / want - 1.0).abs() < 2e-3, "t {t}, {df} degrees: {got}, not {want}");
            if t > 0.0 {
                assert!((quantile(want, df) / t - 1.0).abs() < 2e-3);
            }
        }
        assert_eq!((two_sided(f64::INFINITY, 3.0), two_sided(f64::NAN, 3.0)), (0.0, 1.0));
        assert_eq!(two_sided(-2.228, 10.0), two_sided(2.228, 10.0));
    }
}
