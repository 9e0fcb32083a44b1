//! A whole call: one message there, one back.

use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::{Either, select};

use super::channel::{Channel, Request};
use super::metadata::Received;
use super::status::Status;

/// What came of a call.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    /// `None` unless the status is OK.
    pub message: Option<Bytes>,
    pub headers: Received,
    pub trailers: Received,
    /// The server's address, if there was a connection.
    pub remote: Option<SocketAddr>,
    pub begun: Instant,
    pub ended: Instant,
}

impl Channel {
    /// Sends one message and waits for the answer; whatever goes wrong is its status.
    pub async fn unary(self: &Rc<Self>, request: &Request, message: &[u8]) -> Answer {
        let begun = Instant::now();
        let mut answer = Answer {
            status: Status::ok(),
            message: None,
            headers: Received::new(),
            trailers: Received::new(),
            remote: None,
            begun,
            ended: begun,
        };
        match self.exchange(request, message, &mut answer).await {
            Ok(message) => answer.message = Some(message),
            Err(status) => answer.status = status,
        }
        answer.ended = Instant::now();
        answer
    }

    async fn exchange(
        self: &Rc<Self>,
        request: &Request,
        message: &[u8],
        answer: &mut Answer,
    ) -> Result<Bytes, Status> {
        let (mut sink, mut source) = self.start(request).await?;
        answer.remote = Some(source.remote);
        let received = {
            let sending = async {
                sink.send(message).await?;
                sink.end();
                Ok(())
            };
            let receiving = async {
                let first = source.next().await?;
                let Some(first) = first else { return Ok(None) };
                match source.next().await? {
                    None => Ok(Some(first)),
                    Some(_) => Err(Status::internal(
                        "cardinality violation: expected <EOF> for non server-streaming RPCs, but received \
                         another message",
                    )),
                }
            };
            // The server may answer before it has read everything.
            match select(pin!(receiving), pin!(sending)).await {
                Either::Left((received, _)) => received,
                Either::Right((Ok(()), receiving)) => receiving.await,
                Either::Right((Err(status), _)) => Err(status),
            }
        };
        answer.headers = source.headers;
        answer.trailers = source.trailers;
        received?.ok_or_else(|| {
            Status::internal(
                "cardinality violation: received no response message from non-server-streaming RPC",
            )
        })
    }
}
