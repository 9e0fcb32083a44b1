//! `/v1/setup` and `/v1/teardown`: the data of `setup()`, and both functions on demand.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::value::RawValue;

use super::Surface;
use super::reply::{self, JSON, TEXT};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log::{self, Level};
use crate::run::lifecycle;
use crate::run::once::call;
use crate::vu::VirtualUser;

pub async fn setup(State(surface): State<Arc<Surface>>, method: Method, body: Bytes) -> Response {
    match method {
        Method::GET => {}
        Method::PUT => match read(&body) {
            Ok(data) => surface.course.set_setup_data(data),
            Err(detail) => {
                return reply::error(TEXT, StatusCode::BAD_REQUEST, "Error parsing request body", &detail);
            }
        },
        Method::POST => {
            let run = surface.clone();
            if let Err(response) = elsewhere("setup", move || run_setup(&run)).await {
                return response;
            }
        }
        _ => return reply::not_allowed(),
    }
    reply::answer(StatusCode::OK, JSON, envelope(surface.course.setup_data().as_deref()))
}

pub async fn teardown(State(surface): State<Arc<Surface>>, method: Method) -> Response {
    if method != Method::POST {
        return reply::not_allowed();
    }
    match elsewhere("teardown", move || run_teardown(&surface)).await {
        Ok(()) => reply::bare(StatusCode::OK),
        Err(response) => response,
    }
}

/// The data as they were sent; none are `undefined`.
fn read(body: &[u8]) -> Result<Option<Arc<str>>, String> {
    if body.is_empty() {
        return Ok(None);
    }
    let data: &RawValue = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(Some(data.get().into()))
}

/// The data in their envelope, as text: they may hold numbers that no number of ours does.
fn envelope(data: Option<&str>) -> String {
    let attributes = data.map_or_else(|| "{}".to_owned(), |data| format!(r#"{{"data":{data}}}"#));
    format!(r#"{{"data":{{"type":"setupData","id":"default","attributes":{attributes}}}}}"#)
}

/// Calls a function of the script, which may take its time, away from the API's own thread.
async fn elsewhere(
    name: &str,
    call: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<(), Response> {
    let failure = match tokio::task::spawn_blocking(call).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) => failure.message,
        Err(panic) => panic.to_string(),
    };
    let title = format!("Error executing {name}");
    log::emit(Level::Error, &title, &[("error", &failure)]);
    Err(reply::error(TEXT, StatusCode::INTERNAL_SERVER_ERROR, &title, &failure))
}

fn run_setup(surface: &Surface) -> Result<(), Failure> {
    let test = &surface.test;
    let limit = test.options().map_or_else(Default::default, |options| options.setup_timeout);
    let called = call(test, "setup", limit, Some(surface.stop.clone()), VirtualUser::setup);
    match lifecycle(test, "setup", called.map_err(no_thread)?, limit)? {
        Some(data) => {
            surface.course.set_setup_data(data.map(Arc::from));
            Ok(())
        }
        None => Err(Failure::new(ExitCode::OTHER, "the run is being stopped")),
    }
}

fn run_teardown(surface: &Surface) -> Result<(), Failure> {
    let test = &surface.test;
    let limit = test.options().map_or_else(Default::default, |options| options.teardown_timeout);
    let data = surface.course.setup_data();
    let teardown = move |user: &mut VirtualUser| user.teardown(data.as_deref());
    let called = call(test, "teardown", limit, None, teardown).map_err(no_thread)?;
    lifecycle(test, "teardown", called, limit).map(drop)
}

fn no_thread(error: anyhow::Error) -> Failure {
    Failure::new(ExitCode::OTHER, format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_go_through_as_they_are() {
        let sent = r#"{"v": 12345678901234567890.1, "z":1, "a":[]}"#;
        let data = read(sent.as_bytes()).unwrap();
        assert_eq!(data.as_deref(), Some(sent));
        let want =
            format!(r#"{{"data":{{"type":"setupData","id":"default","attributes":{{"data":{sent}}}}}}}"#);
        assert_eq!(envelope(data.as_deref()), want);
        let none: serde_json::Value = serde_json::from_str(&envelope(read(b"").unwrap().as_deref())).unwrap();
        assert_eq!(none["data"]["attributes"], serde_json::json!({}));
        assert!(read(b"{").is_err() && read(b"1 2").is_err());
    }
}
