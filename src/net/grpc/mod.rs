//! gRPC over HTTP/2, as a client speaks it: messages are bytes here, whoever gives them a meaning.
//!
//! ```text
//! Channel ── unary ──▶ Answer                    one message there, one back
//!         └─ start ──▶ (Sink, Source)            messages as they come, both ways
//! ```
//!
//! h2 is used directly: a call is a stream of it, and nothing is between.

pub mod channel; // a connection that is made again when it breaks
mod connection; // TCP, TLS, HTTP/2
pub mod endpoint; // where a channel leads
mod frame; // messages in the bytes of a stream
pub mod health; // grpc.health.v1
pub mod metadata; // headers and trailers
pub mod reflection; // what a server says of its services
mod sink; // the messages of a call that go out
mod source; // the messages of a call that come in
pub mod status; // how a call ended
pub mod tls; // certificates of one channel
mod traffic; // bytes on the wire
mod unary; // a whole call

pub use channel::{Channel, Request};
pub use endpoint::Endpoint;
pub use metadata::{Metadata, Received};
pub use sink::Sink;
pub use source::Source;
pub use status::{Code, Status};
pub use tls::ChannelTls;
pub use unary::Answer;
