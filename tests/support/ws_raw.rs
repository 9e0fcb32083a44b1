//! A WebSocket server that writes and reads its bytes itself, for what other servers don't do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use base64::Engine;
use sha1::{Digest, Sha1};

/// A connection after the handshake.
pub struct Peer(BufReader<TcpStream>);

/// Serves one connection in a thread of its own. The answer's lines `extra` end with CRLF each. A request with
/// `CONNECT` is answered first, as a proxy would.
pub fn serve(extra: &'static str, act: impl FnOnce(&mut Peer) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut head = read_head(&mut stream);
        if head.starts_with("CONNECT ws.test:80 HTTP/1.1\r\n") {
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            head = read_head(&mut stream);
        }
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-Websocket-Key: ")).unwrap();
        let accept = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let accept = base64::engine::general_purpose::STANDARD.encode(accept.finalize());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{extra}\r\n"
        );
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
        act(&mut Peer(stream));
    });
    addr
}

fn read_head(stream: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{head}");
    }
    head
}

impl Peer {
    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// The first byte of a frame of less than 126 bytes, and its payload.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 6];
        self.0.read_exact(&mut head).unwrap();
        let mut payload = vec![0; usize::from(head[1] & 0x7F)];
        self.0.read_exact(&mut payload).unwrap();
        payload.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        (head[0], payload)
    }

    /// Waits until the client is gone.
    pub fn drain(&mut self) {
        let _ = self.0.read_to_end(&mut Vec::new());
    }
}
