//! How many tokens a call took: what the server says, else a tokenizer's count, else an estimate that is called one.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use super::reply::Reply;
use super::request::Request;
use super::usage::Usage;

/// Where a number of tokens is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Usage,
    Tokenizer,
    Estimate,
}

impl Source {
    /// The value of the tag `tokens`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Tokenizer => "tokenizer",
            Self::Estimate => "estimate",
        }
    }
}

/// A number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub count: u64,
    pub source: Source,
}

/// The tokens of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub prompt: Count,
    pub completion: Count,
    /// Only the server knows.
    pub cached: Option<u64>,
    /// Only the server knows.
    pub reasoning: Option<u64>,
    /// What the tokenizer counts in the answer where that is not what the server says.
    pub mismatch: Option<u64>,
}

impl Default for Tokens {
    fn default() -> Self {
        let none = Count { count: 0, source: Source::Estimate };
        Self { prompt: none, completion: none, cached: None, reasoning: None, mismatch: None }
    }
}

/// Which tokenizer counts.
#[derive(Clone, Default)]
pub enum Tokenizer {
    /// OpenAI's tables for models of OpenAI's, by their names, where the server does not count; else estimates.
    #[default]
    Auto,
    /// None: what the server does not count is estimated.
    Off,
    /// GPT-3.5 and GPT-4.
    Cl100k,
    /// GPT-4o and later.
    O200k,
    /// A `tokenizer.json`, as Hugging Face has it.
    File(Arc<tokenizers::Tokenizer>),
    /// Of a test.
    #[cfg(test)]
    Made(fn(&str) -> u64),
}

/// Tokenizers that were read, by their paths: one copy serves all users.
static FILES: LazyLock<Mutex<HashMap<String, Arc<tokenizers::Tokenizer>>>> = LazyLock::new(Mutex::default);

impl Tokenizer {
    /// The tokenizer that users call so: `auto`, `none`, `cl100k`, `o200k`, a model of OpenAI's, or the path of a
    /// `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is no tokenizer.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::named_in(name, |path| std::fs::read(path).map_err(|error| error.to_string()))
    }

    /// The same; `read` gives the bytes of a file, and is called once a path.
    ///
    /// # Errors
    ///
    /// The file could not be read, or is no tokenizer.
    pub fn named_in(name: &str, read: impl FnOnce(&Path) -> Result<Vec<u8>, String>) -> Result<Self, String> {
        match name {
            "auto" => return Ok(Self::Auto),
            "none" | "estimate" => return Ok(Self::Off),
            "cl100k" | "cl100k_base" => return Ok(Self::Cl100k),
            "o200k" | "o200k_base" => return Ok(Self::O200k),
            model if by_name(model).is_chosen() => return Ok(by_name(model)),
            _ => {}
        }
        let mut files = FILES.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = files.get(name) {
            return Ok(Self::File(known.clone()));
        }
        let bytes = read(Path::new(name)).map_err(|error| {
            format!("tokenizer {name:?}: {error}; there are auto, none, cl100k, o200k, or the path of a tokenizer.json")
        })?;
        let made = tokenizers::Tokenizer::from_bytes(bytes)
            .map_err(|error| format!("tokenizer {name:?} is no tokenizer.json: {error}"))?;
        let made = Arc::new(made);
        files.insert(name.to_owned(), made.clone());
        Ok(Self::File(made))
    }

    /// Whether the user chose it, so that it checks what servers say.
    fn is_chosen(&self) -> bool {
        !matches!(self, Self::Auto | Self::Off)
    }

    /// Who counts for a model: of `Auto`, the tokenizer that the model's name tells of.
    pub fn for_model(&self, model: &str) -> Counter {
        match self {
            Self::Auto => Counter { tokenizer: by_name(model), checks: false },
            other => Counter { tokenizer: other.clone(), checks: other.is_chosen() },
        }
    }

    /// Tokens of a text; `None` without a tokenizer.
    pub fn count(&self, text: &str) -> Option<u64> {
        match self {
            Self::Auto | Self::Off => None,
            Self::Cl100k => Some(bpe_openai::cl100k_base().count(text) as u64),
            Self::O200k => Some(bpe_openai::o200k_base().count(text) as u64),
            Self::File(file) => file.encode_fast(text, false).ok().map(|encoding| encoding.len() as u64),
            #[cfg(test)]
            Self::Made(count) => Some(count(text)),
        }
    }

    /// Tokens of a question. OpenAI's models take three more for each message and three before the answer; what
    /// other models' templates add is not known here.
    fn count_prompt(&self, texts: &[String]) -> Option<u64> {
        let sum = texts.iter().map(|text| self.count(text)).sum::<Option<u64>>()?;
        let around = matches!(self, Self::Cl100k | Self::O200k).then_some(3 * texts.len() as u64 + 3);
        Some(sum + around.unwrap_or(0))
    }
}

