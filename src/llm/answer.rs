//! What is collected of an answer while it streams.

use std::time::Instant;

use serde_json::Value;

use super::delta::Delta;
use super::marks::{Arrivals, Marks};
use super::protocol::{Decoder, is_ping};
use super::refusal;
use super::reply::Reply;
use super::usage::Usage;
use crate::net::Event;

/// An answer, as far as it has come.
pub(super) struct Answer {
    decoder: Decoder,
    keep_text: bool,
    pub marks: Marks,
    pub arrivals: Arrivals,
    pub events: u64,
    pub reply: Reply,
    pub usage: Usage,
    /// The terminator has come.
    pub done: bool,
    /// What the server said in the stream that went wrong.
    pub error: Option<String>,
    /// The first event that was none of the protocol's.
    pub bad_event: Option<String>,
    /// An event said something that the protocol knows.
    understood: bool,
    /// The beginning of the first event that said nothing.
    silent: Option<String>,
}

impl Answer {
    /// Nothing has come yet.
    pub fn new(decoder: Decoder, keep_text: bool, start: Instant) -> Self {
        Self {
            decoder,
            keep_text,
            marks: Marks::starting(start),
            arrivals: Arrivals::default(),
            events: 0,
            reply: Reply::default(),
            usage: Usage::default(),
            done: false,
            error: None,
            bad_event: None,
            understood: false,
            silent: None,
        }
    }

    /// Takes in an event that was read at `at`, and gives out what it carries.
    pub fn event(&mut self, event: &Event, at: Instant, on: &mut dyn FnMut(&Delta, Instant)) {
        if is_ping(event) {
            return;
        }
        self.events += 1;
        self.marks.first_event.get_or_insert(at);
        let Self {
            decoder, keep_text, marks, arrivals, reply, usage, done, error, understood, silent, ..
        } = self;
        let mut content = false;
        let mut visible = false;
        let mut take = |delta: &Delta| {
            content |= delta.is_content();
            visible |= delta.is_visible();
            *understood |= match delta {
                Delta::Usage(counts) => !counts.is_empty(),
                Delta::Done | Delta::MessageId(_) => false,
                _ => true,
            };
            match delta {
                Delta::Usage(counts) => usage.merge(*counts),
                Delta::Done => *done = true,
                Delta::Error(text) => drop(error.get_or_insert_with(|| (*text).to_owned())),
                other => reply.take(other, *keep_text),
            }
            on(delta, at);
        };
        let decoded = if event.name == "error" {
            // Whatever its shape is, it is one.
            let value =
                serde_json::from_str(&event.data).unwrap_or_else(|_| Value::from(event.data.as_str()));
            take(&Delta::Error(&refusal::message(&value)));
            Ok(())
        } else {
            decoder.decode(event, &mut take)
        };
        if !*understood && !*done && silent.is_none() {
            *silent = Some(event.data.chars().take(80).collect());
        }
        if content {
            marks.first_token.get_or_insert(at);
            marks.last_token = Some(at);
            arrivals.push(at);
        }
        if visible {
            marks.first_visible.get_or_insert(at);
        }
        if let Err(text) = decoded {
            self.bad_event.get_or_insert(text);
        }
    }

    /// Whether the model has said that, or why, it stopped.
    pub fn is_complete(&self) -> bool {
        self.done || self.reply.finish_reason.is_some()
    }

    /// Where events came and none of them said anything that the protocol knows, such as a text or a reason to stop:
    /// the beginning of the first.
    pub fn foreign(&self) -> Option<&str> {
        self.silent.as_deref().filter(|_| !self.understood)
    }

    /// What `auto` found.
    pub fn protocol(&self) -> Option<&'static str> {
        self.decoder.name()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::llm::protocol::Protocol;

    /// The issue's table: what each event is, and where it leaves a mark.
    #[test]
    fn each_mark_belongs_to_one_event() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut answer = Answer::new(Protocol::named("openai-chat").unwrap().decoder(), true, start);
        let events = [
            (20, "ping", "{}"),
            (100, "", r#"{"choices":[{"delta":{"role":"assistant"}}]}"#),
            (200, "", r#"{"choices":[{"delta":{"content":""}}]}"#),
            (400, "", r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#),
            (600, "", r#"{"choices":[{"delta":{"content":"one two three four five"}}]}"#),
            (800, "", r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#),
            (900, "", r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":6}}"#),
            (1000, "", "[DONE]"),
        ];
        let mut seen = Vec::new();
        for (ms, name, data) in events {
            let event = Event { name: name.into(), data: data.into(), ..Event::default() };
            answer.event(&event, at(ms), &mut |delta, at| seen.push((delta.is_content(), at)));
        }
        let marks = answer.marks;
        assert_eq!(marks.first_event, Some(at(100)));
        assert_eq!((marks.first_token, marks.first_visible), (Some(at(400)), Some(at(600))));
        assert_eq!(marks.last_token, Some(at(600)));
        assert_eq!(marks.time_per_output_token(6), Some(Duration::from_millis(40)));
        assert_eq!((answer.events, answer.arrivals.len(), answer.done), (7, 2, true));
        assert_eq!(answer.usage.completion, Some(6));
        assert_eq!(seen.iter().filter(|(content, _)| *content).count(), 2);
    }

    #[test]
    fn errors_in_a_stream() {
        for (name, data, error, bad) in [
            ("", r#"{"error":{"message":"overloaded"}}"#, Some("overloaded"), false),
            ("error", r#"{"message":"too long"}"#, Some("too long"), false),
            ("error", "plain", Some("plain"), false),
            ("", r#"{"choices":[{"del"#, None, true),
        ] {
            let start = Instant::now();
            let mut answer = Answer::new(Protocol::named("openai-chat").unwrap().decoder(), true, start);
            let event = Event { name: name.into(), data: data.into(), ..Event::default() };
            answer.event(&event, start, &mut |_, _| {});
            assert_eq!((answer.error.as_deref(), answer.bad_event.is_some()), (error, bad), "{data}");
        }
    }

    #[test]
    fn streams_of_another_protocol_are_foreign() {
        let chunk = r#"{"id":"x","choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#;
        for (protocol, data, foreign) in [
            ("append", chunk, true),
            ("openai-responses", chunk, true),
            ("llamacpp", chunk, true),
            ("openai-chat", chunk, false),
            ("openai-chat", r#"{"choices":[{"delta":{"content":""}}]}"#, false),
            ("append", r#"{"type":"append","text":"a"}"#, false),
        ] {
            let start = Instant::now();
            let mut answer = Answer::new(Protocol::named(protocol).unwrap().decoder(), true, start);
            for data in [data, "[DONE]"] {
                answer.event(&Event { data: data.into(), ..Event::default() }, start, &mut |_, _| {});
            }
            assert_eq!((answer.foreign(), answer.done), (foreign.then_some(data), true), "{protocol}");
        }
    }
}
