//! What the summary says of the warm-up and the cool-down.

use std::time::Duration;

use serde_json::{Value, json};

use super::data::number;
use crate::k6::duration::GoDuration;

/// `not in these figures: 10s of warm-up and 5s of cool-down`; `None` where there was neither.
pub(super) fn sentence((warmup, cooldown): (Duration, Duration)) -> Option<String> {
    let part = |time: Duration, name: &str| {
        let tenths = i64::try_from((time.as_millis() + 50) / 100).unwrap_or(i64::MAX / 100_000_000);
        (tenths > 0).then(|| format!("{} of {name}", GoDuration(tenths * 100_000_000)))
    };
    let parts: Vec<_> =
        [part(warmup, "warm-up"), part(cooldown, "cool-down")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("not in these figures: {}", parts.join(" and ")))
}

/// The same for JSON, in milliseconds.
pub(super) fn value((warmup, cooldown): (Duration, Duration)) -> Option<Value> {
    let milliseconds = |time: Duration| number(time.as_nanos() as f64 / 1e6);
    (!(warmup + cooldown).is_zero())
        .then(|| json!({ "warmup": milliseconds(warmup), "cooldown": milliseconds(cooldown) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_was_is_said() {
        let ms = Duration::from_millis;
        for (times, want) in [
            ((ms(0), ms(0)), None),
            ((ms(10_000), ms(0)), Some("not in these figures: 10s of warm-up")),
            ((ms(1_500), ms(60_049)), Some("not in these figures: 1.5s of warm-up and 1m0s of cool-down")),
        ] {
            assert_eq!(sentence(times).as_deref(), want);
        }
        assert_eq!(value((ms(0), ms(0))), None);
        assert_eq!(value((ms(1_500), ms(0))), Some(json!({"warmup": 1500, "cooldown": 0})));
    }
}
