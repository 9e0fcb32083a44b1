//! What scripts import: one file or folder each, named after the import.

pub mod absent;
pub mod console;
pub mod crypto;
pub mod csv;
pub mod data;
pub mod encoding;
pub mod execution;
mod execution_tags;
pub mod fs;
pub mod globals;
pub mod grpc;
pub mod html;
pub mod http;
pub mod k6;
pub mod metrics;
pub mod secrets;
pub mod settings;
pub mod sse;
pub mod ssek_llm;
pub mod ssek_sse;
pub mod streams;
pub mod tags;
pub mod text;
pub mod timers;
pub mod trace;
pub mod webcrypto;
pub mod websockets;
pub mod whatwg;
pub mod ws;
pub mod x509;

use boa_engine::{Context, JsResult};

use crate::js::{Exports, go_error};

/// A built-in module: the name that scripts import, and what they get.
pub struct Module {
    pub name: &'static str,
    pub exports: fn(&mut Context) -> JsResult<Exports>,
}

/// Every built-in module, one line each.
pub const MODULES: &[Module] = &[
    Module { name: "k6", exports: k6::exports },
    Module { name: "k6/crypto", exports: crypto::exports },
    Module { name: "k6/crypto/x509", exports: x509::exports },
    Module { name: "k6/data", exports: data::exports },
    Module { name: "k6/encoding", exports: encoding::exports },
    Module { name: "k6/execution", exports: execution::exports },
    Module { name: "k6/experimental/csv", exports: csv::exports },
    Module { name: "k6/experimental/fs", exports: fs::exports },
    Module { name: "k6/experimental/streams", exports: streams::exports },
    Module { name: "k6/experimental/websockets", exports: websockets::deprecated },
    Module { name: "k6/html", exports: html::exports },
    Module { name: "k6/http", exports: http::exports },
    Module { name: "k6/metrics", exports: metrics::exports },
    Module { name: "k6/secrets", exports: secrets::exports },
    Module { name: "k6/net/grpc", exports: grpc::exports },
    Module { name: "k6/timers", exports: timers::exports },
    Module { name: "k6/websockets", exports: websockets::exports },
    Module { name: "k6/ws", exports: ws::exports },
    Module { name: "k6/x/sse", exports: sse::exports },
    Module { name: "ssek/llm", exports: ssek_llm::exports },
    Module { name: "ssek/sse", exports: ssek_sse::exports },
];

/// The exports of the module with that name, made afresh; the loader keeps them.
///
/// # Errors
///
/// A module of k6 that ssek does not have; `None` stands for a name that k6 does not have, either.
pub fn builtins(name: &str, context: &mut Context) -> JsResult<Option<Exports>> {
    if let Some(module) = MODULES.iter().find(|module| module.name == name) {
        return (module.exports)(context).map(Some);
    }
    match absent::reason(name, MODULES.iter().map(|module| module.name)) {
        Some(reason) => Err(go_error(reason, context)),
        None => Ok(None),
    }
}
