//! What scripts get back: k6's response record.
//!
//! The parts that take work to make (headers, cookies, timings, the body) are made when they are first read: most
//! scripts read one or two of them.

use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsString, JsValue, NativeFunction};
use boa_gc::{Finalize, Trace};
use bytes::Bytes;

use super::Http;
use super::params::ResponseType;
use super::parts;
use super::request::Plan;
use crate::js::convert::{arg, get, string};
use crate::k6::error_code::for_status;
use crate::modules::html::Document;
use crate::net::error::{Kind, Stage};
use crate::net::header::Headers;
use crate::net::{Hop, NetError, RequestCookie};

/// What a response is made of.
#[derive(Debug, Default)]
pub struct Facts {
    pub url: String,
    pub body: Body,
    /// The last round trip; `None` if the request was not even tried.
    pub hop: Option<Hop>,
    /// Whether there is no response to speak of.
    pub failed: bool,
    pub error: String,
    pub error_code: u16,
    pub request: Sent,
}

/// A response's body.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    Null,
    Text(Bytes),
    Binary(Bytes),
}

/// The request as it was first sent.
#[derive(Debug, Default)]
pub struct Sent {
    pub method: String,
    pub url: String,
    pub headers: Headers,
    pub body: Bytes,
    pub cookies: Vec<RequestCookie>,
}

impl Facts {
    /// The facts of an exchange: its last round trip, the body, and the headers and cookies first sent.
    pub fn new(plan: Plan, url: String, hop: Hop, body: Bytes, sent: (Headers, Vec<RequestCookie>)) -> Self {
        let failed = hop.error.is_some();
        // Of a body that broke off, what came is shown.
        let broke =
            |error: &NetError| error.stage == Stage::Body && !matches!(error.kind, Kind::Decompression(_));
        let bodiless = matches!(hop.status, 100..=199 | 204 | 304)
            || hop.error.as_ref().is_some_and(|error| !broke(error));
        let body = match plan.response_type {
            _ if bodiless => Body::Null,
            ResponseType::None => Body::Null,
            ResponseType::Text => Body::Text(body),
            ResponseType::Binary => Body::Binary(body),
        };
        let (headers, cookies) = sent;
        let request = Sent {
            method: plan.method,
            url: plan.address.typed.clone(),
            headers,
            body: plan.body.unwrap_or_default(),
            cookies,
        };
        let (error, error_code) = match &hop.error {
            Some(error) => (error.message(), error.code()),
            None => (String::new(), for_status(hop.status)),
        };
        Self { url, body, hop: Some(hop), failed, error, error_code, request }
    }

    /// The last round trip if it brought a response.
    pub fn answer(&self) -> Option<&Hop> {
        self.hop.as_ref().filter(|_| !self.failed)
    }
}

/// The native part of a response object.
#[derive(Trace, Finalize, JsData)]
pub struct Response {
    #[unsafe_ignore_trace]
    pub facts: Facts,
    /// What lazy properties have been read as, or were set to.
    cells: [Option<JsValue>; LAZY],
    /// Whether the script put another body in place.
    body_replaced: bool,
    /// What `json()` made of the body.
    pub json: Option<JsValue>,
    /// What `html()` made of the body, and of which body.
    #[unsafe_ignore_trace]
    pub page: Option<(Bytes, Rc<Document>)>,
}

const LAZY: usize = 10;

/// A property that is made when it is first read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lazy {
    Headers,
    Cookies,
    Body,
    Timings,
    Ocsp,
    Request,
    ClickLink,
    Html,
    Json,
    SubmitForm,
}

#[derive(Clone, Copy)]
enum Field {
    Plain(fn(&Facts) -> JsValue),
    Lazy(Lazy),
}

