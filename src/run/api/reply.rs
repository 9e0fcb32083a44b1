//! The forms of answers.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::k6::quote::escape_html;

/// The content type of statuses.
pub const JSON_UTF8: &str = "application/json; charset=utf-8";

/// The content type of setup data.
pub const JSON: &str = "application/json";

/// What a client is told the content of figures and of most errors to be. k6 names none there, and its
/// server guesses from the first bytes.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A JSON answer with code 200.
pub fn json(content_type: &'static str, value: &Value) -> Response {
    answer(StatusCode::OK, content_type, escape_html(&value.to_string()))
}

/// A text with code 200.
pub fn text(text: &'static str) -> Response {
    answer(StatusCode::OK, TEXT, text)
}

/// An error, in the envelope of JSON:API.
pub fn error(content_type: &'static str, code: StatusCode, title: &str, detail: &str) -> Response {
    let value = json!({ "errors": [{ "status": code.as_str(), "title": title, "detail": detail }] });
    answer(code, content_type, escape_html(&value.to_string()))
}

/// Nothing of that name.
pub fn not_found(detail: &str) -> Response {
    error(TEXT, StatusCode::NOT_FOUND, "Not Found", detail)
}

/// The path is known, the method is not.
pub fn not_allowed() -> Response {
    bare(StatusCode::METHOD_NOT_ALLOWED)
}

/// An answer without a body.
pub fn bare(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

/// There is no such path.
pub async fn no_page() -> Response {
    let mut response = answer(StatusCode::NOT_FOUND, TEXT, "404 page not found\n");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Any answer.
pub fn answer(code: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    *response.headers_mut() = headers;
    response
}
