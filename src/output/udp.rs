//! Packets of lines, for servers that never answer.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};

use anyhow::{Context, Result, anyhow};

use crate::log;

/// A socket that gathers lines into packets.
pub struct Packets {
    socket: UdpSocket,
    /// The output's name.
    name: String,
    packet: Vec<u8>,
    /// Lines in the packet.
    lines: u64,
    /// How many bytes and lines a packet has at most.
    most_bytes: usize,
    most_lines: u64,
    sent: u64,
    lost: u64,
    trouble: Option<String>,
}

impl Packets {
    /// # Errors
    ///
    /// The address is none, or the system has no socket.
    pub fn to(address: &str, name: String, most_bytes: usize, most_lines: u64) -> Result<Self> {
        let mut found = address.to_socket_addrs().with_context(|| format!("no address for '{address}'"))?;
        let to = found.next().ok_or_else(|| anyhow!("no address for '{address}'"))?;
        let from: SocketAddr = if to.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(from).context("could not open a UDP socket")?;
        socket.connect(to).with_context(|| format!("could not use the address '{address}'"))?;
        let packet = Vec::with_capacity(most_bytes);
        Ok(Self { socket, name, packet, lines: 0, most_bytes, most_lines, sent: 0, lost: 0, trouble: None })
    }

    /// Adds a line, without its end. A packet that has no room for it is sent before.
    pub fn put(&mut self, line: &[u8]) {
        if self.lines >= self.most_lines || self.packet.len() + 1 + line.len() > self.most_bytes {
            self.flush();
        }
        if !self.packet.is_empty() {
            self.packet.push(b'\n');
        }
        self.packet.extend_from_slice(line);
        self.lines += 1;
    }

    /// Sends what is there.
    pub fn flush(&mut self) {
        if self.packet.is_empty() {
            return;
        }
        // An error may be that of a packet before: the system tells then that nobody listens. This packet is gone
        // only if it fails once more.
        let result = self.socket.send(&self.packet).or_else(|_| self.socket.send(&self.packet));
        match result {
            Ok(_) => self.sent += self.lines,
            Err(error) => self.lose(&error),
        }
        self.packet.clear();
        self.lines = 0;
    }

    fn lose(&mut self, error: &io::Error) {
        if self.trouble.replace(error.to_string()).is_none() {
            log::warn(format!("Sending to the output {} failed, the run goes on: {error}", self.name));
        }
        self.lost += self.lines;
    }

    /// Sends what is left and says what was lost, as far as anybody told.
    pub fn finish(&mut self) {
        self.flush();
        // Nobody listening is told after the packet.
        if let Ok(Some(error)) = self.socket.take_error()
            && self.trouble.is_none()
        {
            self.lines = 0;
            self.lose(&error);
            log::error(format!(
                "Nobody listens where the output {} sends to: {error}; the summary is complete",
                self.name
            ));
        }
        if self.lost > 0 {
            log::error(format!(
                "{} of {} samples could not be sent to the output {}; the summary is complete; last trouble: {}",
                self.lost,
                self.lost + self.sent,
                self.name,
                self.trouble.as_deref().unwrap_or("none")
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_full_but_not_too_full() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut packets =
            Packets::to(&listener.local_addr().unwrap().to_string(), "x".to_owned(), 9, 3).unwrap();
        for line in ["aaaa", "bbbb", "cccc", "d", "e", "f", "too long for it"] {
            packets.put(line.as_bytes());
        }
        packets.finish();
        let mut buffer = [0; 64];
        let mut received = || {
            let size = listener.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..size]).into_owned()
        };
        assert_eq!(
            [received(), received(), received(), received()],
            ["aaaa\nbbbb", "cccc\nd\ne", "f", "too long for it"]
        );
        assert_eq!((packets.sent, packets.lost), (7, 0));
        assert!(Packets::to("nowhere", "x".to_owned(), 9, 3).is_err());
    }
}
