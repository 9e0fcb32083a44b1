//! `--inspect` and `--inspect-brk`, by the protocol and by Node's own client, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/devtools.rs"]
mod devtools;
#[path = "support/running.rs"]
mod running;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use devtools::{Client, address};
use running::Running;
use serde_json::json;

const SCRIPT: &str = "import { sleep } from 'k6';
export const options = { iterations: 2 };
class Counter {
  constructor(start) {
    this.value = start;
  }
  add(n) {
    const before = this.value;
    this.value += n;
    return before;
  }
}
function work(items) {
  let total = 0;
  for (const item of items) {
    if (item > 1) total += item;
    else total += 100;
  }
  return total;
}
export default function () {
  const counter = new Counter(5);
  const result = work([1, 2, 3]);
  counter.add(result);
  try {
    sleep(0.001);
    counter.add(1);
  } catch (error) {
    console.log('never');
  }
  console.log('sum', counter.value, { counter });
}
";

#[test]
fn stepping_through_an_iteration() {
    let mut run = Running::start(&["--inspect-brk=0"], SCRIPT);
    let mut client = Client::ready(&address(&run));
    let context = client.event("Runtime.executionContextCreated");
    assert_eq!(context["context"]["id"], 1);
    let waiting =
        client.call("Runtime.evaluate", json!({ "expression": "typeof __ENV", "returnByValue": true }));
    assert_eq!(waiting["result"]["value"], "object");
    client.breakpoint("script\\.js", 17, "");
    client.breakpoint("script\\.js", 26, "counter.value > 3 && __ITER === 1");
    client.call("Runtime.runIfWaitingForDebugger", json!({}));

    let script = client.event("Debugger.scriptParsed");
    assert!(script["url"].as_str().unwrap().ends_with("/script.js"), "{script}");
    assert_eq!((&script["endLine"], &script["isModule"]), (&json!(32), &json!(true)));
    let source = client.call("Debugger.getScriptSource", json!({ "scriptId": script["scriptId"] }));
    assert_eq!(source["scriptSource"], SCRIPT);
    assert_eq!(client.event("Debugger.breakpointResolved")["location"]["lineNumber"], 16);

    let pause = client.paused();
    assert_eq!((pause.reason(), pause.stack().as_str()), ("Break on start", ":2"));
    let pause = client.go("Debugger.resume");
    assert_eq!((pause.reason(), pause.stack().as_str()), ("other", "work:17 default:23"));
    assert_eq!(pause.0["hitBreakpoints"].as_array().unwrap().len(), 1);
    let scopes = pause.scopes(0);
    let kinds: Vec<_> = scopes.iter().map(|scope| scope["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["block", "local", "module", "closure", "global"]);
    assert_eq!(client.variables(&scopes[0]), "item=1");
    assert_eq!(client.variables(&scopes[1]), "items=Array(3) total=0");
    assert_eq!(scopes[3]["name"], "VU 1");
    assert_eq!(client.variables(&pause.scopes(1)[0]), "counter=Counter result=undefined");

    assert_eq!(client.evaluate(0, "total + items.length"), 3);
    assert_eq!(client.evaluate(1, "counter.value"), 5);
    let thrown = client.evaluate(0, "nothing");
    let lines: Vec<_> = thrown.as_str().unwrap().lines().collect();
    assert_eq!(lines[0], "thrown: ReferenceError: nothing is not defined");
    assert!(lines[1].contains("at work (") && lines[1].contains("script.js:17:"), "{thrown}");
    assert_eq!(client.evaluate(0, "total = 1000"), 1000);
    let set = json!({
        "callFrameId": "0", "scopeNumber": 1, "variableName": "total", "newValue": { "value": 2000 },
    });
    client.call("Debugger.setVariableValue", set);
    let constant = json!({
        "callFrameId": "0", "scopeNumber": 0, "variableName": "item", "newValue": { "value": 1 },
    });
    let refused = client.ask("Debugger.setVariableValue", constant);
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("TypeError: "), "{refused}");
    assert_eq!(client.go("Debugger.stepOver").stack(), "work:16 default:23");
    assert_eq!(client.evaluate(0, "total"), 2100);
    assert_eq!(client.go("Debugger.stepOut").stack(), "default:24");
    assert_eq!(client.evaluate(0, "result"), 2105);
    assert_eq!(client.go("Debugger.stepInto").stack(), "add:8 default:24");
    let pause = client.go("Debugger.stepOver");
    assert_eq!(pause.stack(), "add:9 default:24");
    assert_eq!(pause.0["callFrames"][0]["this"]["className"], "Counter");
    assert_eq!(client.go("Debugger.stepOver").stack(), "add:10 default:24");
    // Into a block that is guarded against running out of stack, and out of it.
    assert_eq!(client.go("Debugger.stepOver").stack(), "default:26");
    assert_eq!(client.go("Debugger.stepOver").stack(), "default:27");
    assert_eq!(client.go("Debugger.stepInto").stack(), "add:8 default:27");
    assert_eq!(client.go("Debugger.stepOut").stack(), "default:31");
    // Line 17 of the second iteration, and the condition of line 26.
    assert_eq!(client.go("Debugger.resume").stack(), "work:17 default:23");
    let said = client.event("Runtime.consoleAPICalled");
    assert_eq!((&said["type"], &said["args"][1]["value"]), (&json!("log"), &json!(2111)));
    assert_eq!(said["args"][2]["preview"]["properties"][0]["name"], "counter");
    assert_eq!(said["stackTrace"]["callFrames"][0]["functionName"], "default");
    assert_eq!(client.go("Debugger.resume").stack(), "default:26");
    client.call("Debugger.resume", json!({}));
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the figures of this run are no measurements"), "{text}");
    assert!(text.contains("sum 2111 ") && text.contains("sum 111 "), "{text}");
}

#[test]
fn the_handler_of_a_stream() {
    let script = "import sse from 'k6/x/sse';
export const options = { vus: 2, iterations: 2 };
const base = __ENV.SERVER_BENCH_URL.replace(/\\/v1$/, '');
export default function () {
  const seen = [];
  sse.open(`${base}/sse?n=3&itl=1`, {}, function (client) {
    client.on('event', (event) => {
      seen.push(event.id);
    });
  });
  console.log(`seen ${seen.length}`);
}
";
    let mut run = Running::start(&["--inspect-brk=0", "--mock"], script);
    let mut client = Client::ready(&address(&run));
    let id = client.breakpoint("script\\.js", 8, "");
    client.call("Runtime.runIfWaitingForDebugger", json!({}));
    assert_eq!(client.paused().reason(), "Break on start");
    let pause = client.go("Debugger.resume");
    assert_eq!(pause.stack(), ":8 default:6");
    assert_eq!(
        client.evaluate(0, "[typeof event.data, seen.length, base.slice(0, 4)]"),
        json!(["string", 0, "http"])
    );
    // The other VU's handler is not called while this one is paused.
    let first = client.evaluate(0, "__VU");
    client.call("Debugger.stepOver", json!({}));
    let again = client.paused();
    assert!(again.stack().contains(":8 "), "{}", again.stack());
    let second = client.evaluate(0, "__VU");
    assert!([1, 2].contains(&first.as_u64().unwrap()) && [1, 2].contains(&second.as_u64().unwrap()));
    client.call("Debugger.removeBreakpoint", json!({ "breakpointId": id }));
    client.call("Debugger.resume", json!({}));
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("seen 3").count(), 2, "{text}");
}

