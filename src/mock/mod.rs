//! The embedded LLM server: what `ssek mock` and `ssek run --mock` stream from.
//!
//! It answers OpenAI chat completions, Ollama chats, plain event streams and a few ordinary requests with times,
//! sizes and faults that the caller sets, and it says how punctual it was (`GET /stats`), so that a
//! measurement against it can be told from its own lateness.

mod chat;
mod chunk;
mod ollama;
mod routes;
mod script;
mod server;
mod settings;
mod stats;
mod stream;
mod value;

pub use server::Server;
pub use settings::Settings;
