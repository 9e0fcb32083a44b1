//! The task that opens a stream and reads it to its end, whether or not the script looks.

use std::rc::Rc;
use std::time::Instant;

use boa_engine::builtins::promise::ResolvingFunctions;

use super::buffer::Pushed;
use super::object;
use super::record::Recorder;
use super::stream::{Arrived, End, Stream};
use super::waiting::settle;
use crate::js::go_error;
use crate::net::client::Client;
use crate::net::{Call, EventStream, Hop, NetError, Opened, Parsed, open};

/// Opens a stream, keeps or breaks the promise of it, and reads it.
pub async fn read(
    stream: Rc<Stream>,
    client: Rc<Client>,
    call: Call,
    promise: ResolvingFunctions,
    recorder: Recorder,
) {
    // Boxed, so that what opening takes is given back before the stream idles.
    let opened = Box::pin(open(&client, call)).await;
    let event_loop = stream.state.event_loop().clone();
    let reading = match opened {
        Ok(Opened { hops, stream: source }) => {
            stream.status.set(source.hop().status);
            stream.headers.borrow_mut().clone_from(&source.hop().headers);
            stream.state.saw_proto(source.hop().proto);
            Reading { stream: stream.clone(), source: Some(source), hops, recorder }
        }
        Err(failed) => {
            let (text, outcome) = recorder.failed(&stream, &failed.hops, &failed.error);
            stream.ended(End { outcome, error: None });
            event_loop.complete(Box::new(move |context| {
                let error = go_error(text, context);
                settle(&promise, Err(error), context)
            }));
            return;
        }
    };
    event_loop.complete(Box::new(move |context| {
        let object = object::of(stream, context)?;
        settle(&promise, Ok(object), context)
    }));
    reading.run().await;
}

/// An open stream. Dropping it ends its round trip.
struct Reading {
    stream: Rc<Stream>,
    /// `None` once it has ended.
    source: Option<EventStream>,
    hops: Vec<Hop>,
    recorder: Recorder,
}

/// Why reading ended.
enum Stop {
    /// The server ended the stream.
    Done,
    Broken(NetError),
    Overflow,
    /// By the script, or with the iteration.
    Closed,
}

impl Reading {
    async fn run(mut self) {
        let stop = self.until_it_ends().await;
        self.finish(stop);
    }

    async fn until_it_ends(&mut self) -> Stop {
        let Some(source) = &mut self.source else { return Stop::Closed };
        let mut parsed = Vec::new();
        loop {
            let read = source.next(&mut parsed).await;
            let at = read.as_ref().ok().copied().flatten().unwrap_or_else(Instant::now);
            for item in parsed.drain(..) {
                // A comment shows in the next event; other lines are for nobody.
                let Parsed::Event(event) = item else { continue };
                self.stream.events.set(self.stream.events.get() + 1);
                self.recorder.event(&self.stream, at);
                let mut arrived = Arrived { event, at };
                loop {
                    match self.stream.take(arrived) {
                        Pushed::Kept | Pushed::Dropped => break,
                        Pushed::Overflow => return Stop::Overflow,
                        Pushed::Waits(back) => {
                            arrived = back;
                            self.stream.post();
                            self.stream.room.notified().await;
                        }
                    }
                }
            }
            match read {
                Ok(Some(_)) => self.stream.post(),
                Ok(None) => return Stop::Done,
                Err(error) => return Stop::Broken(error),
            }
            // An idle stream is to cost little, also after a burst.
            if parsed.capacity() > 16 {
                parsed = Vec::new();
            }
        }
    }

    fn finish(&mut self, stop: Stop) {
        let Some(source) = self.source.take() else { return };
        let outcome = match &stop {
            Stop::Done => "ok",
            Stop::Broken(_) => "truncated",
            Stop::Overflow => "aborted",
            Stop::Closed => self.stream.closed_as.get(),
        };
        let error = match &stop {
            Stop::Broken(error) => Some(error.stream_error(&self.recorder.method, &self.stream.url)),
            Stop::Overflow => Some("the stream's buffer is full: the script takes events more slowly than they come; raise buffer.size, or choose another buffer.overflow".to_owned()),
            Stop::Done | Stop::Closed => None,
        };
        let mut hops = std::mem::take(&mut self.hops);
        hops.push(source.finish());
        self.stream.bytes.set(hops.iter().map(|hop| hop.bytes_received).sum());
        self.recorder.finish(&self.stream, &hops);
        self.stream.ended(End { outcome, error });
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.finish(Stop::Closed);
    }
}
