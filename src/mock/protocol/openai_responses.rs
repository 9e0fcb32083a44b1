//! OpenAI's responses: items of output, each of which begins, grows and ends with events of its own.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, named, openai_error};
use crate::mock::answer::{Answer, Ask, CREATED, MODEL};
use crate::mock::settings::Finish;
use crate::mock::tools::{self, Tool};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "openai-responses",
    route: "/v1/responses",
    serves: |method, path| method == Method::POST && path.ends_with("/responses"),
    read,
    content_type: EVENT_STREAM,
    parts,
    repeats_text: true,
    whole: |answer| response(answer, status(answer)).to_string(),
    failure,
    error: openai_error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    stream: Option<bool>,
    max_output_tokens: Option<u64>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no request for a response")?;
    Ok(Ask {
        stream: request.stream.unwrap_or(false),
        max_tokens: request.max_output_tokens,
        usage: true,
        must_call: tools::demands_call(request.tool_choice.as_ref()),
        tool: tools::first_name(request.tools),
        ..Ask::default()
    })
}

fn parts(answer: &Answer) -> Vec<Part> {
    let mut parts = vec![Part::Opening(created), Part::Opening(in_progress)];
    if answer.reasoning > 0 {
        parts.extend([Part::Opening(reasoning_added), Part::Opening(summary_added)]);
        parts.push(Part::Tokens(answer.reasoning, summary_delta));
        parts.extend([Part::Closing(summary_done), Part::Closing(summary_part_done)]);
        parts.push(Part::Closing(reasoning_done));
    }
    // After thoughts, the next item begins with the last of them.
    let begins = if answer.reasoning > 0 { Part::Closing } else { Part::Opening };
    if answer.tool.is_some() {
        parts.extend([begins(call_added), Part::Tokens(answer.tokens, arguments_delta)]);
        parts.extend([Part::Closing(arguments_done), Part::Closing(call_done)]);
    } else {
        parts.extend([begins(message_added), begins(part_added), Part::Tokens(answer.tokens, text_delta)]);
        parts.extend([Part::Closing(text_done), Part::Closing(part_done), Part::Closing(message_done)]);
    }
    parts.push(Part::Closing(completed));
    parts
}

const RESPONSE: &str = "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b";
const MESSAGE: &str = "msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b";
const THOUGHTS: &str = "rs_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b";
const CALL: &str = "fc_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b";

/// Event `type` with its number and fields.
fn event(kind: &str, at: At, fields: Value) -> Bytes {
    let mut event = Map::new();
    event.insert("type".into(), kind.into());
    event.insert("sequence_number".into(), at.event.into());
    if let Value::Object(fields) = fields {
        event.extend(fields);
    }
    named(kind, &Value::Object(event).to_string())
}

/// Where the answer stands among the items: behind the thoughts.
fn index(answer: &Answer) -> u64 {
    u64::from(answer.reasoning > 0)
}

fn created(answer: &Answer, at: At) -> Bytes {
    event("response.created", at, json!({"response": response(answer, "in_progress")}))
}

fn in_progress(answer: &Answer, at: At) -> Bytes {
    event("response.in_progress", at, json!({"response": response(answer, "in_progress")}))
}

fn reasoning_added(_: &Answer, at: At) -> Bytes {
    let item = json!({"id": THOUGHTS, "type": "reasoning", "summary": []});
    event("response.output_item.added", at, json!({"output_index": 0, "item": item}))
}

fn summary_added(_: &Answer, at: At) -> Bytes {
    event("response.reasoning_summary_part.added", at, summary(json!({"part": summary_part("")})))
}

fn summary_delta(answer: &Answer, at: At) -> Bytes {
    event("response.reasoning_summary_text.delta", at, summary(json!({"delta": answer.thought(at.token)})))
}

fn summary_done(answer: &Answer, at: At) -> Bytes {
    event("response.reasoning_summary_text.done", at, summary(json!({"text": answer.thoughts()})))
}

fn summary_part_done(answer: &Answer, at: At) -> Bytes {
    let part = summary_part(&answer.thoughts());
    event("response.reasoning_summary_part.done", at, summary(json!({ "part": part })))
}

fn reasoning_done(answer: &Answer, at: At) -> Bytes {
    event("response.output_item.done", at, json!({"output_index": 0, "item": reasoning(answer)}))
}

/// The place of the thoughts, and what is said of them.
fn summary(what: Value) -> Value {
    let mut fields = json!({"item_id": THOUGHTS, "output_index": 0, "summary_index": 0});
    if let (Some(fields), Value::Object(what)) = (fields.as_object_mut(), what) {
        fields.extend(what);
    }
    fields
}

fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

fn reasoning(answer: &Answer) -> Value {
    json!({"id": THOUGHTS, "type": "reasoning", "summary": [summary_part(&answer.thoughts())]})
}

fn message_added(answer: &Answer, at: At) -> Bytes {
    let item = json!({"id": MESSAGE, "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    event("response.output_item.added", at, json!({"output_index": index(answer), "item": item}))
}

fn part_added(answer: &Answer, at: At) -> Bytes {
    event("response.content_part.added", at, in_text(answer, "part", text_part("")))
}

fn text_delta(answer: &Answer, at: At) -> Bytes {
    event("response.output_text.delta", at, in_text(answer, "delta", answer.piece(at.token).into()))
}

fn text_done(answer: &Answer, at: At) -> Bytes {
    event("response.output_text.done", at, in_text(answer, "text", answer.text().into()))
}

fn part_done(answer: &Answer, at: At) -> Bytes {
    event("response.content_part.done", at, in_text(answer, "part", text_part(&answer.text())))
}

fn message_done(answer: &Answer, at: At) -> Bytes {
    event("response.output_item.done", at, json!({"output_index": index(answer), "item": message(answer)}))
}

/// The place of the text, and what is said of it.
fn in_text(answer: &Answer, name: &str, what: Value) -> Value {
    let mut fields = json!({"item_id": MESSAGE, "output_index": index(answer), "content_index": 0});
    fields[name] = what;
    fields
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn message(answer: &Answer) -> Value {
    let content = [text_part(&answer.text())];
    json!({"id": MESSAGE, "type": "message", "status": status(answer), "role": "assistant", "content": content})
}

fn call_added(answer: &Answer, at: At) -> Bytes {
    let item = call(answer, "in_progress", "");
    event("response.output_item.added", at, json!({"output_index": index(answer), "item": item}))
}

fn arguments_delta(answer: &Answer, at: At) -> Bytes {
    // The piece is escaped already.
    let json = format!(
        r#"{{"type":"response.function_call_arguments.delta","sequence_number":{},"item_id":"{CALL}","output_index":{},"delta":"{}"}}"#,
        at.event,
        index(answer),
        answer.piece(at.token)
    );
    named("response.function_call_arguments.delta", &json)
}

fn arguments_done(answer: &Answer, at: At) -> Bytes {
    let fields = json!({"item_id": CALL, "output_index": index(answer), "arguments": answer.arguments()});
    event("response.function_call_arguments.done", at, fields)
}

fn call_done(answer: &Answer, at: At) -> Bytes {
    let item = call(answer, status(answer), &answer.arguments());
    event("response.output_item.done", at, json!({"output_index": index(answer), "item": item}))
}

fn call(answer: &Answer, status: &str, arguments: &str) -> Value {
    json!({
        "id": CALL, "type": "function_call", "status": status, "call_id": "call_B9MHDbslfkBeAs8l",
        "name": answer.tool, "arguments": arguments,
    })
}

fn completed(answer: &Answer, at: At) -> Bytes {
    let kind = if answer.finish == Finish::Length { "response.incomplete" } else { "response.completed" };
    event(kind, at, json!({"response": response(answer, status(answer))}))
}

fn status(answer: &Answer) -> &'static str {
    if answer.finish == Finish::Length { "incomplete" } else { "completed" }
}

/// The response as a whole: without output as long as it is in progress.
fn response(answer: &Answer, status: &str) -> Value {
    let mut response = json!({
        "id": RESPONSE, "object": "response", "created_at": CREATED, "status": status, "error": null,
        "incomplete_details": null, "model": MODEL, "output": [], "usage": null,
    });
    if status == "in_progress" {
        return response;
    }
    if answer.finish == Finish::Length {
        response["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    let mut output = Vec::new();
    if answer.reasoning > 0 {
        output.push(reasoning(answer));
    }
    output.push(match answer.tool {
        Some(_) => call(answer, status, &answer.arguments()),
        None => message(answer),
    });
    response["output"] = output.into();
    if answer.tells_usage {
        response["usage"] = json!({
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer.completion_tokens(),
            "output_tokens_details": {"reasoning_tokens": answer.reasoning},
            "total_tokens": answer.total_tokens(),
        });
    }
    response
}

fn failure() -> Bytes {
    named(
        "error",
        &json!({"type": "error", "code": "server_error", "message": FAILURE, "param": null}).to_string(),
    )
}
