//! The REST API by which others watch and drive a run: paths, answers and codes are k6's.
//!
//! It has a thread of its own. What it shows is asked of the metrics engine for each request, so that a
//! run to which nobody talks pays nothing for it.

mod groups;
mod metrics;
mod process;
mod reply;
mod server;
mod setup;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::any;
use crossbeam_channel::Receiver;

use super::course::Course;
use crate::log::{self, Level};
use crate::metrics::engine::Observer;
use crate::vu::Test;
use reply::{no_page, text};
pub use server::{Listen, Server};

/// The most that a request's body may have, in bytes.
const LONGEST_BODY: usize = 256 << 20;

/// What the API may see and change of a run.
pub struct Surface {
    pub test: Arc<Test>,
    pub course: Arc<Course>,
    pub metrics: Observer,
    /// Closed when the run is to stop.
    pub stop: Receiver<()>,
}

fn router(surface: Arc<Surface>) -> Router {
    let debug =
        || async { text("ssek serves no profiles; `perf record -p PID` makes one of a running ssek") };
    Router::new()
        .route("/v1/status", any(status::answer))
        .route("/v1/metrics", any(metrics::all))
        .route("/v1/metrics/", any(metrics::unnamed))
        .route("/v1/metrics/{*name}", any(metrics::one))
        .route("/v1/groups", any(groups::all))
        .route("/v1/groups/", any(groups::unnamed))
        .route("/v1/groups/{*id}", any(groups::one))
        .route("/v1/setup", any(setup::setup))
        .route("/v1/teardown", any(setup::teardown))
        .route("/v1/", any(no_page))
        .route("/v1/{*rest}", any(no_page))
        .route("/metrics", any(process::answer))
        .route("/debug/", any(debug))
        .route("/debug/{*rest}", any(debug))
        .fallback(|| async { text("ok") })
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(noted))
        .with_state(surface)
}

/// Logs each request for `--verbose`.
async fn noted(request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    log::emit(Level::Debug, &line, &[("status", response.status().as_str())]);
    response
}
