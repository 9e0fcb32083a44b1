//! What the rewriting puts into scripts, and where.

use oxc::allocator::Allocator;
use oxc::parser::Parser;
use oxc::span::SourceType;
use regex::Regex;

use super::instrument::{Rewritten, instrument};
use super::loading::{File, Loading};
use super::scopes::ScopeKind;
use super::script::Place;
use super::{Breakpoint, Debugger, Event, Target};

fn rewritten(text: &str, is_module: bool) -> Rewritten {
    let done = instrument(text, is_module, |_| 7);
    let allocator = Allocator::default();
    let source_type = if is_module { SourceType::mjs() } else { SourceType::cjs() };
    let errors = Parser::new(&allocator, &done.code, source_type).parse().diagnostics;
    assert!(errors.is_empty(), "{}: {errors:?}", done.code);
    let last = |text: &str| text.lines().last().unwrap().chars().count() as u32 + 1;
    let lines = text.lines().count() as u32;
    assert_eq!(done.insertions.original_column(lines, last(&done.code)), last(text), "{}", done.code);
    done
}

/// The code with `@` for a call of the hook, `@2` if it is in two arrow functions of guards, and short names.
fn shown(text: &str, is_module: bool) -> String {
    let code = rewritten(text, is_module).code;
    let hook = Regex::new(r"__ssek_debug\(\d+,__ssek_e=>eval\(__ssek_e\)(?:,(\d+))?\)").unwrap();
    let code = hook.replace_all(&code, "@$1");
    code.replace("__ssek_thrown", "THROWN")
        .replace("__ssek_guard(()=>{;", "«")
        .replace("});", "»")
        .replace("__ssek_guard(()=>(", "‹(")
}

#[test]
fn where_hooks_go() {
    for (text, want) in [
        ("a(); b()", "@;a(); @;b()"),
        ("'use strict'; a()", "'use strict'; @;a()"),
        ("function f() { 'use strict'; return 1 }", "function f() { 'use strict'; @;return 1 }"),
        ("let a; let b = 1; var c, d = 2", "let a; @;let b = 1; @;var c, d = 2"),
        ("if (a) b; else c", "@;if (a) {@;b;} else {@;c}"),
        ("if (a) { b } else if (c) d; else { e }", "@;if (a) { @;b } else if ((@,c)) {@;d;} else { @;e }"),
        ("if (a) if (b) c", "@;if (a) {@;if (b) {@;c}}"),
        ("for (let i = 0; i < 2; i++) f(i)", "@;for (let i = 0; (@,i < 2); (@,i++)) {@;f(i)}"),
        ("for (;;) { break }", "@;for (;;) { @;break }"),
        ("for (const a of b) c(a)", "@;for (const a of b) {@;c(a)}"),
        ("for (a in b);", "@;for (a in b);"),
        ("while (a) b()", "while ((@,a)) {@;b()}"),
        ("do a(); while (b) c()", "do {@;a();} while ((@,b)) @;c()"),
        ("x: for (const a of b) { continue x }", "@;x: for (const a of b) { @;continue x }"),
        ("x: { break x }", "x: { @;break x }"),
        (
            "switch (a) { case 1: b(); break; default: c() }",
            "@;switch (a) { case 1: @;b(); @;break; default: @;c() }",
        ),
        (
            "try { a = 1 } catch (e) { b = 1 } finally { c = 1 }",
            "try { @;a = 1 } catch (e) { @;b = 1 } finally { @;c = 1 }",
        ),
        ("x => y => ({ z: y })", "@;x => (@,y => (@,({ z: y })))"),
        ("() => { a() }", "@;() => { @;a() }"),
        (
            "class A { #p = 1; static { a() } get b() { return 1 } }",
            "@;class A { #p = 1; static { @;a() } get b() { @;return 1 } }",
        ),
        (
            "function* g() { const a = yield 1; yield* a }",
            "function* g() { @;const a = yield 1; @;yield* a }",
        ),
        ("debugger; throw new Error(1)", "@;debugger; @;throw THROWN((new Error(1)))"),
        ("throw a, b", "@;throw THROWN((a, b))"),
        (
            "export const a = 1; export let b; export { b as c }",
            "@;export const a = 1; export let b; export { b as c }",
        ),
        ("import a from 'k6'; export * from './a.js'", "import a from 'k6'; export * from './a.js'"),
        ("export default function () { a() }", "export default function () { @;a() }"),
        ("export default class { a = 1 }", "@;export default class { a = 1 }"),
        ("export default { a: 1 }", "@;export default { a: 1 }"),
        ("export default () => a()", "export default () => (@,a())"),
        ("export default async () => 1", "export default (async () => (@,1))"),
        // With what keeps running out of stack an exception.
        ("try { f() } catch {}", "try { «@1;f()» } catch {}"),
        (
            "try { try { f() } catch { g() } } catch {}",
            "try { «try { «@2;f()» } catch { @1;g() }» } catch {}",
        ),
        (
            "function x() { try { return f() } catch {} }",
            "function x() { try { @;return ‹(f())) } catch {} }",
        ),
        ("async function x() { f(); await g() }", "async function x() { «@1;f();» @;await ‹(g())) }"),
        ("async () => f()", "@;async () => (@,‹(f())))"),
        ("try { a.map(x => f(x)) } catch {}", "try { «@1;a.map(x => (@,f(x)))» } catch {}"),
        ("async () => { if (await a) f(); }", "@;async () => { @;if (await a) «{@1;f();}» }"),
    ] {
        let got = shown(text, true);
        assert_eq!(got, want);
    }
    assert_eq!(
        shown("if (a) function f() {} with (b) c", false),
        "@;if (a) function f() {} @;with (b) {@;c}"
    );
}