#[test]
fn a_step_over_waits_for_what_is_awaited() {
    let script = "export const options = { iterations: 1 };
const later = (ms) => new Promise((done) => setTimeout(() => done(ms), ms));
async function twice(n) {
  const a = await later(1);
  return a + (await later(n));
}
export default async function () {
  const b = await twice(2);
  const [c, d] = await Promise.all([twice(3), twice(4)]);
  console.log(b + c + d);
}
";
    let mut run = Running::start(&["--inspect-brk=0"], script);
    let mut client = Client::ready(&address(&run));
    client.breakpoint("script\\.js", 8, "");
    client.call("Runtime.runIfWaitingForDebugger", json!({}));
    assert_eq!(client.paused().reason(), "Break on start");
    assert_eq!(client.go("Debugger.resume").stack(), "default:8");
    assert_eq!(client.go("Debugger.stepOver").stack(), "default:9");
    assert_eq!(client.evaluate(0, "b"), 3);
    assert_eq!(client.go("Debugger.stepOver").stack(), "default:10");
    assert_eq!(client.evaluate(0, "[c, d]"), json!([4, 5]));
    client.call("Debugger.resume", json!({}));
    assert_eq!(run.end().0, Some(0));
}

#[test]
fn exceptions_and_typescript() {
    let script = "type T = { a: number };
export const options = { iterations: 1 };
function broken(t: T): number {
  const twice = t.a * 2;
  return (null as any).b + twice;
}
function caught(): void {
  try {
    throw new Error('explicit');
  } catch (error) {
    broken({ a: 21 } as T);
  }
}
export default function (): void {
  caught();
}
";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.ts"), script).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssek"));
    command.args(["run", "--inspect-brk=0", "main.ts"]).current_dir(&folder).env_clear();
    let mut run = Running::of((command, folder));
    let mut client = Client::ready(&address(&run));
    client.call("Debugger.setPauseOnExceptions", json!({ "state": "all" }));
    client.call("Runtime.runIfWaitingForDebugger", json!({}));
    assert_eq!(client.paused().stack(), ":2");
    let pause = client.go("Debugger.resume");
    assert_eq!((pause.reason(), pause.stack().as_str()), ("exception", "caught:9 default:15"));
    assert_eq!(pause.0["data"]["uncaught"], false);
    let pause = client.go("Debugger.resume");
    assert_eq!((pause.reason(), pause.stack().as_str()), ("exception", "broken:5 caught:11 default:15"));
    assert!(pause.0["data"]["description"].as_str().unwrap().starts_with("TypeError: "));
    assert_eq!(client.evaluate(0, "[t.a, twice]"), json!([21, 42]));
    client.call("Debugger.resume", json!({}));
    assert_eq!(client.event("Runtime.exceptionThrown")["exceptionDetails"]["lineNumber"], 4);
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("main.ts:5:"), "{text}");
}

