//! Times as text.

use std::io::Write;

use crate::metrics::Timestamp;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Writes times in RFC 3339, in UTC, and remembers the text of the last second.
#[derive(Debug, Default)]
pub struct Rfc3339 {
    second: Option<i64>,
    /// `2026-11-22T00:48:32`
    text: String,
}

impl Rfc3339 {
    /// Appends the time with as many digits of a second as it has: `2026-11-22T00:48:32.25Z`.
    pub fn append_nanos(&mut self, to: &mut Vec<u8>, time: Timestamp) {
        self.append_date(to, time);
        let nanos = time.0.rem_euclid(NANOS_PER_SECOND);
        if nanos != 0 {
            // Writing to a vector cannot fail.
            let _ = write!(to, ".{nanos:09}");
            while to.last() == Some(&b'0') {
                to.pop();
            }
        }
        to.push(b'Z');
    }

    /// Appends the time without the fraction of a second: `2026-11-22T00:48:32Z`.
    pub fn append_seconds(&mut self, to: &mut Vec<u8>, time: Timestamp) {
        self.append_date(to, time);
        to.push(b'Z');
    }

    fn append_date(&mut self, to: &mut Vec<u8>, time: Timestamp) {
        let second = time.0.div_euclid(NANOS_PER_SECOND);
        if self.second != Some(second) {
            self.second = Some(second);
            // Every number of nanoseconds in 64 bits is within jiff's years.
            let stamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            self.text = stamp.to_string();
            self.text.pop();
        }
        to.extend_from_slice(self.text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_end_with_a_digit() {
        let mut times = Rfc3339::default();
        for (nanos, want) in [
            (1_795_308_512_722_520_622, "2026-11-22T00:48:32.722520622Z"),
            (1_795_308_512_300_000_000, "2026-11-22T00:48:32.3Z"),
            (1_795_308_512_000_000_100, "2026-11-22T00:48:32.0000001Z"),
            (1_795_308_513_000_000_000, "2026-11-22T00:48:33Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        ] {
            let mut text = Vec::new();
            times.append_nanos(&mut text, Timestamp(nanos));
            assert_eq!(String::from_utf8(text).unwrap(), want);
        }
    }
}
