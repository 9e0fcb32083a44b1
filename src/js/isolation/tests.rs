use oxc::allocator::Allocator;
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;

use super::*;

/// Checks a module in which `http` is the default export of `k6/http`, `k6` its namespace, `get` a named
/// export of it, `exec` that of `k6/execution`, and `ns` the namespace of a file.
fn reason(text: &str) -> Option<String> {
    let head = "import http, { get } from 'k6/http'; import * as k6 from 'k6'; import exec from \
                'k6/execution'; import * as ns from './file.js';\n";
    let text = format!("{head}{text}");
    let allocator = Allocator::default();
    let program = Parser::new(&allocator, &text, SourceType::mjs()).parse();
    assert!(program.diagnostics.is_empty(), "{text}: {:?}", program.diagnostics);
    let program = program.program;
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&program).semantic;
    let export = |module: &str, name: &str| Base::Export { module: module.into(), name: name.into() };
    let namespace = [("state".to_owned(), None), ("log".to_owned(), Some(Root::global("console")))];
    let imports: Vec<_> = [
        ("http", export("k6/http", "default")),
        ("get", export("k6/http", "get")),
        ("k6", Base::Builtin { module: "k6".into() }),
        ("exec", export("k6/execution", "default")),
        ("ns", Base::Namespace(std::sync::Arc::new(namespace.into_iter().collect()))),
    ]
    .into_iter()
    .map(|(name, base)| (semantic.scoping().get_root_binding(name.into()).unwrap(), Root::new(base)))
    .collect();
    check(&program, &semantic, &imports).err().map(|finding| finding.reason)
}

