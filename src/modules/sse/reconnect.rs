//! `params.reconnect`: whether a stream that broke or ended is opened again, and when.

use std::time::Duration;

use boa_engine::{Context, JsResult, JsValue};

use super::params::WHOSE;
use crate::js::convert::to_text;
use crate::js::go_error;
use crate::modules::settings;
use crate::net::Outcome;

/// The wait before a reconnection where neither the script nor the server says.
const DELAY: Duration = Duration::from_secs(1);

/// When to open a stream again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// Reconnections in one call; `None`: no limit.
    max: Option<u32>,
    /// The wait before each, unless the server has sent `retry:`.
    delay: Duration,
}

impl Reconnect {
    /// Reads the parameter; `None`: off.
    pub fn read(value: &JsValue, context: &mut Context) -> JsResult<Option<Self>> {
        let mut reconnect = Self { max: None, delay: DELAY };
        match value.as_boolean() {
            Some(true) => return Ok(Some(reconnect)),
            Some(false) => return Ok(None),
            None if value.is_null_or_undefined() => return Ok(None),
            None => {}
        }
        for (key, value) in settings::known(WHOSE, "reconnect", &["max", "delay"], value, context)? {
            if key == "delay" {
                reconnect.delay = settings::duration(WHOSE, "reconnect.delay", &value, context)?;
                continue;
            }
            let max =
                value.as_number().filter(|max| *max >= 0.0 && (max.fract() == 0.0 || max.is_infinite()));
            let Some(max) = max else {
                let text = to_text(&value, context)?;
                let text =
                    format!("invalid sse.open() reconnect.max: '{text}' is not a whole number from 0 on");
                return Err(go_error(text, context));
            };
            reconnect.max = max.is_finite().then_some(max as u32);
        }
        Ok(Some(reconnect))
    }

    /// How long to wait before the stream is opened again; `None`: that's it. `made` is how often it was opened
    /// again before, `complete` whether `until` was met, `retry` the last `retry:` of the server.
    pub fn after(
        &self,
        made: u32,
        outcome: Outcome,
        status: u16,
        complete: bool,
        retry: Option<Duration>,
    ) -> Option<Duration> {
        let ended_for_good = match outcome {
            Outcome::Aborted | Outcome::Interrupted | Outcome::TimeoutTotal => true,
            // Another attempt would find the same.
            Outcome::TlsError | Outcome::ProtocolError => true,
            Outcome::HttpError => status < 500,
            // The server's way to say that there is nothing more.
            Outcome::Ok => complete || status == 204,
            _ => complete,
        };
        let exhausted = self.max.is_some_and(|max| made >= max);
        (!ended_for_good && !exhausted).then(|| retry.unwrap_or(self.delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_again() {
        let reconnect = Reconnect { max: Some(2), delay: DELAY };
        let retry = Some(Duration::from_millis(5));
        for (made, outcome, status, complete, retry, wanted) in [
            (0, Outcome::Ok, 200, false, None, Some(DELAY)),
            (1, Outcome::Truncated, 200, false, retry, retry),
            (2, Outcome::Truncated, 200, false, None, None),
            (0, Outcome::Ok, 200, true, None, None),
            (0, Outcome::StreamError, 200, true, None, None),
            (0, Outcome::Ok, 204, false, None, None),
            (0, Outcome::HttpError, 404, false, None, None),
            (0, Outcome::HttpError, 503, false, None, Some(DELAY)),
            (0, Outcome::ConnectError, 0, false, None, Some(DELAY)),
            (0, Outcome::TimeoutIdle, 200, false, None, Some(DELAY)),
            (0, Outcome::TimeoutTotal, 200, false, None, None),
            (0, Outcome::Aborted, 200, false, None, None),
        ] {
            assert_eq!(
                reconnect.after(made, outcome, status, complete, retry),
                wanted,
                "{outcome:?} {status}"
            );
        }
    }
}
