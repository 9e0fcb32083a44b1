//! What an event costs from the parser's hands through a script's handler: the object, the call, and
//! what a handler of an LLM benchmark does with it.

use boa_engine::{Context, JsString, JsValue, Source, js_string};
use divan::Bencher;
use ssek::js::json;
use ssek::modules::sse::client::Client;
use ssek::modules::sse::event::EventObjects;
use ssek::net::Event;

/// As an OpenAI-compatible server sends it, one for each token.
const CHUNK: &str = r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"mock-model","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" world"},"logprobs":null,"finish_reason":null}]}"#;

const HANDLERS: &[(&str, &str)] = &[
    ("empty", "(event) => {}"),
    ("data", "(event) => { if (event.data === '[DONE]') return; }"),
    ("parse", "(event) => { const chunk = JSON.parse(event.data); chunk.choices?.[0]?.delta?.content; }"),
];

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

fn event() -> Event {
    Event { data: CHUNK.to_owned(), ..Event::default() }
}

/// The object alone.
#[divan::bench]
fn object(bencher: Bencher<'_, '_>) {
    let context = &mut context();
    let objects = EventObjects::of(context);
    bencher
        .with_inputs(event)
        .bench_local_values(|event| objects.make(event, std::time::Instant::now(), context));
}

/// The object, and the handler called with it.
#[divan::bench(args = HANDLERS.iter().map(|(name, _)| *name))]
fn callback(bencher: Bencher<'_, '_>, name: &str) {
    let context = &mut context();
    let objects = EventObjects::of(context);
    let client = listening(name, context);
    bencher.with_inputs(event).bench_local_values(|event| {
        let event = objects.make(event, std::time::Instant::now(), context);
        client.emit("event", &[event], context)
    });
}

/// A client with the handler of that name.
fn listening(name: &str, context: &mut Context) -> Client {
    let client = Client::new(context);
    let (_, handler) = HANDLERS.iter().find(|(known, _)| *known == name).unwrap_or(&HANDLERS[0]);
    let handler = context.eval(Source::from_bytes(handler)).unwrap_or_else(|error| panic!("{error}"));
    let object = client.object();
    let on = object.as_object().and_then(|object| object.get(js_string!("on"), context).ok()?.as_callable());
    let Some(on) = on else { panic!("a client has `on`") };
    let args = [JsValue::from(JsString::from("event")), handler];
    if let Err(error) = on.call(&object, &args, context) {
        panic!("{error}");
    }
    client
}
