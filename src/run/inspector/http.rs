//! The endpoints by which debuggers find the run, and the way to the WebSocket.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Target, session};
use crate::log;

/// Answers until the run is over.
pub async fn serve(listener: TcpListener, target: Arc<Target>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error(format!("the debugger cannot listen: {error}")),
    };
    let mut over = target.over.clone();
    let router = Router::new().fallback(answer).with_state(target);
    tokio::select! {
        served = axum::serve(listener, router) => drop(served),
        _ = over.wait_for(|over| *over) => {}
    }
    // The session's last word.
    tokio::task::yield_now().await;
}

async fn answer(State(target): State<Arc<Target>>, request: Request) -> Response<Body> {
    let host = text_of(request.headers(), header::HOST);
    if !is_local_name(&host) {
        // A page of the web that has its own name lead here must not debug anything.
        let text = "Host header is specified and is not an IP address or localhost.";
        return plain(StatusCode::BAD_REQUEST, text);
    }
    match request.uri().path() {
        "/json" | "/json/" | "/json/list" => json(&json!([described(&target, &host)])),
        "/json/version" => json(&json!({
            "Browser": format!("ssek/{}", env!("CARGO_PKG_VERSION")),
            "Protocol-Version": "1.3",
        })),
        path if path.strip_prefix('/') == Some(&target.id) => upgrade(target, request),
        _ => plain(StatusCode::NOT_FOUND, "Not found"),
    }
}

/// An entry of `/json/list`.
fn described(target: &Target, host: &str) -> Value {
    let place = format!("{host}/{}", target.id);
    let scripts = target.debugger.scripts();
    let main = scripts.iter().find(|script| script.is_main).map(|script| script.url.clone());
    json!({
        "description": "ssek instance",
        "devtoolsFrontendUrl": format!("devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws={place}"),
        "devtoolsFrontendUrlCompat": format!("devtools://devtools/bundled/inspector.html?experiments=true&v8only=true&ws={place}"),
        "id": target.id,
        "title": target.script,
        "type": "node",
        "url": main.unwrap_or_default(),
        "webSocketDebuggerUrl": format!("ws://{place}"),
    })
}

/// Takes the connection over for a session, if there is none.
fn upgrade(target: Arc<Target>, mut request: Request) -> Response<Body> {
    let key = text_of(request.headers(), header::SEC_WEBSOCKET_KEY);
    if key.is_empty() || !text_of(request.headers(), header::UPGRADE).eq_ignore_ascii_case("websocket") {
        return plain(StatusCode::BAD_REQUEST, "WebSockets request was expected");
    }
    let Some(events) = target.debugger.attach() else {
        let text = "Another debugger is attached; there can be one at a time.";
        log::warn(format!("A second debugger was refused: {text}"));
        return plain(StatusCode::CONFLICT, text);
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(connection) => {
                let io = TokioIo::new(connection);
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                log::debug("Debugger attached.");
                session::run(socket, events, &target).await;
                log::debug("Debugger detached.");
            }
            Err(error) => log::debug(format!("a debugger went away: {error}")),
        }
        target.debugger.detach();
    });
    let mut response = plain(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    if let Ok(accept) = derive_accept_key(key.as_bytes()).parse() {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Whether a `Host` header names an address or this machine.
fn is_local_name(host: &str) -> bool {
    let is_port = |port: &str| port.chars().all(|c| c.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || ["localhost", "localhost6"].iter().any(|local| bare.eq_ignore_ascii_case(local))
}

fn json(value: &Value) -> Response<Body> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    let kind = header::HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for host in ["127.0.0.1:9229", "localhost:9229", "localhost", "[::1]:9229", "10.0.0.1", "LOCALHOST:1"]
        {
            assert!(is_local_name(host), "{host}");
        }
        for host in ["evil.test:9229", "", "localhost.evil.test", "127.0.0.1.evil.test"] {
            assert!(!is_local_name(host), "{host}");
        }
    }
}
