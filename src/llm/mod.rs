//! LLM calls: one request, asked and measured, over whichever protocol.
//!
//! ```text
//! Target + Request ── call ──▶ events ── Decode ──▶ Delta ──▶ on(…), Marks, Reply ──▶ Report ── record ──▶ samples
//! ```
//!
//! Knows no JavaScript and no VU: scripts and `ssek bench` use it alike.

pub mod answer; // what is collected while it streams
pub mod call; // one call, from request to report
pub mod counting; // threads that count tokens
pub mod delta; // what an event carries
pub mod ended; // a call that is over
pub mod endpoint; // base URL and path
pub mod json_path; // `choices[0].delta.content`
pub mod keys; // API keys, in turn or sticky
pub mod marks; // instants
pub mod protocol; // who speaks how
pub mod record; // a report as samples
pub mod refusal; // the error in an answer's body
pub mod reply; // text, reasoning, tool calls
pub mod report; // all that is known of a call
pub mod request; // what is asked
pub mod retry; // when to ask again
pub mod slo; // `ttft<500ms,tpot<50ms`
pub mod target; // who is asked
pub mod tokens; // usage, tokenizers, estimates
pub mod usage; // what the server counted

pub use call::{Ongoing, call};
pub use delta::{Delta, ToolPiece};
pub use ended::Ended;
pub use endpoint::Endpoint;
pub use keys::Keys;
pub use marks::{Arrivals, Marks};
pub use protocol::Protocol;
pub use record::{Tagged, record};
pub use reply::{Reply, ToolCall};
pub use report::{Attempt, Report};
pub use request::{Caller, Message, Request};
pub use retry::Retry;
pub use slo::Slo;
pub use target::Target;
pub use tokens::{Source, Tokenizer, Tokens};
pub use usage::Usage;
