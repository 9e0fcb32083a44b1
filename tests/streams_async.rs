//! `ssek/sse` through the binary, against the mock in its process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{Outcome, Run, ssek};
use serde_json::Value;

const HEAD: &str = "import { connect } from 'ssek/sse'
import { sleep } from 'k6'
const U = __ENV.OPENAI_BASE_URL.replace(/\\/v1$/, '')
const paced = (n, itl) => connect(`${U}/sse?n=${n}&ttft=1&itl=${itl}`)
";

/// A run of one iteration, unless `args` say otherwise; its log lines are bare messages.
fn run(args: &[&str], script: &str) -> (Run, Outcome) {
    let mut all = vec!["run", "-q", "--mock=ttft=1", "--log-format", "raw", "--out", "json=out.json"];
    all.extend(args);
    all.push("script.js");
    let mut run = ssek(&all).file("script.js", &format!("{HEAD}{script}"));
    let outcome = run.outcome();
    (run, outcome)
}

/// What a function's body prints, in one iteration that succeeds.
fn log(body: &str) -> Vec<String> {
    let (_run, outcome) = run(&[], &format!("export default async function () {{ {body} }}"));
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    outcome.stderr.lines().map(str::to_owned).collect()
}

/// The values and tags of a metric's samples.
fn samples(run: &Run, metric: &str) -> Vec<(f64, Value)> {
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let points = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    points
        .filter(|point| point["type"] == "Point" && point["metric"] == metric)
        .map(|mut point| (point["data"]["value"].as_f64().unwrap(), point["data"]["tags"].take()))
        .collect()
}

