//! `ssek probe`: one request to a model, shown as it happens, with hints where something is wrong.

mod hints;
mod live;
mod page;
mod waterfall;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::record::header;
use crate::bench::target::given_protocol;
use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::llm::keys::Policy;
use crate::llm::{Keys, Request, Target, Tokenizer, call};
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::{Client, Config, Shared, Timeouts};

/// The command line of `ssek probe`.
#[derive(Args, Clone, Debug)]
pub(super) struct ProbeArgs {
    /// The server: http://HOST:PORT, a base URL that ends in /v1, or the whole URL of requests
    url: String,

    /// openai-chat, openai-completions, openai-responses, anthropic, gemini, ollama, tgi, dify, append, assistant, llamacpp, or a description of another in JSON, or a .json file with one; auto finds it out
    #[arg(long, value_name = "NAME", default_value = "auto")]
    protocol: String,

    /// Path of requests, after the URL, where it is not the protocol's own
    #[arg(long, value_name = "PATH")]
    api_path: Option<String>,

    /// The model that is asked
    #[arg(long, value_name = "NAME")]
    model: Option<String>,

    /// What is asked
    #[arg(
        short = 'p',
        long,
        alias = "query",
        value_name = "TEXT",
        default_value = "Say hello in one sentence."
    )]
    prompt: String,

    /// The longest answer, in tokens
    #[arg(long, value_name = "N", default_value_t = 128)]
    max_tokens: u64,

    /// Key of the API, with or without "Bearer " before it
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// Header of the request; may be repeated
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<String>,

    /// Counts tokens where the server does not: auto, none, cl100k, o200k or a tokenizer.json
    #[arg(long, value_name = "NAME|FILE", default_value = "auto")]
    tokenizer: String,

    /// For the whole call
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    timeout: Duration,

    /// Show every piece of the answer on a line of its own, with its time
    #[arg(long)]
    pieces: bool,

    /// Print what was found as JSON, and nothing else
    #[arg(long, conflicts_with = "pieces")]
    json: bool,

    /// Take any certificate
    #[arg(short = 'k', long)]
    insecure: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let time = GoDuration::parse(text).map_err(|error| error.to_string())?;
    if time.0 > 0 { Ok(time.to_std()) } else { Err("want a time above 0".to_owned()) }
}

/// Makes the request, which `quiet` does not show while it goes on; the exit code tells whether it ended as it should.
///
/// # Errors
/// The command line makes no request.
pub(super) fn run(args: &ProbeArgs, quiet: bool) -> Result<ExitCode> {
    let target = args.target()?;
    let request = args.request(&target);
    let tls = Tls { insecure_skip_verify: args.insecure, ..Tls::default() };
    let network = Shared::new(Config { tls, proxies: Proxies::from_env(&super::env), ..Config::default() })?;
    let client = Client::new(&network, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the probe")?;
    let mut live = live::Live::new(args.pieces, args.json || quiet);
    let model = target.model.as_deref().unwrap_or_default();
    live.asks(&target.endpoint.url(model, request.conversation_id.as_deref().unwrap_or_default())?);
    let report = runtime.block_on(call(&client, &target, &request, &mut |delta, at| live.delta(delta, at)));
    live.ends();
    let hints = hints::of(&report, args.api_key.is_some(), target.protocol.path());
    let text = if args.json { page::json(&report, &hints) } else { page::text(&report, &hints) };
    super::print(&text);
    Ok(if report.is_ok() { ExitCode::OK } else { ExitCode::OTHER })
}

impl ProbeArgs {
    fn target(&self) -> Result<Target> {
        let protocol = given_protocol(&self.protocol)?;
        let mut target = Target::new(&self.url, self.api_path.as_deref(), protocol)
            .with_context(|| format!("cannot probe {}", self.url))?;
        target.keys = Arc::new(Keys::new(&self.api_key, Policy::RoundRobin));
        target.model.clone_from(&self.model);
        target.headers = self.header.iter().map(|line| header(line)).collect::<Result<_>>()?;
        target.timeouts = Timeouts { total: Some(self.timeout), ..Timeouts::default() };
        target.tokenizer = Tokenizer::named(&self.tokenizer).map_err(anyhow::Error::msg)?;
        Ok(target)
    }

    fn request(&self, target: &Target) -> Request {
        // Dify would look for a conversation of that name.
        let has_session = target.endpoint.template().contains("{session_id}");
        Request {
            max_tokens: Some(self.max_tokens),
            conversation_id: has_session.then(|| format!("probe-{:08x}", rand::random::<u32>())),
            ..Request::prompt(self.prompt.as_str())
        }
    }
}
