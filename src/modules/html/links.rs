//! Links: `href()`, its parts, and image maps.

use boa_engine::{Context, JsResult, JsValue};

use super::controls::found;
use super::element::Element;
use super::reference::{Reference, unescaped};
use crate::js::convert::{array, string};

/// What a reference means in a document of that URL; `None` if one of them is none.
pub fn resolved(url: &str, reference: &str) -> Option<Reference> {
    let base = Reference::parse(url).ok()?;
    Some(base.resolve(&Reference::parse(reference).ok()?))
}

/// An attribute as an absolute URL, or as it was written where the document's is not known.
pub fn absolute(element: &Element, name: &str, default: &str) -> String {
    let url = &element.selection.url;
    let own = element.attribute(name);
    if url.is_empty() {
        return own.unwrap_or_default().to_owned();
    }
    own.and_then(|own| resolved(url, own)).map_or_else(|| default.to_owned(), |found| found.to_string())
}

/// `href()` of a base, which is the document's own URL where it says nothing
pub fn base(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&absolute(element, "href", &element.selection.url)))
}

/// The link's parts; all empty where there is none.
fn href(element: &Element) -> Reference {
    element.attribute("href").and_then(|own| resolved(&element.selection.url, own)).unwrap_or_default()
}

/// `hash()`, with the `#`
pub fn hash(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let fragment = unescaped(&href(element).fragment);
    Ok(string(&if fragment.is_empty() { fragment } else { format!("#{fragment}") }))
}

/// `host()`, with the port unless it is the scheme's own
pub fn host(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let href = href(element);
    let (host, port) = href.host_and_port();
    let is_own = matches!((&*href.scheme, port), ("http", "80") | ("https", "443") | ("ftp", "21"));
    Ok(string(if is_own { host } else { &href.host }))
}

/// `hostname()`
pub fn hostname(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(href(element).host_and_port().0))
}

/// `port()`
pub fn port(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(href(element).host_and_port().1))
}

/// `username()`
pub fn username(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&href(element).credentials().0))
}

/// `password()`
pub fn password(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&href(element).credentials().1))
}

/// `origin()`: scheme and host; of a file, the whole link
pub fn origin(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let href = href(element);
    Ok(string(&match &*href.scheme {
        "" => String::new(),
        "file" => absolute(element, "href", ""),
        scheme => format!("{scheme}://{}", href.host),
    }))
}

/// `pathname()`, unescaped
pub fn pathname(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&unescaped(&href(element).path)))
}

/// `protocol()`: the scheme without its colon, or only a colon
pub fn protocol(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let scheme = href(element).scheme;
    Ok(string(if scheme.is_empty() { ":" } else { &scheme }))
}

/// `search()`, with the `?`
pub fn search(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let query = href(element).query.filter(|query| !query.is_empty());
    Ok(string(&query.map_or_else(String::new, |query| format!("?{query}"))))
}

/// `relList()`
pub fn rel_list(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let rel = element.attribute("rel").filter(|rel| !rel.is_empty());
    let words: Vec<_> = rel.into_iter().flat_map(|rel| rel.split(' ')).map(string).collect();
    Ok(array(words, context))
}

/// `areas()` of a map
pub fn areas(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "area", context)
}

/// `images()` that use a map by its ID
pub fn images(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let Some(id) = element.attribute("id") else { return Ok(array([], context)) };
    let selector = format!("img[usemap=\"#{id}\"],object[usemap=\"#{id}\"]");
    let images = element.selection.set.root().find(&selector);
    Element::list(&element.selection.with(images), context)
}