fn outcomes(run: &Run) -> Vec<String> {
    let all = samples(run, "sse_streams");
    all.iter().map(|(_, tags)| tags["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn events_come_in_a_loop() {
    let lines = log("const s = await paced(3, 5)
        console.log(s.status, s.headers['Content-Type'], s.outcome)
        let last = 0
        for await (const e of s) {
            console.log(e.id, e.name, e.data, e.timestamp > last && Math.abs(e.timestamp - Date.now()) < 60000)
            last = e.timestamp
        }
        console.log(s.outcome, s.lastEventId, JSON.stringify(await s.next()))");
    let event = |n: u32| format!("{n} message {{\"n\":{n},\"text\":\"hello\"}} true");
    let expected = [
        "200 text/event-stream; charset=utf-8 null".to_owned(),
        event(0),
        event(1),
        event(2),
        "ok 2 {\"done\":true}".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn next_and_expect_within_a_time() {
    let lines = log("const s = await connect(`${U}/sse?n=4&ttft=1&itl=300`)
        console.log((await s.next({ within: '20s' })).value.id)
        try { await s.next({ within: 10 }) } catch (e) { console.log(e.name, e.message) }
        console.log((await s.expect(/\"n\":2/g, { within: '20s' })).id)
        try { await s.expect({ name: 'ready' }) } catch (e) { console.log(e.message) }
        for (const bad of [() => s.expect(), () => s.expect({ name: 1 }), () => s.next({ within: 'soon' })]) {
            try { await bad() } catch (e) { console.log(e.message) }
        }
        const t = await paced(4, 1)
        console.log((await t.expect((e) => e.id === '1')).id, (await t.expect({ name: 'message', data: /3/ })).id)
        const u = await paced(2, 1)
        try { await u.expect(() => { throw new Error('mine') }) } catch (e) { console.log(e.message) }
        console.log((await u.expect('{\"n\":1,\"text\":\"hello\"}')).id)
        const v = await connect(`${U}/sse?ttft=20s`)
        try { await v.expect('x', { within: '10ms' }) } catch (e) { console.log(e.message) }
        v.close()");
    let expected = [
        "0",
        "TimeoutError next: no event came within 10ms",
        "2",
        "expect: the stream ended (ok) before an event matched name \"ready\"; another event came: message \
         \"{\\\"n\\\":3,\\\"text\\\":\\\"hello\\\"}\"",
        "expect needs something to match: a function, a string, a RegExp, or an object with name or data",
        "expect: name must be a string or a RegExp",
        "within: \"soon\" is no duration; use '2s', '500ms' or a number of milliseconds",
        "1 3",
        "mine",
        "1",
        "expect: no event matched data \"x\" within 10ms; no event came",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn many_streams_in_one_vu_lose_nothing() {
    let script = "export default async function () {
        const read = async (i) => {
            const s = await connect(`${U}/sse?n=40&ttft=1&itl=1`, { tags: { kind: i % 2 ? 'loop' : 'drain' } })
            if (i % 2 === 0) return (await s.drain()).events
            let n = 0
            for await (const e of s) n += Number(e.id === String(n))
            return n
        }
        const all = await Promise.all(Array.from({ length: 50 }, (_, i) => read(i)))
        console.log(all.length, all.every((n) => n === 40))
    }";
    let (run, outcome) = run(&["-i", "2"], script);
    assert_eq!(outcome.stderr, "50 true\n50 true\n");
    assert_eq!(samples(&run, "sse_event").len(), 2 * 50 * 40);
    let of_loops = samples(&run, "sse_event").iter().filter(|(_, tags)| tags["kind"] == "loop").count();
    assert_eq!(of_loops, 50 * 40);
    assert_eq!(outcomes(&run), vec!["ok"; 100]);
    assert_eq!(samples(&run, "http_reqs").len(), 100);
    assert_eq!(samples(&run, "sse_time_to_first_event").len(), 100);
    assert!(
        outcome.stdout.contains("STREAMING") && outcome.stdout.contains("sse_streams"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn what_a_full_buffer_does() {
    let lines = log("for (const overflow of ['wait', 'drop-oldest', 'drop-newest', 'error']) {
            const s = await connect(`${U}/sse?n=20&ttft=1&itl=1`, { buffer: { size: 5, overflow } })
            for (let i = 0; s.outcome === null && i < (overflow === 'wait' ? 4 : 400); i++) sleep(0.05)
            const ids = []
            let error = ''
            try { for await (const e of s) ids.push(e.id) } catch (e) { error = e.message.slice(0, 27) }
            console.log(overflow, ids.join(), s.dropped, s.outcome, error)
        }
        for (const buffer of [{ size: 0 }, { overflow: 'x' }, { sice: 1 }]) {
            try { await connect(U, { buffer }) } catch (e) { console.log(e.message) }
        }");
    let all = (0..20).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let expected = [
        &*format!("wait {all} 0 ok "),
        "drop-oldest 15,16,17,18,19 15 ok ",
        "drop-newest 0,1,2,3,4 15 ok ",
        "error 0,1,2,3,4 0 aborted the stream's buffer is full",
        "invalid connect() buffer.size: it must be a whole number of at least 1",
        "invalid connect() buffer.overflow: \"x\", allowed are: wait, drop-oldest, drop-newest, error",
        "invalid connect() buffer: unknown key 'sice', allowed are: size, overflow",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn lines_of_json() {
    let lines = log("const chat = (params) => connect(`${U}/api/chat?n=2&ttft=1&itl=1`, { method: 'POST', body: '{}', ...params })
        for (const format of [undefined, 'ndjson']) {
            const said = []
            const s = await chat({ format })
            for await (const e of s) {
                const line = JSON.parse(e.data)
                said.push(line.done ? line.done_reason : line.message.content)
            }
            console.log(said.join('|'), s.outcome)
        }
        const s = await chat({ until: (e) => JSON.parse(e.data).done })
        console.log(JSON.stringify((await s.drain()).events), s.outcome)
        console.log((await (await chat({ format: 'sse' })).drain()).outcome)
        try { await chat({ format: 'xml' }) } catch (e) { console.log(e.message) }");
    let expected = [
        "the |of |stop ok",
        "the |of |stop ok",
        "3 ok",
        "protocol_error",
        "invalid connect() format: \"xml\", allowed are: sse, ndjson, auto",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn how_streams_end() {
    let script = "export default async function () {
        const s = await paced(1000, 100)
        for await (const e of s) if (e.id === '1') break
        console.log('left', s.outcome)
        const t = await paced(1000, 100)
        try { for await (const e of t) throw new Error('mine') } catch (e) { console.log(e.message, t.outcome) }
        const u = await paced(1000, 100)
        const waits = u.next({ within: '20s' }).then(() => u.next({ within: '20s' })).then(() => u.next())
        sleep(0.3)
        u.close()
        console.log(u.outcome, JSON.stringify(await u.next()), JSON.stringify(await waits))
        try { await connect('http://127.0.0.1:1/') } catch (e) { console.log(e.message.slice(0, 30)) }
        try { await connect('::') } catch (e) { console.log(e.message.slice(0, 11)) }
        const e500 = await connect(`${U}/sse?status=500`)
        console.log(e500.status, (await e500.drain()).outcome)
        const cut = await connect(`${U}/sse?n=9&ttft=1&itl=1&fail_after=2`)
        let n = 0
        try { for await (const e of cut) n++ } catch (e) { console.log(n, e.message, cut.error, cut.outcome) }
        const idle = await connect(`${U}/sse?n=9&ttft=1&itl=20000`, { timeouts: { idle: '200ms' } })
        console.log((await idle.drain()).outcome, idle.error)
        const until = await connect(`${U}/v1/chat/completions?n=3&ttft=1&itl=1`, { method: 'POST', body: '{\"stream\":true}', until: '[DONE]' })
        console.log(JSON.stringify((await until.drain()).events), until.outcome)
    }";
    let (run, outcome) = run(&[], script);
    let expected = "left aborted
mine aborted
aborted {\"done\":true} {\"done\":true}
Get \"http://127.0.0.1:1/\": dia
invalid URL
500 http_error
2 unexpected EOF unexpected EOF truncated
timeout_idle no data within 200ms (timeouts.idle)
5 ok
";
    assert_eq!(outcome.stderr, expected);
    let expected = [
        "aborted",
        "aborted",
        "aborted",
        "connect_error",
        "connect_error",
        "http_error",
        "truncated",
        "timeout_idle",
        "ok",
    ];
    assert_eq!(outcomes(&run), expected);
}

#[test]
fn forgotten_streams_are_closed_with_the_iteration() {
    let script = "export default async function () {
        const s = await paced(1000, 100)
        if (__ITER === 1) throw new Error('mine')
        paced(1000, 100)
        connect(`${U}/sse?n=3`).then((s) => s.drain()).then((d) => console.log('drained', d.events))
    }";
    let (run, outcome) = run(&["-i", "3"], script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let said = outcome.stderr.matches("a stream was still open when the iteration ended").count();
    assert_eq!((said, outcome.stderr.matches("drained 3").count()), (1, 2), "{}", outcome.stderr);
    let all = outcomes(&run);
    let count = |outcome: &str| all.iter().filter(|known| *known == outcome).count();
    assert_eq!((count("ok"), count("aborted"), all.len()), (2, 5, 7));
}

#[test]
fn an_interrupt_ends_streams() {
    let script = "export const options = { scenarios: { s: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } }
    export default async function () {
        const streams = await Promise.all([paced(1000, 1000), paced(1000, 1000)])
        await streams[0].drain()
    }";
    let (run, outcome) = run(&[], script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(outcomes(&run), ["interrupted", "interrupted"]);
}

#[test]
fn not_in_init_code() {
    let (_run, outcome) = run(&[], "connect(U)\nexport default function () {}");
    assert!(
        outcome.stderr.contains("using ssek/sse in the init context is not supported"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn batches_of_what_has_come() {
    let lines =
        log("const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'Just say HI' }] }
        const s = await connect(`${__ENV.OPENAI_BASE_URL}/chat/completions`, { method: 'POST', body })
        let stop = false, over = false, count = 0, empty = 0
        while (!stop && !over) {
            over = s.outcome !== null
            const messages = s.received()
            count += messages.length
            if (messages.length === 0) empty += 1
            if (messages.some((m) => m.data === '[DONE]')) stop = true
            await new Promise((resolve) => setTimeout(resolve, 1))
        }
        s.close()
        console.log(s.status, stop, count > 3, empty > 0, JSON.stringify(s.received()))");
    assert_eq!(lines, ["200 true true true []"]);
}

#[test]
fn bodies_that_cannot_be_sent() {
    let lines = log("let deep = {}
        for (let i = 0; i < 30000; i++) deep = { deep }
        for (const body of [new Uint8Array([1]), new ArrayBuffer(2), deep, { big: 1n }]) {
            try { await connect(`${U}/v1/chat/completions`, { method: 'POST', body }) } catch (e) { console.log(e.message) }
        }");
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[0].contains("bytes cannot be sent") && lines[1] == lines[0], "{lines:?}");
    assert!(lines[2].contains("nested deeper") && lines[3].contains("BigInt"), "{lines:?}");
}
