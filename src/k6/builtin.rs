//! The built-in metrics: name, kind and what their values are.

use crate::k6::builtin::{Contains as C, Kind as K};

/// How samples of a metric are aggregated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Counter,
    Gauge,
    Rate,
    Trend,
}

impl Kind {
    /// `counter`, `gauge`, `rate` or `trend`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Rate => "rate",
            Self::Trend => "trend",
        }
    }
}

/// What a metric's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contains {
    /// Plain numbers.
    Default,
    /// Milliseconds.
    Time,
    /// Bytes.
    Data,
}

impl Contains {
    /// `default`, `time` or `data`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Time => "time",
            Self::Data => "data",
        }
    }
}

/// A built-in metric.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    pub name: &'static str,
    pub kind: Kind,
    pub contains: Contains,
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $id:ident = $name:literal $kind:ident $contains:ident;)*) => {
        $($(#[$doc])* pub const $id: Builtin = Builtin { name: $name, kind: K::$kind, contains: C::$contains };)*
        /// Every built-in metric; a metric's place here is its `MetricId`.
        pub const ALL: &[Builtin] = &[$($id),*];
    };
}

builtins! {
    /// Active virtual users, once a second.
    VUS = "vus" Gauge Default;
    /// Initialised virtual users, once a second.
    VUS_MAX = "vus_max" Gauge Default;
    /// Full iterations.
    ITERATIONS = "iterations" Counter Default;
    /// Duration of full iterations.
    ITERATION_DURATION = "iteration_duration" Trend Time;
    /// Iterations that were due but not started.
    DROPPED_ITERATIONS = "dropped_iterations" Counter Default;
    /// One per `check()` entry.
    CHECKS = "checks" Rate Default;
    /// Duration of each `group()` call.
    GROUP_DURATION = "group_duration" Trend Time;
    HTTP_REQS = "http_reqs" Counter Default;
    HTTP_REQ_FAILED = "http_req_failed" Rate Default;
    /// sending + waiting + receiving.
    HTTP_REQ_DURATION = "http_req_duration" Trend Time;
    HTTP_REQ_BLOCKED = "http_req_blocked" Trend Time;
    HTTP_REQ_CONNECTING = "http_req_connecting" Trend Time;
    HTTP_REQ_TLS_HANDSHAKING = "http_req_tls_handshaking" Trend Time;
    HTTP_REQ_SENDING = "http_req_sending" Trend Time;
    HTTP_REQ_WAITING = "http_req_waiting" Trend Time;
    HTTP_REQ_RECEIVING = "http_req_receiving" Trend Time;
    /// Bytes sent, once per iteration.
    DATA_SENT = "data_sent" Counter Data;
    /// Bytes received, once per iteration.
    DATA_RECEIVED = "data_received" Counter Data;
    /// WebSockets that were asked for.
    WS_SESSIONS = "ws_sessions" Counter Default;
    /// Messages sent over WebSockets; those of `k6/websockets` count pings and goodbyes, too.
    WS_MSGS_SENT = "ws_msgs_sent" Counter Default;
    WS_MSGS_RECEIVED = "ws_msgs_received" Counter Default;
    /// From a ping to its pong.
    WS_PING = "ws_ping" Trend Time;
    /// From the call to the WebSocket's end.
    WS_SESSION_DURATION = "ws_session_duration" Trend Time;
    /// From the call until hands were shaken, or not.
    WS_CONNECTING = "ws_connecting" Trend Time;
    /// Duration of calls of gRPC; of streams, to their end.
    GRPC_REQ_DURATION = "grpc_req_duration" Trend Time;
}

macro_rules! grpc {
    ($($(#[$doc:meta])* $id:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $id: Builtin =
            Builtin { name: $name, kind: K::Counter, contains: C::Default };)*
        /// The counters of `k6/net/grpc`; registered when the module is first imported.
        pub const GRPC: &[Builtin] = &[$($id),*];
    };
}

grpc! {
    /// Streams begun.
    GRPC_STREAMS = "grpc_streams";
    /// Messages sent on streams.
    GRPC_STREAMS_MSGS_SENT = "grpc_streams_msgs_sent";
    /// Messages received on streams.
    GRPC_STREAMS_MSGS_RECEIVED = "grpc_streams_msgs_received";
}

/// The event counter of `k6/x/sse`; registered when the module is first imported.
pub const SSE_EVENT: Builtin = Builtin { name: "sse_event", kind: K::Counter, contains: C::Default };

macro_rules! streaming {
    ($($(#[$doc:meta])* $id:ident = $name:literal $kind:ident $contains:ident;)*) => {
        $($(#[$doc])* pub const $id: Builtin = Builtin { name: $name, kind: K::$kind, contains: C::$contains };)*
        /// What ssek measures on event streams of its own accord; registered with [`SSE_EVENT`].
        pub const STREAMING: &[Builtin] = &[$($id),*];
    };
}

streaming! {
    /// From the instant before the request could be sent to the first event with data.
    SSE_TIME_TO_FIRST_EVENT = "sse_time_to_first_event" Trend Time;
    /// Between consecutive events of one stream.
    SSE_EVENT_GAP = "sse_event_gap" Trend Time;
    /// From the instant before the request could be sent to the stream's end.
    SSE_STREAM_DURATION = "sse_stream_duration" Trend Time;
    /// Gaps above `stallThreshold`.
    SSE_STALLS = "sse_stalls" Counter Default;
    /// One per stream, with its outcome as a tag.
    SSE_STREAMS = "sse_streams" Counter Default;
}

macro_rules! llm {
    ($($(#[$doc:meta])* $id:ident = $name:literal $kind:ident $contains:ident;)*) => {
        $($(#[$doc])* pub const $id: Builtin = Builtin { name: $name, kind: K::$kind, contains: C::$contains };)*
        /// What ssek measures on LLM calls; registered when `ssek/llm` is first imported, or a benchmark begins.
        pub const LLM: &[Builtin] = &[$($id),*];
    };
}

llm! {
    /// From the instant before the request could be sent to the first event with content.
    LLM_TIME_TO_FIRST_TOKEN = "llm_time_to_first_token" Trend Time;
    /// The same, to the first event with content that is no reasoning.
    LLM_TIME_TO_FIRST_VISIBLE_TOKEN = "llm_time_to_first_visible_token" Trend Time;
    /// Every gap between consecutive events with content, of all calls.
    LLM_INTER_TOKEN_LATENCY = "llm_inter_token_latency" Trend Time;
    /// (last event with content − first) / (output tokens − 1), of calls with two tokens and more.
    LLM_TIME_PER_OUTPUT_TOKEN = "llm_time_per_output_token" Trend Time;
    /// From the instant before the request could be sent to the last event with content.
    LLM_REQUEST_DURATION = "llm_request_duration" Trend Time;
    /// From the last event with content to the stream's end.
    LLM_TAIL = "llm_tail" Trend Time;
    /// Output tokens of a call by its duration.
    LLM_OUTPUT_TOKENS_PER_SECOND = "llm_output_tokens_per_second" Trend Default;
    /// Tokens of a call's prompt.
    LLM_PROMPT_TOKENS = "llm_prompt_tokens" Trend Default;
    LLM_PROMPT_TOKENS_TOTAL = "llm_prompt_tokens_total" Counter Default;
    /// Tokens of a call's answer, reasoning included.
    LLM_COMPLETION_TOKENS = "llm_completion_tokens" Trend Default;
    LLM_COMPLETION_TOKENS_TOTAL = "llm_completion_tokens_total" Counter Default;
    /// Tokens of a call's prompt that the server had in its cache.
    LLM_CACHED_TOKENS = "llm_cached_tokens" Trend Default;
    LLM_CACHED_TOKENS_TOTAL = "llm_cached_tokens_total" Counter Default;
    /// Tokens of a call's answer that are reasoning.
    LLM_REASONING_TOKENS = "llm_reasoning_tokens" Trend Default;
    LLM_REASONING_TOKENS_TOTAL = "llm_reasoning_tokens_total" Counter Default;
    /// One per call, with its outcome and the model's reason to finish as tags.
    LLM_REQUESTS = "llm_requests" Counter Default;
    /// Attempts after the first.
    LLM_RETRIES = "llm_retries" Counter Default;
    /// Calls that met every objective.
    LLM_GOODPUT = "llm_goodput" Rate Default;
    /// Calls of which the server and the tokenizer count the tokens otherwise.
    LLM_TOKEN_MISMATCHES = "llm_token_mismatches" Counter Default;
}

/// How late an iteration of an open model starts: its start minus the instant at which it was due.
pub const SCHEDULE_DELAY: Builtin = Builtin { name: "schedule_delay", kind: K::Trend, contains: C::Time };

/// Duration of full iterations of an open model, from the instant at which they were due.
pub const ITERATION_DURATION_SCHEDULED: Builtin =
    Builtin { name: "iteration_duration_scheduled", kind: K::Trend, contains: C::Time };

/// [`HTTP_REQ_DURATION`] with the delay of the iteration's start on top.
pub const HTTP_REQ_DURATION_SCHEDULED: Builtin =
    Builtin { name: "http_req_duration_scheduled", kind: K::Trend, contains: C::Time };

/// [`SSE_TIME_TO_FIRST_EVENT`] with the delay of the iteration's start on top.
pub const SSE_TIME_TO_FIRST_EVENT_SCHEDULED: Builtin =
    Builtin { name: "sse_time_to_first_event_scheduled", kind: K::Trend, contains: C::Time };

/// [`LLM_TIME_TO_FIRST_TOKEN`] with the delay of the iteration's start on top.
pub const LLM_TIME_TO_FIRST_TOKEN_SCHEDULED: Builtin =
    Builtin { name: "llm_time_to_first_token_scheduled", kind: K::Trend, contains: C::Time };

/// [`LLM_REQUEST_DURATION`] with the delay of the iteration's start on top.
pub const LLM_REQUEST_DURATION_SCHEDULED: Builtin =
    Builtin { name: "llm_request_duration_scheduled", kind: K::Trend, contains: C::Time };

/// What ssek measures of open models of its own accord; registered where a run has one.
pub const SCHEDULED: &[Builtin] = &[
    SCHEDULE_DELAY,
    ITERATION_DURATION_SCHEDULED,
    HTTP_REQ_DURATION_SCHEDULED,
    SSE_TIME_TO_FIRST_EVENT_SCHEDULED,
    LLM_TIME_TO_FIRST_TOKEN_SCHEDULED,
    LLM_REQUEST_DURATION_SCHEDULED,
];

/// Whether a metric is one of [`SCHEDULED`].
pub fn is_scheduled(name: &str) -> bool {
    SCHEDULED.iter().any(|metric| metric.name == name)
}

/// How late ssek itself is; registered where a run measures it.
pub const CLIENT_LAG: Builtin = Builtin { name: "client_lag", kind: K::Trend, contains: C::Time };

/// Whether a metric is one of [`STREAMING`], or [`CLIENT_LAG`].
pub fn is_streaming(name: &str) -> bool {
    // Names of other metrics end this look at their first letters.
    (name.starts_with("sse_") && STREAMING.iter().any(|metric| metric.name == name))
        || name == CLIENT_LAG.name
}
