//! One client, from the first message to the last.

use std::collections::HashSet;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::dispatch::{Done, dispatch};
use super::message::{self, Call};
use super::{Target, message::answer};
use crate::js::debug::Event;

/// What a client has been told and wants to be told.
#[derive(Default)]
pub struct Told {
    /// Whether it knows of the execution context.
    pub context: bool,
    /// Whether it wants to know of scripts.
    pub scripts: bool,
    /// Those that it knows of.
    known: HashSet<u32>,
}

impl Told {
    /// The event of a script that the client does not know of.
    pub fn of(&mut self, script: &crate::js::debug::Script) -> Option<String> {
        (self.scripts && self.known.insert(script.id)).then(|| message::parsed(script))
    }

    /// Forgets which scripts it knew.
    pub fn forget_scripts(&mut self) {
        self.scripts = false;
        self.known.clear();
    }
}

/// Serves a client until it goes or the run is over.
pub async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    mut events: UnboundedReceiver<Event>,
    target: &Target,
) {
    let mut over = target.over.clone();
    let mut told = Told::default();
    let mut pending = FuturesUnordered::new();
    loop {
        let mut out: Vec<String> = Vec::new();
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(Event::ScriptParsed(script)) => out.extend(told.of(&script)),
                Some(event) => out.extend(message::told(&event)),
                None => break,
            },
            Some((id, result)) = pending.next() => out.push(answer(&id, result)),
            read = socket.next() => match read {
                Some(Ok(Message::Text(text))) => {
                    let Some(call) = Call::parse(&text) else { continue };
                    let id = call.id.clone();
                    match dispatch(call, target, &mut told, &mut out) {
                        Done::Now(result) => out.push(answer(&id, result)),
                        Done::Later(result) => pending.push(async move { (id, result.await) }),
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            () = async { drop(over.wait_for(|over| *over).await) } => {
                let _ = socket.close(None).await;
                break;
            }
        }
        for text in out {
            if socket.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    }
}
