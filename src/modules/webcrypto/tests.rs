//! What scripts see of `crypto.subtle`: shapes, and the names of errors. `tests/web_crypto` has what it computes.

use boa_engine::Source;

use super::*;
use crate::js::convert::to_text;
use crate::js::error::register_go_error;

/// Each expression's promise, as text: what it resolves with, or the error.
fn settled(cases: &[(&str, &str)]) {
    let context = &mut Context::default();
    register_go_error(context);
    install(context).unwrap();
    let prelude = "
        const { subtle } = crypto, u8 = (...bytes) => new Uint8Array(bytes), zeros = (n) => new Uint8Array(n);
        const aes = (mode, usages = ['encrypt', 'decrypt']) => subtle.importKey('raw', zeros(16), mode, true, usages);
        const hmac = { name: 'HMAC', hash: 'SHA-256' }, p256 = { name: 'ECDSA', namedCurve: 'P-256' };
        const ecdh = (namedCurve) => subtle.generateKey({ name: 'ECDH', namedCurve }, true, ['deriveBits']);
        const key = () => subtle.importKey('raw', u8(1, 2), hmac, true, ['sign']);
        const pbkdf2 = () => subtle.importKey('raw', u8(1), 'PBKDF2', false, ['deriveBits']);";
    context.eval(Source::from_bytes(prelude)).unwrap();
    let mut wrong = Vec::new();
    for (code, want) in cases {
        let code =
            format!("var got; (async () => {code})().then((v) => got = String(v), (e) => got = String(e))");
        context.eval(Source::from_bytes(&code)).unwrap();
        context.run_jobs().unwrap();
        let got = context.eval(Source::from_bytes("got")).unwrap();
        let got = to_text(&got, context).unwrap();
        if got != *want {
            wrong.push((code, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn shapes() {
    settled(&[
        (
            "Object.keys(subtle).length + String(subtle) + String(crypto)",
            "12[object SubtleCrypto][object Crypto]",
        ),
        (
            "String(await key()) + (await key() instanceof crypto.CryptoKey) + typeof CryptoKey",
            "[object CryptoKey]trueundefined",
        ),
        (
            "JSON.stringify(await key())",
            r#"{"type":"secret","extractable":true,"algorithm":{"name":"HMAC","hash":{"name":"SHA-256"},"length":16},"usages":["sign"]}"#,
        ),
        (
            "JSON.stringify(await subtle.exportKey('jwk', await key()))",
            r#"{"kty":"oct","k":"AQI","alg":"HS256","key_ops":["sign"],"ext":true}"#,
        ),
        ("Object.keys(await subtle.generateKey(p256, true, ['sign']))", "privateKey,publicKey"),
        (
            "JSON.stringify(Object.values(await subtle.generateKey({ ...p256, name: 'ecdsa' }, false, ['verify', 'sign', 'sign'])))",
            r#"[{"type":"private","extractable":false,"algorithm":{"name":"ECDSA","namedCurve":"P-256"},"usages":["sign"]},{"type":"public","extractable":true,"algorithm":{"name":"ECDSA","namedCurve":"P-256"},"usages":["verify"]}]"#,
        ),
        ("(await subtle.generateKey(hmac, true, ['sign'])).algorithm.length", "512"),
        ("(await subtle.digest('sha-384', new DataView(new ArrayBuffer(9)))).byteLength", "48"),
        (
            "(await subtle.exportKey('raw', await subtle.generateKey({ name: 'AES-CTR', length: 192 }, true, ['encrypt']))).byteLength",
            "24",
        ),
        (
            "(await subtle.deriveBits({ name: 'ECDH', public: (await ecdh('P-521')).publicKey }, (await ecdh('P-521')).privateKey, 521)).byteLength",
            "66",
        ),
    ]);
}

#[test]
fn data_is_read_when_the_call_is_made() {
    settled(&[(
        "{ const data = u8(1, 2, 3), sign = subtle.sign('HMAC', await key(), data); data[0] = 9;
           const other = await subtle.sign('HMAC', await key(), u8(1, 2, 3));
           return String(new Uint8Array(await sign)) === String(new Uint8Array(other)) }",
        "true",
    )]);
}

#[test]
fn refusals() {
    settled(&[
        (
            "subtle.digest('MD5', u8())",
            "NotSupportedError: the hash function \"MD5\" is none of SHA-1, SHA-256, SHA-384, SHA-512",
        ),
        (
            "subtle.digest('SHA-1', 'text')",
            "TypeError: data must be an ArrayBuffer, a typed array or a DataView",
        ),
        ("subtle.digest()", "TypeError: an algorithm must be a string, or an object with a name"),
        ("subtle.digest({ get name() { throw 'mine' } }, u8())", "mine"),
        ("subtle.wrapKey()", "GoError: not implemented"),
        ("subtle.unwrapKey()", "GoError: not implemented"),
        (
            "subtle.generateKey('AES-KW', true, [])",
            "NotSupportedError: the algorithm \"AES-KW\" is not known, or not for this operation",
        ),
        (
            "subtle.generateKey('PBKDF2', true, ['deriveBits'])",
            "NotSupportedError: the algorithm \"PBKDF2\" is not known, or not for this operation",
        ),
        ("subtle.generateKey('AES-CBC', true, ['encrypt'])", "TypeError: AES-CBC needs the parameter length"),
        (
            "subtle.generateKey({ name: 'AES-CBC', length: 100 }, true, ['encrypt'])",
            "OperationError: an AES key has 128, 192 or 256 bits, not 100",
        ),
        (
            "subtle.generateKey({ ...hmac, length: 0 }, true, ['sign'])",
            "OperationError: an HMAC key has a multiple of 8 bits, at most 8388608, not 0",
        ),
        (
            "subtle.generateKey(hmac, true, [])",
            "SyntaxError: keyUsages must not be empty for a secret or private key",
        ),
        (
            "subtle.generateKey(p256, true, ['verify'])",
            "SyntaxError: keyUsages must not be empty for a secret or private key",
        ),
        (
            "subtle.generateKey(hmac, true, ['encrypt'])",
            "SyntaxError: the usage 'encrypt' is not one of a key's of HMAC",
        ),
        ("subtle.generateKey(hmac, true, ['sing'])", "TypeError: \"sing\" is not a key usage"),
        (
            "subtle.generateKey(hmac, true)",
            "TypeError: keyUsages must be an array of strings such as 'sign' and 'verify'",
        ),
        (
            "subtle.generateKey({ ...p256, namedCurve: 'P-1' }, true, ['sign'])",
            "NotSupportedError: the curve \"P-1\" is none of P-256, P-384, P-521",
        ),
        (
            "subtle.generateKey({ name: 'RSA-PSS', hash: 'SHA-1', modulusLength: 1024, publicExponent: u8(2) }, true, ['sign'])",
            "OperationError: RSA: modulusLength must be a multiple of 8 from 256 to 16384, publicExponent an odd number from 3 to 8589934591",
        ),
        (
            "subtle.importKey('pem', u8(), hmac, true, ['sign'])",
            "TypeError: the format \"pem\" is none of raw, spki, pkcs8, jwk",
        ),
        (
            "subtle.importKey('raw', zeros(15), 'AES-CBC', true, ['encrypt'])",
            "DataError: an AES key has 128, 192 or 256 bits, not 120",
        ),
        ("subtle.importKey('raw', u8(), hmac, true, ['sign'])", "DataError: an HMAC key must not be empty"),
        (
            "subtle.importKey('raw', u8(1), { ...hmac, length: 9 }, true, ['sign'])",
            "DataError: the key has 8 bits, but length says 9",
        ),
        (
            "subtle.importKey('spki', u8(1), hmac, true, ['sign'])",
            "NotSupportedError: keys of HMAC have no format \"spki\"",
        ),
        (
            "subtle.importKey('raw', u8(1), 'PBKDF2', true, ['deriveBits'])",
            "SyntaxError: keys of PBKDF2 cannot be extractable",
        ),
        (
            "subtle.importKey('raw', u8(4, 1), p256, true, ['verify'])",
            "DataError: the data is no public key of the curve P-256",
        ),
        (
            "subtle.importKey('pkcs8', u8(48, 0), p256, true, ['sign'])",
            "DataError: the data is no private key of the curve P-256",
        ),
        (
            "subtle.importKey('spki', u8(48, 0), { name: 'RSA-PSS', hash: 'SHA-1' }, true, ['verify'])",
            "DataError: the data is no RSA public key",
        ),
        (
            "subtle.importKey('jwk', u8(1), hmac, true, ['sign'])",
            "DataError: the key's \"kty\" must be \"oct\" for HMAC",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct' }, hmac, true, ['sign'])",
            "DataError: the key lacks the member \"k\"",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct', k: '+A' }, hmac, true, ['sign'])",
            "DataError: the key's member \"k\" is not in base64url",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct', k: 'AA', alg: 'HS512' }, hmac, true, ['sign'])",
            "DataError: the key's \"alg\" is \"HS512\", not \"HS256\"",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct', k: 'AA', use: 'enc' }, hmac, true, ['sign'])",
            "DataError: the key's \"use\" must be \"sig\", if it has one",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct', k: 'AA', key_ops: ['verify'] }, hmac, true, ['sign'])",
            "DataError: the key's \"key_ops\" lack 'sign'",
        ),
        (
            "subtle.importKey('jwk', { kty: 'oct', k: 'AA', ext: false }, hmac, true, ['sign'])",
            "DataError: the key's \"ext\" says that it must not be extractable",
        ),
        ("subtle.exportKey('raw', {})", "TypeError: key must be a CryptoKey"),
        (
            "subtle.exportKey('spki', await key())",
            "InvalidAccessError: a secret key of HMAC has no format \"spki\"",
        ),
        ("subtle.exportKey('raw', await pbkdf2())", "NotSupportedError: keys of PBKDF2 cannot be exported"),
        (
            "subtle.exportKey('raw', await subtle.importKey('raw', u8(1), hmac, false, ['sign']))",
            "InvalidAccessError: the key is not extractable",
        ),
        (
            "subtle.sign('AES-CBC', await aes('AES-CBC'), u8())",
            "NotSupportedError: the algorithm \"AES-CBC\" is not known, or not for this operation",
        ),
        (
            "subtle.sign('HMAC', await aes('AES-CBC'), u8())",
            "InvalidAccessError: the key is for AES-CBC, not for HMAC",
        ),
        (
            "subtle.verify('HMAC', await key(), u8(), u8())",
            "InvalidAccessError: the key's usages lack 'verify'",
        ),
        (
            "subtle.encrypt({ name: 'AES-CBC', iv: u8(1) }, await aes('AES-CBC'), u8())",
            "OperationError: AES-CBC: iv must have 16 bytes, not 1",
        ),
        (
            "subtle.encrypt({ name: 'AES-CTR', counter: zeros(16), length: 0 }, await aes('AES-CTR'), u8())",
            "OperationError: AES-CTR: length must be from 1 to 128, not 0",
        ),
        (
            "subtle.encrypt({ name: 'AES-CTR', counter: zeros(16), length: 1 }, await aes('AES-CTR'), zeros(33))",
            "OperationError: AES-CTR: the counter is too short for this much data",
        ),
        (
            "subtle.encrypt({ name: 'AES-GCM', iv: zeros(12), tagLength: 8 }, await aes('AES-GCM'), u8())",
            "OperationError: AES-GCM: tagLength must be one of 32, 64, 96, 104, 112, 120, 128, not 8",
        ),
        (
            "subtle.encrypt({ name: 'AES-GCM', iv: u8() }, await aes('AES-GCM'), u8())",
            "OperationError: AES-GCM: iv must not be empty",
        ),
        (
            "subtle.decrypt({ name: 'AES-GCM', iv: zeros(12) }, await aes('AES-GCM'), zeros(20))",
            "OperationError: AES-GCM: key, iv, additionalData and data do not belong together",
        ),
        (
            "subtle.decrypt({ name: 'AES-CBC', iv: zeros(16) }, await aes('AES-CBC'), zeros(16))",
            "OperationError: AES-CBC: the data cannot be decrypted with this key and iv",
        ),
        (
            "subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: u8(), iterations: 0 }, await pbkdf2(), 8)",
            "OperationError: PBKDF2: iterations must not be 0",
        ),
        (
            "subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: u8(), iterations: 1 }, await pbkdf2(), 9)",
            "OperationError: PBKDF2: length must be a multiple of 8",
        ),
        (
            "subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: u8(), iterations: -1 }, await pbkdf2(), 8)",
            "TypeError: iterations must be a whole number from 0 to 4294967295",
        ),
        (
            "subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-1', salt: u8(), iterations: 1 }, await pbkdf2(), hmac, true, ['sign'])",
            "InvalidAccessError: the key's usages lack 'deriveKey'",
        ),
        (
            "subtle.deriveBits({ name: 'ECDH', public: (await ecdh('P-384')).publicKey }, (await ecdh('P-256')).privateKey, 8)",
            "InvalidAccessError: ECDH: the public key must be for ECDH on P-256, too",
        ),
        (
            "subtle.deriveBits({ name: 'ECDH', public: (await ecdh('P-256')).publicKey }, (await ecdh('P-256')).privateKey, 264)",
            "OperationError: ECDH: P-256 gives at most 256 bits",
        ),
        (
            "new crypto.CryptoKey()",
            "TypeError: keys are made by crypto.subtle.generateKey, importKey and deriveKey, not by new",
        ),
    ]);
}
