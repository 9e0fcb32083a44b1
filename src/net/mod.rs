//! Sockets to facts: what was sent, what came back, and when. Knows no script, no metric, and no clock but
//! `Instant` (cookies: the date).
//!
//! ```text
//! Client ── fetch ──▶ Exchange { hops, body }          a whole request, redirects followed
//!        ├─ open ───▶ EventStream ── next ──▶ events   a stream that is read as it comes
//!        └─ open_raw ▶ Raw ── chunk ──▶ bytes           the same, neither decoded nor parsed
//! ```
//!
//! Everything is `async` and meant to be driven by `block_on` on the thread of one VU.

pub mod answer; // a response, whoever fetched it
pub mod classify; // what a failure was
pub mod client; // a VU's client, and what all VUs share
pub mod client_certificate; // tlsAuth
pub mod connect; // name, TCP, proxy, TLS
pub mod connection; // a connection that stands
pub mod cookies; // the jar
pub mod deadline; // how long each part may take
pub mod debug; // httpDebug
pub mod decode; // gzip, deflate, br, zstd
pub mod dial; // TCP
pub mod digest; // RFC 7616
pub mod direct; // HTTP/1.1 over plain TCP
pub mod dns; // names to addresses
pub mod error; // NetError: codes and wordings
pub mod event_stream; // bytes to events
pub mod exchange; // one call: fetch or open
pub mod format; // SSE or lines of JSON
mod goaway; // why an HTTP/2 server gave up
pub mod grpc; // calls of gRPC
pub mod handshake; // what TLS negotiated
pub mod header; // canonical names, sizes
pub mod hosts; // which host goes where, or nowhere
pub mod http_date; // dates in cookies
pub mod key_log; // SSLKEYLOGFILE
pub mod local_ips; // --local-ips
pub mod ndjson; // bytes to lines
pub mod outcome; // how a stream ended
pub mod proxy; // HTTP_PROXY and its kin
pub mod rate; // rps
pub mod raw; // a body as it comes
pub mod redirect; // where a 3xx leads
pub mod request; // what is sent
pub mod round; // one request, one response
pub mod set_cookie; // Set-Cookie as scripts see it
pub mod sse; // an open event stream
pub mod tls; // certificates, versions, suites
pub mod trace; // when each phase began and ended
pub mod trail; // a round trip's durations
mod trusted; // authorities that users name
pub mod websocket; // WebSockets

pub use client::{Client, Config, Shared};
pub use cookies::{CookieJar, SharedJar};
pub use deadline::Timeouts;
pub use error::NetError;
pub use event_stream::{Event, Limits, Parsed};
pub use exchange::{Call, Exchange, Opened, fetch, open};
pub use format::Format;
pub use outcome::Outcome;
pub use raw::{Raw, open_raw};
pub use request::RequestCookie;
pub use round::Hop;
pub use sse::EventStream;
pub use trail::Trail;
