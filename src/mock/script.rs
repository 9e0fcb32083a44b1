//! What a stream says and when: its events in order, without clock or socket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer::Answer;
use super::protocol::{At, Part, Protocol};
use super::recording::{End, Recording};
use super::settings::{Framing, Settings};
use super::words;

/// The events of one stream, by number.
#[derive(Debug)]
pub(super) enum Script {
    /// Made up as settings and request say.
    Spoken(Spoken),
    /// Played from a recording.
    Played(Settings, Arc<Recording>),
}

/// An answer in a protocol.
#[derive(Debug)]
pub(super) struct Spoken {
    answer: Answer,
    protocol: &'static Protocol,
    /// Stretches of events, each with the number of its first event and of the tokens before it.
    stretches: Vec<(u64, u64, Part)>,
    /// The number of events if nothing goes wrong.
    whole: u64,
    /// The number of tokens.
    tokens: u64,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opening(_) => f.write_str("Opening"),
            Self::Tokens(count, _) => write!(f, "Tokens({count})"),
            Self::Closing(_) => f.write_str("Closing"),
        }
    }
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Self::Opening(_) | Self::Closing(_) => 1,
            Self::Tokens(count, _) => *count,
        }
    }
}

impl Spoken {
    fn new(protocol: &'static Protocol, answer: Answer) -> Self {
        let (mut events, mut tokens) = (0_u64, 0_u64);
        let parts = (protocol.parts)(&answer).into_iter();
        let stretches = parts
            .map(|part| {
                let begin = (events, tokens);
                events = events.saturating_add(part.len());
                if let Part::Tokens(count, _) = part {
                    tokens = tokens.saturating_add(count);
                }
                (begin.0, begin.1, part)
            })
            .collect();
        Self { answer, protocol, stretches, whole: events, tokens }
    }

    /// The stretch of event `step`.
    fn stretch(&self, step: u64) -> Option<&(u64, u64, Part)> {
        self.stretches.iter().rev().find(|(first, _, part)| *first <= step && part.len() > 0)
    }

    fn len(&self) -> u64 {
        let settings = &self.answer.settings;
        let failure = settings.error_after.map(|after| after.saturating_add(1));
        let cuts = [settings.fail_after, settings.cut_after, failure];
        cuts.into_iter().flatten().fold(self.whole, u64::min)
    }

    fn first_token(&self) -> u64 {
        let token = self.stretches.iter().find(|(_, _, part)| matches!(part, Part::Tokens(1.., _)));
        token.map_or(0, |(first, _, _)| *first)
    }

    fn due(&self, step: u64) -> Duration {
        let settings = &self.answer.settings;
        let token = match self.stretch(step) {
            Some((_, _, Part::Opening(_))) if settings.role => return Duration::ZERO,
            Some((_, _, Part::Opening(_))) | None => 0,
            Some((first, before, Part::Tokens(..))) => before + (step - first),
            Some((_, before, Part::Closing(_))) => before.saturating_sub(1),
        };
        let token = token.min(self.tokens.saturating_sub(1));
        let late = if settings.burst { Duration::ZERO } else { settings.jitter };
        settings.due(token) + late.mul_f64(chance(self.answer.serial, token))
    }

    fn event(&self, step: u64) -> Bytes {
        if self.answer.settings.error_after == Some(step) {
            return (self.protocol.failure)();
        }
        let Some((first, before, part)) = self.stretch(step) else { return Bytes::new() };
        let (Part::Opening(make) | Part::Tokens(_, make) | Part::Closing(make)) = part;
        let event = make(&self.answer, At { token: step - first, event: step });
        let is_first = matches!(part, Part::Tokens(..)) && *before == 0 && step == *first;
        if is_first && self.answer.settings.ts { words::stamped(&event) } else { event }
    }
}

impl Script {
    /// An answer as a stream.
    pub fn spoken(protocol: &'static Protocol, answer: Answer) -> Self {
        Self::Spoken(Spoken::new(protocol, answer))
    }

