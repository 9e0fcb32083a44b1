//! `k6/crypto/x509`: certificates that openssl made, with what it says of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;

use std::fs;

use binary::{in_repository, ssek};

const SCRIPT: &str = r#"
import x509, { parse, getAltNames, getIssuer, getSubject } from 'k6/crypto/x509'
const pems = {}
for (const name of ['rsa', 'ecdsa', 'dsa', 'ed25519', 'pss', 'public']) pems[name] = open(`${name}.pem`)
const attempt = (make) => { try { return make() } catch (e) { return String(e) } }
const show = (value) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? 'n' + v.toString(16) : v))
export default function () {
  const rsa = parse(pems.rsa)
  console.log(Object.keys(rsa).join())
  console.log(show(rsa.subject))
  console.log(show(rsa.issuer))
  console.log(rsa.notBefore, rsa.notAfter, rsa.signatureAlgorithm, rsa.altNames.length)
  console.log(rsa.fingerPrint.map((byte) => byte.toString(16).padStart(2, '0')).join(''))
  console.log(show(rsa.publicKey))
  console.log(show(parse(pems.ecdsa).publicKey), parse(pems.ecdsa).signatureAlgorithm)
  const dsa = parse(pems.dsa)
  console.log(dsa.publicKey.algorithm, dsa.signatureAlgorithm, typeof dsa.publicKey.key.y,
    Object.keys(dsa.publicKey.key.parameters).join(), dsa.publicKey.key.parameters.p.toString(2).length)
  console.log(parse(pems.pss).signatureAlgorithm)
  console.log(show(getAltNames(pems.ecdsa)))
  console.log(getIssuer(pems.rsa).country, getSubject(pems.rsa).localityName, x509.getSubject(pems.rsa).names.length)
  console.log(attempt(() => parse(pems.ed25519)))
  console.log(attempt(() => getSubject('nothing')))
  console.log(attempt(() => getIssuer(pems.public)).startsWith('GoError: failed to parse certificate: '))
  console.log(attempt(() => getAltNames('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).slice(0, 38))
}
"#;

#[test]
fn certificates() {
    let mut run =
        ssek(&["run", "-q", "-i", "1", "--log-format", "raw", "script.js"]).file("script.js", SCRIPT);
    for name in ["rsa", "ecdsa", "dsa", "ed25519", "pss", "public"] {
        let pem = fs::read_to_string(in_repository("tests/x509").join(format!("{name}.pem"))).unwrap();
        run = run.file(&format!("{name}.pem"), &pem);
    }
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let names = r#""names":[{"type":"2.5.4.6","value":"ZZ"},{"type":"2.5.4.8","value":"Some State"},{"type":"2.5.4.7","value":"Some Town"},{"type":"2.5.4.9","value":"1 Some Street"},{"type":"2.5.4.17","value":"12345"},{"type":"2.5.4.10","value":"Some Company"},{"type":"2.5.4.11","value":"First Unit"},{"type":"2.5.4.11","value":"Second Ünit"},{"type":"2.5.4.3","value":"service.test"}]"#;
    let expected = [
        "subject,issuer,notBefore,notAfter,altNames,signatureAlgorithm,fingerPrint,publicKey",
        &format!(
            r#"{{"commonName":"service.test","country":"ZZ","postalCode":"12345","stateOrProvinceName":"Some State","localityName":"Some Town","streetAddress":"1 Some Street","organizationName":"Some Company","organizationalUnitName":["First Unit","Second Ünit"],{names}}}"#
        ),
        &format!(
            r#"{{"commonName":"service.test","country":"ZZ","stateOrProvinceName":"Some State","localityName":"Some Town","organizationName":"Some Company",{names}}}"#
        ),
        "2026-11-22T10:34:30Z 2036-11-19T10:34:30Z SHA256-RSA 6",
        "73f4378d2c77c830d9878ff7952533f0c55f3525",
        r#"{"algorithm":"RSA","key":{"n":"nc32b47a3a07fd532e439ae9b254c92309e6a3d17087df456739560c78d7f36f0cc46e0220e7b0b1386cd0060161c7f48896dddef8457404e405a86538e710592737076a2690cc521a0859faadd1b413c47b78ad15463671b6e47f516046a06a2b0c82318bc3427832d0d9d6f1966a4edd020f1a3769d65dec0f675ce8a975711","e":65537}}"#,
        r#"{"algorithm":"ECDSA","key":{"curve":{"name":"P-256","bit_size":256},"x":"n65c397d02be6be3f032cca34f10e62f5cda23b568838c4ef1351a6b902d233d7","y":"nc63dbb2a27d9b054fdcb6bf6632fd94dc78ce3b0ca8461a1e84187d34c8a2fe9"}} ECDSA-SHA256"#,
        "DSA DSA-SHA256 bigint p,q,g 1024",
        "SHA384-RSAPSS",
        r#"["service.test","*.service.test","info@service.test","192.0.2.1","2001:db8::1","https://service.test/x"]"#,
        "ZZ Some Town 9",
        "GoError: unsupported public key algorithm",
        "GoError: failed to decode certificate PEM file",
        "true",
        "GoError: failed to parse certificate: ",
    ];
    assert_eq!(outcome.stderr.lines().collect::<Vec<_>>(), expected);
}
