//! `ssek mock`: the embedded LLM server, on its own.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::k6::ExitCode;
use crate::mock::{Replay, Server, Settings};
use crate::run::interrupt::Interrupts;
use crate::run::open_files;

/// Flags of `ssek mock`.
///
/// All but `--listen` and `--replay` are also query parameters and a path prefix `/p/k=v,k=v/…` of each request,
/// with `_` for `-`.
#[derive(Args, Clone, Debug)]
pub(super) struct MockArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    listen: String,

    /// Time to the first token, in milliseconds or as 60ms, 1.5s [default: 60ms]
    #[arg(long)]
    ttft: Option<String>,

    /// Time between tokens [default: 4ms]
    #[arg(long)]
    itl: Option<String>,

    /// Each token is late by a random time up to this [default: 0]
    #[arg(long)]
    jitter: Option<String>,

    /// Tokens (events) of each stream [default: 64]
    #[arg(long, alias = "n")]
    tokens: Option<String>,

    /// No delays, large writes
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    burst: Option<String>,

    /// Send what opens a stream (a chunk with the role alone, message_start) at once
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    role: Option<String>,

    /// Tokens of thoughts before the answer [default: 0]
    #[arg(long)]
    reasoning: Option<String>,

    /// Call a tool in place of a text
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    tool_call: Option<String>,

    /// finish_reason of completions: stop or length [default: stop]
    #[arg(long)]
    finish: Option<String>,

    /// Send the usage chunk: auto (when asked for), 0 or 1 [default: auto]
    #[arg(long)]
    usage: Option<String>,

    /// Obey max_tokens of the request
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    honor_max: Option<String>,

    /// The first event carries the wall clock at which it was written
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    ts: Option<String>,

    /// Answer with this status and a JSON error
    #[arg(long)]
    status: Option<String>,

    /// Answer the first N requests to each URL with --status, or with 429
    #[arg(long, value_name = "N")]
    reject: Option<String>,

    /// Retry-After of errors, in whole seconds [default: 1s with --reject]
    #[arg(long, value_name = "DURATION")]
    retry_after: Option<String>,

    /// Break the connection off after so many events
    #[arg(long)]
    fail_after: Option<String>,

    /// End the stream in good order after so many events, without its last ones
    #[arg(long)]
    cut_after: Option<String>,

    /// Report an error inside the stream after so many events, and end it
    #[arg(long)]
    error_after: Option<String>,

    /// Say nothing for --stall after so many tokens
    #[arg(long)]
    stall_after: Option<String>,

    /// How long a stall takes [default: 5s]
    #[arg(long)]
    stall: Option<String>,

    /// Answer so many requests at a time; the others wait
    #[arg(long, value_name = "N")]
    slots: Option<String>,

    /// Close the connection after each answer
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    close: Option<String>,

    /// Bytes of each token's text, and of the answer to GET /
    #[arg(long)]
    size: Option<String>,

    /// event (a chunk each), big (16 KiB chunks) or close (no chunks, ends with the connection)
    #[arg(long)]
    framing: Option<String>,

    /// Play recordings so many times as fast [default: 1]
    #[arg(long, value_name = "FACTOR")]
    speed: Option<String>,

    /// Speak this protocol on every path: openai-chat, anthropic, append and so on [default: by path]
    #[arg(long, value_name = "NAME")]
    protocol: Option<String>,

    /// Answer with this recording of `ssek record`, or with those of a folder by method and path
    #[arg(long, value_name = "FILE|DIR")]
    replay: Option<PathBuf>,
}

