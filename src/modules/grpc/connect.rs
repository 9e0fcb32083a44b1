//! `client.connect`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::client::{self, Open, thrown};
use super::params::duration;
use super::record::CallTags;
use super::{metadata, schema};
use crate::js::convert::{arg, entries, get, is_nullish, to_text};
use crate::js::{go_error, json};
use crate::net::grpc::endpoint::{self, Endpoint, MAX_RECEIVE};
use crate::net::grpc::{Channel, ChannelTls, Metadata, reflection};
use crate::vu::State;

/// What a script says about a connection.
struct Params {
    plaintext: bool,
    timeout: Duration,
    reflect: bool,
    reflect_metadata: Metadata,
    max_receive: usize,
    max_send: usize,
    authority: Option<String>,
    tls: ChannelTls,
}

/// `connect(address, params)`: true
pub fn connect(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let client = client::this(this)?;
    let state = State::of(context)?;
    if state.in_init() {
        let text = "connecting to a gRPC server in the init context is not supported";
        return Err(go_error(text, context));
    }
    let address = to_text(&arg(args, 0), context)?;
    let params = read(&arg(args, 1), context)
        .map_err(|text| thrown(format!("invalid grpc.connect() parameters: {text}"), context))?;
    let (host, port) = endpoint::parse(&address).map_err(|text| thrown(text, context))?;
    let http = state.client().map_err(|text| thrown(text, context))?;
    let tls = match params.plaintext {
        true => None,
        false => {
            let configured = params.tls.configure(http.tls(&host), http.takes_any_certificate());
            let config = configured.map_err(|text| {
                thrown(format!("invalid grpc.connect() parameters: invalid tls value: {text}"), context)
            })?;
            Some(Arc::new(config))
        }
    };
    let target = address.rsplit('/').next().unwrap_or(&address);
    let endpoint = Endpoint {
        host,
        port,
        authority: params.authority.unwrap_or_else(|| target.to_owned()),
        tls,
        user_agent: http.user_agent().to_owned(),
        max_receive: params.max_receive,
        max_send: params.max_send,
    };
    client.replace(None, &state);
    state.saw_proto("HTTP/2.0");
    let begun = Instant::now();
    let channel = state.block_on(Channel::connect(http, endpoint, params.timeout), context)?;
    let channel = channel.map_err(|text| thrown(text, context))?;
    if params.reflect {
        let left = params.timeout.saturating_sub(begun.elapsed());
        let tags = CallTags::plain(&state);
        let mut call = None;
        let asking = reflection::files(&channel, &params.reflect_metadata, left, &mut call);
        let files = state.block_on(asking, context)?;
        if let Some(call) = call {
            let took = call.ended.saturating_duration_since(call.begun);
            tags.duration(call.code, call.remote, call.ended, took, &state);
        }
        let files =
            files.map_err(|status| thrown(format!("error invoking reflect API: {status}"), context))?;
        let pool = schema::decode_files(&files);
        let pool = pool.map_err(|text| {
            thrown(format!("the descriptors from the reflect API are not whole: {text}"), context)
        })?;
        client.schema.borrow_mut().add(pool);
    }
    let (sent, received) = channel.traffic();
    state.count_bytes(sent, received);
    client.replace(Some(Open { channel, address: Rc::from(target) }), &state);
    Ok(JsValue::from(true))
}

