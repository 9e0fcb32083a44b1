//! HTTP/1.1 over plain TCP, which is what most load is made of.
//!
//! hyper's client gives each connection a task of its own and hands requests, answers and pieces of bodies
//! over in channels: two wake-ups for each event, and some ten clones for each request. Here the task that wants
//! the answer drives hyper's connection itself, so that nothing is between the socket and the reader, and the
//! instants at which bytes left and arrived are those of the socket's own calls. TLS, proxies and HTTP/2 go
//! through hyper's client ([`crate::net::client`] chooses).

mod connection;
mod pool;
mod response;
mod socket;

pub use pool::Pool;
pub use response::Response;

use std::cell::Cell;
use std::time::Instant;

use http::header::HOST;
use http::{HeaderValue, Uri};

use self::connection::{Connection, Outgoing};
use self::socket::Times;
use crate::net::classify::classify;
use crate::net::connect::{bare, port};
use crate::net::dial::Dialer;
use crate::net::error::{Kind, NetError, Stage};
use crate::net::request::Request;
use crate::net::trace::{Marks, Step};

/// Sends a request over an idle connection, or over a new one, and reads the head of the answer. What was
/// reached, and when, is written to `marks` as it happens.
///
/// # Errors
///
/// There was no connection, or it broke before the head was read.
pub async fn send(
    pool: &Pool,
    dialer: &Dialer,
    request: &Request,
    marks: &Cell<Marks>,
) -> Result<Response, NetError> {
    let host = request.uri.authority().map_or("", http::uri::Authority::as_str);
    let place = pool.place(host);
    loop {
        let pooled = pool.take(place);
        let reused = pooled.is_some();
        let mut connection = match pooled {
            Some(connection) => connection,
            None => {
                let reached = |step| mark(marks, |marks| marks.reach(step));
                let name = bare(request.uri.host().unwrap_or_default());
                let dialed = dialer.dial(name, port(&request.uri), reached).await?;
                reached(Step::Connected);
                Connection::new(dialed).await?
            }
        };
        let peer = connection.peer();
        let outgoing = outgoing(request, host)?;
        mark(marks, |marks| marks.got_conn = Some(Instant::now()));
        let sending = Sending { connection: &mut connection, marks };
        let answer = sending.connection.send(outgoing).await;
        drop(sending);
        match answer {
            Ok(answer) => return Ok(Response::new(answer, connection, pool.clone(), place)),
            // The server knows nothing of the request, so nobody can mind that it is sent elsewhere.
            Err(_) if reused && is_unknown(connection.times()) => {}
            Err(error) => return Err(classify(&error, Stage::Request, Some(peer))),
        }
    }
}

/// Whether nothing of a request was written, or all of it too late: there are servers that announce to keep a connection, and
/// close it when they have answered.
fn is_unknown(times: &Times) -> bool {
    times.first_write().is_none() || times.unheard()
}

/// Notes how far a request got, also where a deadline ends the wait for its answer.
struct Sending<'a> {
    connection: &'a mut Connection,
    marks: &'a Cell<Marks>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        mark(self.marks, |marks| {
            marks.got_conn = self.connection.times().first_write().or(marks.got_conn);
            marks.wrote = self.connection.wrote();
        });
    }
}

/// The request as hyper wants it: with the path alone, and the host in its header.
fn outgoing(request: &Request, host: &str) -> Result<http::Request<Outgoing>, NetError> {
    let bad = |text: String| NetError::request(Kind::Other(text));
    let mut outgoing = http::Request::new(Outgoing::new(request.body.clone()));
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = request.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
    *outgoing.headers_mut() = request.headers.clone();
    if !outgoing.headers().contains_key(HOST) {
        let host =
            HeaderValue::from_str(host).map_err(|error| bad(format!("invalid host {host:?}: {error}")))?;
        outgoing.headers_mut().insert(HOST, host);
    }
    Ok(outgoing)
}

fn mark(marks: &Cell<Marks>, f: impl FnOnce(&mut Marks)) {
    let mut now = marks.get();
    f(&mut now);
    marks.set(now);
}
