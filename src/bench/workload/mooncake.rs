//! Traces of Mooncake: when requests came, how long they were, and which prefixes they shared.
//!
//! A line is `{"timestamp": MS, "input_length": TOKENS, "output_length": TOKENS, "hash_ids": […]}`; each hash id
//! stands for a block of 512 tokens whose hash includes all blocks before it (FAST25 release, README of the traces).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::Turn;
use super::synthetic::words;
use crate::bench::place::{Mistake, read};
use crate::executor::Gaps;

/// Tokens of a block with a hash id.
const BLOCK: u64 = 512;

/// The longest prompt that is made up, in tokens: above every context window there is.
const LONGEST: u64 = 1 << 24;

/// One recorded request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Entry {
    /// In milliseconds.
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

/// The requests of a trace, in the order of their times.
#[derive(Clone, Debug)]
pub struct Replay {
    entries: Arc<[Entry]>,
    seed: [u8; 32],
}

/// Reads a trace. The first request is due at zero.
///
/// # Errors
/// It cannot be read, has a line of another form, or none at all.
pub fn load(file: &Path, seed: i64) -> Result<Replay, Mistake> {
    let text = read(file)?;
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let entry: Entry =
            serde_json::from_str(line).map_err(|error| Mistake::of_json(file, number, &error))?;
        if !(0.0..1e15).contains(&entry.timestamp) {
            let text = "the timestamp must be a number of milliseconds from zero on";
            return Err(Mistake::in_json(file, number, line, "timestamp", text));
        }
        if entry.input_length > LONGEST {
            let text = format!("a prompt has at most {LONGEST} tokens");
            return Err(Mistake::in_json(file, number, line, "input_length", text));
        }
        entries.push(entry);
    }
    entries.sort_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
    let Some(first) = entries.first().map(|entry| entry.timestamp) else {
        return Err(Mistake::whole(file, "there are no requests in it"));
    };
    entries.iter_mut().for_each(|entry| entry.timestamp -= first);
    Ok(Replay { entries: entries.into(), seed: Gaps::seed(seed, "trace prompts") })
}

impl Replay {
    /// The request at a place; `None` behind the last.
    pub fn at(&self, place: u64) -> Option<Turn> {
        let entry = self.entries.get(usize::try_from(place).ok()?)?;
        let mut text = String::new();
        let mut left = entry.input_length.max(1);
        // Equal blocks have equal texts, so that the server's cache finds what the recorded one found.
        let known = entry.hash_ids.iter().map(|id| (*id, self.seed));
        let own = (0..).map(|block| (block, Gaps::seed(place as i64, "tokens without a hash")));
        for (stream, seed) in known.chain(own) {
            if left == 0 {
                break;
            }
            let mut random = ChaCha8Rng::from_seed(seed);
            random.set_stream(stream);
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&words(left.min(BLOCK), &mut random));
            left = left.saturating_sub(BLOCK);
        }
        Some(Turn { max_tokens: Some(entry.output_length.max(1)), ..Turn::question(&text) })
    }

    /// How many requests there are.
    pub fn total(&self) -> u64 {
        self.entries.len() as u64
    }

    /// When they are due.
    pub fn times(&self) -> Vec<Duration> {
        self.entries.iter().map(|entry| Duration::from_secs_f64(entry.timestamp / 1e3)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(content: &str) -> Result<Replay, Mistake> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.jsonl");
        std::fs::write(&file, content).unwrap();
        load(&file, 1)
    }

    #[test]
    fn equal_hashes_are_equal_prefixes() {
        let trace = trace(
            "{\"timestamp\":3000,\"input_length\":700,\"output_length\":5,\"hash_ids\":[1,3]}\n\
             {\"timestamp\":1000,\"input_length\":600,\"output_length\":0,\"hash_ids\":[1,2]}\n\
             {\"timestamp\":3500,\"input_length\":3,\"output_length\":7}\n",
        )
        .unwrap();
        assert_eq!(trace.times(), [0, 2000, 2500].map(Duration::from_millis));
        let words = |place| {
            let text = trace.at(place).unwrap().messages[0].content.text();
            text.split(' ').map(str::to_owned).collect::<Vec<_>>()
        };
        let (first, second) = (words(0), words(1));
        assert_eq!((first.len(), second.len(), words(2).len()), (600, 700, 3));
        assert_eq!(first[..512], second[..512]);
        assert_ne!(first[512..], second[512..600]);
        assert_eq!([0, 1, 2].map(|place| trace.at(place).unwrap().max_tokens), [Some(1), Some(5), Some(7)]);
        assert_eq!(trace.at(3), None);
    }

    #[test]
    fn mistakes_say_where() {
        for (content, want) in [
            ("", None),
            ("{\"timestamp\":1}", Some((1, 15))),
            ("\n{\"timestamp\":-1,\"input_length\":1,\"output_length\":1}", Some((2, 14))),
        ] {
            assert_eq!(trace(content).unwrap_err().at, want, "{content}");
        }
    }
}
