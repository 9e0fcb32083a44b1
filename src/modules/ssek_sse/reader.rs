//! The task that opens a stream and reads it to its end, whether or not the script looks.

use std::rc::Rc;
use std::time::{Duration, Instant};

use boa_engine::builtins::promise::ResolvingFunctions;

use super::buffer::Pushed;
use super::object;
use super::stream::{Arrived, End, Stream};
use crate::js::convert::settle;
use crate::js::go_error;
use crate::modules::sse::record::{Reached, Recorder, record_failure};
use crate::net::client::Client;
use crate::net::error::Kind;
use crate::net::{Call, EventStream, Hop, NetError, Opened, Outcome, Parsed, open, outcome};

/// Opens a stream, keeps or breaks the promise of it, and reads it.
///
/// Each part is boxed: what opening takes, which is much, is given back before the stream idles.
pub async fn read(
    stream: Rc<Stream>,
    client: Rc<Client>,
    call: Result<Call, NetError>,
    stall_threshold: Duration,
    promise: ResolvingFunctions,
) {
    let reading = Box::pin(connect(stream, client, call, stall_threshold, promise)).await;
    if let Some(reading) = reading {
        reading.run().await;
    }
}

async fn connect(
    stream: Rc<Stream>,
    client: Rc<Client>,
    call: Result<Call, NetError>,
    stall_threshold: Duration,
    promise: ResolvingFunctions,
) -> Option<Box<Reading>> {
    let opened = match call {
        Ok(call) => open(&client, call).await.map_err(|failed| (failed.hops, failed.error)),
        Err(error) => Err((Vec::new(), error)),
    };
    let event_loop = stream.state.event_loop().clone();
    match opened {
        Ok(Opened { hops, stream: source }) => {
            stream.status.set(source.hop().status);
            stream.headers.borrow_mut().clone_from(&source.hop().headers);
            stream.state.saw_proto(source.hop().proto);
            let tags = stream.tags().id(&stream.state, Reached::Response(source.hop()));
            let recorder = Recorder::new(&stream.state, tags, stall_threshold);
            let held = stream.clone();
            event_loop.complete(Box::new(move |context| {
                let object = object::of(held, context)?;
                settle(&promise, Ok(object), context)
            }));
            Some(Box::new(Reading { stream, open: Some((source, recorder)), hops }))
        }
        Err((hops, error)) => {
            record_failure(&stream.state, &hops, stream.tags(), &error);
            let text = error.stream_error(&stream.method, &stream.url);
            stream.ended(End { outcome: Outcome::of_error(&error), error: None });
            event_loop.complete(Box::new(move |context| {
                let error = go_error(text, context);
                settle(&promise, Err(error), context)
            }));
            None
        }
    }
}

/// An open stream. Dropping it ends its round trip.
struct Reading {
    stream: Rc<Stream>,
    /// `None` once it has ended.
    open: Option<(EventStream, Recorder)>,
    hops: Vec<Hop>,
}

/// Why reading ended.
enum Stop {
    /// The server ended the stream.
    Done,
    Broken(NetError),
    /// `until` was met.
    Complete,
    /// There was no room for an event, and the script wants that to be an error.
    Overflow,
    /// By the script, or with the iteration.
    Closed,
}

impl Reading {
    async fn run(mut self: Box<Self>) {
        let Some((source, recorder)) = &mut self.open else { return };
        let stream = &self.stream;
        let stop = tokio::select! {
            biased;
            () = stream.is_complete() => Stop::Complete,
            stop = read_on(stream, source, recorder) => stop,
        };
        if matches!(stop, Stop::Complete) {
            Box::pin(source.complete()).await;
        }
        self.finish(stop);
    }

    fn finish(&mut self, mut stop: Stop) {
        let Some((source, recorder)) = self.open.take() else { return };
        let stream = &self.stream;
        let status = source.hop().status;
        // An answer that is an error has no events to wait for.
        if matches!(stop, Stop::Done) && stream.until.borrow().is_some() && status < 400 {
            stop = Stop::Broken(NetError::body(Kind::Unfinished));
        }
        let facts = outcome::Facts {
            status,
            right_type: source.has_right_type(),
            error_event: recorder.saw_error_event(),
            end: match &stop {
                Stop::Done => outcome::End::Done { mid_event: source.is_mid_event() },
                Stop::Broken(error) => outcome::End::Broken(error),
                Stop::Complete => outcome::End::Complete,
                Stop::Overflow | Stop::Closed => outcome::End::Closed,
            },
        };
        let outcome = match (&stop, stream.closed_as.get()) {
            // What else is known of it would tell of the test's end.
            (Stop::Closed, Outcome::Interrupted) => Outcome::Interrupted,
            _ => facts.outcome(),
        };
        let error = match &stop {
            Stop::Broken(error) => Some(error.stream_error(&stream.method, &stream.url)),
            Stop::Overflow => Some(
                "the stream's buffer is full, for the script takes events more slowly than they come; raise \
                 buffer.size, or choose another buffer.overflow than error"
                    .to_owned(),
            ),
            Stop::Done | Stop::Complete | Stop::Closed => None,
        };
        self.hops.push(source.finish());
        stream.bytes.set(self.hops.iter().map(|hop| hop.bytes_received).sum());
        recorder.finish(&stream.state, &self.hops, stream.tags(), outcome);
        stream.ended(End { outcome, error });
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.finish(Stop::Closed);
    }
}

/// Reads until there is nothing more to read.
async fn read_on(stream: &Rc<Stream>, source: &mut EventStream, recorder: &mut Recorder) -> Stop {
    let mut parsed = Vec::new();
    loop {
        let read = source.next(&mut parsed).await;
        let at = read.as_ref().ok().copied().flatten().unwrap_or_else(Instant::now);
        for item in parsed.drain(..) {
            // A comment shows in the next event; other lines are for nobody.
            let Parsed::Event(event) = item else { continue };
            recorder.event(&stream.state, &event, at);
            stream.events.set(stream.events.get() + 1);
            let is_last = stream.is_last(&event);
            let mut arrived = Arrived { event, at };
            loop {
                match stream.take(arrived) {
                    Pushed::Kept | Pushed::Dropped => break,
                    Pushed::Overflow => return Stop::Overflow,
                    Pushed::Waits(back) => {
                        arrived = back;
                        stream.post();
                        stream.room.notified().await;
                        source.was_left_alone();
                    }
                }
            }
            if is_last {
                return Stop::Complete;
            }
        }
        let stop = match read {
            Ok(Some(_)) => None,
            Ok(None) => Some(Stop::Done),
            Err(error) => Some(Stop::Broken(error)),
        };
        stream.post();
        if let Some(stop) = stop {
            // What has come may hold the event that completes the stream.
            stream.is_judged().await;
            return stop;
        }
        // An idle stream is to cost little, also after a burst.
        if parsed.capacity() > 16 {
            parsed = Vec::new();
        }
    }
}
