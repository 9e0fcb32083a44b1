//! `k6/http`.
//!
//! ```text
//! verbs ─▶ request::prepare ─▶ exchange::send ─▶ exchange::finish ─▶ record  nine samples a round trip
//!          url body params     net::fetch                         └▶ response the object that scripts get
//! ```

mod asynchronous; // asyncRequest
mod batch;
mod body; // what is sent
mod compression;
pub mod cookies; // CookieJar
mod exchange; // send, finish
mod expected; // expectedStatuses
pub mod fetching; // the global fetch
mod file; // http.file
mod json; // res.json()
mod kept; // series of requests that came before
mod page; // res.html(), res.submitForm(), res.clickLink()
mod params; // the params argument
mod parts; // of a response
mod record; // samples
mod refusal; // requests that are not tried
mod request; // arguments to a call
mod response;
mod selector; // GJSON
mod url; // http.url
mod verbs; // get, post, request …

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsResult, JsString, NativeFunction};

use crate::js::convert::{Native, object_of, put, string};
use crate::js::shared_realm::inherit;
use crate::js::{Exports, go_error};
use crate::modules::html;
use expected::Expected;

/// What `k6/http` keeps for one context.
pub struct Http {
    /// What counts as success where a request doesn't say.
    callback: RefCell<Option<Rc<Expected>>>,
    jar_prototype: JsObject,
    layout: Rc<response::Layout>,
    kept: Rc<kept::Kept>,
    addresses: Rc<url::Addresses>,
}

/// How host functions find it: a context's data are found by type.
struct Handle(Rc<Http>);

impl Http {
    fn of(context: &mut Context) -> JsResult<Rc<Self>> {
        match context.get_data::<Handle>() {
            Some(handle) => Ok(handle.0.clone()),
            None => Err(go_error("k6/http was not imported in this context", context)),
        }
    }
}

/// What the contexts of a realm have in common.
#[derive(Clone)]
struct Common {
    jar_prototype: JsObject,
    layout: Rc<response::Layout>,
    kept: Rc<kept::Kept>,
    addresses: Rc<url::Addresses>,
}

impl Common {
    fn new(context: &mut Context) -> JsResult<Self> {
        Ok(Self {
            jar_prototype: cookies::prototype(context),
            layout: Rc::new(response::Layout::new(context)?),
            kept: Rc::default(),
            addresses: Rc::default(),
        })
    }

    /// Gives a context what it keeps for itself.
    fn give(&self, context: &mut Context) {
        let Self { jar_prototype, layout, kept, addresses } = self.clone();
        let callback = RefCell::new(Some(Rc::default()));
        context.insert_data(Handle(Rc::new(Http { callback, jar_prototype, layout, kept, addresses })));
    }
}

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    html::register(context);
    let common = Common::new(context)?;
    let jar_prototype = common.jar_prototype.clone();
    inherit(context, move |context| common.give(context));

    let functions: [(&str, usize, Native); 8] = [
        ("asyncRequest", 2, asynchronous::async_request),
        ("batch", 0, batch::batch),
        ("cookieJar", 0, cookies::cookie_jar),
        ("expectedStatuses", 0, expected::expected_statuses),
        ("file", 1, file::file),
        ("request", 2, verbs::request),
        ("setResponseCallback", 1, expected::set_response_callback),
        ("url", 1, url::template),
    ];
    let module = object_of(&functions, context);
    for (name, method) in [("get", "GET"), ("head", "HEAD")] {
        let native = NativeFunction::from_copy_closure(move |_, args, context| {
            verbs::without_body(name, method, args, context)
        });
        export(&module, name, native, context);
    }
    for (name, method) in
        [("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("del", "DELETE"), ("options", "OPTIONS")]
    {
        let native = NativeFunction::from_copy_closure(move |_, args, context| {
            verbs::with_body(method, args, context)
        });
        export(&module, name, native, context);
    }
    let class = cookies::class(&jar_prototype, context);
    put(&module, "CookieJar", class);
    for (name, value) in CONSTANTS {
        put(&module, name, string(value));
    }
    Ok(Exports::default_object(module))
}

fn export(module: &JsObject, name: &str, native: NativeFunction, context: &mut Context) {
    let function =
        FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(name)).length(1).build();
    put(module, name, function);
}

const CONSTANTS: [(&str, &str); 18] = [
    ("TLS_1_0", "tls1.0"),
    ("TLS_1_1", "tls1.1"),
    ("TLS_1_2", "tls1.2"),
    ("TLS_1_3", "tls1.3"),
    ("OCSP_STATUS_GOOD", "good"),
    ("OCSP_STATUS_REVOKED", "revoked"),
    ("OCSP_STATUS_SERVER_FAILED", "server_failed"),
    ("OCSP_STATUS_UNKNOWN", "unknown"),
    ("OCSP_REASON_AA_COMPROMISE", "aa_compromise"),
    ("OCSP_REASON_AFFILIATION_CHANGED", "affiliation_changed"),
    ("OCSP_REASON_CA_COMPROMISE", "ca_compromise"),
    ("OCSP_REASON_CERTIFICATE_HOLD", "certificate_hold"),
    ("OCSP_REASON_CESSATION_OF_OPERATION", "cessation_of_operation"),
    ("OCSP_REASON_KEY_COMPROMISE", "key_compromise"),
    ("OCSP_REASON_PRIVILEGE_WITHDRAWN", "privilege_withdrawn"),
    ("OCSP_REASON_REMOVE_FROM_CRL", "remove_from_crl"),
    ("OCSP_REASON_SUPERSEDED", "superseded"),
    ("OCSP_REASON_UNSPECIFIED", "unspecified"),
];
