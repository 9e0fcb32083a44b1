//! `res.html()`, `res.submitForm()` and `res.clickLink()`: a response as a page.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};

use super::request::Arguments;
use super::response::{Body, Response, not_a_response};
use super::verbs;
use crate::js::convert::{entries, get, object, string, to_text};
use crate::js::go_error;
use crate::k6::query::escape;
use crate::modules::html::{Reference, Selection, form_values, parse, submit_value};
use crate::vu::State;

/// `html([selector])`: the page, or what the selector finds in it
pub fn html(response: &JsObject, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let page = page(response, context)?;
    match args.first() {
        Some(selector) => page.find(&to_text(selector, context)?).into_js(context),
        None => page.into_js(context),
    }
}

/// `clickLink({selector, params})`: a GET request of the first link's URL
pub fn click_link(response: &JsObject, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let given = Given::new(args)?;
    let selector = given.text("selector", "a[href]", context)?;
    let params = given.value("params", context)?;
    let base = url(response, context)?;
    let link = page(response, context)?.find(&selector);
    let Some(first) = link.set.first() else {
        return Err(go_error(
            format!("no element found for selector '{selector}' in response '{base}'"),
            context,
        ));
    };
    let Some(href) = link.set.document.attribute(first, "href") else {
        let text =
            format!("no valid href attribute value found on element '{selector}' in response '{base}'");
        return Err(go_error(text, context));
    };
    let target = resolve(&base, href, context)?;
    request("GET".to_owned(), &target.to_string(), JsValue::undefined(), params, context)
}

/// `submitForm({formSelector, submitSelector, fields, params})`: the request that a form makes, with its values, the
/// submit button's and those given, which overrule the others
pub fn submit_form(response: &JsObject, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let given = Given::new(args)?;
    let form_selector = given.text("formSelector", "form", context)?;
    let submit_selector = given.text("submitSelector", "[type=\"submit\"]", context)?;
    let fields = given.value("fields", context)?;
    let params = given.value("params", context)?;
    let base = url(response, context)?;
    let form = page(response, context)?.find(&form_selector);
    if form.set.first().is_none() {
        let text = format!("no form found for selector '{form_selector}' in response '{base}'");
        return Err(go_error(text, context));
    }
    let method = form.set.attribute("method").unwrap_or("GET").to_uppercase();
    let mut target = resolve(&base, form.set.attribute("action").unwrap_or_default(), context)?;

    let values = object(context);
    for (name, value) in form_values(&form, context) {
        values.create_data_property_or_throw(JsString::from(name), value, context)?;
    }
    if let Some((name, value)) = submit_value(&form.find(&submit_selector), context) {
        values.create_data_property_or_throw(JsString::from(name), value, context)?;
    }
    if let Some(fields) = fields.as_object() {
        for (name, value) in entries(&fields, context)? {
            values.create_data_property_or_throw(name, value, context)?;
        }
    }
    if method != "GET" {
        return request(method, &target.to_string(), values.into(), params, context);
    }
    target.query = Some(query(&values, context)?).filter(|query| !query.is_empty());
    request(method, &target.to_string(), JsValue::null(), params, context)
}

/// The one argument of a method, an object.
struct Given(Option<JsObject>);

impl Given {
    fn new(args: &[JsValue]) -> JsResult<Self> {
        match args.first() {
            None => Ok(Self(None)),
            Some(given) if given.is_null_or_undefined() => {
                Err(JsNativeError::typ().with_message("Cannot convert undefined or null to object").into())
            }
            Some(given) => Ok(Self(given.as_object())),
        }
    }

    fn value(&self, name: &str, context: &mut Context) -> JsResult<JsValue> {
        self.0.as_ref().map_or(Ok(JsValue::undefined()), |given| get(given, name, context))
    }

    fn text(&self, name: &str, default: &str, context: &mut Context) -> JsResult<String> {
        match &self.0 {
            Some(given) if given.has_own_property(JsString::from(name), context)? => {
                let value = get(given, name, context)?;
                to_text(&value, context)
            }
            _ => Ok(default.to_owned()),
        }
    }
}

/// The body, parsed once.
fn page(response: &JsObject, context: &mut Context) -> JsResult<Selection> {
    let base = url(response, context)?;
    let (body, known) = {
        let response = response.downcast_ref::<Response>().ok_or_else(not_a_response)?;
        (response.body(), response.page.clone())
    };
    let bytes = match body {
        Body::Text(bytes) | Body::Binary(bytes) => bytes,
        Body::Null => {
            return Err(go_error(
                "the body is null so we can't transform it to HTML - this likely was because of a request error \
                 getting the response",
                context,
            ));
        }
    };
    // A script may have put another body in place.
    if let Some((_, document)) = known.filter(|(parsed, _)| *parsed == bytes) {
        return Ok(Selection::of_document(document, &base));
    }
    let document = parse(&String::from_utf8_lossy(&bytes), context)?;
    if let Some(mut response) = response.downcast_mut::<Response>() {
        response.page = Some((bytes, document.clone()));
    }
    Ok(Selection::of_document(document, &base))
}

fn url(response: &JsObject, context: &mut Context) -> JsResult<String> {
    let url = get(response, "url", context)?;
    to_text(&url, context)
}

fn resolve(base: &str, reference: &str, context: &mut Context) -> JsResult<Reference> {
    let resolved = Reference::parse(base).and_then(|base| Ok(base.resolve(&Reference::parse(reference)?)));
    resolved.map_err(|text| go_error(text, context))
}

/// Fields as a query, sorted by name.
fn query(values: &JsObject, context: &mut Context) -> JsResult<String> {
    let mut pairs = Vec::new();
    for (name, value) in entries(values, context)? {
        pairs.push((name.to_std_string_lossy(), to_text(&value, context)?));
    }
    pairs.sort();
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    Ok(pairs.join("&"))
}

fn request(
    method: String,
    url: &str,
    body: JsValue,
    params: JsValue,
    context: &mut Context,
) -> JsResult<JsValue> {
    let state = State::of(context)?;
    verbs::refuse_init(&state, context)?;
    verbs::run(&Arguments { method, url: string(url), body, params }, &state, context)
}