impl MockArgs {
    fn settings(&self) -> Result<Settings> {
        let given = [
            ("ttft", &self.ttft),
            ("itl", &self.itl),
            ("jitter", &self.jitter),
            ("tokens", &self.tokens),
            ("burst", &self.burst),
            ("role", &self.role),
            ("reasoning", &self.reasoning),
            ("tool_call", &self.tool_call),
            ("finish", &self.finish),
            ("usage", &self.usage),
            ("honor_max", &self.honor_max),
            ("ts", &self.ts),
            ("status", &self.status),
            ("reject", &self.reject),
            ("retry_after", &self.retry_after),
            ("fail_after", &self.fail_after),
            ("cut_after", &self.cut_after),
            ("error_after", &self.error_after),
            ("stall_after", &self.stall_after),
            ("stall", &self.stall),
            ("slots", &self.slots),
            ("close", &self.close),
            ("size", &self.size),
            ("framing", &self.framing),
            ("speed", &self.speed),
            ("protocol", &self.protocol),
        ];
        let mut settings = Settings::default();
        for (key, value) in given {
            if let Some(value) = value {
                settings.set(key, value)?;
            }
        }
        Ok(settings)
    }
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// A flag's value is wrong, or the address cannot be listened on.
pub(super) fn run(args: &MockArgs) -> Result<ExitCode> {
    let settings = args.settings()?;
    let listen = resolve(&args.listen)?;
    open_files::raise_limit();
    // Before the server, so that a signal that comes early ends it properly.
    let mut interrupts = Interrupts::new()?;
    let (_server, text) = match &args.replay {
        Some(path) => {
            let replay = Replay::open(path)?;
            let routes = replay.routes();
            let server = Server::replay(settings, replay, listen)?;
            let text = replaying(&server, &routes);
            (server, text)
        }
        None => {
            let server = Server::start(settings, listen)?;
            let text = greeting(&server);
            (server, text)
        }
    };
    super::print(&text);
    interrupts.wait();
    Ok(ExitCode::OK)
}

fn greeting(server: &Server) -> String {
    let root = format!("http://{}", server.addr());
    let mut text = format!("mock LLM server on {root}\n");
    for route in Server::routes().chain(["/echo", "/scripted"]) {
        text += &format!("  POST {root}{route}\n");
    }
    for route in ["/sse", "/", "/v1/models", "/stats"] {
        text += &format!("  GET  {root}{route}\n");
    }
    text + "press Ctrl-C to stop\n"
}

fn replaying(server: &Server, routes: &[String]) -> String {
    let mut text = format!("replaying on http://{}\n", server.addr());
    for route in routes {
        text += &format!("  {route}\n");
    }
    text + "press Ctrl-C to stop\n"
}

pub(super) fn resolve(listen: &str) -> Result<SocketAddr> {
    let with_host = if listen.starts_with(':') { format!("0.0.0.0{listen}") } else { listen.to_owned() };
    let mut addresses =
        with_host.to_socket_addrs().with_context(|| format!("--listen {listen}: want HOST:PORT"))?;
    addresses.next().with_context(|| format!("--listen {listen}: the host has no address"))
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    #[test]
    fn every_setting_is_a_flag() {
        let command = MockArgs::augment_args(Command::new("mock"));
        let flags: Vec<_> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
        let settings: Vec<_> = flags.iter().filter(|flag| *flag != "listen" && *flag != "replay").collect();
        assert_eq!(settings, Settings::KEYS.iter().collect::<Vec<_>>());
    }

    #[test]
    fn flags_become_settings() {
        let command = MockArgs::augment_args(Command::new("mock"));
        let line =
            ["mock", "--ttft", "60ms", "--itl", "4", "--n=2", "--burst", "--honor-max=0", "--size", "9"];
        let args = MockArgs::from_arg_matches(&command.get_matches_from(line)).unwrap();
        assert_eq!(args.settings().unwrap(), "n=2,burst,size=9".parse().unwrap());
    }

    #[test]
    fn listen_takes_names_and_bare_ports() {
        assert_eq!(resolve(":0").unwrap(), "0.0.0.0:0".parse().unwrap());
        assert_eq!(resolve("127.0.0.1:80").unwrap(), "127.0.0.1:80".parse().unwrap());
        assert!(resolve("localhost:80").unwrap().ip().is_loopback());
        assert!(format!("{:#}", resolve("nonsense").unwrap_err()).contains("want HOST:PORT"));
    }
}
