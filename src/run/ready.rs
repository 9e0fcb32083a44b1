//! Before the first iteration: a paused run waits for the REST API, and `waitFor` for the server.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, TryRecvError, after, select};

use super::course::{Course, Stage};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::net::client::Client;
use crate::net::exchange::{Call, fetch};
use crate::options::wait_for::WaitFor;
use crate::vu::Test;

/// The time between the end of one attempt and the next.
const PAUSE: Duration = Duration::from_millis(500);
/// An attempt that takes longer is given up.
const LONGEST: Duration = Duration::from_secs(5);
/// How soon a stop ends an attempt.
const LISTEN_EVERY: Duration = Duration::from_millis(50);

/// Waits for the REST API to start a paused run, which `shows_pause` shows. `false` if the run was stopped meanwhile.
pub fn wait_for_start(
    course: &Course,
    stop: &Receiver<()>,
    can_be_told: bool,
    shows_pause: impl FnOnce(),
) -> bool {
    if course.is_paused() {
        course.reach(Stage::PausedBeforeRun);
        shows_pause();
        log::debug("Execution is paused, waiting for resume or interrupt...");
        if !can_be_told {
            log::warn(
                "The test is paused, and without the REST API nothing can start it: press Ctrl+C, then give \
                 --address=127.0.0.1:6565 too, and start it with a PATCH of /v1/status",
            );
        }
        select! {
            recv(course.resumed()) -> _ => {}
            recv(stop) -> _ => {}
        }
    }
    stop.try_recv().is_err_and(|state| state.is_empty())
}

/// Waits until the URL answers with a status below 500; its samples count nowhere. `shows` shows the time
/// waited, and why it is not over. `false` if the run was stopped meanwhile.
///
/// # Errors
/// With [`ExitCode::TIMEOUT`] when the time is over.
pub fn wait(
    wanted: &WaitFor,
    test: &Test,
    stop: &Receiver<()>,
    mut shows: impl FnMut(Duration, &str),
) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no I/O to wait for the server")?;
    let network = test.network().context("waiting for the server needs the options")?;
    let start = Instant::now();
    let limit = wanted.timeout.to_std();
    log::debug(format!("waiting up to {} for {}", wanted.timeout, wanted.url));
    loop {
        let left = limit.saturating_sub(start.elapsed());
        let answer = runtime.block_on(async {
            // A client for each attempt: what it learned of an address that was wrong is forgotten.
            let client = Client::new(network, 0);
            let mut call = Call::new("GET", wanted.url.clone());
            call.timeout = Some(left.min(LONGEST).max(Duration::from_millis(1)));
            call.max_redirects = 0;
            call.discard_body = true;
            tokio::select! {
                exchange = fetch(&client, call) => {
                    let last = exchange.last();
                    match &last.error {
                        Some(error) => Err(error.message()),
                        None if last.status < 500 => Ok(true),
                        None => Err(format!("status {}", last.status)),
                    }
                }
                () = stopped(stop) => Ok(false),
            }
        });
        let reason = match answer {
            Ok(ready) => return Ok(ready),
            Err(reason) => reason,
        };
        let elapsed = start.elapsed();
        if elapsed >= limit {
            let text = format!("{} was not ready within {}: {reason}", wanted.url, wanted.timeout);
            return Err(Failure::new(ExitCode::TIMEOUT, text)
                .with("hint", "start the server first, or give it more time with --wait-for-timeout")
                .into());
        }
        shows(elapsed, &reason);
        select! {
            recv(stop) -> _ => return Ok(false),
            recv(after(PAUSE.min(limit - elapsed))) -> _ => {}
        }
    }
}

/// Ends when the run is to stop.
async fn stopped(stop: &Receiver<()>) {
    while stop.try_recv() == Err(TryRecvError::Empty) {
        tokio::time::sleep(LISTEN_EVERY).await;
    }
}
