use boa_engine::{Context, JsValue, Source};
use proptest::prelude::*;

use super::*;

fn context() -> Context {
    let mut context = Context::default();
    install(&mut context).unwrap();
    context
}

/// `String(result)`, or the name of what was thrown.
fn evaluate(code: &str, context: &mut Context) -> String {
    let result = context.eval(Source::from_bytes(code));
    let value = result.unwrap_or_else(|error| {
        let error = error.into_opaque(context).unwrap();
        error.as_object().unwrap().get(boa_engine::js_string!("name"), context).unwrap()
    });
    value.to_string(context).unwrap().to_std_string_escaped()
}

#[test]
fn as_in_other_engines() {
    // Two lines a case: an expression, and what node 20 makes of it, as a JSON string.
    let lines: Vec<_> = include_str!("cases.txt").lines().collect();
    let context = &mut context();
    let mut wrong = Vec::new();
    for case in lines.chunks(2) {
        let want: String = serde_json::from_str(case[1]).unwrap();
        let got = evaluate(case[0], context);
        if got != want {
            wrong.push(format!("{}\n  want {want}\n  got  {got}", case[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines.len() > 200);
}

#[test]
fn source_text_access() {
    let context = &mut context();
    for (code, want) in [
        ("JSON.parse('12345678901234567890', (k, v, { source }) => BigInt(source))", "12345678901234567890"),
        (
            "JSON.parse('{\"a\":[1.0,\"\\\\u0061\"]}', (k, v, c) => k > '' && c.source || v).a.join()",
            "1.0,\"\\u0061\"",
        ),
        (
            "JSON.parse('[1,2]', function (k, v, c) { if (k === '0') this[1] = 3; return v + ':' + c.source })",
            "1:1,3:undefined:undefined",
        ),
        ("JSON.parse('{\"a\":1,\"a\":2.0}', (k, v, c) => k ? c.source : v).a", "2.0"),
        ("JSON.stringify({ n: JSON.rawJSON('1.00'), s: JSON.rawJSON('\"x\"') })", "{\"n\":1.00,\"s\":\"x\"}"),
        (
            "JSON.isRawJSON(JSON.rawJSON('1')) + ',' + JSON.isRawJSON({}) + ',' + JSON.isRawJSON()",
            "true,false,false",
        ),
        ("Object.isFrozen(JSON.rawJSON('null')) + JSON.rawJSON('null').rawJSON", "truenull"),
        ("JSON.rawJSON('')", "SyntaxError"),
        ("JSON.rawJSON(' 1')", "SyntaxError"),
        ("JSON.rawJSON('[]')", "SyntaxError"),
    ] {
        assert_eq!(evaluate(code, context), want, "{code}");
    }
}

#[test]
fn errors_say_what_and_where() {
    let context = &mut context();
    for (text, want) in [
        ("", "expected a value, found the end of the text in JSON at line 1 column 1"),
        (
            "{\"a\":1,\n  b:2}",
            "expected a property name in double quotes, found 'b' in JSON at line 2 column 3",
        ),
        (
            "[1,2",
            "expected ',' or ']' after an array element, found the end of the text in JSON at line 1 column 5",
        ),
        ("{\"é日\" 1}", "expected ':' after a property name, found '1' in JSON at line 1 column 7"),
        ("data: {}", "expected a value, found 'd' in JSON at line 1 column 1"),
        ("{} x", "expected the end of the text, found 'x' in JSON at line 1 column 4"),
        ("\"a\tb\"", "U+0009 must be escaped in a string in JSON at line 1 column 3"),
        ("\"\\q\"", "bad escape: \\ before 'q' in JSON at line 1 column 3"),
        ("[01]", "number with a leading zero in JSON at line 1 column 3"),
        ("nul😀", "expected null, found '😀' in JSON at line 1 column 4"),
    ] {
        let error = try_parse_str(text, context).unwrap().unwrap_err();
        assert_eq!(error.to_string(), want, "{text}");
    }
}

#[test]
fn deep_nesting_ends_in_errors() {
    let context = &mut context();
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse_str(&deep(2_000), context).is_ok());
    assert!(parse_str(&"[{\"a\":".repeat(50_000), context).is_err());
    let error = try_parse_str(&deep(100_000), context).unwrap().unwrap_err();
    assert_eq!(error.message, "objects and arrays nested deeper than 2000 levels");
    let make = "let o = {}; for (let i = 0; i < 4000; i++) o = i % 2 ? { o } : [o];";
    assert_eq!(evaluate(&format!("{make} JSON.stringify(o).length"), context), "16002");
    let grow = "for (let i = 0; i < 40000; i++) o = { o };";
    assert_eq!(evaluate(&format!("{grow} JSON.stringify(o)"), context), "RangeError");
    // The reviver and the collector see deep values without recursion, too.
    let text = deep(2_000);
    assert_eq!(evaluate(&format!("JSON.parse('{text}', (k, v) => v.length).toString()"), context), "1");
    boa_engine::gc::force_collect();
}

#[test]
fn frozen_values() {
    let context = &mut context();
    let value = parse_frozen("{\"a\":[1,{\"b\":\"é\"},[]],\"1\":2}", context).unwrap();
    context.global_object().set(boa_engine::js_string!("v"), value, true, context).unwrap();
    for (code, want) in [
        ("[v, v.a, v.a[1], v.a[2]].map(Object.isFrozen).join()", "true,true,true,true"),
        ("JSON.stringify(v)", "{\"1\":2,\"a\":[1,{\"b\":\"é\"},[]]}"),
        ("v.a.map(x => typeof x).join() + v.a.length", "number,object,object3"),
        ("'use strict'; v.a[0] = 1", "TypeError"),
        ("'use strict'; v.a.push(1)", "TypeError"),
        ("'use strict'; v.x = 1", "TypeError"),
        ("'use strict'; delete v.a", "TypeError"),
        ("'use strict'; v.a.length = 0", "TypeError"),
    ] {
        assert_eq!(evaluate(code, context), want, "{code}");
    }
}

#[test]
fn for_the_host() {
    let context = &mut context();
    let value = parse_str("{\"a\":\"é日\"}", context).unwrap();
    assert_eq!(stringify_value(&value, context).unwrap().as_deref(), Some("{\"a\":\"é日\"}"));
    assert_eq!(stringify_value(&JsValue::undefined(), context).unwrap(), None);
}

#[test]
fn scripts_cannot_change_what_it_relies_on() {
    let context = &mut context();
    let code = "Object.keys = Array.isArray = Reflect.get = Reflect.deleteProperty = () => { throw 1 };
        JSON.stringify(new Proxy({ a: [1] }, {})) + JSON.parse('[1]', () => undefined)";
    assert_eq!(evaluate(code, context), "{\"a\":[1]}undefined");
}

/// JSON values whose numbers every reader agrees on.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has no such number", |f| f.is_finite()).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Numbers as doubles, so that `1` and `1.0` are the same.
fn as_doubles(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => number.as_f64().into(),
        serde_json::Value::Array(items) => items.iter().map(as_doubles).collect(),
        serde_json::Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), as_doubles(value)));
            serde_json::Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn round_trip(json in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
        let context = &mut Context::default();
        let value = parse_str(&text, context).unwrap();
        let again = stringify_value(&value, context).unwrap().unwrap();
        let again: serde_json::Value = serde_json::from_str(&again).unwrap();
        prop_assert_eq!(as_doubles(&again), as_doubles(&json));
    }

    #[test]
    fn agrees_with_serde_on_what_is_json(text in "[\\[\\]{}:,\"a\\\\u0-9eE+. \\-tn]{0,12}") {
        let context = &mut Context::default();
        let ours = try_parse_str(&text, context).unwrap();
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => prop_assert!(ours.is_ok(), "{:?}", ours.err()),
            // serde_json refuses two things that JavaScript takes.
            Err(error) if error.to_string().contains("out of range") => {}
            Err(error) if error.to_string().contains("surrogate") || error.to_string().contains("hex escape") => {}
            Err(_) => prop_assert!(ours.is_err()),
        }
    }
}