/// A tokenizer at work.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Never [`Tokenizer::Auto`] if it is to count.
    pub tokenizer: Tokenizer,
    /// Whether it also counts what servers have counted.
    pub checks: bool,
}

impl Counter {
    /// Whether it can count.
    pub fn counts(&self) -> bool {
        self.tokenizer.is_chosen()
    }
}

/// The tables of OpenAI's models: those before GPT-4o have the older one.
fn by_name(model: &str) -> Tokenizer {
    let name = model.rsplit('/').next().unwrap_or(model);
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if begins(&["gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "chatgpt-4o", "o1", "o3", "o4", "gpt-oss"]) {
        Tokenizer::O200k
    } else if begins(&["gpt-4", "gpt-3.5"]) {
        Tokenizer::Cl100k
    } else {
        Tokenizer::Off
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "Auto",
            Self::Off => "Off",
            Self::Cl100k => "Cl100k",
            Self::O200k => "O200k",
            Self::File(_) => "File",
            #[cfg(test)]
            Self::Made(_) => "Made",
        })
    }
}

/// An estimate: a token for every four bytes of UTF-8, begun ones included. For English that is the usual rule; for
/// Chinese, Japanese and Korean it makes three tokens of four characters.
pub fn estimate(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

/// Works out the tokens of a call. `counter` is the one for its model; the reply must have its texts if that one
/// counts. `asked` is what [`texts_to_count`] gives.
pub fn tokens(counter: &Counter, asked: &[String], reply: &Reply, usage: Usage) -> Tokens {
    let tokenizer = &counter.tokenizer;
    let of_usage = |count| Count { count, source: Source::Usage };
    let (prompt, completion) = said(usage, reply);
    let prompt = prompt.map(of_usage).unwrap_or_else(|| match tokenizer.count_prompt(asked) {
        Some(count) => Count { count, source: Source::Tokenizer },
        None => Count { count: estimate(asked.iter().map(String::len).sum()), source: Source::Estimate },
    });
    let may_count = counter.counts() && (completion.is_none() || counter.checks);
    let counted = may_count.then(|| count_reply(tokenizer, reply)).flatten();
    let mismatch = match (completion, counted) {
        (Some(said), Some(counted)) if reply.tool_calls.is_empty() => {
            // Thoughts that are not shown can't be counted.
            let hidden = if reply.reasoning.is_empty() { usage.reasoning.unwrap_or(0) } else { 0 };
            differs(said.saturating_sub(hidden), counted).then_some(counted)
        }
        _ => None,
    };
    let completion = match (completion, counted) {
        (Some(said), _) => of_usage(said),
        (None, Some(count)) => Count { count, source: Source::Tokenizer },
        (None, None) => Count { count: estimate(reply.bytes), source: Source::Estimate },
    };
    Tokens { prompt, completion, cached: usage.cached, reasoning: usage.reasoning, mismatch }
}

/// What the server said of prompt and answer. Servers that do not count say nothing, or zero.
fn said(usage: Usage, reply: &Reply) -> (Option<u64>, Option<u64>) {
    let said = |count: Option<u64>, is_there: bool| count.filter(|count| *count > 0 || !is_there);
    (said(usage.prompt, true), said(usage.completion, reply.bytes > 0))
}

/// The texts of the question, where the server did not say how many tokens they are.
pub fn texts_to_count(request: &Request, reply: &Reply, usage: Usage) -> Vec<String> {
    if said(usage, reply).0.is_some() { Vec::new() } else { texts_of(request) }
}

/// Whether [`tokens`] takes a tokenizer, and with it time.
pub fn takes_time(counter: &Counter, reply: &Reply, usage: Usage) -> bool {
    let (prompt, completion) = said(usage, reply);
    let of_reply = reply.bytes > 0 && (completion.is_none() || counter.checks);
    counter.counts() && (prompt.is_none() || of_reply)
}

fn count_reply(tokenizer: &Tokenizer, reply: &Reply) -> Option<u64> {
    if !tokenizer.is_chosen() {
        // Nor need the texts be there.
        return None;
    }
    let arguments = reply.tool_calls.iter().map(|call| call.arguments.as_str());
    let texts = [reply.text.as_str(), reply.reasoning.as_str()].into_iter().chain(arguments);
    texts.filter(|text| !text.is_empty()).map(|text| tokenizer.count(text)).sum()
}

/// The texts that are asked; of a body that the request brings along, the whole.
fn texts_of(request: &Request) -> Vec<String> {
    match &request.body {
        Some(body) => vec![String::from_utf8_lossy(body).into_owned()],
        None => request.texts(),
    }
}

/// Whether two counts differ by more than the tokens that begin and end texts, or by more than one in twenty: what a
/// model wrote token by token is not always what a tokenizer makes of its text.
fn differs(said: u64, counted: u64) -> bool {
    said.abs_diff(counted) > 2.max(said / 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply { text: text.to_owned(), bytes: text.len(), ..Reply::default() }
    }

    #[test]
    fn the_best_source_there_is() {
        let request = Request::prompt("Hello, world!");
        let said = Usage { prompt: Some(9), completion: Some(4), ..Usage::default() };
        let zero = Usage { prompt: Some(0), completion: Some(0), ..Usage::default() };
        for (tokenizer, usage, wanted) in [
            (Tokenizer::Off, said, (9, Source::Usage, 4, Source::Usage)),
            (Tokenizer::Off, Usage::default(), (4, Source::Estimate, 4, Source::Estimate)),
            (Tokenizer::Off, zero, (4, Source::Estimate, 4, Source::Estimate)),
            (Tokenizer::Cl100k, said, (9, Source::Usage, 4, Source::Usage)),
            (Tokenizer::Cl100k, Usage::default(), (10, Source::Tokenizer, 4, Source::Tokenizer)),
        ] {
            let reply = reply("Hello, world!");
            let counter = tokenizer.for_model("");
            let tokens = tokens(&counter, &texts_to_count(&request, &reply, usage), &reply, usage);
            let (prompt, completion) = (tokens.prompt, tokens.completion);
            let found = (prompt.count, prompt.source, completion.count, completion.source);
            assert_eq!(found, wanted, "{tokenizer:?} {usage:?}");
            assert_eq!(takes_time(&counter, &reply, usage), counter.counts(), "{tokenizer:?} {usage:?}");
            assert_eq!(tokens.mismatch, None);
        }
    }

    #[test]
    fn servers_that_count_otherwise_are_found_out() {
        let usage =
            |completion, reasoning| Usage { completion: Some(completion), reasoning, ..Usage::default() };
        for (usage, mismatch) in [
            (usage(4, None), None),
            (usage(6, None), None),
            (usage(7, None), Some(4)),
            (usage(104, Some(100)), None),
            (usage(104, None), Some(4)),
        ] {
            let asked = ["?".to_owned()];
            let reply = reply("Hello, world!");
            let found = tokens(&Tokenizer::O200k.for_model(""), &asked, &reply, usage);
            assert_eq!(found.mismatch, mismatch, "{usage:?}");
            // Nobody asked for a check.
            let auto = Tokenizer::Auto.for_model("gpt-4o");
            assert!(auto.counts() && tokens(&auto, &asked, &reply, usage).mismatch.is_none());
            let usage = Usage { prompt: Some(1), ..usage };
            assert!(!takes_time(&auto, &reply, usage));
        }
    }

    #[test]
    fn models_tell_their_tables() {
        for (model, wanted) in [
            ("gpt-4o-mini", "O200k"),
            ("openai/gpt-5", "O200k"),
            ("gpt-4-turbo", "Cl100k"),
            ("gpt-3.5-turbo", "Cl100k"),
            ("llama3", "Off"),
        ] {
            assert_eq!(format!("{:?}", Tokenizer::Auto.for_model(model).tokenizer), wanted, "{model}");
        }
    }

    #[test]
    fn files_are_read_once() {
        let json = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
            "pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,
            "model":{"type":"WordLevel","vocab":{"a":0,"b":1,"?":2},"unk_token":"?"}}"#;
        let read = |_: &Path| Ok(json.as_bytes().to_vec());
        let tokenizer = Tokenizer::named_in("made-up/tokenizer.json", read).unwrap();
        assert_eq!(tokenizer.count("a b  c"), Some(3));
        let again = Tokenizer::named_in("made-up/tokenizer.json", |_| Err("read twice".into()));
        assert_eq!(again.unwrap().count("a"), Some(1));
        let error = Tokenizer::named("/nowhere/tokenizer.json").unwrap_err();
        assert!(error.contains("/nowhere/tokenizer.json") && error.contains("o200k"), "{error}");
        let error = Tokenizer::named_in("x", |_| Ok(b"{}".to_vec())).unwrap_err();
        assert!(error.contains("is no tokenizer.json"), "{error}");
    }
}
