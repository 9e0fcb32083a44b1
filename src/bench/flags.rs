//! The flags that `ssek bench` and `ssek sweep` share, with the names that other tools have for the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::amount::Amount;
use super::workload::source::{self, Form};
use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::k6::exit_code::Failure;

/// Who is asked.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub struct TargetFlags {
    /// The server: http://HOST:PORT, its base URL such as http://HOST/v1, or the whole URL of the endpoint
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// The server's host or base URL, where no URL is given
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// The port of --host
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// The path of the endpoint, after the host; may hold {session_id} and {model}
    #[arg(long, value_name = "PATH")]
    pub api_path: Option<String>,
    /// What the server speaks: auto, openai-chat, openai-completions, openai-responses, anthropic, gemini, ollama, tgi, dify, append, assistant, llamacpp, or a description such as {"text": "delta.text", "done": "[DONE]"} or a .json file with one [default: what the path says, or openai-chat]
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,
    /// The model to ask for
    #[arg(long, alias = "model-name", value_name = "NAME")]
    pub model: Option<String>,
    /// An API key, with or without `Bearer `; may be repeated [env: SSEK_API_KEY]
    #[arg(long = "api-key", value_name = "KEY")]
    pub api_keys: Vec<String>,
    /// A file with an API key a line
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Which request gets which key: round-robin, or sticky, where each user keeps one
    #[arg(long, value_name = "POLICY", default_value = "round-robin")]
    pub api_key_policy: String,
    /// A header of each request; may be repeated. As -H also a server's URL
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// Start the built-in LLM server and ask that; settings such as ttft=60ms,itl=4ms,tokens=64
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "SETTINGS")]
    pub mock: Option<String>,
}

/// What is asked.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Prompts")]
pub struct WorkloadFlags {
    /// A question; may be repeated, then they take turns [default: "Who are you?"]
    #[arg(long = "prompt", alias = "query", value_name = "TEXT")]
    pub prompts: Vec<String>,
    /// A file of questions, which take turns: a line each, .json, .jsonl, or .csv with a column `prompt`
    #[arg(long = "prompts", alias = "param-file", value_name = "FILE")]
    pub prompt_file: Option<PathBuf>,
    /// A dataset: conversations of ShareGPT, a trace of Mooncake, or OpenAI's messages a line each
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,
    /// What the dataset is
    #[arg(long, value_name = "FORM", value_enum)]
    pub dataset_form: Option<Form>,
    /// Hold whole conversations of a ShareGPT dataset, instead of asking their first questions
    #[arg(long)]
    pub all_turns: bool,
    /// Make prompts up, of so many tokens: prompt=550±150,output=128±30; sizes may also be 550+-150, 100-200 or 128
    #[arg(long, value_name = "SIZES")]
    pub synthetic: Option<String>,
    /// Begin all prompts with the same so many tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 0, hide_default_value = true)]
    pub shared_prefix: u64,
    /// A system message in front of each conversation
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Conversations: a folder of JSON files with name, invocations and conversation, each held so often as it says by all users together
    #[arg(long, value_name = "DIR")]
    pub conversations: Option<PathBuf>,
    /// A new session id for each conversation, or for each turn
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t)]
    pub session: SessionScope,
    /// Who remembers what was said: the server, by the session's id, or the client, which sends it again [default: what the protocol wants]
    #[arg(long, value_name = "WHO", value_enum)]
    pub history: Option<History>,
    /// The wait between the turns of a conversation: 2s, 2s±500ms, 1s-3s
    #[arg(long, value_name = "TIME", value_parser = pause)]
    pub think_time: Option<Amount>,
    /// Mix the order of prompts or conversations
    #[arg(long)]
    pub shuffle: bool,
    /// The body, as a JSON file with {query}, {conversation_id}, {user}, {inputs.KEY}, {files}, {messages}, {session_id}, {model}, {max_tokens}
    #[arg(long, alias = "request-body-file", value_name = "FILE")]
    pub body_template: Option<PathBuf>,
    /// A value for {inputs.KEY}; may be repeated
    #[arg(long = "input", value_name = "KEY=VALUE")]
    pub inputs: Vec<String>,
    /// A JSON list for {files}
    #[arg(long, value_name = "JSON")]
    pub files: Option<String>,
    /// Further fields of the body, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub extra_body: Option<String>,
    /// The conversation that the first turn goes on with
    #[arg(long, value_name = "ID")]
    pub conversation_id: Option<String>,
    /// Who asks, for servers that want to know
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How many tokens an answer may have
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// How freely the model chooses its words
    #[arg(long, value_name = "X")]
    pub temperature: Option<f64>,
}