#[test]
fn clients_come_and_go() {
    let script = "import { sleep } from 'k6';
export const options = { vus: 1, duration: '1s', gracefulStop: '0s' };
export default function () {
  for (let i = 0; i < 10; i++) {
    sleep(0.02);
  }
}
";
    let mut run = Running::start(&["--inspect=0"], script);
    let address = address(&run);
    let mut client = Client::ready(&address);
    let refused = Client::try_attach(&address).err().unwrap();
    assert!(refused.contains("409"), "{refused}");
    client.call("Debugger.pause", json!({}));
    let pause = client.paused();
    // Longer than the scenario: its clock stands still.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(pause.stack().starts_with("default:"), "{}", pause.stack());
    let unknown = client.ask("Page.reload", json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    assert!(client.go("Debugger.stepOver").stack().starts_with("default:"));
    client.breakpoint("script\\.js", 5, "");
    assert_eq!(client.go("Debugger.resume").stack(), "default:5");
    // A paused script whose client goes away goes on, without breakpoints.
    client.close();
    let mut second = Client::ready(&address);
    let answer = second.ask("Debugger.resume", json!({}));
    assert_eq!(answer["error"]["message"], "Can only perform operation while paused.");
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_paused_run_can_be_stopped() {
    let run = Running::start(&["--inspect-brk=0"], "export default function () {\n  debugger;\n}\n");
    let mut client = Client::ready(&address(&run));
    client.call("Runtime.runIfWaitingForDebugger", json!({}));
    assert_eq!(client.paused().stack(), "default:2");
    run.signal(libc::SIGINT);
    let mut run = run;
    let (code, text) = run.end();
    assert_eq!(code, Some(105), "{text}");
}

/// Much of the language, with results that depend on where things are evaluated and in which order.
const LANGUAGE: &str = "'use strict';
import { check, group } from 'k6';
const said = [];
const say = (...words) => said.push(words.join(' '));
class Base { #secret = 1; static count = 0; static { Base.count = 5 } get secret() { return this.#secret } over() { return 'base' } }
class Derived extends Base { field = say('field'); constructor(...args) { super(...args); this.kind = new.target.name; } over() { return `derived ${super.over()}` } }
function* numbers(from) { let n = from; while (n < 4) { const sent = yield n++; if (sent) n += sent } return 'end' }
async function slow(x) { await null; if (x < 0) throw new RangeError('low'); return x * 2 }
async function* ticks() { for (let i = 0; i < 3; i++) yield slow(i) }
function swap({ a, b = a * 2, ...rest } = { a: 1 }, [c, , d = c] = [7]) { return [a, b, c, d, Object.keys(rest).length] }
function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1) }
function endless() { return endless() + 1 }
function tag(parts, ...values) { return parts.raw.join('|') + values.join('+') }
function legacy() { return arguments.length + [...arguments].join('') }
function hoisted() { return typeof later + typeof inner; function inner() {} var later = 1 }
function final() { try { return 'try' } finally { say('finally') } }
function loops() {
  const out = [], fns = [];
  for (let i = 0; i < 3; i++) fns.push(() => i);
  outer: for (const a of [1, 2, 3]) for (const b in { x: 1, y: 2 }) { if (a === 2) continue outer; if (a === 3) break outer; out.push(a + b) }
  let n = 0; do n++; while (n < 5)
  while (true) if (n-- < 2) break; else continue
  switch (n) { case 0: out.push('zero'); case 1: out.push('one'); break; default: out.push('other') }
  block: { if (n) break block; out.push('never') }
  return [...out, ...fns.map(f => f()), n].join()
}
export const options = { iterations: 1 };
export default async function () {
  say(new Derived().over(), new Derived().kind, new Base().secret, Base.count);
  const it = numbers(1);
  say(JSON.stringify([it.next(), it.next(1), it.next(), it.next()]));
  for await (const tick of ticks()) say('tick', tick);
  say(await slow(2), await slow(-1).catch(e => `${e.name} ${e.message}`), (await Promise.allSettled([slow(1), slow(-2)])).map(r => r.status));
  say(swap(), swap({ a: 3, e: 1 }, [1, 2, 3]), deep(100), tag`a${1}\\n${2}`, legacy(1, 2), hoisted(), final(), loops());
  try { endless() } catch (error) { say(error.name) }
  try { null.nothing } catch ({ name }) { say(name) }
  say((x => y => x + y)(1)(2), [3, 1, 2].sort((a, b) => a - b), [1, 2].map(n => ({ n })).length);
  say(((a, b) => (a, b))(1, 2), eval('var e = 2; e + 1'), typeof e, void 0 ?? 'nullish', said?.[0]?.length > 3);
  group('g', () => { check(1, { one: v => v === 1, two: v => v === 2 }) });
  if (said.length > 3) say('many'); else if (said.length) say('few'); else say('none');
  const o = { get twice() { return 4 }, ['comp' + 1]: 1, m() { return super.toString === Object.prototype.toString } };
  say(o.twice, o.comp1, o.m(), delete o.comp1, 'comp1' in o);
  say(await new Promise(resolve => setTimeout(() => resolve('timer'), 1)));
  await Promise.all([1, 2].map(async n => { say('before', n); await null; say('after', n) }));
  console.log(said.join('; '));
  throw new Error('at last');
}
";

#[test]
fn scripts_do_the_same() {
    let shown = |args: &[&str]| {
        let args: Vec<_> = args.iter().chain(&["-q", "--log-format=raw"]).copied().collect();
        let mut run = Running::start(&args, LANGUAGE);
        let (code, text) = run.end();
        let text = text.replace(&run.folder.path().display().to_string(), "");
        let wanted = |line: &&str| {
            line.contains("; ")
                || line.contains("✓")
                || line.contains("✗")
                || line.contains("at last")
                || line.contains("script.js:")
        };
        (code, text.lines().filter(wanted).map(str::to_owned).collect::<Vec<_>>())
    };
    let plain = shown(&[]);
    assert!(plain.1.iter().any(|line| line.contains("RangeError; TypeError")), "{plain:?}");
    assert!(plain.1.iter().any(|line| line.contains("script.js:46:")), "{plain:?}");
    assert_eq!(shown(&["--inspect=0"]), plain);
}

/// The answer to a plain request, with this `Host`.
fn get(address: &str, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_endpoints() {
    let mut run = Running::start(&["--inspect-brk=0"], "export default function () {}");
    let whole = address(&run);
    let (place, id) = whole.split_once('/').unwrap();
    assert!(get(place, place, "/json/version").contains("\"Browser\": \"ssek/"));
    for path in ["/json", "/json/list"] {
        let list = get(place, place, path);
        assert!(list.contains(&format!("\"webSocketDebuggerUrl\": \"ws://{whole}\"")), "{list}");
        assert!(list.contains("\"type\": \"node\"") && list.contains(id), "{list}");
    }
    // A page of the web whose name leads to this machine.
    assert!(get(place, "evil.test", "/json/list").starts_with("HTTP/1.1 400 "));
    assert!(get(place, place, &format!("/{id}")).starts_with("HTTP/1.1 400 "));
    run.signal(libc::SIGTERM);
    assert_eq!(run.end().0, Some(105));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut run = Running::start(&[&format!("--inspect={port}")], "export default function () {}");
    let (code, text) = run.end();
    assert_eq!(code, Some(255), "{text}");
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
}

/// `node inspect` told one line after the other, each when the answer to the one before has come.
#[test]
fn the_client_of_node() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no node");
        return;
    }
    let mut run = Running::start(&["--inspect-brk=0"], SCRIPT);
    let address = address(&run);
    let place = address.split('/').next().unwrap();
    let mut node = Command::new("node");
    node.args(["inspect", place]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // It shows paths relative to where it is.
    let mut node = node.current_dir(&run.folder).spawn().unwrap();
    let mut input = node.stdin.take().unwrap();
    let mut output = node.stdout.take().unwrap();
    let mut heard = String::new();
    let mut expect = |wanted: &str| {
        let mut bytes = [0; 4096];
        while !heard.contains(wanted) {
            let count = output.read(&mut bytes).unwrap();
            assert!(count > 0, "no {wanted:?} in:\n{heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        let at = heard.find(wanted).unwrap() + wanted.len();
        heard.drain(..at);
    };
    expect("Break on start in script.js:2");
    for (line, wanted) in [
        ("sb('script.js', 16)", ">16"),
        ("c", "break in script.js:16"),
        ("exec('total + 7')", "7"),
        ("exec('total = 50')", "50"),
        ("bt", "#0 work script.js:16:4"),
        ("n", "break in script.js:17"),
        ("s", "break in script.js:16"),
        ("exec('total')", "150"),
        ("out", "break in script.js:16"),
        ("cb('script.js', 16)", "debug>"),
        ("c", "debug>"),
        (".exit", ""),
    ] {
        writeln!(input, "{line}").unwrap();
        expect(wanted);
    }
    node.wait().unwrap();
    let (code, text) = run.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("sum 161 "), "{text}");
}
