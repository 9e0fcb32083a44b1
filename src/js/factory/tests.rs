use std::path::Path;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsError, JsResult, JsValue, Script, Source, js_string};

use super::*;
use crate::js::convert::{entries, get, object, put, to_text};
use crate::js::{Engine, Exports as BuiltinExports, Loader, ScriptError};

/// Files in a folder of their own, the first being the main script.
fn sources(files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<Sources>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let sources = Arc::new(Sources::new(files[0].0, folder.path(), None));
    (folder, sources)
}

fn planned(files: &[(&str, &str)]) -> Result<Vec<Factory>, Unshareable> {
    plan(&sources(files).1)
}

/// The built-in module `k6` of these tests.
fn builtin(name: &str, context: &mut Context) -> JsResult<Option<BuiltinExports>> {
    if name != "k6" {
        return Ok(None);
    }
    let identity = crate::js::convert::function(
        "check",
        1,
        |_, args, _| Ok(args.first().cloned().unwrap_or_default()),
        context,
    );
    let fail = crate::js::convert::function(
        "fail",
        0,
        |_, _, context| Err(crate::js::go_error("failed", context)),
        context,
    );
    Ok(Some(BuiltinExports::named([("check", identity.into()), ("fail", fail.into())])))
}

fn engine(sources: Arc<Sources>) -> Engine {
    let mut engine = Engine::new(Rc::new(Loader::new(sources, builtin))).unwrap();
    crate::js::error::register_go_error(&mut engine.context);
    engine
}

/// Calls compiled factories as the host does.
fn call(factories: &[(Factory, JsObject)], context: &mut Context) -> JsResult<Vec<JsValue>> {
    let mut made: Vec<JsValue> = Vec::new();
    for (factory, function) in factories {
        let mut arguments = Vec::new();
        for request in &factory.requests {
            arguments.push(match request {
                Request::Module(index) => made[*index].clone(),
                Request::Builtin { name, .. } => {
                    let argument = object(context);
                    for (key, value) in builtin(name, context)?.unwrap().named {
                        put(&argument, &key.to_std_string_lossy(), value);
                    }
                    put(&argument, "default", argument.clone());
                    argument.into()
                }
            });
        }
        made.push(function.call(&JsValue::undefined(), &arguments, context)?);
    }
    Ok(made)
}

fn compile(factories: Vec<Factory>, context: &mut Context) -> Vec<(Factory, JsObject)> {
    let compile = |factory: Factory| {
        let path = factory.path();
        let source = Source::from_bytes(factory.code.as_bytes()).with_path(Path::new(&path));
        let function = Script::parse(source, None, context).unwrap().evaluate(context).unwrap();
        (factory, function.as_object().unwrap())
    };
    factories.into_iter().map(compile).collect()
}

/// Keys and values, in order.
fn shown(exports: &JsObject, context: &mut Context) -> Vec<String> {
    let mut shown = Vec::new();
    for (key, value) in entries(exports, context).unwrap() {
        let name = value.as_object().map(|object| object.get(js_string!("name"), context).unwrap());
        let value = to_text(&name.unwrap_or(value), context).unwrap();
        shown.push(format!("{}: {value}", key.to_std_string_lossy()));
    }
    shown
}