/// How a request is made and judged.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Requests")]
pub struct CallFlags {
    /// The longest wait for the first event, and then for each further byte; 0 is none
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub timeout: Duration,
    /// The longest that a request may take in all [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout_total: Option<Duration>,
    /// Ask again after 429, 500, 502, 503 or 504, at most so often [default: 0]
    #[arg(long, alias = "retries", value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "3")]
    pub retry: Option<u32>,
    /// Retries that are made at most, as a share of the requests
    #[arg(long, value_name = "SHARE", default_value = "20%", value_parser = share)]
    pub retry_budget: f64,
    /// What a request must keep to count as good: ttft<500ms,tpot<50ms,e2e<5s
    #[arg(long, value_name = "LIMITS")]
    pub slo: Option<String>,
    /// How tokens are counted where the server does not say it: a tokenizer.json, cl100k or o200k [default: by the model's name, else an estimate]
    #[arg(long, value_name = "NAME")]
    pub tokenizer: Option<String>,
    /// Requests, prompts and arrivals that are random are the same for the same number
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<i64>,
    /// Threads for the connections [default: one a core, 8 at most]
    #[arg(long, value_name = "N")]
    pub io_threads: Option<usize>,
}

/// Where a session's id changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SessionScope {
    #[default]
    Conversation,
    Turn,
}

/// Who holds what was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum History {
    Server,
    Client,
}

impl WorkloadFlags {
    /// What to load.
    pub fn settings(&self, seed: i64) -> source::Settings {
        source::Settings {
            prompts: self.prompts.clone(),
            prompt_file: self.prompt_file.clone(),
            dataset: self.dataset.clone().map(|file| (file, self.dataset_form)),
            synthetic: self.synthetic.clone(),
            conversations: self.conversations.clone(),
            system: self.system.clone(),
            shared_prefix: self.shared_prefix,
            all_turns: self.all_turns,
            shuffle: self.shuffle,
            seed,
        }
    }

    /// The values of `--input`.
    pub fn inputs(&self) -> Result<BTreeMap<String, String>, Failure> {
        let pair = |text: &String| match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => Err(invalid(format!("--input {text}: want KEY=VALUE"))),
        };
        self.inputs.iter().map(pair).collect()
    }
}

/// A mistake on the command line.
pub fn invalid(text: String) -> Failure {
    Failure::new(ExitCode::INVALID_CONFIG, text)
}

/// A time: `90s`, `1m30s`, or a number of seconds.
pub fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok().map(Duration::try_from_secs_f64);
    match seconds {
        Some(Ok(time)) => Ok(time),
        Some(Err(_)) => Err(format!("'{text}' is no time; it must not be below zero")),
        None => match GoDuration::parse_go(text) {
            Ok(time) if time.0 >= 0 => Ok(time.to_std()),
            Ok(_) => Err(format!("'{text}' is no time; it must not be below zero")),
            Err(error) => Err(format!("{error}; write 90s, 1m30s or a number of seconds")),
        },
    }
}

/// A time that varies, in seconds.
fn pause(text: &str) -> Result<Amount, String> {
    Amount::parse(text, |part| time(part).ok().map(|time| time.as_secs_f64()))
}

/// `20%` or `0.2`.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.trim().parse::<f64>() {
        Ok(value) if value >= 0.0 && value.is_finite() => Ok(value / unit),
        _ => Err("want a share, such as 20% or 0.2".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_be_seconds() {
        for (text, want) in [("60", 60_000), ("1m30s", 90_000), ("0.5", 500), ("0", 0), ("250ms", 250)] {
            assert_eq!(time(text), Ok(Duration::from_millis(want)), "{text}");
        }
        assert!(time("-1").is_err() && time("-1s").is_err() && time("soon").is_err());
        assert_eq!(pause("2s±500ms"), Ok(Amount::Normal(2.0, 0.5)));
        assert_eq!((share("20%"), share("0.5")), (Ok(0.2), Ok(0.5)));
    }
}
