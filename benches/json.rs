//! `JSON.parse` and `JSON.stringify` of one streamed chat-completion chunk.

use boa_engine::{Context, JsString, JsValue, js_string};
use ssek::js::json;

/// 262 bytes, as an OpenAI-compatible server sends them, one chunk for each token.
const CHUNK: &str = r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcTxxxxxx","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1-mini-2025","system_fingerprint":"fp_7fcd609668","choices":[{"index":0,"delta":{"content":" world"},"logprobs":null,"finish_reason":null}]}"#;

fn main() {
    divan::main();
}

fn context() -> Context {
    let mut context = Context::default();
    if let Err(error) = json::install(&mut context) {
        panic!("{error}");
    }
    context
}

/// Calls `JSON.name(argument)` as a script would.
fn bench_call(bencher: divan::Bencher<'_, '_>, name: &str, argument: fn(&mut Context) -> JsValue) {
    let context = &mut context();
    let object = context.global_object().get(js_string!("JSON"), context).ok();
    let object = object.and_then(|json| json.as_object());
    let function = object.and_then(|json| json.get(JsString::from(name), context).ok()?.as_callable());
    let Some(function) = function else { panic!("no JSON.{name}") };
    let argument = argument(context);
    bencher.bench_local(|| function.call(&JsValue::undefined(), std::slice::from_ref(&argument), context));
}

#[divan::bench]
fn parse_chunk(bencher: divan::Bencher<'_, '_>) {
    bench_call(bencher, "parse", |_| JsValue::from(JsString::from(CHUNK)));
}

#[divan::bench]
fn parse_chunk_utf16(bencher: divan::Bencher<'_, '_>) {
    bench_call(bencher, "parse", |_| JsValue::from(JsString::from(CHUNK.replace("world", "世界"))));
}

#[divan::bench]
fn stringify_chunk(bencher: divan::Bencher<'_, '_>) {
    bench_call(bencher, "stringify", |context| json::parse_str(CHUNK, context).unwrap_or_default());
}
