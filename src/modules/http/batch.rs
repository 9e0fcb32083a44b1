//! `http.batch`: several requests at once.

use std::collections::{HashMap, VecDeque};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsString, JsValue};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::exchange::{finish, send};
use super::refusal::Refusal;
use super::request::{Arguments, Request, prepare};
use super::{Http, response};
use crate::js::convert::{array, entries, get, is_nullish, object, put, to_text};
use crate::js::go_error;
use crate::log::{self, Level};
use crate::net::client::Client;
use crate::net::{Call, Exchange, NetError};
use crate::vu::State;

/// `http.batch([…])` or `http.batch({name: …})`
pub fn batch(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("Using batch in the init context is not supported", context));
    }
    let requests = match args {
        [] => return Err(go_error("no argument was provided to http.batch()", context)),
        [requests] => requests,
        _ => return Err(go_error("http.batch() accepts only an array or an object of requests", context)),
    };
    let Some(requests) = requests.as_object().filter(|o| !o.is_callable()) else {
        let kind = type_name(requests);
        return Err(go_error(format!("invalid http.batch() argument type {kind}"), context));
    };
    let is_list = requests.is_array();
    let items = if is_list { list(&requests, context)? } else { entries(&requests, context)? };
    let http = Http::of(context)?;
    let results = run(&items, &http, &state, context)?;
    if is_list {
        return Ok(array(results, context));
    }
    let map = object(context);
    for ((name, _), result) in items.iter().zip(results) {
        if !result.is_null() {
            put(&map, &name.to_std_string_lossy(), result);
        }
    }
    Ok(map.into())
}

