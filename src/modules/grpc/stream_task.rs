//! The task of a stream: sends what the script writes, and takes in what the server sends.

use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use futures_util::future::{Either, select};

use super::message;
use super::stream::{Outgoing, Stream};
use crate::k6::builtin;
use crate::net::grpc::{Code, Request, Sink, Source, Status};

/// Drives a stream to its end.
pub async fn run(stream: Rc<Stream>, request: Request) {
    let mut remote = None;
    let status = match exchange(&stream, &request, &mut remote).await {
        Ok(()) => Status::ok(),
        Err(status) => status,
    };
    stream.ended(status, remote);
}

async fn exchange(
    stream: &Rc<Stream>,
    request: &Request,
    remote: &mut Option<SocketAddr>,
) -> Result<(), Status> {
    let (mut sink, mut source) = stream.open.channel.start(request).await?;
    *remote = Some(source.remote);
    let (reading, writing) = (read(stream, &mut source), write(stream, &mut sink));
    match select(pin!(reading), pin!(writing)).await {
        Either::Left((end, _)) | Either::Right((end, _)) => end,
    }
}

async fn read(stream: &Rc<Stream>, source: &mut Source) -> Result<(), Status> {
    while let Some(bytes) = source.next().await? {
        stream.tags.count(&builtin::GRPC_STREAMS_MSGS_RECEIVED, Instant::now(), &stream.state);
        let message = message::decode(&stream.method.output(), &bytes);
        let message = message.map_err(|text| Status::new(Code::INTERNAL, text))?;
        stream.has_room().await;
        stream.received(message);
    }
    Ok(())
}

/// Ends only where it fails: how the call ends, the server says.
async fn write(stream: &Stream, sink: &mut Sink) -> Result<(), Status> {
    loop {
        match stream.next_outgoing().await {
            Outgoing::Message(message) => {
                if sink.send(&message).await? {
                    let metric = &builtin::GRPC_STREAMS_MSGS_SENT;
                    stream.tags.count(metric, Instant::now(), &stream.state);
                }
            }
            Outgoing::Unfit(text) => return Err(Status::new(Code::UNKNOWN, text)),
            Outgoing::End => {
                sink.end();
                pending::<()>().await;
            }
        }
    }
}