    fn settings(&self) -> &Settings {
        match self {
            Self::Spoken(spoken) => &spoken.answer.settings,
            Self::Played(settings, _) => settings,
        }
    }

    /// How its events are put on the wire; the pieces of a recording stay what they are.
    pub fn framing(&self) -> Framing {
        match self {
            Self::Spoken(spoken) => spoken.answer.settings.effective_framing(),
            Self::Played(settings, _) => settings.framing.unwrap_or(Framing::Event),
        }
    }

    /// The number of events (of a recording: of pieces), the closing ones included.
    pub fn len(&self) -> u64 {
        match self {
            Self::Spoken(spoken) => spoken.len(),
            Self::Played(settings, recording) => {
                let len = recording.chunks.len() as u64;
                settings.fail_after.into_iter().chain(settings.cut_after).fold(len, u64::min)
            }
        }
    }

    /// Whether the connection breaks after the last event.
    pub fn breaks(&self) -> bool {
        let broken = match self {
            Self::Spoken(_) => false,
            Self::Played(_, recording) => {
                recording.end == End::Broken && self.len() == recording.chunks.len() as u64
            }
        };
        broken || self.settings().fail_after.is_some_and(|after| after <= self.len())
    }

    /// The number of the first token's event; of a recording, of the first piece.
    pub fn first_token(&self) -> u64 {
        match self {
            Self::Spoken(spoken) => spoken.first_token(),
            Self::Played(..) => 0,
        }
    }

    /// When event `step` is due, after the request's arrival, or the end where there are no more. What opens a stream
    /// goes out with the first token (with `role`: with the response's head), what closes it with the last.
    pub fn due(&self, step: u64) -> Duration {
        match self {
            Self::Spoken(spoken) => spoken.due(step),
            Self::Played(settings, _) if settings.burst => Duration::ZERO,
            Self::Played(settings, recording) => {
                let chunk = usize::try_from(step).ok().and_then(|step| recording.chunks.get(step));
                chunk.map_or(recording.ended, |(at, _)| *at).div_f64(settings.speed)
            }
        }
    }

    /// When the stream ends.
    pub fn end(&self) -> Duration {
        match self {
            // With its last event.
            Self::Spoken(_) => Duration::ZERO,
            Self::Played(..) => self.due(self.len()),
        }
    }

    /// The bytes of event `step`; a `ts` stamp shows the instant of this call.
    pub fn event(&self, step: u64) -> Bytes {
        match self {
            Self::Spoken(spoken) => spoken.event(step),
            Self::Played(_, recording) => {
                let chunk = usize::try_from(step).ok().and_then(|step| recording.chunks.get(step));
                chunk.map(|(_, bytes)| bytes.clone()).unwrap_or_default()
            }
        }
    }
}

