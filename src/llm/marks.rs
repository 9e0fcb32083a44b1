//! The instants of a call, and those of its content.

use std::time::{Duration, Instant};

/// When what happened; `None`: it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The instant before the first byte of the request could be sent. Of a call that was tried again: of the first
    /// attempt, for whoever waits for an answer waits for the attempts in vain, too.
    pub start: Instant,
    /// The response's head was read.
    pub headers: Option<Instant>,
    /// The first byte of the body was read.
    pub first_byte: Option<Instant>,
    /// The first event with data was complete; pings are none.
    pub first_event: Option<Instant>,
    /// The first event with content: text, reasoning or arguments of a tool call.
    pub first_token: Option<Instant>,
    /// The first event with content that is no reasoning.
    pub first_visible: Option<Instant>,
    /// The last event with content.
    pub last_token: Option<Instant>,
    /// The stream ended: its terminator was seen and the body done, or it was closed.
    pub end: Instant,
}

impl Marks {
    /// Nothing has happened yet.
    pub fn starting(start: Instant) -> Self {
        Self {
            start,
            headers: None,
            first_byte: None,
            first_event: None,
            first_token: None,
            first_visible: None,
            last_token: None,
            end: start,
        }
    }

    /// From the start to a mark.
    pub fn since_start(&self, mark: Option<Instant>) -> Option<Duration> {
        mark.map(|mark| mark.saturating_duration_since(self.start))
    }

    /// `llm_time_to_first_token`.
    pub fn time_to_first_token(&self) -> Option<Duration> {
        self.since_start(self.first_token)
    }

    /// `llm_time_to_first_visible_token`.
    pub fn time_to_first_visible_token(&self) -> Option<Duration> {
        self.since_start(self.first_visible)
    }

    /// `llm_request_duration`: to the last event with content.
    pub fn duration(&self) -> Option<Duration> {
        self.since_start(self.last_token)
    }

    /// `llm_tail`: from the last event with content to the end.
    pub fn tail(&self) -> Option<Duration> {
        self.last_token.map(|last| self.end.saturating_duration_since(last))
    }

    /// `llm_time_per_output_token`: (last − first) / (tokens − 1); of at least two tokens.
    pub fn time_per_output_token(&self, tokens: u64) -> Option<Duration> {
        let between = self.last_token?.saturating_duration_since(self.first_token?);
        (tokens > 1).then(|| between.div_f64((tokens - 1) as f64))
    }

    /// `llm_output_tokens_per_second`: tokens / (last − start).
    pub fn tokens_per_second(&self, tokens: u64) -> Option<f64> {
        let duration = self.duration()?.as_secs_f64();
        (tokens > 0 && duration > 0.0).then(|| tokens as f64 / duration)
    }
}

/// The instants of the events with content: four bytes each, in microseconds after the first.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    first: Option<Instant>,
    /// Of the second event and of those that follow; more than 71 minutes stay `u32::MAX`.
    offsets: Vec<u32>,
}

impl Arrivals {
    /// Adds an event. Events that came in one read share their instant.
    pub fn push(&mut self, at: Instant) {
        match self.first {
            None => self.first = Some(at),
            Some(first) => {
                let offset = at.saturating_duration_since(first).as_micros();
                self.offsets.push(u32::try_from(offset).unwrap_or(u32::MAX));
            }
        }
    }

    /// Events with content.
    pub fn len(&self) -> usize {
        self.offsets.len() + usize::from(self.first.is_some())
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// `llm_inter_token_latency`: each event but the first, with the time since the one before, to the microsecond.
    pub fn gaps(&self) -> impl Iterator<Item = (Instant, Duration)> {
        let mut before = 0;
        self.first.into_iter().flat_map(|first| self.offsets.iter().map(move |offset| (first, *offset))).map(
            move |(first, offset)| {
                let gap = offset.saturating_sub(before);
                before = offset;
                (first + Duration::from_micros(u64::from(offset)), Duration::from_micros(u64::from(gap)))
            },
        )
    }

    /// The longest gap.
    pub fn longest_gap(&self) -> Option<Duration> {
        self.gaps().map(|(_, gap)| gap).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_between_marks() {
        let ms = Duration::from_millis;
        let start = Instant::now();
        let at = |n| Some(start + ms(n));
        let marks = Marks {
            first_token: at(400),
            first_visible: at(600),
            last_token: at(600),
            end: start + ms(1000),
            ..Marks::starting(start)
        };
        assert_eq!(marks.time_to_first_token(), Some(ms(400)));
        assert_eq!(marks.time_to_first_visible_token(), Some(ms(600)));
        assert_eq!((marks.duration(), marks.tail()), (Some(ms(600)), Some(ms(400))));
        assert_eq!((marks.time_per_output_token(1), marks.time_per_output_token(5)), (None, Some(ms(50))));
        assert_eq!(marks.tokens_per_second(6), Some(10.0));
        let nothing = Marks::starting(start);
        assert_eq!((nothing.duration(), nothing.tail(), nothing.tokens_per_second(6)), (None, None, None));
    }

    #[test]
    fn gaps_of_events() {
        let (start, us) = (Instant::now(), Duration::from_micros);
        let mut arrivals = Arrivals::default();
        assert!(arrivals.is_empty() && arrivals.longest_gap().is_none());
        for offset in [0, 1500, 1500, 4000] {
            arrivals.push(start + us(offset));
        }
        let gaps: Vec<_> = arrivals.gaps().collect();
        assert_eq!(
            gaps,
            [(start + us(1500), us(1500)), (start + us(1500), us(0)), (start + us(4000), us(2500))]
        );
        assert_eq!((arrivals.len(), arrivals.longest_gap()), (4, Some(us(2500))));
    }
}