/// Every own property, in k6's order.
const FIELDS: [(&str, Field); 20] = [
    ("remote_ip", Field::Plain(|f| text(f.hop.as_ref().and_then(|h| h.remote).map(|a| a.ip().to_string())))),
    ("remote_port", Field::Plain(|f| f.hop.as_ref().and_then(|h| h.remote).map_or(0, |a| a.port()).into())),
    ("url", Field::Plain(|f| string(&f.url))),
    ("status", Field::Plain(|f| f.answer().map_or(0, |hop| hop.status).into())),
    ("status_text", Field::Plain(|f| text(f.answer().map(status_text)))),
    ("proto", Field::Plain(|f| text(f.answer().map(|hop| hop.proto)))),
    ("headers", Field::Lazy(Lazy::Headers)),
    ("cookies", Field::Lazy(Lazy::Cookies)),
    ("body", Field::Lazy(Lazy::Body)),
    ("timings", Field::Lazy(Lazy::Timings)),
    ("tls_version", Field::Plain(|f| text(f.answer().map(|hop| hop.tls_version)))),
    ("tls_cipher_suite", Field::Plain(|f| text(f.answer().map(|hop| &hop.tls_cipher_suite)))),
    ("ocsp", Field::Lazy(Lazy::Ocsp)),
    ("error", Field::Plain(|f| string(&f.error))),
    ("error_code", Field::Plain(|f| f.error_code.into())),
    ("request", Field::Lazy(Lazy::Request)),
    ("clickLink", Field::Lazy(Lazy::ClickLink)),
    ("html", Field::Lazy(Lazy::Html)),
    ("json", Field::Lazy(Lazy::Json)),
    ("submitForm", Field::Lazy(Lazy::SubmitForm)),
];

fn text(value: Option<impl AsRef<str>>) -> JsValue {
    value.map_or_else(|| string(""), |text| string(text.as_ref()))
}

fn status_text(hop: &Hop) -> String {
    format!("{} {}", hop.status, hop.reason).trim_end().to_owned()
}

/// What all response objects of a context share.
pub struct Layout {
    /// The keys of [`FIELDS`] with the accessors of those that are lazy.
    fields: Vec<(PropertyKey, Option<PropertyDescriptor>)>,
    prevent_extensions: Option<JsFunction>,
    /// Objects of one shape share it only while an object of that shape lives.
    _template: JsObject,
}

impl Layout {
    pub fn new(context: &mut Context) -> JsResult<Self> {
        let fields: Vec<_> = FIELDS
            .iter()
            .map(|(name, field)| {
                let key = PropertyKey::from(JsString::from(*name));
                match field {
                    Field::Plain(_) => (key, None),
                    Field::Lazy(lazy) => (key, Some(accessor(*lazy, context))),
                }
            })
            .collect();
        let object = context.intrinsics().constructors().object().constructor();
        let prevent_extensions = get(&object, "preventExtensions", context)?.as_object();
        let prevent_extensions = prevent_extensions.and_then(JsFunction::from_object);
        let prototype = context.intrinsics().constructors().object().prototype();
        let template =
            JsObject::new(context.root_shape(), prototype, Response::of(Facts::default())).upcast();
        fill(&template, &fields, values(&Facts::default()));
        Ok(Self { fields, prevent_extensions, _template: template })
    }
}

/// What the plain properties hold.
fn values(facts: &Facts) -> [Option<JsValue>; FIELDS.len()] {
    FIELDS.map(|(_, field)| match field {
        Field::Plain(value) => Some(value(facts)),
        Field::Lazy(_) => None,
    })
}

/// Gives an object the properties of a response, in k6's order.
fn fill(
    response: &JsObject,
    fields: &[(PropertyKey, Option<PropertyDescriptor>)],
    values: [Option<JsValue>; FIELDS.len()],
) {
    for ((key, accessor), value) in fields.iter().zip(values) {
        if let Some(property) = value.map(plain).or_else(|| accessor.clone()) {
            response.insert_property(key.clone(), property);
        }
    }
}

