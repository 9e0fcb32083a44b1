//! `ssek/llm`: calls of language models, each a complete and correctly measured request.
//!
//! ```text
//! new llm.Client(options) ─▶ client: Target      chat, chatAsync ─▶ llm::Ongoing ─▶ llm::Report
//!                                                 └ heard: pieces ─▶ handlers        ├─▶ record: samples
//!                                                                                    └─▶ result: what the script gets
//! ```

mod asynchronous; // client.chatAsync
mod chat; // client.chat
mod client; // the class Client
mod fields; // options with their names
mod heard; // pieces on their way to the handlers
mod options; // what `new Client` is given
mod paths; // protocols that scripts describe
mod record; // samples
mod request; // what `chat` is given
mod result; // what it returns

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use crate::js::Exports;
use crate::js::convert::{Native, function, object, put, put_hidden};
use crate::js::shared_realm::inherit;
use crate::vu::State;

/// The prototype of a context's clients: a context's data are found by type.
#[derive(Clone)]
struct Prototype(JsObject);

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    record::register(&state);
    state.test.streaming.ask();
    state.test.streaming.call_models();
    let prototype = object(context);
    let methods: [(&str, Native); 2] = [("chat", chat::chat), ("chatAsync", asynchronous::chat_async)];
    for (name, native) in methods {
        let method = function(name, 2, native, context);
        put_hidden(&prototype, name, method);
    }
    let class = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(client::construct))
        .name(JsString::from("Client"))
        .length(1)
        .constructor(true)
        .build();
    put_hidden(&class, "prototype", prototype.clone());
    put_hidden(&prototype, "constructor", class.clone());
    let made = Prototype(prototype);
    inherit(context, move |context| drop(context.insert_data(made.clone())));
    let module = object(context);
    put(&module, "Client", JsValue::from(class));
    Ok(Exports::default_object(module))
}
