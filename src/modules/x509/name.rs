//! Subjects and issuers.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsValue};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::js::convert::{array, object, put, string};

/// A part of a name: the property, and the OID behind it.
type Part = (&'static str, &'static str);

const COMMON_NAME: Part = ("commonName", "2.5.4.3");
const COUNTRY: Part = ("country", "2.5.4.6");
const POSTAL_CODE: Part = ("postalCode", "2.5.4.17");
const STATE: Part = ("stateOrProvinceName", "2.5.4.8");
const LOCALITY: Part = ("localityName", "2.5.4.7");
const STREET: Part = ("streetAddress", "2.5.4.9");
const ORGANIZATION: Part = ("organizationName", "2.5.4.10");
const UNIT: Part = ("organizationalUnitName", "2.5.4.11");

/// The name of whom the certificate is for.
pub fn subject(name: &X509Name<'_>, context: &mut Context) -> JsValue {
    let parts = [COUNTRY, POSTAL_CODE, STATE, LOCALITY, STREET, ORGANIZATION];
    let made = with_parts(name, &parts, context);
    let units: Vec<_> = values(name, UNIT).map(|unit| string(&unit)).collect();
    let units = array(units, context);
    put(&made, UNIT.0, units);
    put(&made, "names", all(name, context));
    made.into()
}

/// The name of who signed it.
pub fn issuer(name: &X509Name<'_>, context: &mut Context) -> JsValue {
    let made = with_parts(name, &[COUNTRY, STATE, LOCALITY, ORGANIZATION], context);
    put(&made, "names", all(name, context));
    made.into()
}

fn with_parts(name: &X509Name<'_>, parts: &[Part], context: &mut Context) -> JsObject {
    let made = object(context);
    // Of several, Go keeps the last common name, but k6 shows the first of everything else.
    put(&made, COMMON_NAME.0, string(&values(name, COMMON_NAME).last().unwrap_or_default()));
    for part in parts {
        put(&made, part.0, string(&values(name, *part).next().unwrap_or_default()));
    }
    made
}

fn values<'a>(name: &'a X509Name<'_>, part: Part) -> impl Iterator<Item = String> + 'a {
    name.iter_attributes().filter(move |it| it.attr_type().to_id_string() == part.1).map(value)
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    let text = attribute.as_str().map(str::to_owned);
    text.unwrap_or_else(|_| String::from_utf8_lossy(attribute.as_slice()).into_owned())
}

/// Every part in order: `{type: OID, value}`.
fn all(name: &X509Name<'_>, context: &mut Context) -> JsValue {
    let parts: Vec<_> = name
        .iter_attributes()
        .map(|attribute| {
            let part = object(context);
            put(&part, "type", string(&attribute.attr_type().to_id_string()));
            put(&part, "value", string(&value(attribute)));
            part.into()
        })
        .collect();
    array(parts, context)
}