/// A number of [0, 1) that is the same for the same token of the same stream in every run: SplitMix64 (Steele, Lea,
/// Flood, "Fast splittable pseudorandom number generators", 2014).
fn chance(stream: u64, token: u64) -> f64 {
    let mut bits =
        stream.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(token.wrapping_mul(0xd1b5_4a32_d192_ed03));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::answer::Ask;
    use super::super::{protocol, scripted};
    use super::*;

    fn script(path: &str, list: &str, usage: bool) -> Script {
        let protocol = protocol::of(&Method::POST, path).unwrap();
        let ask = Ask { stream: true, usage, ..Ask::default() };
        Script::spoken(protocol, Answer::new(list.parse().unwrap(), ask, 66, 1))
    }

    fn told(script: &Script) -> Vec<(u128, String)> {
        let event = |step| String::from_utf8(script.event(step).to_vec()).unwrap();
        (0..script.len()).map(|step| (script.due(step).as_millis(), event(step))).collect()
    }

    fn dues(script: &Script) -> Vec<u128> {
        (0..script.len()).map(|step| script.due(step).as_millis()).collect()
    }

    const CHAT: &str = "/v1/chat/completions";

    #[test]
    fn a_chat_has_role_tokens_finish_usage_done() {
        let events = told(&script(CHAT, "ttft=50,itl=10,role,n=2", true));
        let marks = [r#""role""#, r#""the ""#, r#""of ""#, r#""stop""#, r#""usage""#, "[DONE]"];
        assert_eq!(events.iter().map(|(due, _)| *due).collect::<Vec<_>>(), [0, 50, 60, 60, 60, 60]);
        for ((_, event), mark) in events.iter().zip(marks) {
            assert!(event.contains(mark), "{event} lacks {mark}");
        }
    }

    #[test]
    fn thoughts_come_first_and_openings_with_the_first_token() {
        assert_eq!(dues(&script(CHAT, "ttft=50,itl=10,reasoning=2,n=1", false)), [50, 60, 70, 70, 70]);
        let anthropic = dues(&script("/v1/messages", "ttft=50,itl=10,n=2", true));
        assert_eq!(anthropic, [50, 50, 50, 50, 60, 60, 60, 60]);
        assert_eq!(dues(&script("/v1/messages", "ttft=50,n=1,role", true))[..4], [0, 0, 0, 50]);
    }

    #[test]
    fn a_plain_stream_ends_with_a_comment() {
        let events = told(&script("/sse", "n=2,role,itl=3,ts", false));
        assert_eq!(events.iter().map(|(due, _)| *due).collect::<Vec<_>>(), [60, 63, 63]);
        assert!(events[0].1.contains(r#""text":"hello","ts":"#) && !events[1].1.contains("ts"));
        assert_eq!(events[2].1, ": end of stream\n\n");
    }

    #[test]
    fn no_tokens_still_close_the_stream() {
        let events = told(&script(CHAT, "ttft=5,n=0", false));
        assert_eq!(events.len(), 2);
        assert_eq!(events[1], (5, "data: [DONE]\n\n".into()));
    }

    #[test]
    fn faults_shorten_the_stream() {
        for (list, len, breaks, last) in [
            ("n=5", 7, false, "[DONE]"),
            ("n=5,cut_after=2", 2, false, r#""of ""#),
            ("n=5,fail_after=2", 2, true, r#""of ""#),
            ("n=5,fail_after=99", 7, false, "[DONE]"),
            ("n=5,error_after=2", 3, false, r#"{"error":"#),
        ] {
            let script = script(CHAT, list, false);
            assert_eq!((script.len(), script.breaks()), (len, breaks), "{list}");
            assert!(told(&script).last().unwrap().1.contains(last), "{list}");
        }
    }

    #[test]
    fn jitter_is_bounded_and_the_same_again() {
        let (even, late) = (script(CHAT, "n=50", false), script(CHAT, "n=50,jitter=3", false));
        let lateness: Vec<_> = (0..50).map(|step| late.due(step) - even.due(step)).collect();
        assert!(lateness.iter().all(|late| *late < Duration::from_millis(3)));
        assert!(lateness.iter().any(|late| *late > Duration::from_millis(2)));
        assert_eq!(lateness[7], script(CHAT, "n=50,jitter=3", false).due(7) - even.due(7));
    }

    #[test]
    fn recordings_keep_pieces_times_and_end() {
        let recording =
            scripted::read(r#"[{"at":20,"raw":"a"},{"at":30,"raw":"b"},{"at":50,"end":"broken"}]"#);
        let recording = Arc::new(recording.unwrap());
        let played = |list: &str| Script::Played(list.parse().unwrap(), Arc::clone(&recording));
        let script = played("speed=2");
        assert_eq!(told(&script), [(10, "a".into()), (15, "b".into())]);
        assert_eq!((script.end().as_millis(), script.breaks(), script.framing()), (25, true, Framing::Event));
        assert!(!played("cut_after=1").breaks());
        assert_eq!(played("burst").end(), Duration::ZERO);
    }
}