#[test]
fn texts() {
    let imports =
        "import http, { check as c, sleep } from 'k6'; import * as ns from \"k6/http\";\nimport 'k6'";
    let code = &planned(&[("m.js", imports)]).unwrap()[0].code;
    assert_eq!(
        *code,
        format!(
            "(function($0,$1){{\"use strict\";const http=$0[\"default\"];const c=$0[\"check\"];const \
             sleep=$0[\"sleep\"];const ns=$1;;{} ;{}\n;{}\n;return {{__proto__:null}};}})",
            " ".repeat("import http, { check as c, sleep } from 'k6'".len()),
            " ".repeat("import * as ns from \"k6/http\"".len()),
            " ".repeat("import 'k6'".len() - 1),
        )
    );
    for (text, want) in [
        ("export const b = 1, { a } = {}", ";      const b = 1, { a } = {}|\"a\":a,\"b\":b"),
        ("export function f() {}", ";      function f() {}|\"f\":f"),
        ("export default function f() {}", ";              function f() {}|\"default\":f"),
        ("export default class {}", "const $d={default:class {}}.default;|\"default\":$d"),
        ("export default () => 1;", "const $d={default:() => 1}.default;;|\"default\":$d"),
        ("export default (1)\n[0]", "const $d={default:(1)\n[0]}.default;|\"default\":$d"),
        (
            "let n = 0; export { n as m }; function f() { n++ }",
            "let n = 0; ;                function f() { n++ }|get \"m\"(){return n;}",
        ),
        ("let n = 0; export { n }; n = 1", "let n = 0; ;             n = 1|\"n\":n"),
        ("let $0, $d; export default 1", "let $0, $d; const $$d={default:1}.default;|\"default\":$$d"),
        (
            "export const a = '<!--', b = `\n-->` /* <!-- */",
            ";      const a = '<!--', b = `\n-->` /* <!-- */|\"a\":a,\"b\":b",
        ),
        ("#!/bin/k6\nexport {} // last", "|"),
    ] {
        let factory = planned(&[("m.js", text)]).unwrap().remove(0);
        let (body, exports) = want.split_once('|').unwrap();
        let tail = if exports.is_empty() { String::new() } else { format!(",{exports}") };
        let tail = format!("\n;return {{__proto__:null{tail}}};}})");
        let got = factory.code.strip_prefix("(function(){\"use strict\";").unwrap();
        let got = got.strip_suffix(&tail).unwrap_or_else(|| panic!("{}", factory.code));
        let squeezed = |text: &str| text.split_whitespace().collect::<String>().replace(';', "");
        if !body.is_empty() {
            assert_eq!(squeezed(got), squeezed(body), "{text}");
        }
    }
}

#[test]
fn not_translated() {
    for (files, want) in [
        (&[("m.js", "\n  Math.x = 1; export {}")][..], (2, 3, "assignment to Math.x")),
        (&[("m.js", "exports.a = 1")], (1, 1, "not an ES module")),
        (&[("m.js", "import './a.js'"), ("a.js", "module.exports = 1")], (1, 1, "not an ES module")),
        (&[("m.js", "import './a.js'"), ("a.js", "import './m.js'")], (1, 8, "a cycle of imports")),
        (&[("m.js", "import './m.js'")], (1, 8, "a cycle of imports")),
        (&[("m.js", "import 'lodash'")], (1, 8, "The moduleSpecifier \"lodash\"")),
        (
            &[("m.js", "import { b } from './a.js'"), ("a.js", "export const a = 1")],
            (1, 10, "the import of b"),
        ),
        (
            &[("m.js", "export { b } from './a.js'"), ("a.js", "export const a = 1")],
            (1, 10, "the import of b"),
        ),
        (
            &[
                ("m.js", "import { a } from './a.js'"),
                ("a.js", "export let a = 1; export function f() { a++ }"),
            ],
            (1, 10, "the import of a, which changes"),
        ),
        (&[("m.js", "export * from 'k6'")], (1, 1, "the export of all that k6")),
        (
            &[
                ("m.js", "export * from './a.js'; export * from './b.js'"),
                ("a.js", "export const x = 1"),
                ("b.js", "export const x = 1"),
            ],
            (1, 25, "x is exported by several"),
        ),
        (
            &[
                ("m.js", "import { h } from './a.js'; h.x = 1"),
                ("a.js", "import h from 'k6/http'; export { h }"),
            ],
            (1, 29, "assignment to k6/http.x"),
        ),
        (
            &[("m.js", "import l from './a.js'; l.x = 1"), ("a.js", "export default console.log")],
            (1, 25, "assignment to console.log.x"),
        ),
        (
            &[("m.js", "import * as a from './a.js'"), ("a.js", "export function f() { return this }")],
            (1, 8, "a namespace with functions that use this"),
        ),
        (
            &[
                ("m.js", "export { x } from './a.js'"),
                ("a.js", "import * as b from './m2.js'; export const x = __VU ? b : console"),
                ("m2.js", "export {};"),
            ],
            (1, 31, "the export of x, which stands for several"),
        ),
        (&[("m.js", "export default __VU ? Math : JSON")], (1, 30, "a default export of several objects")),
        (&[("m.ts", "type A = 1;\n\nexport const a: A = eval('1')")], (3, 21, "the global eval")),
    ] {
        let found = planned(files).unwrap_err();
        let got = (found.line, found.column, found.reason.as_str());
        assert!(got.0 == want.0 && got.1 == want.1 && got.2.starts_with(want.2), "{files:?}: {got:?}");
    }
}

