//! The health checking protocol, `grpc.health.v1`.

use std::rc::Rc;
use std::time::Duration;

use prost::Message;

use super::channel::{Channel, Request};
use super::metadata::Metadata;
use super::status::Status;
use super::unary::Answer;

/// The method's path.
const CHECK: &str = "/grpc.health.v1.Health/Check";

/// The serving statuses, by name and number.
pub const STATUSES: [(&str, i32); 3] = [("Unknown", 0), ("Serving", 1), ("NotServing", 2)];

#[derive(Clone, PartialEq, Message)]
struct CheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct CheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Asks how a service is; an empty name stands for the whole server. Returns its serving status beside the answer.
///
/// # Errors
///
/// The status with which the call ended.
pub async fn check(channel: &Rc<Channel>, service: &str, timeout: Duration) -> (Answer, Result<i32, Status>) {
    let request = Request { path: CHECK.to_owned(), metadata: Metadata::new(), timeout: Some(timeout) };
    let message = CheckRequest { service: service.to_owned() }.encode_to_vec();
    let answer = channel.unary(&request, &message).await;
    let status = match &answer.message {
        None => Err(answer.status.clone()),
        Some(message) => match CheckResponse::decode(message.clone()) {
            Ok(response) => Ok(response.status),
            Err(error) => {
                Err(Status::internal(format!("grpc: failed to unmarshal the received message: {error}")))
            }
        },
    };
    (answer, status)
}
