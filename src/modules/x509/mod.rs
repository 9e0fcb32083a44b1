//! `k6/crypto/x509`: what certificates say.

mod key; // public keys
mod name; // subjects and issuers
mod signature; // the names of algorithms

use std::net::IpAddr;

use boa_engine::{Context, JsResult, JsValue};
use sha1::{Digest, Sha1};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::time::ASN1Time;

use crate::js::convert::{Native, arg, array, function, object, put, string, text_or_bytes};
use crate::js::{Exports, go_error};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let functions: [(&str, Native); 4] =
        [("parse", parse), ("getAltNames", alt_names), ("getIssuer", issuer), ("getSubject", subject)];
    Ok(Exports::named(functions.map(|(name, native)| (name, function(name, 1, native, context).into()))))
}

/// `parse(pem)`: everything
fn parse(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    read(args, context, |certificate, context| {
        let key = key::show(certificate.public_key(), context)?;
        let made = object(context);
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        put(&made, "subject", name::subject(subject, context));
        put(&made, "issuer", name::issuer(issuer, context));
        let validity = certificate.validity();
        put(&made, "notBefore", string(&time(&validity.not_before)));
        put(&made, "notAfter", string(&time(&validity.not_after)));
        let names = array(listed(certificate).iter().map(|name| string(name)), context);
        put(&made, "altNames", names);
        put(&made, "signatureAlgorithm", string(signature::name(&certificate.signature_algorithm)));
        let print = Sha1::digest(certificate.as_raw());
        let print = array(print.iter().map(|byte| JsValue::from(*byte)), context);
        put(&made, "fingerPrint", print);
        put(&made, "publicKey", key);
        Ok(made.into())
    })
}

/// `getAltNames(pem)`: host names, mail addresses, IP addresses and URLs, in this order
fn alt_names(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    read(args, context, |certificate, context| {
        Ok(array(listed(certificate).iter().map(|name| string(name)), context))
    })
}

/// `getIssuer(pem)`
fn issuer(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    read(args, context, |certificate, context| Ok(name::issuer(certificate.issuer(), context)))
}

/// `getSubject(pem)`
fn subject(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    read(args, context, |certificate, context| Ok(name::subject(certificate.subject(), context)))
}

/// Reads the certificate in the first argument, text or bytes.
fn read(
    args: &[JsValue],
    context: &mut Context,
    show: impl FnOnce(&X509Certificate<'_>, &mut Context) -> JsResult<JsValue>,
) -> JsResult<JsValue> {
    let encoded = text_or_bytes(&arg(args, 0), context).unwrap_or_default();
    let pem: Option<Pem> = parse_x509_pem(&encoded).ok().map(|(_, pem)| pem);
    let Some(pem) = pem else {
        return Err(go_error("failed to decode certificate PEM file", context));
    };
    match pem.parse_x509() {
        Ok(certificate) => show(&certificate, context),
        Err(error) => Err(go_error(format!("failed to parse certificate: {error}"), context)),
    }
}

/// RFC 3339 in UTC, to the second.
fn time(time: &ASN1Time) -> String {
    jiff::Timestamp::from_second(time.timestamp()).map(|time| time.to_string()).unwrap_or_default()
}

fn listed(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| &*extension.value.general_names).unwrap_or_default();
    let of = |read: fn(&GeneralName<'_>) -> Option<String>| names.iter().filter_map(read);
    let hosts =
        of(|name| if let GeneralName::DNSName(name) = name { Some((*name).to_owned()) } else { None });
    let mails =
        of(|name| if let GeneralName::RFC822Name(name) = name { Some((*name).to_owned()) } else { None });
    let addresses = of(|name| if let GeneralName::IPAddress(bytes) = name { address(bytes) } else { None });
    let urls = of(|name| if let GeneralName::URI(name) = name { Some((*name).to_owned()) } else { None });
    hosts.chain(mails).chain(addresses).chain(urls).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()?;
    Some(address.to_canonical().to_string())
}
