//! Short strings that are made again and again, like the words of a text.

use boa_engine::JsString;
use boa_engine::string::JsStr;

/// Words kept; a power of two.
const WORDS: usize = 1_024;

/// Units of the longest word that is kept.
const LENGTH: usize = 8;

/// The words seen last, each in the place that its units lead to.
pub(super) struct Words(Vec<(u64, JsString)>);

impl Words {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The string of these units. `None` unless they are few, and all are Latin-1 and not zero.
    pub fn get<U: Copy + Into<u16>>(&mut self, units: &[U]) -> Option<JsString> {
        if units.is_empty() || units.len() > LENGTH {
            return None;
        }
        let mut word = [0; LENGTH];
        for (byte, unit) in word.iter_mut().zip(units) {
            let unit: u16 = (*unit).into();
            *byte = u8::try_from(unit).ok().filter(|byte| *byte != 0)?;
        }
        if self.0.is_empty() {
            self.0.resize(WORDS, (0, JsString::default()));
        }
        // No unit is zero, so this number stands for no other word.
        let key = u64::from_le_bytes(word);
        let place = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - WORDS.ilog2());
        let (known, string) = &mut self.0[place as usize];
        if *known != key {
            *known = key;
            *string = JsString::from(JsStr::latin1(&word[..units.len()]));
        }
        Some(string.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let mut words = Words::new();
        for _ in 0..2 {
            for number in 0..5_000_u32 {
                let word = number.to_string();
                assert_eq!(words.get(word.as_bytes()), Some(JsString::from(word)));
            }
        }
        assert_eq!(words.get::<u16>(&[0xE9, 0x61]), Some(JsString::from("éa")));
        for not_kept in [&[] as &[u16], &[0x3042], &[0x61, 0], &[0x61; LENGTH + 1]] {
            assert_eq!(words.get(not_kept), None);
        }
    }
}
