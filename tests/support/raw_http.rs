//! HTTP by hand: what was on the wire, byte for byte.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Sends `METHOD PATH` with a body on a connection of its own; returns all that came back, however it ended.
pub fn exchange(to: SocketAddr, request_line: &str, body: &str) -> String {
    let mut answer = Vec::new();
    // A connection that breaks off is an answer too.
    let _ = send(to, request_line, body).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends `METHOD PATH` with a body; returns the connection with the answer on its way.
pub fn send(to: SocketAddr, request_line: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    stream
}

/// The body of an answer, its chunks put together.
pub fn body(answer: &str) -> String {
    let (head, mut rest) = answer.split_once("\r\n\r\n").unwrap();
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return rest.to_owned();
    }
    let mut body = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body.push_str(&tail[..size]);
        rest = tail[size..].trim_start_matches("\r\n");
    }
    body
}
