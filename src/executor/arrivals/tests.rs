use super::super::share::Share;
use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn millis(arrivals: &Arrivals) -> Vec<u128> {
    arrivals.iter().map(|at| (at.as_micros() + 500) / 1000).collect()
}

fn ramping(start: u64, stages: &[(u64, u64)], stripe: Stripe) -> Arrivals {
    let stages = stages.iter().map(|(ms, rate)| (Duration::from_millis(*ms), *rate));
    Arrivals::ramping(start, stages, SECOND, stripe)
}

#[test]
fn constant_rates_start_at_once() {
    let starts = |rate, unit, duration| Arrivals::constant(rate, unit, duration, Stripe::whole());
    assert_eq!(millis(&starts(4, SECOND, SECOND)), [0, 250, 500, 750]);
    assert_eq!(millis(&starts(1, SECOND * 3, SECOND * 10)), [0, 3000, 6000, 9000]);
    assert_eq!(starts(3, SECOND, SECOND * 3600).iter().count(), 10_800);
    assert_eq!(starts(7001, SECOND, SECOND).iter().count(), 7001);
}

#[test]
fn ramps_start_when_the_integral_says_so() {
    let starts = |start, stages| millis(&ramping(start, stages, Stripe::whole()));
    let want = [250, 500, 750, 1000, 1225, 1414, 1581, 1732, 1871, 2000];
    assert_eq!(starts(4, &[(1000, 4), (1000, 8)]), want);
    assert_eq!(starts(0, &[(2000, 2)]), [1414, 2000]);
    assert_eq!(starts(2, &[(2000, 0)]), [586, 2000]);
    // Halves of two stages make one iteration; nothing happens where there is no rate.
    assert_eq!(starts(1, &[(500, 1), (0, 0), (1000, 0), (0, 1), (500, 1)]), [2000]);
    assert_eq!(starts(0, &[(1000, 0)]), [0; 0]);
    // 5 → 40 in 2 s and → 10 in 1 s are 45 and 25.
    assert_eq!(starts(5, &[(2000, 40), (1000, 10)]).len(), 70);
}

#[test]
fn random_starts_begin_with_a_gap_and_repeat() {
    let poisson = |seed| {
        let whole = Arrivals::constant(10, SECOND, SECOND * 10, Stripe::whole());
        whole.random(Gaps::exponential(Gaps::seed(seed, "s")))
    };
    let first: Vec<_> = poisson(1).iter().collect();
    assert!(first[0] > Duration::ZERO && first.is_sorted() && first.iter().all(|at| *at < SECOND * 10));
    assert_eq!(first, poisson(1).iter().collect::<Vec<_>>());
    assert_ne!(first, poisson(2).iter().collect::<Vec<_>>());
    assert_eq!(poisson(1).pace(SECOND * 3), Some(10.0));
    // Where there is no rate, nothing starts.
    let pause = ramping(50, &[(1000, 50), (0, 0), (1000, 0), (0, 50), (1000, 50)], Stripe::whole());
    let pause = pause.random(Gaps::exponential(Gaps::seed(3, "s")));
    assert!(pause.iter().all(|at| at <= SECOND || at >= SECOND * 2));
    assert!(pause.iter().any(|at| at > SECOND * 2));
}

#[test]
fn traces_are_replayed_up_to_the_end() {
    let trace = Trace::parse("t", b"0.5\n0\n1\n1\n2\n2.001").unwrap();
    let whole = Arrivals::constant(0, SECOND, SECOND * 2, Stripe::whole()).replay(trace);
    assert_eq!(millis(&whole), [0, 500, 1000, 1000, 2000]);
    assert_eq!((whole.mean(), whole.is_constant(), whole.pace(SECOND)), (2.5, true, None));
}

/// Counts of a long test against the integral of its rate. The variance of a gamma process' count is its mean
/// divided by the shape; 1 % is far beyond five standard deviations here.
#[test]
fn counts_are_those_of_the_rate() {
    let stages = [(20_000, 3000), (30_000, 3000), (10_000, 0), (20_000, 1000)];
    let want = 20.0 * 1500.0 + 30.0 * 3000.0 + 10.0 * 1500.0 + 20.0 * 500.0;
    let whole = ramping(0, &stages, Stripe::whole());
    let constant = Arrivals::constant(1450, SECOND, SECOND * 100, Stripe::whole());
    let seed = Gaps::seed(11, "s");
    for (arrivals, law) in [
        (whole.clone(), "even"),
        (whole.clone().random(Gaps::exponential(seed)), "poisson"),
        (whole.clone().random(Gaps::gamma(0.5, seed)), "gamma 0.5"),
        (whole.random(Gaps::gamma(4.0, seed)), "gamma 4"),
        (constant.clone(), "even, constant"),
        (constant.clone().random(Gaps::exponential(seed)), "poisson, constant"),
        (constant.random(Gaps::gamma(0.5, seed)), "gamma, constant"),
    ] {
        let count = arrivals.iter().count() as f64;
        assert!((count / want - 1.0).abs() < 0.01, "{law}: {count} of {want}");
    }
}

/// The probability that samples of a continuous distribution lie as far from it as these, by the statistic of
/// Kolmogorov and Smirnov; the series with Stephens' correction for finite numbers.
fn kolmogorov_smirnov(mut samples: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let distance = |(place, sample): (usize, &f64)| {
        let (below, at) = (place as f64 / n, cdf(*sample));
        (at - below).max(below + 1.0 / n - at)
    };
    let d = samples.iter().enumerate().map(distance).fold(0.0, f64::max);
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * d;
    let term = |k: i32| f64::from(1 - 2 * ((k + 1) % 2)) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    2.0 * (1..100).map(term).sum::<f64>()
}

