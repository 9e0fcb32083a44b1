//! The embedded LLM server: what `ssek mock` and `ssek run --mock` stream from.
//!
//! It speaks the protocols of OpenAI, Anthropic, Gemini, Ollama and others, sends plain event streams and answers a few
//! ordinary requests, with times, sizes and faults that the caller sets; it plays recorded streams again. It says how
//! punctual it was (`GET /stats`), so that a measurement against it can be told from its own lateness.

mod answer;
mod protocol;
mod queue;
pub mod recording;
mod rejections;
mod replay;
mod routes;
mod script;
mod scripted;
mod server;
mod sessions;
mod settings;
mod stats;
mod stream;
mod tools;
mod value;
mod words;

pub use recording::Recording;
pub use replay::Replay;
pub use server::Server;
pub use settings::Settings;