fn read(value: &JsValue, context: &mut Context) -> Result<Params, String> {
    let mut params = Params {
        plaintext: false,
        timeout: Duration::from_secs(60),
        reflect: false,
        reflect_metadata: Metadata::new(),
        max_receive: MAX_RECEIVE,
        max_send: usize::MAX,
        authority: None,
        tls: ChannelTls::default(),
    };
    let Some(given) = value.as_object() else { return Ok(params) };
    for (key, value) in entries(&given, context).map_err(|error| error.to_string())? {
        match key.to_std_string_lossy().as_str() {
            "plaintext" => params.plaintext = boolean("plaintext", &value, context)?,
            "timeout" => {
                let timeout = duration(&value).map_err(|text| format!("invalid timeout value: {text}"))?;
                if !timeout.is_zero() {
                    params.timeout = timeout;
                }
            }
            "reflect" => params.reflect = boolean("reflect", &value, context)?,
            "reflectMetadata" => {
                params.reflect_metadata = metadata::read(&value, context)
                    .map_err(|text| format!("invalid reflectMetadata param: {text}"))?;
            }
            "maxReceiveSize" => params.max_receive = size("maxReceiveSize", &value, MAX_RECEIVE, context)?,
            "maxSendSize" => params.max_send = size("maxSendSize", &value, usize::MAX, context)?,
            "authority" => {
                let text = value.as_string().map(|text| text.to_std_string_lossy());
                let text = text.ok_or_else(|| wrong("authority", &value, "a string", context))?;
                params.authority = Some(text).filter(|text| !text.is_empty());
            }
            "tls" => params.tls = tls(&value, context)?,
            unknown => return Err(format!("unknown connect param: {unknown:?}")),
        }
    }
    Ok(params)
}

fn wrong(name: &str, value: &JsValue, wanted: &str, context: &mut Context) -> String {
    let shown = json::stringify_value(value, context).ok().flatten().unwrap_or_default();
    format!("invalid {name} value: '{shown}', it needs to be {wanted}")
}

fn boolean(name: &str, value: &JsValue, context: &mut Context) -> Result<bool, String> {
    value.as_boolean().ok_or_else(|| wrong(name, value, "boolean", context))
}

/// A number of bytes; zero is the default.
fn size(name: &str, value: &JsValue, default: usize, context: &mut Context) -> Result<usize, String> {
    match value.as_number().filter(|number| number.fract() == 0.0) {
        None => Err(wrong(name, value, "an integer", context)),
        Some(number) if number < 0.0 => Err(wrong(name, value, "a positive integer", context)),
        Some(0.0) => Ok(default),
        Some(number) => Ok(number as usize),
    }
}

fn tls(value: &JsValue, context: &mut Context) -> Result<ChannelTls, String> {
    let mut tls = ChannelTls::default();
    if is_nullish(value) {
        return Ok(tls);
    }
    let expected = || "expected (optional) keys: cert, key, password, and cacerts".to_owned();
    let Some(given) = value.as_object() else { return Err(format!("invalid tls value: {}", expected())) };
    let cert = text(&given, "cert", context)?;
    let key = text(&given, "key", context)?;
    // An encrypted key is refused with the reason, whatever its password.
    text(&given, "password", context)?;
    tls.cert = match (cert, key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        _ => return Err("invalid tls value: cert and key must be given together".to_owned()),
    };
    let bad = || {
        "invalid tls cacerts value: it needs to be a string or string[] of PEM formatted strings".to_owned()
    };
    let cacerts = get(&given, "cacerts", context).map_err(|error| error.to_string())?;
    if let Some(list) = cacerts.as_object() {
        for (_, text) in entries(&list, context).map_err(|error| error.to_string())? {
            tls.cacerts.push(text.as_string().ok_or_else(bad)?.to_std_string_lossy());
        }
    } else if !is_nullish(&cacerts) {
        tls.cacerts.push(cacerts.as_string().ok_or_else(bad)?.to_std_string_lossy());
    }
    Ok(tls)
}

fn text(given: &JsObject, key: &str, context: &mut Context) -> Result<Option<String>, String> {
    let value = get(given, key, context).map_err(|error| error.to_string())?;
    if is_nullish(&value) {
        return Ok(None);
    }
    let text =
        value.as_string().ok_or_else(|| format!("invalid tls {key} value: it needs to be a string"))?;
    Ok(Some(text.to_std_string_lossy()))
}