/// The distribution function of gamma gaps with the mean 1: the incomplete gamma function as a power series.
/// `gamma` is that function of `shape + 1`.
fn gamma_cdf(shape: f64, gamma: f64, gap: f64) -> f64 {
    let x = gap * shape;
    let (mut term, mut sum, mut n) = (1.0, 1.0, shape);
    while term > sum * 1e-16 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    (shape * x.ln() - x).exp() * sum / gamma
}

/// The integral of the rate of the ramp below, from zero: 0 → 400/s in 10 s, 400/s for 10 s, → 100/s in 10 s.
fn integral(at: Duration) -> f64 {
    let t = at.as_secs_f64();
    match t {
        t if t < 10.0 => 20.0 * t * t,
        t if t < 20.0 => 2000.0 + 400.0 * (t - 10.0),
        t => 6000.0 + 400.0 * (t - 20.0) - 15.0 * (t - 20.0).powi(2),
    }
}

#[test]
fn gaps_have_their_distribution_in_the_time_of_the_rate() {
    let constant = Arrivals::constant(200, SECOND, SECOND * 40, Stripe::whole());
    let ramp = ramping(0, &[(10_000, 400), (10_000, 400), (10_000, 100)], Stripe::whole());
    let gaps = |arrivals: Arrivals, integral: &dyn Fn(Duration) -> f64| {
        let places = [0.0].into_iter().chain(arrivals.iter().map(integral)).collect::<Vec<_>>();
        places.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    let exponential = |gap: f64| 1.0 - (-gap).exp();
    for seed in 11..=15 {
        let seed = Gaps::seed(seed, "s");
        for (arrivals, integral) in [
            (&constant, &(|at: Duration| at.as_secs_f64() * 200.0) as &dyn Fn(Duration) -> f64),
            (&ramp, &integral),
        ] {
            let poisson = arrivals.clone().random(Gaps::exponential(seed));
            let p = kolmogorov_smirnov(gaps(poisson, integral), exponential);
            assert!(p > 0.01, "poisson: {p}");
            // Γ(1.5), Γ(3), Γ(5)
            for (shape, gamma) in [(0.5, 0.886_226_925_452_758), (2.0, 2.0), (4.0, 24.0)] {
                let drawn = gaps(arrivals.clone().random(Gaps::gamma(shape, seed)), integral);
                let p = kolmogorov_smirnov(drawn.clone(), |gap| gamma_cdf(shape, gamma, gap));
                assert!(p > 0.01, "gamma {shape}: {p}");
                // The test can tell.
                assert!(kolmogorov_smirnov(drawn, exponential) < 1e-6, "gamma {shape} is not exponential");
            }
        }
    }
}

/// Given their number, the times of a Poisson process are like independent draws from the rate.
#[test]
fn a_ramps_poisson_starts_follow_its_rate() {
    let ramp = ramping(0, &[(10_000, 400), (10_000, 400), (10_000, 100)], Stripe::whole());
    for seed in 11..=15 {
        let poisson = ramp.clone().random(Gaps::exponential(Gaps::seed(seed, "ramp")));
        let places = poisson.iter().map(|at| integral(at) / integral(SECOND * 30)).collect();
        let p = kolmogorov_smirnov(places, |place| place);
        assert!(p > 0.01, "{p}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn stripes_make_up_the_whole(
        parts in 2_i64..9,
        vus in 1_u64..20,
        start in 0_u64..60,
        stages in proptest::collection::vec((0_u64..3000, 0_u64..60), 1..5),
        seed in 0_i64..1000,
        times in proptest::collection::vec(0_u32..3000, 1..40),
    ) {
        let borders: Vec<_> = (0..=parts).map(|n| format!("{n}/{parts}")).collect();
        let sequence = borders.join(",").parse().unwrap();
        let shares = borders.windows(2).filter_map(|pair| {
            let segment = format!("{}:{}", pair[0], pair[1]).parse().unwrap();
            Share::new(Some(segment), Some(&sequence)).unwrap().among(vus)
        });
        let times: String = times.iter().map(|ms| format!("{}\n", f64::from(*ms) / 1e3)).collect();
        let trace = Trace::parse("t", times.as_bytes()).unwrap();
        let of = |stripe: &Stripe| {
            let constant = Arrivals::constant(start + 1, SECOND, SECOND * 2, stripe.clone());
            let ramp = ramping(start, &stages, stripe.clone());
            let poisson = ramp.clone().random(Gaps::exponential(Gaps::seed(seed, "s")));
            let gamma = constant.clone().random(Gaps::gamma(0.3, Gaps::seed(seed, "s")));
            let replayed = ramp.clone().replay(trace.clone());
            [constant, ramp, poisson, gamma, replayed].map(|a| a.iter().collect::<Vec<_>>())
        };
        let whole = of(&Stripe::whole());
        let mut united: [Vec<Duration>; 5] = Default::default();
        for share in shares {
            united.iter_mut().zip(of(share.stripe())).for_each(|(all, own)| all.extend(own));
        }
        united.iter_mut().for_each(|all| all.sort());
        prop_assert_eq!(&united, &whole);
        prop_assert!(whole.iter().all(|times| times.is_sorted()));
    }
}
