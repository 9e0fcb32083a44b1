//! A gRPC server over h2: the services of `grpc/echo.proto`, health checks and reflection.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use prost::Message;
use prost_reflect::prost_types::{Any, FileDescriptorSet};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};

#[derive(Clone, PartialEq, Message)]
struct Words {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(int64, tag = "2")]
    big: i64,
    #[prost(string, repeated, tag = "3")]
    more: Vec<String>,
    #[prost(message, optional, boxed, tag = "4")]
    inner: Option<Box<Words>>,
}

#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(int32, tag = "1")]
    n: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Failure {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(string, tag = "3")]
    detail: String,
}

#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Question {
    #[prost(string, optional, tag = "3")]
    file: Option<String>,
    #[prost(string, optional, tag = "4")]
    symbol: Option<String>,
    #[prost(string, optional, tag = "7")]
    list: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Reply {
    #[prost(message, optional, tag = "4")]
    files: Option<Files>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Number>,
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    descriptors: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    services: Vec<Text>,
}

/// How a server differs from the plain one.
#[derive(Clone, Default)]
pub struct Settings {
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The path of the only version of reflection that it speaks: `v1` or `v1alpha`.
    pub reflection: Option<&'static str>,
    /// Ends each connection after so many calls.
    pub calls_per_connection: Option<usize>,
}

/// A server that lives as long as the process.
pub struct Server {
    pub addr: SocketAddr,
    pub connections: Arc<AtomicUsize>,
}

/// The folder with the services' files.
pub fn protos() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/grpc")
}

/// All files of the services, as `protoc` writes them with imports.
pub fn descriptors() -> FileDescriptorSet {
    protox::compile(["echo.proto"], [protos()]).unwrap()
}

/// A server's settings for TLS, which may want a certificate of its clients: its own.
pub fn tls(wants_certificate: bool) -> Arc<rustls::ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match wants_certificate {
        false => builder.with_no_client_auth(),
        true => builder.with_client_cert_verifier(Arc::new(AnyClient(provider))),
    };
    let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// Wants a certificate, whichever.
#[derive(Debug)]
struct AnyClient(Arc<rustls::crypto::CryptoProvider>);

impl rustls::server::danger::ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::server::danger::ClientCertVerified, rustls::Error> {
        Ok(rustls::server::danger::ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl Server {
    pub fn start(settings: Settings) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let count = connections.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, settings, count));
        });
        Self { addr, connections }
    }
}