#[test]
fn files_that_were_not_loaded() {
    let (_folder, sources) = sources(&[("m.js", "export {}")]);
    sources.lock();
    assert!(plan(&sources).unwrap_err().reason.contains("was not previously resolved"));
}

const GRAPH: [(&str, &str); 4] = [
    (
        "m.js",
        "import def, { a, n as renamed, Base } from './a.js'
import * as all from './a.js'; import './b.js'
import * as k6 from 'k6'
import { check } from 'k6'
export * from './a.js'
export { default as anonymous, a as again } from './a.js'
export * as b from './b.js'
export { renamed, check, k6 as kept }
early = hoisted()
export function hoisted() { return a + renamed }
export var early
export let count = 10
export function increment() { return count++ }
export class Derived extends Base { get() { return super.get() + 1 } }
export const got = new Derived().get(), { x, y: [z] } = { x: def(), y: [all.n] }
export const top = typeof this
export const keys = Object.keys(k6.check({ c: 1 })).join()
export const arrow = () => this, counted = all.next() + all.current
export default async function () { return await arrow() }",
    ),
    (
        "a.js",
        "import state from './b.js'
export const a = 1
let n = 2; export { n }
export class Base { get() { return a } }
export let current = 0
export function next() { state.calls++; return ++current }
export default function () { return 'anonymous' }",
    ),
    ("b.js", "import './c.js'\nexport default { calls: 0 }"),
    ("c.js", "export const c = 1"),
];

#[test]
fn the_same_as_modules() {
    let (_folder, sources) = sources(&GRAPH);
    let Engine { mut context, loader, .. } = engine(sources.clone());
    let namespace = loader.run_main(&mut context).unwrap();
    sources.lock();
    let factories = plan(&sources).unwrap();
    let names: Vec<_> = factories.iter().map(|f| f.url.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["c.js", "b.js", "a.js", "m.js"]);
    let kept = |name: &str, namespace_only| Request::Builtin { name: name.to_owned(), namespace_only };
    assert_eq!(factories[3].requests, [Request::Module(2), Request::Module(1), kept("k6", false)]);

    let factories = compile(factories, &mut context);
    let first = call(&factories, &mut context).unwrap().pop().unwrap().as_object().unwrap();
    let second = call(&factories, &mut context).unwrap().pop().unwrap().as_object().unwrap();
    let mut as_module = shown(&namespace, &mut context);
    let as_factory = shown(&first, &mut context);
    // A namespace has no name to show.
    as_module.retain(|line| !line.starts_with("b:") && !line.starts_with("kept:"));
    let without: Vec<_> =
        as_factory.iter().filter(|l| !l.starts_with("b:") && !l.starts_with("kept:")).cloned().collect();
    assert_eq!(without, as_module);
    assert!(as_factory.contains(&"counted: 2".to_owned()), "{as_factory:?}");

    let mut count = |exports: &JsObject, increments: usize| {
        for _ in 0..increments {
            let increment = get(exports, "increment", &mut context).unwrap().as_callable().unwrap();
            increment.call(&JsValue::undefined(), &[], &mut context).unwrap();
        }
        get(exports, "count", &mut context).unwrap().as_number().unwrap()
    };
    assert_eq!((count(&first, 3), count(&second, 1), count(&first, 0)), (13.0, 11.0, 13.0));
}

