//! `/v1/status`: how the run is; paused runs are started and runs are stopped here.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Surface;
use super::reply::{self, JSON_UTF8};
use crate::log;
use crate::vu::{Counters, Stop};

/// What a client sends; the members that cannot be changed are passed over.
#[derive(Debug, Default, Deserialize)]
struct Envelope {
    data: Option<Data>,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    attributes: Option<Wanted>,
}

/// What the run is to be like.
#[derive(Debug, Default, Deserialize, PartialEq)]
struct Wanted {
    paused: Option<bool>,
    stopped: Option<bool>,
    vus: Option<i64>,
    #[serde(rename = "vus-max")]
    vus_max: Option<i64>,
}

pub async fn answer(State(surface): State<Arc<Surface>>, method: Method, body: Bytes) -> Response {
    match method {
        Method::GET => reply::json(JSON_UTF8, &status(&surface)),
        Method::PATCH => match read(&body) {
            Ok(wanted) => change(&surface, &wanted),
            Err(detail) => reply::error(JSON_UTF8, StatusCode::BAD_REQUEST, "Invalid data", &detail),
        },
        _ => reply::not_allowed(),
    }
}

fn status(surface: &Surface) -> Value {
    let (course, test) = (&surface.course, &surface.test);
    json!({ "data": {
        "type": "status",
        "id": "default",
        "attributes": {
            "status": course.stage(),
            "paused": course.is_paused(),
            "vus": Counters::get(&test.counters.vus_active),
            "vus-max": Counters::get(&test.counters.vus_initialised),
            "stopped": test.control.reason().is_some(),
            "running": course.is_running(),
            "tainted": surface.metrics.is_tainted(),
        },
    } })
}

fn read(body: &[u8]) -> Result<Wanted, String> {
    let envelope: Option<Envelope> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(envelope.unwrap_or_default().data.unwrap_or_default().attributes.unwrap_or_default())
}

fn change(surface: &Surface, wanted: &Wanted) -> Response {
    let fail =
        |title: &str, detail: &str| reply::error(JSON_UTF8, StatusCode::INTERNAL_SERVER_ERROR, title, detail);
    if wanted.stopped == Some(true) {
        surface.test.control.stop(Stop::Api);
        return reply::json(JSON_UTF8, &status(surface));
    }
    if let Some(pause) = wanted.paused
        && let Err(detail) = set_paused(surface, pause)
    {
        return fail("Pause error", &detail);
    }
    if wanted.vus.is_some() || wanted.vus_max.is_some() {
        return fail("Execution config error", "live VU configuration updates are not supported");
    }
    reply::json(JSON_UTF8, &status(surface))
}

fn set_paused(surface: &Surface, pause: bool) -> Result<(), String> {
    if pause && surface.course.is_paused() {
        return Err("execution is already paused".to_owned());
    }
    if !pause && surface.course.resume() {
        log::debug("Starting execution");
        return Ok(());
    }
    let scenario = surface.test.options().and_then(|options| options.scenarios.first());
    let (kind, name) = scenario.map_or(("", ""), |s| (s.executor.common().executor, s.name.as_str()));
    Err(format!("{kind} executor '{name}' doesn't support pause and resume operations after its start"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_sends_is_understood() {
        let operators =
            br#"{"data":{"attributes":{"paused":false,"stopped":false},"id":"default","type":"status"}}"#;
        let wanted = Wanted { paused: Some(false), stopped: Some(false), ..Wanted::default() };
        assert_eq!(read(operators), Ok(wanted));
        let whole = br#"{"data":{"type":"status","id":"default","attributes":{"status":4,"paused":null,"vus":1,"vus-max":2,"stopped":true,"running":false,"tainted":false}}}"#;
        let wanted = Wanted { stopped: Some(true), vus: Some(1), vus_max: Some(2), ..Wanted::default() };
        assert_eq!(read(whole), Ok(wanted));
        for nothing in ["{}", "null", r#"{"data":null}"#, r#"{"data":{"attributes":{}}}"#] {
            assert_eq!(read(nothing.as_bytes()), Ok(Wanted::default()), "{nothing}");
        }
        for bad in ["", "x", r#"{"data":{"attributes":{"paused":1}}}"#, r#"{"data":[]}x"#] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