fn plain(value: JsValue) -> PropertyDescriptor {
    PropertyDescriptor::builder().value(value).writable(true).enumerable(true).configurable(true).build()
}

fn accessor(lazy: Lazy, context: &Context) -> PropertyDescriptor {
    let getter = NativeFunction::from_copy_closure(move |this, _, context| read(lazy, this, context));
    let setter = NativeFunction::from_copy_closure(move |this, args, _| write(lazy, this, arg(args, 0)));
    PropertyDescriptor::builder()
        .get(getter.to_js_function(context.realm()))
        .set(setter.to_js_function(context.realm()))
        .enumerable(true)
        .configurable(true)
        .build()
}

/// The response of a finished exchange.
pub fn new(http: &Http, facts: Facts, context: &mut Context) -> JsResult<JsValue> {
    let prototype = context.intrinsics().constructors().object().prototype();
    let values = values(&facts);
    let response = JsObject::new(context.root_shape(), prototype, Response::of(facts)).upcast();
    fill(&response, &http.layout.fields, values);
    // In k6 a response takes no new properties.
    if let Some(prevent_extensions) = &http.layout.prevent_extensions {
        prevent_extensions.call(&JsValue::undefined(), &[response.clone().into()], context)?;
    }
    Ok(response.into())
}

/// The response of a request that was not tried.
pub fn refused(http: &Http, error: String, error_code: u16, context: &mut Context) -> JsResult<JsValue> {
    new(http, Facts { error, error_code, failed: true, ..Facts::default() }, context)
}

/// The response of a batch's request that was not sent, because another one was malformed.
pub fn blank(http: &Http, context: &mut Context) -> JsResult<JsValue> {
    new(http, Facts { failed: true, ..Facts::default() }, context)
}

fn read(lazy: Lazy, this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let Some(object) = this.as_object() else { return Err(not_a_response()) };
    let known = object.downcast_ref::<Response>().ok_or_else(not_a_response)?.cells[lazy as usize].clone();
    if let Some(value) = known {
        return Ok(value);
    }
    let value = match lazy {
        Lazy::Headers | Lazy::Cookies | Lazy::Body | Lazy::Timings | Lazy::Ocsp | Lazy::Request => {
            let response = object.downcast_ref::<Response>().ok_or_else(not_a_response)?;
            parts::make(lazy, &response.facts, context)?
        }
        Lazy::ClickLink | Lazy::Html | Lazy::Json | Lazy::SubmitForm => parts::method(lazy, &object, context),
    };
    write(lazy, this, value.clone())?;
    if let Some(mut response) = object.downcast_mut::<Response>()
        && lazy == Lazy::Body
    {
        response.body_replaced = false;
    }
    Ok(value)
}

fn write(lazy: Lazy, this: &JsValue, value: JsValue) -> JsResult<JsValue> {
    let object = this.as_object().ok_or_else(not_a_response)?;
    let mut response = object.downcast_mut::<Response>().ok_or_else(not_a_response)?;
    response.cells[lazy as usize] = Some(value);
    response.body_replaced |= lazy == Lazy::Body;
    Ok(JsValue::undefined())
}

impl Response {
    fn of(facts: Facts) -> Self {
        Self { facts, cells: [const { None }; LAZY], body_replaced: false, json: None, page: None }
    }

    /// The body as it stands; a script may have put another one in place.
    pub fn body(&self) -> Body {
        let replaced = self.cells[Lazy::Body as usize].as_ref().filter(|_| self.body_replaced);
        match replaced.map(|value| value.as_string()) {
            None => self.facts.body.clone(),
            Some(Some(text)) => Body::Text(text.to_std_string_lossy().into()),
            Some(None) => Body::Null,
        }
    }
}

/// The error of a method or property that was taken to another object.
pub fn not_a_response() -> boa_engine::JsError {
    JsNativeError::typ().with_message("this is no HTTP response").into()
}
