//! A client of the Chrome DevTools Protocol.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::VecDeque;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::running::Running;

/// How long a message may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One session.
pub struct Client {
    socket: WebSocket<TcpStream>,
    last: u64,
    /// Events that nobody has asked for yet.
    events: VecDeque<Value>,
}

/// The address that a run says on stderr: `127.0.0.1:1234/ID`.
pub fn address(run: &Running) -> String {
    let text = run.wait_for("For help, ", 1);
    let at = text.split("Debugger listening on ws://").nth(1).unwrap();
    at.lines().next().unwrap().to_owned()
}

impl Client {
    pub fn attach(address: &str) -> Self {
        Self::try_attach(address).unwrap()
    }

    pub fn try_attach(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address.split('/').next().unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client(format!("ws://{address}"), stream).map_err(|error| error.to_string())?;
        Ok(Self { socket, last: 0, events: VecDeque::new() })
    }

    /// Attached, and interested in everything.
    pub fn ready(address: &str) -> Self {
        let mut client = Self::attach(address);
        client.call("Runtime.enable", json!({}));
        client.call("Debugger.enable", json!({}));
        client
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Calls a method; the whole answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let call = json!({ "id": self.last, "method": method, "params": params });
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.read();
            if message["id"] == self.last {
                return message;
            }
            self.events.push_back(message);
        }
    }

    /// Calls a method; its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The next event of a name; those that came before stay.
    pub fn event(&mut self, method: &str) -> Value {
        if let Some(at) = self.events.iter().position(|event| event["method"] == method) {
            return self.events.remove(at).unwrap()["params"].take();
        }
        loop {
            let mut message = self.read();
            if message["method"] == method {
                return message["params"].take();
            }
            self.events.push_back(message);
        }
    }

    /// Waits for the next pause.
    pub fn paused(&mut self) -> Pause {
        Pause(self.event("Debugger.paused"))
    }

    /// Goes on by a method, to the next pause.
    pub fn go(&mut self, method: &str) -> Pause {
        self.call(method, json!({}));
        self.paused()
    }

    /// What an expression gives in the frame of that number, by value.
    pub fn evaluate(&mut self, frame: usize, expression: &str) -> Value {
        let params =
            json!({ "callFrameId": frame.to_string(), "expression": expression, "returnByValue": true });
        let result = self.call("Debugger.evaluateOnCallFrame", params);
        match result.get("exceptionDetails") {
            Some(details) => {
                json!(format!("thrown: {}", details["exception"]["description"].as_str().unwrap()))
            }
            None => result["result"]["value"].clone(),
        }
    }

    /// Names and values of a scope's variables.
    pub fn variables(&mut self, scope: &Value) -> String {
        let params = json!({ "objectId": scope["object"]["objectId"], "ownProperties": true });
        let result = self.call("Runtime.getProperties", params);
        let shown = result["result"].as_array().unwrap().iter().map(|variable| {
            let value = &variable["value"];
            let text = match value.get("value") {
                Some(value) => value.to_string(),
                None => {
                    value["description"].as_str().unwrap_or("undefined").lines().next().unwrap().to_owned()
                }
            };
            format!("{}={text}", variable["name"].as_str().unwrap())
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    /// Sets a breakpoint on a line (from one) of files whose URL ends so; its id.
    pub fn breakpoint(&mut self, file: &str, line: u32, condition: &str) -> String {
        let params =
            json!({ "urlRegex": format!("{file}$"), "lineNumber": line - 1, "condition": condition });
        let set = self.call("Debugger.setBreakpointByUrl", params);
        set["breakpointId"].as_str().unwrap().to_owned()
    }

    /// Goes away.
    pub fn close(mut self) {
        let _ = self.socket.close(None);
        while self.socket.read().is_ok() {}
    }
}

/// The parameters of `Debugger.paused`.
pub struct Pause(pub Value);

impl Pause {
    /// `function:line` of each frame, lines from one.
    pub fn stack(&self) -> String {
        let frames = self.0["callFrames"].as_array().unwrap().iter().map(|frame| {
            let line = frame["location"]["lineNumber"].as_u64().unwrap() + 1;
            format!("{}:{line}", frame["functionName"].as_str().unwrap())
        });
        frames.collect::<Vec<_>>().join(" ")
    }

    pub fn reason(&self) -> &str {
        self.0["reason"].as_str().unwrap()
    }

    /// The scopes of the frame of that number, the innermost first.
    pub fn scopes(&self, frame: usize) -> Vec<Value> {
        self.0["callFrames"][frame]["scopeChain"].as_array().unwrap().clone()
    }
}