#[test]
fn shareable() {
    let mut wrong = Vec::new();
    for text in [
        // Globals that are called, made anew, compared or looked at.
        "Math.max(1, 2); new Date() - new Date(0); Date.now(); parseInt('1', 10); String(1)",
        "x instanceof Array; let x = typeof window !== 'undefined' && typeof require === 'function'",
        "Object.keys({}).map(Number).filter(Boolean).forEach(console.log); JSON.parse('1', (k, v) => v)",
        "[1].map(Math.abs); ['1'].map(parseFloat); Array.from({ length: 3 }, (_, i) => i); Array.isArray([])",
        "Promise.all([1]).then(console.log, console.error); new Promise((a, b) => setTimeout(a, 1))",
        "const a = Number.MAX_SAFE_INTEGER + Math.PI; const b = { [Symbol.iterator]: 1, c: Symbol.iterator }",
        "class A extends Error { constructor(m) { super(m); this.name = 'A' } static make() { return new A() } }",
        "class A extends Error { constructor(m) { super(m); this.name = this.constructor.name } }",
        "class A extends Error { constructor(m) { super(m); Object.setPrototypeOf(this, new.target.prototype) } }",
        "function A() {} A.prototype.b = function () { return this.c }; A.prototype.constructor = A",
        "const { floor, random } = Math; const max = Math.max; floor(random() * max(1, 2))",
        "const log = __ENV.DEBUG ? console.log : () => {}; log('x')",
        "let now = Date.now; now = () => 1; now()",
        "function f(now = Date.now) { return now() }",
        "console[Math.random() < 1 ? 'log' : 'warn']('x'); console.log.bind(console)('x')",
        "Math.max.apply(null, [1]); Math.max.call(Math, 1); Object.prototype.hasOwnProperty.call({}, 'a')",
        "Array.prototype.slice.call([1]); crypto.subtle.digest('SHA-256', new Uint8Array(1))",
        "const m = Math; m.floor(1.5)",
        "const defineProperty = Object.defineProperty; defineProperty({}, 'a', { get: () => 1 })",
        "Object.assign({}, exec.vu.tags); Object.freeze({ a: 1 }); Object.entries(exec.test.options)",
        "({}).constructor === Object; function f() { return arguments.length + arguments[0] }",
        "new Proxy({}, { get: (o, k) => k }); new WeakMap(); new Map([[1, 2]]); Symbol('x').description",
        "`${__VU} ${__ITER} ${__ENV.X}`; __ENV.X = 'y'; Object.keys(__ENV); const env = __ENV",
        "undefined; void 0; NaN; Infinity; null; /a/g.test('a'); String.raw`a`; escape('a').substr(1)",
        "async function f() { for await (const x of g()) await x } async function* g() { yield 1 }",
        "const o = { a: 1 }; o.a++; o['b'] = 2; delete o.a; for (o.c of [1]); [o.d] = [1]; ({ x: o.e } = { x: 1 })",
        "label: for (const a of [1]) { continue label } try { f() } catch { } finally { } function f() {}",
        "class A { #x = 1; static #y = 2; static { this.z = 3 } get x() { return this.#x } }",
        "if (Array.isArray && !Object.fromEntries) {} throw new TypeError('x')",
        "export const log = console.log; export { get, k6 }; export default http",
        "const seen = {}; for (const word of ['a']) seen[word] = (seen[word] || 0) + 1",
        "this; (() => this)(); export const f = (String, 1); Symbol.for('a').toString()",
        "async function f() { const log = __ssek_guard(()=>(console.log)); log(1) }",
        // Imports.
        "http.get('x', { headers: {} }).json('a').b; http[__ENV.M]('x'); get('x'); new http.CookieJar()",
        "k6.check(1, {}); k6.group('a', () => k6.sleep(1)); [get].length; ({ get }); f(get); function f(g) { g() }",
        "exec.vu.tags['a'] = 'b'; exec.vu.metrics.tags.a = 'b'; exec.vu.metrics.metadata.x = 1; delete exec.vu.tags.a",
        "const { vu, scenario } = exec; vu.tags.a = 'b'; const tags = vu.tags; tags.a = 'c'; f(scenario.name)
         function f() {}",
        "Object.assign(exec.vu.tags, { a: 'b' }); http.setResponseCallback(http.expectedStatuses(200))",
        "const { get: g, CookieJar } = http; const h = http; h.post(g); class J extends CookieJar {}",
        "ns.state.count++; ns.log.info('x'); ns.state.tags = {}; ns.f(ns.missing)",
        "((get = 1) => { get = 2; return get })(); { let Math = {}; Math.x = 1 } (console => { console.log = 1 })({})",
    ] {
        let got = reason(text);
        if got.is_some() {
            wrong.push((text, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unshareable() {
    let mut wrong = Vec::new();
    for (text, want) in [
        // Writing to the realm.
        ("Math.x = 1", "assignment to Math.x"),
        ("Math['random'] = () => 1", "assignment to Math.random"),
        ("(Math).random = 1", "assignment to Math.random"),
        ("console.log = () => {}", "assignment to console.log"),
        ("(__ENV.A ? Math : JSON).x ||= 1", "assignment to Math.x"),
        ("Date.now.calls++", "assignment to Date.now.calls"),
        ("delete Array.from", "assignment to Array.from"),
        ("[Math.x] = [1]", "assignment to Math.x"),
        ("({ a: Math.x = 2 } = { a: 1 })", "assignment to Math.x"),
        ("({ ...Math.x } = {})", "assignment to Math.x"),
        ("for (Math.x of [1]);", "assignment to Math.x"),
        ("for (Math.x in {});", "assignment to Math.x"),
        ("Error.stackTraceLimit = 1", "assignment to Error.stackTraceLimit"),
        ("x = 1", "the global x"),
        ("parseInt = 1", "assignment to parseInt"),
        ("Array.prototype.last = function () {}", "assignment to Array.prototype.last"),
        ("class A {} A.prototype.toString.x = 1", "assignment to a member of .toString"),
        ("({}).valueOf.x = 1", "assignment to a member of .valueOf"),
        // Letting it out of sight.
        ("f(Math); function f() {}", "passing on Math"),
        ("f(JSON.stringify(1), JSON); function f() {}", "passing on JSON"),
        ("const o = { Math }", "passing on Math"),
        ("const f = () => console", "passing on console"),
        ("const o = [String]", "passing on String"),
        ("const o = { now: Date.now }", "passing on Date.now"),
        ("const { log, ...rest } = console", "passing on console"),
        ("const o = {}; o.log = console.log", "passing on console.log"),
        ("for (const name in Math);", "passing on Math"),
        ("const copy = { ...Math }", "passing on Math"),
        // By way of variables.
        ("const m = Math; m.x = 1", "assignment to Math.x"),
        ("let m; m = Math; m.x = 1", "assignment to Math.x"),
        ("let m; (m = Math).x = 1", "assignment to Math.x"),
        ("const { log } = console; log.x = 1", "assignment to console.log.x"),
        ("function f(now = Date.now) { now.x = 1 }", "assignment to Date.now.x"),
        ("const { now = Date.now } = {}; now.x = 1", "assignment to Date.now.x"),
        ("const m = Math; const n = m; (() => n.x++)()", "assignment to Math.x"),
        ("const vu = __ssek_guard(()=>(exec.vu)); vu.x = 1", "assignment to k6/execution.vu.x"),
        // Names that give it out.
        ("globalThis.x", "the global globalThis"),
        ("global; ", "the global global"),
        ("self", "the global self"),
        ("window.x", "the global window"),
        ("eval('1')", "the global eval"),
        ("(0, eval)('1')", "the global eval"),
        ("new Function('return this')()", "the global Function"),
        ("Reflect.ownKeys({})", "the global Reflect"),
        ("require('k6')", "the global require"),
        ("module.exports = 1", "the global module"),
        ("arguments", "the global arguments"),
        ("const f = () => arguments", "the global arguments"),
        ("class A { x = 1; y = () => eval('1') }", "the global eval"),
        ("Math.valueOf().x = 1", "the use of Math.valueOf"),
        ("const m = Math.valueOf()", "the use of Math.valueOf"),
        // Ways from any value.
        ("[].constructor.from.x = 1", ".constructor"),
        ("({}).__proto__.x = 1", ".__proto__"),
        ("const k = 'constructor'", "the string \"constructor\""),
        ("const k = `prototype`", "the string `prototype`"),
        ("({})['__proto__']", "the string \"__proto__\""),
        ("const o = { __proto__: null }", "a property __proto__"),
        ("const { constructor: C } = []", "a property constructor"),
        ("let constructor; ({ constructor } = [])", "a property constructor"),
        ("const A = class {}; const B = A; B.prototype.x = 1", ".prototype"),
        ("[].constructor.name = 1", ".constructor"),
        ("http.CookieJar.prototype.x = 1", ".prototype"),
        ("({}).__defineGetter__('a', f); function f() {}", ".__defineGetter__"),
        ("Object.getPrototypeOf([]).x = 1", "the use of Object.getPrototypeOf"),
        ("Object.setPrototypeOf(Math, null)", "passing on Math"),
        ("Object.assign(String, { a: 1 })", "String as an argument of a function that may change it"),
        ("Object.freeze(Math.max)", "Math.max as an argument of a function that may change it"),
        (
            "const { assign } = Object; assign(http.get, {})",
            "k6/http.get as an argument of a function that may change it",
        ),
        ("Object.assign.call(null, {}, {})", "the use of Object.assign.call"),
        ("Object(String).x = 1", "String as an argument of a function that may change it"),
        ("new Proxy(String, {})", "String as an argument of a function that may change it"),
        ("Object[__ENV.X]({})", "the use of Object[…]"),
        ("Math[__ENV.X].y = 1", "assignment to Math[…].y"),
        ("Array.prototype.push.call(String, 1)", "String as an argument of a function that may change it"),
        ("const push = Array.prototype.push", "the use of Array.prototype.push"),
        ("function A() {} A = Array; A.prototype.x = 1", ".prototype"),
        // Imports.
        ("http.foo = 1", "assignment to k6/http.foo"),
        ("http.get.calls = 1", "assignment to k6/http.get.calls"),
        ("get.calls = 1", "assignment to get of k6/http.calls"),
        ("k6.foo = 1", "assignment to k6.foo"),
        ("f(http); function f() {}", "passing on k6/http"),
        ("f(k6); function f() {}", "passing on k6"),
        ("const o = { ...http }", "passing on k6/http"),
        ("exec.vu.tags = {}", "assignment to k6/execution.vu.tags"),
        ("const { vu } = exec; vu.x = 1", "assignment to k6/execution.vu.x"),
        ("Object.defineProperty(http, 'x', {})", "passing on k6/http"),
        ("Object.assign(exec.vu, {})", "k6/execution.vu as an argument of a function that may change it"),
        ("k6.randomSeed(1)", "the use of k6.randomSeed"),
        ("const d = k6.default", "the default export read from k6.default"),
        ("let x = exec; for (;;) x = x.next", "a path too long to follow: "),
        ("ns.state = 1", "assignment to a module's namespace.state"),
        ("ns.log.info = 1", "assignment to console.info"),
        ("f(ns); function f() {}", "passing on a module's namespace"),
        // Syntax.
        ("await 1", "await at the top level"),
        ("for await (const a of []);", "for await at the top level"),
        ("const f = () => import('./x.js')", "import()"),
        ("import.meta.url", "import.meta"),
    ] {
        let got = reason(text);
        if !got.as_ref().is_some_and(|got| got.starts_with(want)) {
            wrong.push((text, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
