//! The reflection protocol: the descriptors of a server's services, in both of its versions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;

use super::channel::{Channel, Request};
use super::metadata::Metadata;
use super::sink::Sink;
use super::source::Source;
use super::status::{Code, Status};

/// The newer version first; its messages are those of the older one.
const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

#[derive(Clone, PartialEq, Message)]
struct Question {
    #[prost(oneof = "Wanted", tags = "3, 4, 7")]
    wanted: Option<Wanted>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Wanted {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Clone, PartialEq, Message)]
struct Reply {
    #[prost(oneof = "Given", tags = "4, 6, 7")]
    given: Option<Given>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Given {
    #[prost(message, tag = "4")]
    Files(Files),
    #[prost(message, tag = "6")]
    Services(Services),
    #[prost(message, tag = "7")]
    Error(Refusal),
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    /// Each a `FileDescriptorProto`.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    descriptors: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    services: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Refusal {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// A call of the protocol, as it is measured.
#[derive(Debug)]
pub struct Asked {
    pub code: Code,
    /// The server's address, if there was a connection.
    pub remote: Option<SocketAddr>,
    pub begun: Instant,
    pub ended: Instant,
}

/// The files that describe all services of a server, with all that they import: each an encoded
/// `FileDescriptorProto`, by name. The last call that was made is left in `asked`.
///
/// # Errors
///
/// The server has no reflection, or does not tell what belongs together.
pub async fn files(
    channel: &Rc<Channel>,
    metadata: &Metadata,
    timeout: Duration,
    asked: &mut Option<Asked>,
) -> Result<BTreeMap<String, Bytes>, Status> {
    let mut refused = Status::ok();
    for path in PATHS {
        let request = Request { path: path.to_owned(), metadata: metadata.clone(), timeout: Some(timeout) };
        let (begun, mut remote) = (Instant::now(), None);
        let files = ask_all(channel, &request, &mut remote).await;
        let code = files.as_ref().map_or_else(|status| status.code, |_| Code::OK);
        *asked = Some(Asked { code, remote, begun, ended: Instant::now() });
        match files {
            Err(status) if status.code == Code::UNIMPLEMENTED => refused = status,
            done => return done,
        }
    }
    Err(refused)
}

async fn ask_all(
    channel: &Rc<Channel>,
    request: &Request,
    remote: &mut Option<SocketAddr>,
) -> Result<BTreeMap<String, Bytes>, Status> {
    let (mut sink, mut source) = channel.start(request).await?;
    *remote = Some(source.remote);
    let mut files = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let services = ask(&mut sink, &mut source, Wanted::ListServices("*".to_owned())).await?;
    let Given::Services(Services { services }) = services else {
        return Err(Status::internal("reflection: the list of services was not answered with one"));
    };
    for Service { name } in services {
        let given = ask(&mut sink, &mut source, Wanted::FileContainingSymbol(name)).await?;
        keep(given, &mut files, &mut missing)?;
    }
    while let Some(name) = missing.pop_first() {
        if files.contains_key(&name) {
            continue;
        }
        let given = ask(&mut sink, &mut source, Wanted::FileByFilename(name.clone())).await?;
        keep(given, &mut files, &mut missing)?;
        if !files.contains_key(&name) {
            return Err(Status::new(Code::NOT_FOUND, format!("reflection: the server did not send {name}")));
        }
    }
    sink.end();
    Ok(files)
}

async fn ask(sink: &mut Sink, source: &mut Source, wanted: Wanted) -> Result<Given, Status> {
    let question = Question { wanted: Some(wanted) }.encode_to_vec();
    sink.send(&question).await?;
    let Some(reply) = source.next().await? else {
        return Err(Status::new(Code::UNAVAILABLE, "reflection: the server ended the call too early"));
    };
    let reply = Reply::decode(reply)
        .map_err(|error| Status::internal(format!("reflection: not to be understood: {error}")))?;
    match reply.given {
        Some(Given::Error(Refusal { code, message })) => {
            Err(Status::new(Code(u32::try_from(code).unwrap_or(Code::UNKNOWN.0)), message))
        }
        Some(given) => Ok(given),
        None => Err(Status::internal("reflection: an empty answer")),
    }
}

fn keep(
    given: Given,
    files: &mut BTreeMap<String, Bytes>,
    missing: &mut BTreeSet<String>,
) -> Result<(), Status> {
    let Given::Files(Files { descriptors }) = given else {
        return Err(Status::internal("reflection: a question for files was not answered with any"));
    };
    for bytes in descriptors {
        let file = FileDescriptorProto::decode(bytes.clone())
            .map_err(|error| Status::internal(format!("reflection: no file descriptor: {error}")))?;
        missing.extend(file.dependency.iter().filter(|name| !files.contains_key(*name)).cloned());
        files.insert(file.name().to_owned(), bytes);
    }
    Ok(())
}
