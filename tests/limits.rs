//! What a script cannot do to the process: recursion without end, nesting without measure, loops that
//! outlive their deadline. Through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{Outcome, ssek};

const DIVE: &str = "function dive(n) { return dive(n + 1) + 1 }\n";

/// Runs one iteration of a script.
fn run(script: &str) -> Outcome {
    ssek(&["run", "--quiet", "script.js"]).file("script.js", script).outcome()
}

/// What the script logged to the console.
fn console(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.stderr.lines().filter_map(|line| line.strip_suffix(" source=console"));
    lines.map(|line| line.split_once("msg=").unwrap().1.trim_matches('"').to_owned()).collect()
}

#[test]
fn recursion_is_caught_in_every_kind_of_try() {
    for (kind, body) in [
        ("block", "try { dive(0) } catch (e) { return e.name + ': ' + e.message }"),
        ("return", "try { return dive(0) } catch (e) { return e.name + ': ' + e.message }"),
        ("loop", "for (;;) { try { dive(0); break } catch (e) { return e.name + ': ' + e.message } }"),
        (
            "finally",
            "let r; try { try { dive(0) } finally { r = 1 } } catch (e) { return r && e.name + ': ' + e.message }",
        ),
        (
            "getter",
            "const o = { get x() { return o.x } }; try { o.x } catch (e) { return e.name + ': ' + e.message }",
        ),
        (
            "each level",
            "const f = () => { try { f() } finally { } }; try { f() } catch (e) { return e.name + ': ' + e.message }",
        ),
        (
            "generator",
            "function* g() { try { const x = yield 1; dive(x) } catch (e) { yield e.name + ': ' + e.message } } const i = g(); i.next(); return i.next(0).value",
        ),
        ("await", "try { await 1; dive(0) } catch (e) { return e.name + ': ' + e.message }"),
        (
            "async function",
            "const f = async () => { await 1; dive(0) }; return f().catch((e) => e.name + ': ' + e.message)",
        ),
        (
            "async recursion",
            "const f = async () => { await f() }; return f().catch((e) => e.name + ': ' + e.message)",
        ),
        (
            "async generator",
            "async function* g() { yield 1; dive(0) } try { for await (const x of g()); } catch (e) { return e.name + ': ' + e.message }",
        ),
    ] {
        let outcome = run(&format!(
            "{DIVE}async function action() {{ {body} }}\nexport default async function () {{ console.log(await action()) }}\n"
        ));
        assert_eq!(
            console(&outcome),
            ["RangeError: Maximum call stack size exceeded"],
            "{kind}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.exit, Some(0), "{kind}");
    }
}

#[test]
fn a_rewritten_function_means_the_same() {
    let script = r#"
const lines = [];
class Base { name() { return "base" } }
class Derived extends Base {
  #secret = 1;
  constructor(x) { try { super(); this.x = x } finally { lines.push("constructed") } }
  name() { try { const n = super.name(); this.seen = n } catch { } return this.seen }
  reveal() { try { return this.#secret } finally { } }
}
function args() { try { arguments[0] = 9; let n = arguments.length; lines.push(n, arguments[0]); f() } catch (e) { lines.push(e.name) } }
function target() { try { const t = new.target; lines.push(t === target); f() } catch { } }
function early(list) { try { for (const x of list) { if (x > 1) return x; lines.push(x) } } finally { lines.push("left") } }
function jump() { outer: for (const a of [1, 2]) { try { for (const b of [1, 2]) { if (b === 2) continue outer; lines.push(a + "/" + b) } } finally { lines.push("f" + a) } } }
function scoped() { const e = 1; try { const e = 2; lines.push(e) } catch { } lines.push(e) }
export default function () {
  const d = new Derived(4);
  lines.push(d.x, d.name(), d.reveal());
  args(1, 2); new target(); lines.push(early([1, 2, 3])); jump(); scoped();
  lines.push(Object.keys(globalThis).some((name) => name.includes("guard")));
  console.log(lines.join(" "));
}
"#;
    let outcome = run(script);
    let want = "constructed 4 base 1 2 9 ReferenceError true 1 left 2 1/1 f1 2/1 f2 2 1 false";
    assert_eq!(console(&outcome), [want], "{}", outcome.stderr);
}

#[test]
fn places_are_those_of_the_users_file() {
    let script = "function boom() {\n  null.x;\n}\nfunction outer() {\n  try { boom(); } finally { }\n}\n\
                  export default function () {\n  try { outer() } catch (e) { console.log(e.stack) }\n  try { 1; outer() } finally { }\n}\n";
    for (name, script) in [
        ("script.js", script.to_owned()),
        ("script.ts", script.to_owned()),
        ("common.js", script.replace("export default", "module.exports.default =")),
    ] {
        let outcome = ssek(&["run", "--quiet", name]).file(name, &script).outcome();
        let errors = outcome.stderr.replace("\\n", "\n").replace("\\t", "\t");
        for (function, line) in [("boom", 2), ("outer", 5)] {
            assert!(errors.contains(&format!("at {function} (file://")), "{name}: {errors}");
            assert!(errors.contains(&format!("{name}:{line}:")), "{name}: {errors}");
        }
        // What prints TypeScript maps calls to the start of their statements.
        let columns = if name == "script.ts" { [9, 9, 12] } else { [13, 14, 17] };
        for (line, column) in [5, 8, 9].into_iter().zip(columns) {
            assert!(errors.contains(&format!("{name}:{line}:{column}")), "{name}: {errors}");
        }
        assert!(!errors.contains("guard"), "{name}: {errors}");
    }
}

#[test]
fn uncaught_recursion_says_where_and_the_user_goes_on() {
    let script = format!(
        "{DIVE}export const options = {{ iterations: 3 }};\nexport default function () {{\n  if (__ITER === 0) dive(0);\n  \
         if (__ITER === 1) setTimeout(() => dive(0), 1);\n  if (__ITER === 2) Promise.resolve().then(() => dive(0));\n}}\n"
    );
    let outcome = run(&script);
    let reports = outcome.stderr.matches("RangeError: Maximum call stack size exceeded").count();
    assert_eq!(reports, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("at dive (file://"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("script.js:1:31)"), "{}", outcome.stderr);
    assert_eq!(outcome.exit, Some(0));
}

#[test]
fn a_loop_inside_a_try_ends_with_graceful_stop() {
    for (kind, body) in [
        (
            "loop",
            "try { while (true) { } } catch { console.log('caught') } finally { console.log('finally') }",
        ),
        ("recursion", "for (;;) { try { dive(0) } catch { } }"),
        ("async", "for (;;) { try { await null; dive(0) } catch { } }"),
        (
            "async generator",
            "async function* g() { while (true) { } yield } try { for await (const x of g()); } catch { console.log('caught') }",
        ),
    ] {
        let script = format!(
            "{DIVE}export const options = {{ scenarios: {{ s: {{ executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '1s' }} }} }};\n\
             export default async function () {{ {body} }}\n"
        );
        let outcome = ssek(&["run", "script.js"]).file("script.js", &script).outcome();
        assert!(
            outcome.stdout.contains("0 complete and 1 interrupted"),
            "{kind}: {}{}",
            outcome.stdout,
            outcome.stderr
        );
        assert!(
            console(&outcome).is_empty() && !outcome.stderr.contains("panicked"),
            "{kind}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.exit, Some(0), "{kind}: {}", outcome.stderr);
    }
}

#[test]
fn deep_nesting_in_a_file_is_a_syntax_error() {
    for (open, inner, close) in [
        ("[", "", "]"),
        ("(", "1", ")"),
        ("f(", "", ")"),
        ("x = {a:", "1", "}"),
        ("{", "", "}"),
        ("!", "1", ""),
        ("if (a) b; else ", "c", ""),
        ("a ? b : ", "c", ""),
        ("(function () {", "", "})"),
        ("x => ", "1", ""),
        ("try {", "f()", "} catch {}"),
    ] {
        let nested = format!("{}{inner}{}", open.repeat(5000), close.repeat(5000));
        let outcome = run(&format!("export default function () {{}}\n{nested}\n"));
        assert_eq!(
            outcome.exit,
            Some(107),
            "{open}: {}",
            outcome.stderr.chars().take(300).collect::<String>()
        );
        let says = outcome.stderr.contains("Line 2:") && outcome.stderr.contains("nested too deeply");
        assert!(says, "{open}: {}", outcome.stderr.chars().take(300).collect::<String>());
    }
    let unclosed = run(&format!("export default function () {{}}\n{}", "[".repeat(100_000)));
    assert_eq!(unclosed.exit, Some(107));
}

#[test]
fn deep_data_is_an_exception() {
    let script = r#"
const nest = (n) => { let a = [1]; for (let i = 0; i < n; i++) a = [a]; return a };
const text = (open, close) => open.repeat(100000) + close.repeat(100000);
export default function () {
  for (const action of [
    () => JSON.parse(text("[", "]")),
    () => JSON.stringify(nest(100000)),
    () => String(nest(100000)),
    () => nest(100000).toLocaleString(),
    () => nest(100000).flat(Infinity),
    () => eval(text("[", "]")),
    () => eval("[".repeat(100000)),
    () => new Function(text("(", ")")),
    () => new Function("a = " + text("(", ")"), "1"),
    () => new RegExp(text("(", ")")),
  ]) {
    try { action(); console.log("no error", action) } catch (e) { console.log(e.name) }
  }
  console.log(String(nest(1000)), nest(1000).flat(Infinity), JSON.stringify([1, [2, , [3]]].flat(Infinity)));
  console.log(eval("[".repeat(50) + "]".repeat(50)).length, new Function("a", "b", "return a + b")(1, 2));
}
"#;
    let outcome = run(script);
    let want = [
        "SyntaxError",
        "RangeError",
        "RangeError",
        "RangeError",
        "RangeError",
        "SyntaxError",
        "SyntaxError",
        "SyntaxError",
        "SyntaxError",
        "SyntaxError",
        "1 [ 1 ] [1,2,3]",
        "1 3",
    ];
    assert_eq!(console(&outcome), want, "{}", outcome.stderr);
}

#[test]
fn recursion_through_native_code_stays_within_the_stack() {
    let script = r#"
const kinds = {
  getter() { const o = { get x() { return o.x } }; o.x },
  proxy() { const p = new Proxy({}, { get() { return p.x } }); p.x },
  has() { const p = new Proxy({}, { has() { return "x" in p } }); "x" in p },
  sort() { const f = () => [2, 1, 3].sort(() => f()); f() },
  toPrimitive() { const o = { [Symbol.toPrimitive]() { return `${o}` } }; `${o}` },
  toJSON() { const o = { toJSON() { return JSON.stringify([o]) } }; JSON.stringify(o) },
  reviver() { const f = () => JSON.parse('{"a":1}', f); f() },
  map() { const f = () => [1].map(f); f() },
  mapInTry() { const f = () => { try { return [1].map(f) } finally { } }; f() },
  forEach() { const m = new Map([[1, 1]]); const f = () => m.forEach(f); f() },
  reduce() { const f = () => [1, 2].reduce(f); f() },
  from() { const f = () => Array.from([1], f); f() },
  apply() { function f() { return Reflect.apply(f, null, []) } f() },
  construct() { function F() { return Reflect.construct(F, []) } new F() },
  bound() { const g = function () { return b() }; const b = g.bind(null); b() },
  replace() { const f = () => "a".replace(/a/, f); f() },
  iterator() { const o = { *[Symbol.iterator]() { yield* o } };[...o] },
  classField() { class A { x = new A() } new A() },
  evaluated() { const f = () => eval("f()"); f() },
  compiled() { globalThis.f = () => new Function("f()")(); f() },
  executor() { const f = () => new Promise(f); f() },
  spread() { const o = { get a() { return { ...o } } }; ({ ...o }) },
};
export default function () {
  for (const [kind, action] of Object.entries(kinds)) {
    try { action(); console.log(kind, "no error") } catch (e) { if (!(e instanceof RangeError)) console.log(kind, e) }
  }
  console.log("done");
}
"#;
    let outcome = run(script);
    assert_eq!(console(&outcome), ["done"], "{}", outcome.stderr);
}
