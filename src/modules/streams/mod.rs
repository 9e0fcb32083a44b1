//! `k6/experimental/streams`: the WHATWG's streams, as far as k6 has them.
//!
//! They call the script and are called by it, at every step, and never wait for anything but promises: so they are
//! written in JavaScript, in `streams.js`. The code is compiled once for a realm and holds no state but that of the
//! streams themselves.

use std::path::Path;

use boa_engine::{Context, JsResult, Source};

use crate::js::Exports;
use crate::js::convert::entries;

/// An expression whose value is an object of the exports.
const CODE: &str = include_str!("streams.js");

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let source = Source::from_bytes(CODE).with_path(Path::new("k6/experimental/streams"));
    let classes = context.eval(source)?.to_object(context)?;
    Ok(Exports { default: None, named: entries(&classes, context)? })
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;
    use crate::js::convert::{put, to_text};

    /// What `log` was called with by the time that nothing is left to do.
    fn logged(code: &str) -> String {
        let context = &mut Context::default();
        for (name, value) in exports(context).unwrap().named {
            put(&context.global_object(), &name.to_std_string_lossy(), value);
        }
        let code = format!(
            "var lines = []; const log = (...all) => lines.push(all.join(' ')); const bad = (e) => log(String(e));
             (async () => {{ {code} }})().catch(bad)"
        );
        context.eval(Source::from_bytes(&code)).unwrap();
        context.run_jobs().unwrap();
        let lines = context.eval(Source::from_bytes("lines.join('; ')")).unwrap();
        to_text(&lines, context).unwrap()
    }

    fn check(cases: &[(&str, &str)]) {
        for (code, want) in cases {
            assert_eq!(logged(code), *want, "{code}");
        }
    }

    #[test]
    fn reading() {
        check(&[
            (
                "const s = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); log(c.desiredSize); c.close() } });
                 const r = s.getReader(); log(s.locked);
                 for (let i = 0; i < 3; i++) log(JSON.stringify(await r.read()));
                 await r.closed; r.releaseLock(); log(s.locked)",
                "-1; true; {\"value\":1,\"done\":false}; {\"value\":2,\"done\":false}; {\"done\":true}; false",
            ),
            (
                "let n = 0; const s = new ReadableStream({ pull(c) { log('pull'); c.enqueue(n++); if (n == 3) c.close() } },
                 new CountQueuingStrategy({ highWaterMark: 2 }));
                 let sum = ''; for await (const x of s) sum += x; log(sum)",
                "pull; pull; pull; 012",
            ),
            (
                "const s = new ReadableStream({ cancel(why) { log('cancelled', why) } }); const r = s.getReader();
                 const waiting = r.read(); await r.cancel('enough'); log((await waiting).done)",
                "cancelled enough; true",
            ),
            (
                "const s = new ReadableStream({ async pull() { throw new Error('broken') } }); const r = s.getReader();
                 await r.read().catch(bad); await r.closed.catch(bad)",
                "Error: broken; Error: broken",
            ),
            (
                "const s = new ReadableStream(); const r = s.getReader(); const p = r.read(); r.releaseLock();
                 await p.catch((e) => log(e.name)); await r.read().catch((e) => log(e.name)); log(s.locked)",
                "TypeError; TypeError; false",
            ),
            (
                "const s = new ReadableStream({ start(c) { c.enqueue('a') }, cancel() { log('cancel') } });
                 for await (const x of s) { log(x); break } log(s.locked)",
                "a; cancel; false",
            ),
            (
                "const c = new ReadableStream({ start(c) { this.c = c; c.enqueue('x'); c.error('why') } });
                 await c.getReader().read().catch(log)",
                "why",
            ),
            (
                "const s = new ReadableStream({ start(c) { c.enqueue('abc'); log(c.desiredSize); c.close();
                 try { c.enqueue(1) } catch (e) { log(e.name) } } }, { highWaterMark: 5, size: (x) => x.length })",
                "2; TypeError",
            ),
        ]);
    }

    #[test]
    fn what_is_refused() {
        check(&[
            ("new ReadableStream({ type: 'bytes' })", "RangeError: byte streams are not supported"),
            ("new ReadableStream({ pull: 1 })", "TypeError: pull must be a function"),
            ("new ReadableStream({}, { highWaterMark: -1 })", {
                "RangeError: highWaterMark must be a number that is not negative"
            }),
            ("const s = new ReadableStream(); s.getReader(); s.getReader()", {
                "TypeError: the stream is locked to a reader"
            }),
            (
                "new ReadableStreamDefaultController()",
                "ReferenceError: ReadableStreamDefaultController is not defined",
            ),
            ("new CountQueuingStrategy({})", "TypeError: a CountQueuingStrategy needs a highWaterMark"),
            (
                "const q = new CountQueuingStrategy({ highWaterMark: 4 }); log(q.highWaterMark, q.size('any'))",
                "4 1",
            ),
            ("let c; new ReadableStream({ start(x) { c = x } }); new c.constructor()", {
                "TypeError: only a stream makes its controller"
            }),
            ("log(Object.prototype.toString.call(new ReadableStream()))", "[object ReadableStream]"),
        ]);
    }

    #[test]
    fn writing() {
        check(&[
            (
                "const s = new WritableStream({ start() { log('start') }, async write(x) { log('write', x) }, close() { log('close') } });
                 const w = s.getWriter(); log(s.locked, w.desiredSize); w.write('a'); const b = w.write('b'); log(w.desiredSize);
                 await b; await w.ready; await w.close(); await w.closed; log('end')",
                "start; true 1; -1; write a; write b; close; end",
            ),
            (
                "const s = new WritableStream({ write() { throw new Error('full') } }); const w = s.getWriter();
                 await w.write(1).catch(bad); await w.closed.catch(bad); await w.ready.catch(bad); log(w.desiredSize)",
                "Error: full; Error: full; Error: full; ",
            ),
            (
                "const s = new WritableStream({ abort(why) { log('abort', why) } }); const w = s.getWriter();
                 await w.abort('no'); await w.write(1).catch(log)",
                "abort no; no",
            ),
            (
                "const s = new WritableStream({ write(x, c) { c.error('stop') } }); const w = s.getWriter();
                 await w.write(1); await w.write(2).catch(log); await w.close().catch((e) => log(e))",
                "stop; TypeError: the stream is closed or errored",
            ),
            (
                "const s = new WritableStream(); s.getWriter(); await s.close().catch(bad);
                 await s.abort().catch((e) => log(e.name))",
                "TypeError: the stream is locked to a writer; TypeError",
            ),
            (
                "const s = new WritableStream({}, new CountQueuingStrategy({ highWaterMark: 3 })); const w = s.getWriter();
                 log(w.desiredSize); w.releaseLock(); await w.write(1).catch((e) => log(e.name)); await s.close(); log(s.locked)",
                "3; TypeError; false",
            ),
            (
                "const s = new WritableStream({ close() { throw 'late' } }); const w = s.getWriter();
                 const c = w.close(); w.close().catch((e) => log(e.name)); await c.catch(log)",
                "TypeError; late",
            ),
        ]);
    }
}