/// The results in the order of the requests; `null` where none was made because of a malformed one before.
fn run(
    items: &[(JsString, JsValue)],
    http: &Http,
    state: &State,
    context: &mut Context,
) -> JsResult<Vec<JsValue>> {
    let mut requests = Vec::with_capacity(items.len());
    for (name, item) in items {
        let prepared = arguments(name, item, context).and_then(|given| prepare(&given, http, state, context));
        match prepared {
            Ok(request) => requests.push(request),
            Err(refusal) => return malformed(refusal, requests.len(), items.len(), http, state, context),
        }
    }
    let client = state.client().map_err(|text| go_error(text, context))?;
    let (calls, plans): (Vec<_>, Vec<_>) =
        requests.into_iter().map(|Request { call, plan }| ((plan.method.clone(), call), plan)).unzip();
    let limits = match state.test.options() {
        Some(options) => Limits { total: options.batch as usize, per_host: options.batch_per_host as usize },
        None => Limits::default(),
    };
    let exchanges = state.block_on(send_all(&client, calls, limits), context)?;
    let mut failed = None;
    let mut results = Vec::with_capacity(plans.len());
    for (plan, exchange) in plans.into_iter().zip(exchanges) {
        match finish(plan, exchange, http, state, context) {
            Ok(result) => results.push(result),
            // All samples are emitted before the first error is thrown.
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    failed.map_or(Ok(results), Err)
}

/// What k6 does when an item is no request: nothing is sent.
fn malformed(
    refusal: Refusal,
    before: usize,
    count: usize,
    http: &Http,
    state: &State,
    context: &mut Context,
) -> JsResult<Vec<JsValue>> {
    let (text, code) = match refusal {
        Refusal::Thrown(error) => return Err(error),
        Refusal::Failed { text, code } => (text, code),
    };
    if state.test.options().is_some_and(|options| options.throw) {
        return Err(go_error(text, context));
    }
    log::emit(Level::Warn, "A batch request failed", &[("error", &text)]);
    let mut results = Vec::with_capacity(count);
    for _ in 0..before {
        results.push(response::blank(http, context)?);
    }
    results.push(response::refused(http, text, code, context)?);
    results.resize(count, JsValue::null());
    Ok(results)
}

fn list(requests: &JsObject, context: &mut Context) -> JsResult<Vec<(JsString, JsValue)>> {
    let length = get(requests, "length", context)?.to_length(context)?;
    (0..length).map(|index| Ok((JsString::from(index.to_string()), requests.get(index, context)?))).collect()
}

/// Reads one of a batch's requests: a URL, `[method, url, body, params]`, or an object of those four.
fn arguments(name: &JsString, item: &JsValue, context: &mut Context) -> Result<Arguments, Refusal> {
    let get_url =
        |url: &JsValue| Arguments { method: "GET".to_owned(), url: url.clone(), ..Arguments::default() };
    let Some(described) = item.as_object() else { return Ok(get_url(item)) };
    if super::url::is_template(item) {
        return Ok(get_url(item));
    }
    let method = |value: &JsValue, context: &mut Context| match value.as_string() {
        Some(text) => Ok(text.to_std_string_lossy()),
        None => {
            let shown = if is_nullish(value) { "<nil>".to_owned() } else { to_text(value, context)? };
            Err(Refusal::text(format!("invalid method type '{shown}'")))
        }
    };
    if described.is_array() {
        let parts = list(&described, context)?;
        let part = |index: usize| parts.get(index).map(|(_, value)| value.clone()).unwrap_or_default();
        if parts.len() < 2 {
            let shown = to_text(item, context)?;
            return Err(Refusal::text(format!("invalid batch request '[{shown}]'")));
        }
        let method = method(&part(0), context)?;
        return Ok(Arguments { method, url: part(1), body: part(2), params: part(3) });
    }
    let mut given = Arguments { method: "GET".to_owned(), ..Arguments::default() };
    let mut has_url = false;
    for (key, value) in entries(&described, context)? {
        match key.to_std_string_lossy().as_str() {
            "url" => {
                given.url = value;
                has_url = true;
            }
            "method" => given.method = method(&value, context)?.to_uppercase(),
            "body" => given.body = value,
            "params" => given.params = value,
            _ => {}
        }
    }
    if !has_url {
        let name = name.to_std_string_lossy();
        return Err(Refusal::text(format!("batch request {name} doesn't have a url key")));
    }
    if matches!(given.method.as_str(), "GET" | "HEAD") {
        given.body = JsValue::undefined();
    }
    Ok(given)
}

fn type_name(value: &JsValue) -> &'static str {
    match value.as_number() {
        Some(number) if number.fract() == 0.0 => "int64",
        Some(_) => "float64",
        None if value.is_string() => "string",
        None if value.is_boolean() => "bool",
        None if is_nullish(value) => "<nil>",
        None => "function",
    }
}

/// How many requests may be under way; 0 is no limit.
#[derive(Clone, Copy, Debug, Default)]
struct Limits {
    total: usize,
    per_host: usize,
}

type MethodAndCall = (String, Result<Call, NetError>);

/// Sends requests as the limits allow, each as soon as it may; the exchanges are in the requests' order.
async fn send_all(client: &Client, calls: Vec<MethodAndCall>, limits: Limits) -> Vec<Exchange> {
    let mut exchanges: Vec<Option<Exchange>> = Vec::new();
    exchanges.resize_with(calls.len(), || None);
    let mut waiting: VecDeque<(usize, String, MethodAndCall)> =
        calls.into_iter().enumerate().map(|(index, call)| (index, host(&call), call)).collect();
    let mut hosts: HashMap<String, usize> = HashMap::new();
    let mut running = FuturesUnordered::new();
    loop {
        let mut passed_over = VecDeque::new();
        while let Some((index, host, call)) = waiting.pop_front() {
            let at_host = hosts.entry(host.clone()).or_default();
            let full = limits.total > 0 && running.len() >= limits.total;
            if full || (limits.per_host > 0 && *at_host >= limits.per_host) {
                passed_over.push_back((index, host, call));
                if full {
                    break;
                }
                continue;
            }
            *at_host += 1;
            running.push(async move {
                let (method, call) = call;
                (index, host, send(client, call, &method).await)
            });
        }
        passed_over.append(&mut waiting);
        waiting = passed_over;
        let Some((index, host, exchange)) = running.next().await else { break };
        exchanges[index] = Some(exchange);
        if let Some(at_host) = hosts.get_mut(&host) {
            *at_host -= 1;
        }
    }
    exchanges.into_iter().flatten().collect()
}

fn host((_, call): &MethodAndCall) -> String {
    let url = call.as_ref().ok().map(|call| &call.url);
    url.map(|url| url[::url::Position::BeforeHost..::url::Position::AfterPort].to_owned()).unwrap_or_default()
}
