//! The task that opens a WebSocket and drives it to its end, whatever the script does meanwhile.

use std::rc::Rc;
use std::time::Instant;

use super::record::{Recorder, set_tag, tag_answer};
use super::socket::Socket;
use crate::k6::SystemTag;
use crate::net::client::Client;
use crate::net::websocket::{
    Answer, Call, Connected, Ended, Link, Opcode, Reader, Received, Refused, Writer, connect,
};

/// What the server is told when the iteration is cut off.
const NORMAL: u16 = 1000;

/// Opens and drives a WebSocket that was asked for at `started`.
///
/// Opening is boxed: what it takes, which is much, is given back before the connection idles.
pub async fn run(socket: Rc<Socket>, client: Rc<Client>, call: Call, started: Instant) {
    let connected = Box::pin(async { connect(&client, &call).await }).await;
    drop((client, call));
    match connected {
        Ok(Connected { link, answer, peer }) => {
            count(&socket, Some(&answer), Some(peer), started);
            let extensions = answer.headers.iter().filter(|(name, _)| name == "Sec-Websocket-Extensions");
            *socket.extensions.borrow_mut() = extensions.flat_map(|(_, values)| values.clone()).collect();
            answer.protocol().clone_into(&mut socket.protocol.borrow_mut());
            socket.post(Socket::opened);
            Driven { socket, link }.run().await;
        }
        Err(Refused { error, answer, peer, sent, received }) => {
            count(&socket, answer.as_ref(), peer, started);
            socket.state.count_bytes(sent, received);
            socket.post_end(Some(error));
        }
    }
}

/// Counts the WebSocket, whose tags are known now.
fn count(socket: &Socket, answer: Option<&Answer>, peer: Option<std::net::SocketAddr>, started: Instant) {
    let state = &socket.state;
    let mut tags = socket.tags.borrow_mut();
    tag_answer(&mut tags, state, answer, peer);
    let name = tags.get("name").map(str::to_owned);
    set_tag(&mut tags, state, SystemTag::Url, name.as_deref().unwrap_or(&socket.url));
    if name.is_none() {
        set_tag(&mut tags, state, SystemTag::Name, &socket.url);
    }
    socket.recorder.set(Some(Recorder::new(state, &tags, started)));
}

/// An open connection. Dropping it is its end.
struct Driven {
    socket: Rc<Socket>,
    link: Link,
}

impl Driven {
    async fn run(mut self) {
        let Link { reader, writer, .. } = &mut self.link;
        let socket = &self.socket;
        let (ended, was_reading) = tokio::select! {
            biased;
            ended = read(socket, reader) => (ended, true),
            ended = write(socket, writer) => (ended, false),
        };
        let error = if was_reading {
            if let Some((code, reason)) = ended.answer() {
                // The connection may be gone already; there is nobody to tell.
                let _ = self.link.writer.close(code, reason);
            }
            self.socket.ended(&ended)
        } else {
            Some(ended.to_string())
        };
        let socket = self.socket.clone();
        drop(self);
        socket.post_end(error);
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // Nobody is there to be told that the server had been said goodbye before.
        let _ = self.link.writer.close(NORMAL, "");
        let (sent, received) = self.link.bytes();
        self.socket.state.count_bytes(sent, received);
        if let Some(recorder) = self.socket.recorder.get() {
            recorder.ended(&self.socket.state, Instant::now());
        }
    }
}

/// Reads until nothing more comes.
async fn read(socket: &Rc<Socket>, reader: &mut Reader) -> Ended {
    loop {
        match reader.next().await {
            Ok((received, at)) => {
                if let Received::Ping(payload) = &received {
                    socket.send_pong(payload.clone());
                }
                socket.post(move |socket, context| socket.received(received, at, context));
            }
            Err(ended) => return ended,
        }
    }
}

/// Writes what the script sends, until that fails.
async fn write(socket: &Rc<Socket>, writer: &mut Writer) -> Ended {
    loop {
        let Some(message) = socket.next_outgoing() else {
            socket.queued.notified().await;
            continue;
        };
        let is_pong = message.opcode == Opcode::Pong;
        match writer.send(message.opcode, &message.payload).await {
            Ok(()) => {}
            // What comes after the goodbye is not sent; the server's answer is still to come.
            Err(Ended::CloseSent) => continue,
            Err(ended) => return ended,
        }
        if message.is_buffered {
            let size = message.payload.len();
            socket.post(move |socket, _| {
                socket.buffered.set(socket.buffered.get().saturating_sub(size));
                Ok(())
            });
        }
        if let Some(recorder) = socket.recorder.get().filter(|_| !is_pong) {
            recorder.sent(&socket.state);
        }
    }
}