async fn accept(listener: std::net::TcpListener, settings: Settings, connections: Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        let settings = settings.clone();
        tokio::spawn(async move {
            match settings.tls.clone() {
                None => serve(stream, settings).await,
                Some(tls) => {
                    if let Ok(stream) = tokio_rustls::TlsAcceptor::from(tls).accept(stream).await {
                        serve(stream, settings).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, settings: Settings) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let mut calls = 0;
    while let Some(Ok((request, respond))) = connection.accept().await {
        let of_call = settings.clone();
        tokio::spawn(async move {
            // A client may go away at any time.
            let _ = Call::new(request, respond).answer(&of_call).await;
        });
        calls += 1;
        if settings.calls_per_connection.is_some_and(|most| calls >= most) {
            connection.graceful_shutdown();
        }
    }
}

struct Call {
    path: String,
    metadata: HeaderMap,
    body: RecvStream,
    buffer: BytesMut,
    respond: SendResponse<Bytes>,
    send: Option<h2::SendStream<Bytes>>,
    trailers: HeaderMap,
}

type Done = Result<(), h2::Error>;

impl Call {
    fn new(request: Request<RecvStream>, respond: SendResponse<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        Self {
            path: head.uri.path().to_owned(),
            metadata: head.headers,
            body,
            buffer: BytesMut::new(),
            respond,
            send: None,
            trailers: HeaderMap::new(),
        }
    }

    async fn answer(mut self, settings: &Settings) -> Done {
        let path = self.path.clone();
        let reflection = settings.reflection.map(|v| format!("/grpc.reflection.{v}.ServerReflection/"));
        if reflection.is_some_and(|start| path.starts_with(&start)) {
            return self.reflect().await;
        }
        match path.as_str() {
            "/ssek.test.Echo/Say" => {
                let words: Words = self.next().await.unwrap();
                for (key, value) in self.metadata.clone() {
                    let key = key.unwrap();
                    if key.as_str().starts_with("t-") {
                        self.trailers.insert(key, value);
                    }
                }
                self.send(&words)?;
                self.end(0, "", Bytes::new())
            }
            "/ssek.test.Echo/Fail" => {
                let failure: Failure = self.next().await.unwrap();
                let mut details = Vec::new();
                if !failure.detail.is_empty() {
                    let value = Text { text: failure.detail.clone() }.encode_to_vec();
                    for kind in ["ssek.test.Detail", "nobody.Knows"] {
                        let type_url = format!("type.googleapis.com/{kind}");
                        details.push(Any { type_url, value: value.clone() });
                    }
                }
                let (code, message) = (failure.code, failure.message.clone());
                let status = match details.is_empty() {
                    true => Vec::new(),
                    false => RpcStatus { code, message: message.clone(), details }.encode_to_vec(),
                };
                self.end(code, &message, status.into())
            }
            "/ssek.test.Echo/Slow" => {
                let number: Number = self.next().await.unwrap();
                tokio::time::sleep(Duration::from_millis(number.n as u64)).await;
                self.send(&Words::default())?;
                self.end(0, "", Bytes::new())
            }
            "/ssek.test.Echo/Large" => {
                let number: Number = self.next().await.unwrap();
                self.send(&Words { text: "x".repeat(number.n as usize), ..Words::default() })?;
                self.end(0, "", Bytes::new())
            }
            "/ssek.test.Echo/Sum" => {
                let mut sum = 0;
                while let Some(Number { n }) = self.next().await {
                    sum += n;
                }
                self.send(&Number { n: sum })?;
                self.end(0, "", Bytes::new())
            }
            "/ssek.test.Echo/Count" => {
                let number: Number = self.next().await.unwrap();
                for n in 0..number.n.unsigned_abs() as i32 {
                    self.send(&Number { n })?;
                }
                match number.n < 0 {
                    true => self.end(9, "below zero", Bytes::new()),
                    false => self.end(0, "", Bytes::new()),
                }
            }
            "/ssek.test.Echo/Chat" => {
                self.head()?;
                while let Some(words) = self.next::<Words>().await {
                    self.send(&Words { text: words.text.to_uppercase(), ..words })?;
                }
                self.end(0, "", Bytes::new())
            }
            "/grpc.health.v1.Health/Check" => {
                let service: Text = self.next().await.unwrap();
                let status = match service.text.as_str() {
                    "" => 1,
                    "down" => 2,
                    _ => return self.end(5, "unknown service", Bytes::new()),
                };
                self.send(&Number { n: status })?;
                self.end(0, "", Bytes::new())
            }
            "/html" => Ok(()),
            _ => self.end(12, &format!("unknown method {path}"), Bytes::new()),
        }
    }

    async fn reflect(mut self) -> Done {
        let set = descriptors();
        while let Some(question) = self.next::<Question>().await {
            let mut reply = Reply::default();
            let wanted = match &question {
                Question { list: Some(_), .. } => {
                    let services = vec![Text { text: "ssek.test.Echo".to_owned() }];
                    reply.services = Some(Services { services });
                    None
                }
                Question { symbol: Some(_), .. } => Some("echo.proto"),
                Question { file, .. } => file.as_deref(),
            };
            if let Some(wanted) = wanted {
                // One file an answer, so that the client has to ask for the imports.
                let file = set.file.iter().find(|file| file.name() == wanted).unwrap();
                reply.files = Some(Files { descriptors: vec![file.encode_to_vec()] });
            }
            self.send(&reply)?;
        }
        self.end(0, "", Bytes::new())
    }

    /// The next message; `None` at the end.
    async fn next<M: Message + Default>(&mut self) -> Option<M> {
        loop {
            if let Some(head) = self.buffer.get(..5) {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                if self.buffer.len() >= 5 + length {
                    let message = self.buffer.split_to(5 + length);
                    return Some(M::decode(&message[5..]).unwrap());
                }
            }
            let piece = self.body.data().await?.ok()?;
            self.body.flow_control().release_capacity(piece.len()).unwrap();
            self.buffer.extend_from_slice(&piece);
        }
    }

    fn head(&mut self) -> Done {
        if self.send.is_none() {
            let mut response = Response::builder().header("content-type", "application/grpc+proto");
            for (key, value) in &self.metadata {
                if key.as_str().starts_with("x-") {
                    response = response.header(key, value);
                }
            }
            response = response.header("said-agent", self.metadata.get("user-agent").unwrap());
            if let Some(timeout) = self.metadata.get("grpc-timeout") {
                response = response.header("said-timeout", timeout);
            }
            self.send = Some(self.respond.send_response(response.body(()).unwrap(), false)?);
        }
        Ok(())
    }

    fn send(&mut self, message: &impl Message) -> Done {
        self.head()?;
        let bytes = message.encode_to_vec();
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(bytes.len() as u32);
        framed.put_slice(&bytes);
        self.send.as_mut().unwrap().send_data(framed.freeze(), false)
    }

    fn end(mut self, code: i32, message: &str, details: Bytes) -> Done {
        let mut trailers = std::mem::take(&mut self.trailers);
        trailers.insert("grpc-status", code.into());
        if !message.is_empty() {
            trailers.insert("grpc-message", message.replace(' ', "%20").parse().unwrap());
        }
        if !details.is_empty() {
            use base64::Engine as _;
            let details = base64::prelude::BASE64_STANDARD_NO_PAD.encode(details);
            trailers.insert("grpc-status-details-bin", details.parse().unwrap());
        }
        match self.send {
            Some(mut send) => send.send_trailers(trailers),
            None => {
                // All in one frame of headers.
                let mut response = Response::builder().header("content-type", "application/grpc");
                response.headers_mut().unwrap().extend(trailers);
                self.respond.send_response(response.body(()).unwrap(), true).map(drop)
            }
        }
    }
}
