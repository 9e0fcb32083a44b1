//! A server that remembers what it was asked, and answers as the test says.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    /// Where the request came from.
    pub peer: IpAddr,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Asked {
    /// A header's value, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// What is answered: status, further headers, body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// An event stream of these data.
    pub fn events(events: &[&str]) -> Self {
        let body = events.iter().map(|data| format!("data: {data}\n\n")).collect();
        Self { status: 200, headers: vec![("Content-Type", "text/event-stream".to_owned())], body }
    }

    /// An answer of OpenAI's chats, whole.
    pub fn chat(text: &str) -> Self {
        let chunk = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]}).to_string();
        let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
        Self::events(&[&chunk, end, "[DONE]"])
    }

    /// An error with a text.
    pub fn status(status: u16, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: format!(r#"{{"error":{{"message":"{text}"}}}}"#) }
    }
}

/// The server; it lives as long as the process.
pub struct Recorder {
    pub addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorder {
    /// Answers each request, whose number from zero comes along, on a thread of its own.
    pub fn start(answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (kept, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || serve(&stream, &kept, &*answer));
            }
        });
        Self { addr, asked }
    }

    /// `http://HOST:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What came up to now.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Asked>>, answer: &dyn Fn(usize, &Asked) -> Answer) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let peer = stream.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    let mut asked = Asked { path, peer, headers, body: Value::Null };
    let mut body = vec![0; asked.header("content-length").parse().unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    asked.body = serde_json::from_slice(&body).unwrap_or_default();
    let number = {
        let mut kept = kept.lock().unwrap();
        kept.push(asked.clone());
        kept.len() - 1
    };
    let Answer { status, headers, body } = answer(number, &asked);
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    let mut out = stream;
    let _ = out.write_all((head + &body).as_bytes());
}