const THROWING: [(&str, &str); 2] = [
    (
        "m.ts",
        "import { deep } from './a.js'; import { fail } from 'k6'; let first: string = ''; export const one = () => deep('one'); export default function () { deep(first) }
import * as k6 from 'k6'; export const two = function () { return deep(2) }; const local = (n: number) => deep(n)
export function three() { try { local(1) } catch (e) { throw e } }
export async function four() { await 1; [1].map(() => deep('four')) }
export class Five { static make() { new Five() } constructor() { fail() } }
export const five = () => Five.make()
export const six = () => null.x",
    ),
    (
        "a.js",
        "const inner = (m) => { throw new Error(m) }; export const deep = (m) => { try { inner(m) } finally { } }",
    ),
];

/// What an exported function of the script throws.
fn thrown(exports: &JsObject, name: &str, sources: &Sources, context: &mut Context) -> (ScriptError, String) {
    let function = get(exports, name, context).unwrap().as_callable().unwrap();
    let error = match function.call(&JsValue::undefined(), &[], context) {
        Err(error) => error,
        Ok(promise) => {
            context.run_jobs().unwrap();
            let promise = promise.as_object().unwrap();
            let promise = boa_engine::object::builtins::JsPromise::from_object(promise).unwrap();
            match promise.state() {
                boa_engine::builtins::promise::PromiseState::Rejected(reason) => JsError::from_opaque(reason),
                state => panic!("{name} did not throw: {state:?}"),
            }
        }
    };
    let stack = error.clone().into_opaque(context).unwrap().as_object();
    let stack = stack.map(|error| get(&error, "stack", context).unwrap()).unwrap_or_default();
    let stack = to_text(&stack, context).unwrap();
    (ScriptError::new(error, sources, context), stack)
}

#[test]
fn the_same_stacks() {
    let (_folder, sources) = sources(&THROWING);
    let Engine { mut context, loader, .. } = engine(sources.clone());
    let namespace = loader.run_main(&mut context).unwrap();
    let factories = compile(plan(&sources).unwrap(), &mut context);
    let exports = call(&factories, &mut context).unwrap().pop().unwrap().as_object().unwrap();
    for name in ["one", "two", "three", "four", "five", "six", "default"] {
        let as_module = thrown(&namespace, name, &sources, &mut context);
        let as_factory = thrown(&exports, name, &sources, &mut context);
        assert_eq!(as_factory, as_module, "{name}");
        assert!(as_module.0.frames.iter().any(|frame| frame.contains("file:///")), "{as_module:?}");
    }
}

#[test]
fn names_of_default_exports() {
    for value in [
        "function () { }",
        "class { }",
        "() => 1",
        "(function () { })",
        "(class { })",
        "class { static own = this.name }",
        "(0, () => 1)",
        "async function () { }",
        "function* named() { }",
    ] {
        let (_folder, sources) = sources(&[("m.js", &format!("export default {value}\n"))]);
        let Engine { mut context, loader, .. } = engine(sources.clone());
        let namespace = loader.run_main(&mut context).unwrap();
        let factories = compile(plan(&sources).unwrap(), &mut context);
        let exports = call(&factories, &mut context).unwrap().pop().unwrap().as_object().unwrap();
        assert_eq!(shown(&exports, &mut context), shown(&namespace, &mut context), "{value}");
    }
}

#[test]
fn the_same_stacks_of_init_code() {
    let texts = [
        "throw new Error('x')",
        "\nimport { fail } from 'k6'; fail(); export const a = 1",
        "export default null.x;",
    ];
    for text in texts {
        let text = format!("import 'k6'; {text}");
        let (_folder, sources) = sources(&[("m.js", &text)]);
        let Engine { mut context, loader, .. } = engine(sources.clone());
        let as_module = loader.run_main(&mut context).unwrap_err();
        let as_module = ScriptError::new(as_module, &sources, &mut context);
        let factories = compile(plan(&sources).unwrap(), &mut context);
        let as_factory = call(&factories, &mut context).unwrap_err();
        let as_factory = ScriptError::new(as_factory, &sources, &mut context);
        assert_eq!(as_factory, as_module, "{text}");
    }
}
