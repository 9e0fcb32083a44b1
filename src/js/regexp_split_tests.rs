//! The function against the engine's own.

use boa_engine::{Context, Source};
use proptest::prelude::*;

use super::*;
use crate::js::convert::to_text;

/// A context with both: `split(s, r, limit)` and `own(s, r, limit)`, as JSON.
fn context() -> Context {
    let mut context = Context::default();
    let keep = "const before = RegExp.prototype[Symbol.split]";
    context.eval(Source::from_bytes(keep)).unwrap();
    install(&mut context).unwrap();
    let both = "
        const now = RegExp.prototype[Symbol.split];
        // Lone surrogates and undefined are told apart.
        const text = (a) => JSON.stringify(a, (_, v) => v === undefined ? '<none>' : v);
        const split = (s, r, limit) => text(now.call(r, s, limit));
        const own = (s, r, limit) => text(before.call(r, s, limit));";
    context.eval(Source::from_bytes(both)).unwrap();
    context
}

fn evaluate(code: &str, context: &mut Context) -> String {
    let got = context.eval(Source::from_bytes(code)).unwrap_or_else(|e| panic!("{code}: {e}"));
    to_text(&got, context).unwrap()
}

const PATTERNS: [&str; 29] = [
    "/[\\s,'\".?]/",
    "/\\s+/",
    "/,/",
    "/\\r?\\n/",
    "/a/i",
    "/[a-c]+/",
    "/[^a]/g",
    "/é/i",
    "/(,)/",
    "/(a)|(b)/",
    "/(?:)/",
    "/a*/",
    "/a*?/",
    "/(?=a)/",
    "/(?<=,)/",
    "/^/",
    "/^/m",
    "/$/",
    "/\\b/",
    "/日/",
    "/[日-本]/",
    "/./u",
    "/(?:)/u",
    "/[😀]/",
    "/[😀]/u",
    "/😀/",
    "/\\uD83D/",
    "/ab|a/y",
    "/(?<n>b)c?/d",
];

#[test]
fn known_answers() {
    let context = &mut context();
    for (code, want) in [
        ("split('', /,/)", "[\"\"]"),
        ("split('', /(?:)/)", "[]"),
        ("split(',a,,b,', /,/)", "[\"\",\"a\",\"\",\"b\",\"\"]"),
        ("split('  a  b', /\\s+/)", "[\"\",\"a\",\"b\"]"),
        ("split('a,b,c', /,/, 0)", "[]"),
        ("split('a,b,c', /,/, 2)", "[\"a\",\"b\"]"),
        ("split('a,b,c', /,/, -1)", "[\"a\",\"b\",\"c\"]"),
        ("split('abc', /(?:)/)", "[\"a\",\"b\",\"c\"]"),
        ("split('a1b', /(\\d)(x)?/)", "[\"a\",\"1\",\"<none>\",\"b\"]"),
        ("split('日本 語', /\\s/)", "[\"日本\",\"語\"]"),
        ("split('a😀b', /(?:)/u)", "[\"a\",\"😀\",\"b\"]"),
        ("'It is, \"so\".'.split(/[\\s,'\".?]/).length", "7"),
        ("const r = /,/g; r.lastIndex = 3; split('a,b', r) + r.lastIndex", "[\"a\",\"b\"]3"),
        ("now.name + now.length", "[Symbol.split]2"),
    ] {
        assert_eq!(evaluate(code, context), want, "{code}");
    }
}

#[test]
fn what_scripts_change_is_honoured() {
    for (code, want) in [
        // The pattern is copied, so that only what all share matters.
        ("const r = /,/; r.exec = () => null; 'a,b'.split(r).length", "2"),
        ("RegExp.prototype.exec = () => null; 'a,b'.split(/,/).length", "1"),
        ("class R extends RegExp { exec() { return null } }; 'a,b'.split(new R(',')).length", "1"),
        ("const r = /B/; Object.defineProperty(r, 'flags', { value: 'i' }); 'abc'.split(r).length", "2"),
        (
            "Object.defineProperty(RegExp.prototype, 'ignoreCase', { get: () => true }); 'abc'.split(/B/).length",
            "2",
        ),
        (
            "Object.defineProperty(RegExp, Symbol.species, { get: () => function () { return /b/y } }); \
             'abc'.split(/x/).length",
            "2",
        ),
        (
            "const r = /b/; r.constructor = { [Symbol.species]: function () { return /c/y } }; 'abc'.split(r) + ''",
            "ab,",
        ),
        ("'a,b,c'.split(/,/, { valueOf: () => 1 }).length", "1"),
        ("now.call(/,/, { toString: () => 'a,b' }).length", "2"),
        ("const r = /,/; r.compile(';'); 'a;b,c'.split(r).length", "2"),
        ("try { now.call(1, 'a') } catch (e) { e.name }", "TypeError"),
    ] {
        assert_eq!(evaluate(code, &mut context()), want, "{code}");
    }
}

#[test]
fn many_patterns() {
    let context = &mut context();
    let code = "let n = 0; for (let i = 0; i < 100; i++) n += 'a7b'.split(new RegExp('7|x' + i)).length; n";
    assert_eq!(evaluate(code, context), "200");
    assert_eq!(PATTERNS_SEEN.with_borrow(Vec::len), super::PATTERNS);
}

#[test]
fn as_the_engine_does() {
    let context = RefCell::new(context());
    let unit = prop_oneof![
        Just("a"),
        Just("B"),
        Just("b"),
        Just("c"),
        Just(","),
        Just(" "),
        Just("\\n"),
        Just("\\r"),
        Just("é"),
        Just("É"),
        Just("日"),
        Just("😀"),
        Just("\\uD83D"),
        Just("\\u00a0"),
        Just("\\u3000"),
        Just("."),
    ];
    let texts = proptest::collection::vec(unit, 0..12).prop_map(|units| units.concat());
    let limits = prop_oneof![Just("undefined".to_owned()), (0..6).prop_map(|limit: i32| limit.to_string())];
    proptest!(ProptestConfig::with_cases(400), |(text in texts, pattern in 0..PATTERNS.len(), limit in limits)| {
        let arguments = format!("('{text}', {}, {limit})", PATTERNS[pattern]);
        let context = &mut *context.borrow_mut();
        let (got, want) = (evaluate(&format!("split{arguments}"), context), evaluate(&format!("own{arguments}"), context));
        prop_assert_eq!(got, want, "{}", arguments);
    });
}