#[test]
fn what_can_be_seen() {
    let text = "import a from 'k6'; const b = 1; function f(c, b) { let d = 1; { const e = c; g(e) } try { } catch (h) { i } }";
    let done = rewritten(text, true);
    let seen = |piece: &str| {
        let offset = text.find(piece).unwrap() as u32;
        let point = done.points.iter().find(|point| point.offset == offset).unwrap();
        let scopes = done.scopes.seen_from(point.scope);
        scopes
            .iter()
            .map(|(kind, names)| format!("{kind:?} {}", names.join(" ")))
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(seen("const b"), "File a b f");
    assert_eq!(seen("let d"), "Function c b d; File a f");
    assert_eq!(seen("g(e)"), "Block e; Function c b d; File a f");
    assert_eq!(seen("i }"), "Block h; Function c b d; File a f");
    assert!(done.scopes.seen_from(0).iter().any(|(kind, _)| *kind == ScopeKind::File));
}

#[test]
fn functions_have_names() {
    let text =
        "function a() { 1 } const b = () => 2, c = { d: function () { 3 }, e() { 4 }, get f() { return 5 } };
        class G { constructor() { 6 } h() { 7 } #i = () => 8; static { 9 } set j(k) { 10 } }
        c.l = async () => { 11 }; f(() => 12); export default function () { 13 }";
    let done = rewritten(text, true);
    let names: Vec<_> = done.functions.iter().map(|(_, name)| name.as_str()).collect();
    let want = ["", "a", "b", "d", "e", "get f", "G", "h", "i", "static", "set j", "l", "", "default"];
    assert_eq!(names, want);
}

/// Loads a file as [`Sources`](crate::js::Sources) does.
fn load(debugger: &Debugger, url: &str, text: &str) {
    let loading = Loading::new(debugger);
    let compiled =
        crate::js::typescript::compile(url, text, &|code, is_module| loading.rewrite(code, is_module))
            .unwrap();
    loading.finish(&File {
        url,
        text,
        is_module: compiled.is_module,
        is_main: true,
        map: compiled.map.as_ref(),
        source_map_url: None,
    });
}

#[test]
fn breakpoints_bind_to_statements_of_files_to_come() {
    let debugger = Debugger::new(false);
    let mut events = debugger.attach().unwrap();
    assert!(debugger.attach().is_none());
    let place = |line, column| Place { line, column };
    let breakpoint = |id: &str, target, line| Breakpoint {
        id: id.to_owned(),
        target,
        place: place(line, 0),
        condition: String::new(),
        bound: Vec::new(),
    };
    let pattern = Target::Pattern(Box::new(regress::Regex::new(r"b c\.ts$|b%20c\.ts$").unwrap()));
    assert_eq!(debugger.set_breakpoint(breakpoint("1", pattern, 2)), Some(vec![]));
    let url = Target::Url("file:///a/b%20c.ts".to_owned());
    assert_eq!(debugger.set_breakpoint(breakpoint("2", url, 99)), Some(vec![]));
    let text = "interface A { x: number }\nexport default function (): void {\n  // nothing\n  const a: A = { x: 1 };\n  f(a as A);\n}\n";
    load(&debugger, "file:///a/b c.ts", text);
    let Some(Event::ScriptParsed(script)) = events.blocking_recv() else { panic!() };
    assert_eq!((script.id, script.url.as_str(), script.text.as_str()), (1, "file:///a/b%20c.ts", text));
    let Some(Event::BreakpointResolved(id, 1, at)) = events.blocking_recv() else { panic!() };
    assert_eq!((id.as_str(), at), ("1", place(3, 2)));
    let places: Vec<_> = script.points_between(place(0, 0), None).iter().map(|point| point.place).collect();
    assert_eq!(places, [place(3, 2), place(4, 2)]);
    let again = breakpoint("3", Target::Script(1), 4);
    assert_eq!(debugger.set_breakpoint(again), Some(vec![(1, place(4, 2))]));
    assert_eq!(debugger.set_breakpoint(breakpoint("3", Target::Script(1), 4)), None);
}
