//! WebSockets (RFC 6455), the client's side, with compression of messages (RFC 7692) without context takeover.
//!
//! ```text
//! connect ─▶ net::connect ─▶ upgrade ─▶ Link { reader, writer }
//!            TCP, proxy, TLS            inbound  frame, deflate
//! ```
//!
//! Frames are read and written here and not by a crate: none of them has compression, and the texts of errors
//! are those that k6's scripts see.

mod counted; // bytes and instants
mod deflate; // one message, packed by itself
mod ended; // why a connection ended, and what is said of it
mod frame; // headers and masks
mod inbound; // bytes to messages
mod link; // both halves of a connection
mod upgrade; // the handshake

pub use ended::Ended;
pub use frame::Opcode;
pub use inbound::Received;
pub use link::{Link, Reader, Writer};
pub use upgrade::{Answer, Call, Connected, Refused, connect};
