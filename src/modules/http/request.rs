//! From a script's arguments to a request that is ready to be sent.

use std::rc::Rc;

use boa_engine::{Context, JsValue};
use bytes::Bytes;

use super::Http;
use super::expected::Expected;
use super::params::{self, Params, ResponseType};
use super::refusal::Refusal;
use super::url::Address;
use super::{body, compression};
use crate::js::convert::is_nullish;
use crate::log;
use crate::metrics::TagSetId;
use crate::net::{Call, NetError};
use crate::vu::State;

/// A request, and what is done with its outcome.
#[derive(Debug)]
pub struct Request {
    /// An error is that of a URL which is well formed but leads nowhere; it counts as a failed request.
    pub call: Result<Call, NetError>,
    pub plan: Plan,
}

/// What a request's samples and its response need to know of the request.
#[derive(Debug)]
pub struct Plan {
    pub method: String,
    pub address: Rc<Address>,
    /// Those of the VU at the time of the call …
    pub vu_tags: TagSetId,
    /// … and the request's own.
    pub tags: Vec<(String, String)>,
    /// `None`: successes and failures are not told apart.
    pub expected: Option<Rc<Expected>>,
    pub throw: bool,
    /// Whether the first answer is to ask for credentials.
    pub digest: bool,
    pub response_type: ResponseType,
    /// Before compression.
    pub body: Option<Bytes>,
    /// Whether somebody chose the limit of redirects, and need not be told that it was reached.
    pub limit_chosen: bool,
}

/// The four arguments of `http.request`.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub method: String,
    pub url: JsValue,
    pub body: JsValue,
    pub params: JsValue,
}

/// Reads the arguments of a request.
pub fn prepare(
    given: &Arguments,
    http: &Http,
    state: &State,
    context: &mut Context,
) -> Result<Request, Refusal> {
    let address = Address::read(&given.url, &http.addresses, state, context)?;
    let body = body::read(&given.body, context)?;
    let params =
        if is_nullish(&given.params) { Params::default() } else { params::read(&given.params, context)? };

    let options = state.test.options();
    let discards = options.is_some_and(|options| options.discard_response_bodies);
    let default_type = if discards { ResponseType::None } else { ResponseType::Text };
    let response_type = params.response_type.unwrap_or(default_type);

    let content_type = body.as_ref().and_then(|body| body.content_type.clone());
    let mut headers: Vec<_> =
        content_type.map(|kind| ("Content-Type".to_owned(), kind)).into_iter().collect();
    headers.extend(params.headers);
    let body = body.map(|body| body.bytes);
    let sent = match &body {
        Some(body) => packed(body, &params.compression, &mut headers, given, &address)?,
        None => Bytes::new(),
    };
    check_length(&headers, sent.len(), given, &address);

    let call = address.target.clone().map(|url| {
        let mut call = Call::new(given.method.clone(), url);
        call.path.clone_from(&address.path);
        call.headers = headers;
        call.body = sent;
        call.timeout = params.timeout.or(call.timeout);
        call.max_redirects =
            params.redirects.or(options.map(|options| options.max_redirects)).unwrap_or(call.max_redirects);
        call.jar = Some(params.jar.unwrap_or_else(|| state.jar()));
        call.cookies = params.cookies;
        call.choose_cookies();
        call.digest = params.digest;
        call.log_fields = state.debug_fields(&params.tags);
        call.discard_body = response_type == ResponseType::None;
        call.decompress = response_type != ResponseType::None;
        call
    });
    let plan = Plan {
        method: given.method.clone(),
        address,
        vu_tags: state.tags_id(),
        tags: params.tags,
        digest: params.digest,
        expected: params.callback.unwrap_or_else(|| http.callback.borrow().clone()),
        throw: params.throw.unwrap_or_else(|| options.is_some_and(|options| options.throw)),
        response_type,
        body,
        limit_chosen: params.redirects.is_some() || options.is_some_and(|options| options.max_redirects_set),
    };
    Ok(Request { call, plan })
}

fn packed(
    body: &Bytes,
    algorithms: &[compression::Algorithm],
    headers: &mut Vec<(String, String)>,
    given: &Arguments,
    address: &Address,
) -> Result<Bytes, Refusal> {
    if algorithms.is_empty() {
        return Ok(body.clone());
    }
    let encoding = compression::content_encoding(algorithms);
    match header(headers, "content-encoding") {
        None => headers.push(("Content-Encoding".to_owned(), encoding)),
        Some(own) if own != encoding => log::warn(format!(
            "the {} request to {} is compressed with \"{encoding}\" but its own Content-Encoding header says \
             \"{own}\"; the header was left as it is, and the server may misread the body",
            given.method, address.clean
        )),
        Some(_) => {}
    }
    compression::pack(algorithms, body.clone()).map_err(|error| Refusal::text(error.to_string()))
}

/// The length is the client's to tell.
fn check_length(headers: &[(String, String)], length: usize, given: &Arguments, address: &Address) {
    let Some(own) = header(headers, "content-length") else { return };
    if own.parse() != Ok(length) {
        log::warn(format!(
            "the Content-Length header \"{own}\" of the {} request to {} was ignored: its body has {length} bytes",
            given.method, address.clean
        ));
    }
}

/// The value that a header ends up with.
fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().rev().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}
