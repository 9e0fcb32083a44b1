//! A slow server of our own: it says exactly which bytes go out and when, below HTTP.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A listening server; it stops with the test's process.
pub struct Server {
    pub addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET /path HTTP/1.1`
    pub line: String,
    /// `Name: value`
    pub headers: Vec<String>,
    pub body: Vec<u8>,
    /// Who sent it.
    pub peer: Option<SocketAddr>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ str| line.split_once(": ").map(|(n, _)| n.eq_ignore_ascii_case(name));
        let line = self.headers.iter().find(|line| value(line) == Some(true))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    /// Bytes of the head on the wire.
    pub fn head_size(&self) -> usize {
        self.line.len() + 2 + self.headers.iter().map(|line| line.len() + 2).sum::<usize>() + 2
    }
}

/// What comes after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    KeepAlive,
    Close,
}

pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// How the transport behaves before HTTP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Transport {
    pub tls: bool,
    /// Let nobody in without a certificate of `client-ca.crt`.
    pub asks_certificate: bool,
    /// Wait before the TLS handshake.
    pub handshake: Duration,
    /// Wait before each request's body is read.
    pub body: Duration,
}

impl Server {
    /// Serves plain HTTP: `answer` writes the response to each request.
    pub fn new(answer: impl Fn(&Request, &mut dyn Stream) -> Then + Send + Sync + 'static) -> Self {
        Self::with(Transport::default(), answer)
    }

    pub fn with(
        transport: Transport,
        answer: impl Fn(&Request, &mut dyn Stream) -> Then + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counter, log, answer) = (connections.clone(), requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (log, answer) = (log.clone(), answer.clone());
                thread::spawn(move || drop(serve(stream, transport, &log, &*answer)));
            }
        });
        Self { addr, connections, requests }
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests read so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.addr)).unwrap()
    }

    pub fn https(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("https://localhost:{}{path}", self.addr.port())).unwrap()
    }
}

type Answer = dyn Fn(&Request, &mut dyn Stream) -> Then + Send + Sync;

fn serve(
    stream: TcpStream,
    transport: Transport,
    log: &Mutex<Vec<Request>>,
    answer: &Answer,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let peer = stream.peer_addr().ok();
    if !transport.tls {
        return http(stream, peer, transport, log, answer);
    }
    thread::sleep(transport.handshake);
    let config = if transport.asks_certificate { asking_config() } else { tls_config(&[]) };
    let connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
    http(rustls::StreamOwned::new(connection, stream), peer, transport, log, answer)
}

/// A TLS server's settings, with a certificate that nobody has signed.
pub fn tls_config(alpn: &[&str]) -> Arc<rustls::ServerConfig> {
    let mut config = server_config(Arc::new(rustls::server::NoClientAuth));
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// The same, for servers that ask for a certificate.
fn asking_config() -> Arc<rustls::ServerConfig> {
    let authority = CertificateDer::from_pem_slice(include_bytes!("client-ca.crt")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Arc::new(server_config(verifier.build().unwrap()))
}

fn server_config(verifier: Arc<dyn rustls::server::danger::ClientCertVerifier>) -> rustls::ServerConfig {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

fn http<S: Stream>(
    stream: S,
    peer: Option<SocketAddr>,
    transport: Transport,
    log: &Mutex<Vec<Request>>,
    answer: &Answer,
) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(1024, stream);
    while let Some(mut request) = read_head(&mut stream)? {
        thread::sleep(transport.body);
        let length = request.header("content-length").map_or(0, |n| n.parse().unwrap());
        request.body.resize(length, 0);
        stream.read_exact(&mut request.body)?;
        request.peer = peer;
        log.lock().unwrap().push(request.clone());
        if answer(&request, stream.get_mut()) == Then::Close {
            break;
        }
    }
    Ok(())
}

fn read_head(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let line = lines.next().unwrap_or_default();
    Ok(Some(Request { line, headers: lines.collect(), ..Request::default() }))
}

/// Writes and ignores that the client may be gone.
pub fn send(stream: &mut dyn Stream, bytes: impl AsRef<[u8]>) {
    let _ = stream.write_all(bytes.as_ref());
    let _ = stream.flush();
}

/// A whole response.
pub fn respond(stream: &mut dyn Stream, status: &str, headers: &str, body: &[u8]) -> Then {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    send(stream, [head.as_bytes(), body].concat());
    Then::KeepAlive
}

/// The head of a chunked event stream.
pub fn stream_head(stream: &mut dyn Stream, headers: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
    );
    send(stream, head);
}

/// A chunk of a chunked body; an empty one is the body's end.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Runs a future as a VU does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
