//! Prompts that are made up, of so many tokens.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::words::WORDS;
use super::{Content, Message, Turn};
use crate::bench::amount::Amount;
use crate::executor::Gaps;

/// What `--synthetic` asks for: `prompt=550±150,output=128±30`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Tokens of the prompt, at least one.
    pub prompt: Amount,
    /// Tokens that the answer may have, at least one; `None`: as many as the server likes.
    pub output: Option<Amount>,
}

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut prompt, mut output) = (None, None);
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("'{pair}' is no KEY=AMOUNT; want prompt=TOKENS,output=TOKENS"))?;
            let amount = value.parse().map_err(|error| format!("{}: {error}", key.trim()))?;
            match key.trim() {
                "prompt" | "input" => prompt = Some(amount),
                "output" | "completion" => output = Some(amount),
                other => return Err(format!("there is no '{other}'; want prompt=TOKENS,output=TOKENS")),
            }
        }
        Ok(Self { prompt: prompt.ok_or("the prompt's size is missing: prompt=TOKENS")?, output })
    }
}

/// Makes prompts up: the same ones for the same seed.
#[derive(Clone, Debug)]
pub struct Synthetic {
    sizes: Sizes,
    seed: [u8; 32],
    text: String,
}

impl Synthetic {
    /// Prompts of these sizes.
    pub fn new(text: &str, seed: i64) -> Result<Self, String> {
        Ok(Self { sizes: text.parse()?, seed: Gaps::seed(seed, "synthetic prompts"), text: text.to_owned() })
    }

    /// The request at a place.
    pub fn at(&self, place: u64) -> Turn {
        let mut random = ChaCha8Rng::from_seed(self.seed);
        random.set_stream(place);
        let tokens = self.sizes.prompt.draw_whole(1, &mut random);
        let max_tokens = self.sizes.output.map(|output| output.draw_whole(1, &mut random));
        Turn { max_tokens, ..Turn::question(&words(tokens, &mut random)) }
    }

    /// For the banner.
    pub fn describe(&self) -> String {
        format!("made-up prompts ({})", self.text)
    }
}

/// A text of so many tokens.
pub(super) fn words(tokens: u64, random: &mut ChaCha8Rng) -> String {
    let mut text = String::with_capacity(tokens as usize * 6);
    for place in 0..tokens {
        let word = WORDS[random.random_range(0..WORDS.len())];
        let _ = write!(text, "{}{word}", if place == 0 { "" } else { " " });
    }
    text
}

/// A text that all first messages begin with: what a server with a cache of prefixes computes once.
#[derive(Clone, Debug)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// So many tokens, the same for the same seed; `None` for zero.
    pub fn new(tokens: u64, seed: i64) -> Option<Self> {
        let mut random = ChaCha8Rng::from_seed(Gaps::seed(seed, "shared prefix"));
        (tokens > 0).then(|| Self(words(tokens, &mut random).into()))
    }

    /// The turns with the prefix in front of what the first of them says.
    pub(super) fn before(&self, turns: &Arc<[Turn]>) -> Arc<[Turn]> {
        let mut turns = turns.to_vec();
        let messages = turns.first_mut().map(|turn| &mut turn.messages);
        if let Some(message) = messages.and_then(|messages| messages.first_mut()) {
            let text = format!("{} {}", self.0, message.content.text());
            *message = Message { role: message.role.clone(), content: Content::Text(text.into()) };
        }
        turns.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let sizes: Sizes = "prompt=550±150,output=128+-30".parse().unwrap();
        assert_eq!(sizes.output, Some(Amount::Normal(128.0, 30.0)));
        for bad in ["", "output=5", "prompt=x", "prompt", "prompt=5,depth=2"] {
            assert!(bad.parse::<Sizes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_word_is_a_token() {
        for tokenizer in [bpe_openai::cl100k_base(), bpe_openai::o200k_base()] {
            for word in WORDS {
                assert_eq!(tokenizer.count(&format!(" {word}")), 1, "{word}");
            }
            let turn = Synthetic::new("prompt=550", 1).unwrap().at(3);
            assert_eq!(tokenizer.count(&turn.messages[0].content.text()), 550);
        }
    }

    #[test]
    fn a_place_has_one_prompt() {
        let synthetic = Synthetic::new("prompt=20±5,output=9", 7).unwrap();
        assert_eq!(synthetic.at(5), synthetic.at(5));
        assert_ne!(synthetic.at(5), synthetic.at(6));
        assert_ne!(synthetic.at(5), Synthetic::new("prompt=20±5,output=9", 8).unwrap().at(5));
        assert_eq!(synthetic.at(0).max_tokens, Some(9));
        let prefix = Prefix::new(3, 1).unwrap();
        let turns = prefix.before(&Arc::from([Turn::question("x")]));
        assert_eq!(turns[0].messages[0].content.text().split(' ').count(), 4);
        assert!(Prefix::new(0, 1).is_none());
    }
}
