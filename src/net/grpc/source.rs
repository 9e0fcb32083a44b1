//! The messages of a call that come in, and its end.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::channel::Channel;
use super::frame::Frames;
use super::metadata::{self, Received};
use super::status::{Status, is_grpc};

/// Receives messages. When it and its [`super::Sink`] are dropped, a call that is not over is cancelled.
pub struct Source {
    channel: Rc<Channel>,
    answer: Answer,
    frames: Frames,
    deadline: Option<Instant>,
    /// The server's address.
    pub remote: SocketAddr,
    /// Empty until the first message is there, and if there is none.
    pub headers: Received,
    /// Empty until the end.
    pub trailers: Received,
}

enum Answer {
    Awaited(ResponseFuture),
    Body(RecvStream),
    Over,
}

impl Source {
    pub(super) fn new(
        channel: Rc<Channel>,
        answer: ResponseFuture,
        limit: usize,
        deadline: Option<Instant>,
        remote: SocketAddr,
    ) -> Self {
        Self {
            channel,
            answer: Answer::Awaited(answer),
            frames: Frames::new(limit),
            deadline,
            remote,
            headers: Received::new(),
            trailers: Received::new(),
        }
    }

    /// The next message; `None` at the end, if the status is OK.
    ///
    /// # Errors
    ///
    /// The status with which the call ended.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        let (channel, deadline) = (self.channel.clone(), self.deadline);
        let next = match channel.within(deadline, self.read()).await {
            Ok(next) => next,
            Err(status) => Err(status),
        };
        if !matches!(next, Ok(Some(_))) {
            self.answer = Answer::Over;
        }
        next
    }

    async fn read(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            match &mut self.answer {
                Answer::Awaited(answer) => {
                    let (head, body) = answer.await.map_err(|error| Status::of_h2(&error))?.into_parts();
                    if let Some(end) = self.begin(head.status, &head.headers, &body) {
                        return end;
                    }
                    self.answer = Answer::Body(body);
                }
                Answer::Body(body) => {
                    if let Some(message) = self.frames.pop()? {
                        return Ok(Some(message));
                    }
                    let Some(piece) = body.data().await else { return self.end().await };
                    let piece = piece.map_err(|error| Status::of_h2(&error))?;
                    self.frames.push(&piece);
                    // It is released whether the call is over or not.
                    let _ = body.flow_control().release_capacity(piece.len());
                }
                Answer::Over => return Ok(None),
            }
        }
    }

    /// Takes in the head of the answer; an answer without anything else is the end.
    fn begin(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &RecvStream,
    ) -> Option<Result<Option<Bytes>, Status>> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if let Some(status) = Status::read(headers).filter(|_| body.is_end_stream()) {
            self.trailers = metadata::read(headers);
            return Some(ended(status));
        }
        if status != StatusCode::OK || !content_type.is_some_and(is_grpc) {
            return Some(Err(Status::of_http(status, content_type)));
        }
        self.headers = metadata::read(headers);
        if let Some(encoding) = headers.get("grpc-encoding").and_then(|value| value.to_str().ok()) {
            self.frames.set_encoding(encoding);
        }
        None
    }

    async fn end(&mut self) -> Result<Option<Bytes>, Status> {
        let Answer::Body(body) = &mut self.answer else { return Ok(None) };
        let trailers = body.trailers().await.map_err(|error| Status::of_h2(&error))?;
        let status = trailers.as_ref().and_then(Status::read);
        self.trailers = trailers.as_ref().map(metadata::read).unwrap_or_default();
        let Some(status) = status else {
            return Err(Status::internal("server closed the stream without sending trailers"));
        };
        if self.frames.is_broken_off() && status.code == super::Code::OK {
            return Err(Status::internal("unexpected EOF"));
        }
        ended(status)
    }
}

fn ended(status: Status) -> Result<Option<Bytes>, Status> {
    if status.code == super::Code::OK { Ok(None) } else { Err(status) }
}
