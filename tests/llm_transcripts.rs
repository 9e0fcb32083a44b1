//! The decoders on streams of real servers, which lie beside the repository in development; and, everywhere, on cuts of
//! small ones of our own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use ssek::llm::protocol::is_ping;
use ssek::llm::{Delta, Protocol, Reply, Tokenizer, Usage};
use ssek::net::event_stream::Parser as SseParser;
use ssek::net::ndjson::Parser as NdjsonParser;
use ssek::net::{Format, Limits, Parsed};

/// What came of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    reply: Reply,
    usage: Usage,
    error: Option<String>,
    done: bool,
    content: usize,
    bad: usize,
}

/// Decodes a body that comes in these pieces.
fn decode(protocol: &Protocol, pieces: &[&[u8]]) -> Seen {
    let mut parsed = Vec::new();
    if protocol.format() == Format::Ndjson {
        let mut parser = NdjsonParser::new(Limits::default());
        pieces.iter().for_each(|piece| parser.feed(piece, &mut parsed).unwrap());
        parser.finish(&mut parsed).unwrap();
    } else {
        let mut parser = SseParser::new(Limits::default(), false);
        pieces.iter().for_each(|piece| parser.feed(piece, &mut parsed).unwrap());
    }
    let mut seen = Seen::default();
    let mut decoder = protocol.decoder();
    for item in parsed {
        let Parsed::Event(event) = item else { continue };
        if is_ping(&event) {
            continue;
        }
        let mut content = false;
        let Seen { reply, usage, error, done, .. } = &mut seen;
        let decoded = decoder.decode(&event, &mut |delta| {
            content |= delta.is_content();
            match delta {
                Delta::Usage(counts) => usage.merge(*counts),
                Delta::Error(text) => *error = Some((*text).to_owned()),
                Delta::Done => *done = true,
                _ => {}
            }
            reply.take(delta, true);
        });
        seen.content += usize::from(content);
        seen.bad += usize::from(decoded.is_err());
    }
    seen
}

fn transcript(name: &str) -> Option<Vec<u8>> {
    let path = binary::beside_repository(&format!("transcripts/{name}"));
    if path.is_none() {
        eprintln!("SKIPPED: there is no ../shared/transcripts/{name}");
    }
    std::fs::read(path?).ok()
}

/// File, protocol, finish reason, tokens of prompt and completion by usage, events with content, terminator.
type Transcript = (&'static str, &'static str, Option<&'static str>, Option<u64>, Option<u64>, usize, bool);

const AIMOCK: &str = "The answer streams from aimock in small pieces: café, 日本, 🎉, and a final sentence to make the \
                      stream long enough to measure.";

#[test]
fn streams_of_real_servers() {
    let table: &[Transcript] = &[
        ("aimock-openai.sse", "openai-chat", Some("stop"), Some(20), Some(32), 16, true),
        ("aimock-toolcall.sse", "openai-chat", Some("tool_calls"), None, None, 2, true),
        ("aimock-responses.sse", "openai-responses", Some("completed"), Some(0), Some(0), 16, true),
        ("aimock-anthropic.sse", "anthropic", Some("end_turn"), Some(0), Some(0), 16, true),
        ("aimock-gemini.sse", "gemini", Some("STOP"), Some(0), Some(0), 16, false),
        ("aimock-ollama.ndjson", "ollama", Some("stop"), Some(0), Some(0), 16, true),
        ("llamacpp-chat.sse", "openai-chat", Some("length"), Some(34), Some(64), 64, true),
        ("llama-server-chat.sse", "openai-chat", Some("length"), Some(34), Some(64), 64, true),
        ("tiny-chat.sse", "openai-chat", Some("length"), Some(92), Some(64), 64, true),
        ("llama-cpp-python-chat.sse", "openai-chat", Some("length"), None, None, 63, true),
        ("llamacpp-completion.sse", "llamacpp", Some("limit"), Some(4), Some(16), 16, true),
        ("llamacpp-anthropic.sse", "anthropic", Some("end_turn"), None, Some(19), 12, true),
        ("llamacpp-killed.sse", "openai-chat", None, None, None, 83, false),
        ("vllm-chat.sse", "openai-chat", Some("length"), Some(64), Some(64), 53, true),
        ("vllm-anthropic.sse", "anthropic", Some("max_tokens"), Some(16), Some(8), 7, true),
        ("vllm-responses.sse", "openai-responses", Some("completed"), Some(16), Some(5), 2, true),
        ("litellm-mock.sse", "openai-chat", Some("stop"), Some(32), Some(41), 59, true),
        ("litellm-my-model.sse", "openai-chat", Some("stop"), Some(92), Some(35), 34, true),
        ("litellm-anthropic.sse", "anthropic", Some("end_turn"), Some(25), Some(16), 16, true),
        ("llmock-openai.sse", "openai-chat", Some("stop"), Some(19), Some(12), 9, true),
        ("llmock-anthropic.sse", "anthropic", Some("end_turn"), Some(1), Some(13), 7, true),
    ];
    let mut wrong = Vec::new();
    for (file, protocol, finish, prompt, completion, content, done) in table {
        let Some(body) = transcript(file) else { return };
        for protocol in [protocol, "auto"] {
            // Without a content type `auto` cannot know of lines.
            if protocol == "auto" && file.ends_with(".ndjson") {
                continue;
            }
            let seen = decode(&Protocol::named(protocol).unwrap(), &[&body]);
            let found =
                (seen.reply.finish_reason.as_deref(), seen.usage.prompt, seen.usage.completion, seen.content);
            if found != (*finish, *prompt, *completion, *content) || seen.done != *done || seen.bad > 0 {
                wrong.push(format!("{file} as {protocol}: {found:?} done {} bad {}", seen.done, seen.bad));
            }
            assert_eq!(seen.error, None, "{file}");
            if file.starts_with("aimock") && !file.contains("toolcall") {
                assert_eq!(seen.reply.text, AIMOCK, "{file}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let Some(body) = transcript("aimock-toolcall.sse") else { return };
    let calls = decode(&Protocol::named("openai-chat").unwrap(), &[&body]).reply.tool_calls;
    assert_eq!((calls[0].name.as_str(), calls[0].arguments.as_str()), ("get_weather", r#"{"city":"Oslo"}"#));
}

/// The mock of LiteLLM counts with OpenAI's older table.
#[test]
fn tokens_are_counted_as_who_knows_the_tokenizer_counts_them() {
    let Some(body) = transcript("litellm-mock.sse") else { return };
    let seen = decode(&Protocol::named("openai-chat").unwrap(), &[&body]);
    assert_eq!(Tokenizer::Cl100k.count(&seen.reply.text), seen.usage.completion);
}

#[test]
fn bodies_cut_in_two_anywhere() {
    for (protocol, body) in [
        ("openai-chat", include_str!("llm/chat.sse")),
        ("anthropic", include_str!("llm/messages.sse")),
        ("ollama", include_str!("llm/chat.ndjson")),
    ] {
        let protocol = Protocol::named(protocol).unwrap();
        let body = body.as_bytes();
        let whole = decode(&protocol, &[body]);
        assert_eq!(
            (whole.reply.text.as_str(), whole.done, whole.bad),
            ("Grüße, 世界 🎉", true, 0),
            "{protocol:?}"
        );
        assert_eq!((whole.usage.prompt, whole.usage.completion), (Some(5), Some(7)), "{protocol:?}");
        for at in 0..=body.len() {
            assert_eq!(decode(&protocol, &[&body[..at], &body[at..]]), whole, "{protocol:?} cut at {at}");
        }
    }
}
