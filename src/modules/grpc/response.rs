//! What a call returns: `{message, error, headers, trailers, status}`.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, prost_types};

use super::client::Client;
use super::{message, metadata};
use crate::js::convert::{array, object, put, string};
use crate::js::json;
use crate::net::grpc::{Answer, Code, Status};

/// `google.rpc.Status`
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// Makes the response of an answer, whose message is of a type; `None`: the message is not wanted. A call that
/// failed has the empty message, as in k6.
pub fn new(
    answer: &Answer,
    kind: Option<&MessageDescriptor>,
    client: &Client,
    context: &mut Context,
) -> JsResult<JsValue> {
    let mut status = answer.status.clone();
    let mut shown = JsValue::null();
    if let Some(kind) = kind {
        let decoded = answer.message.as_ref().map(|bytes| message::decode(kind, bytes)).transpose();
        let message = decoded.unwrap_or_else(|text| {
            status = Status::new(Code::INTERNAL, text);
            None
        });
        let message = message.unwrap_or_else(|| DynamicMessage::new(kind.clone()));
        shown = message::to_js(&message, context)?;
    }
    let error =
        if status.code == Code::OK { JsValue::null() } else { error(&status, client, context)?.into() };
    let response = object(context);
    put(&response, "message", shown);
    put(&response, "error", error);
    let headers = metadata::to_js(&answer.headers, context);
    put(&response, "headers", headers);
    let trailers = metadata::to_js(&answer.trailers, context);
    put(&response, "trailers", trailers);
    put(&response, "status", status.code.0);
    Ok(response.into())
}

/// A status that is not OK: `{code, message, details}`.
pub fn error(status: &Status, client: &Client, context: &mut Context) -> JsResult<JsObject> {
    let sent = RpcStatus::decode(status.details.clone()).unwrap_or_default();
    let mut details = Vec::new();
    for detail in sent.details {
        let text = detail_json(&detail, client);
        details.push(json::parse_str(&text, context)?);
    }
    let error = object(context);
    put(&error, "code", status.code.0);
    put(&error, "message", string(&status.message));
    let details = array(details, context);
    put(&error, "details", details);
    Ok(error)
}

/// A detail as JSON text: by its type if the client knows that, else its bytes.
fn detail_json(detail: &prost_types::Any, client: &Client) -> String {
    let name = detail.type_url.rsplit('/').next().unwrap_or_default();
    let kind = client.schema.borrow().message(name);
    let known = kind.and_then(|kind| DynamicMessage::decode(kind, detail.value.as_slice()).ok());
    let head = serde_json::Value::from(detail.type_url.as_str()).to_string();
    let Some(known) = known else {
        use base64::Engine as _;
        let bytes = base64::prelude::BASE64_STANDARD.encode(&detail.value);
        return format!("{{\"@type\":{head},\"value\":\"{bytes}\"}}");
    };
    let fields = message::to_json(&known);
    match fields.strip_prefix('{') {
        Some("}") => format!("{{\"@type\":{head}}}"),
        Some(fields) => format!("{{\"@type\":{head},{fields}"),
        // A type whose JSON is no object.
        None => format!("{{\"@type\":{head},\"value\":{fields}}}"),
    }
}
