//! `k6/net/grpc` through the binary, against a server over h2.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/grpc_server.rs"]
mod grpc_server;

use std::sync::atomic::Ordering;

use binary::{Outcome, Run, in_repository, ssek};
use grpc_server::{Server, Settings, descriptors, protos, tls};
use prost_reflect::prost::Message;
use serde_json::Value;

const HEAD: &str = "import grpc, { Client, Stream } from 'k6/net/grpc'
import { sleep } from 'k6'
const A = __ENV.ADDR
const client = new Client()
const thrown = (f) => { try { f() } catch (e) { console.log(e.message) } }
const say = (r) => console.log(JSON.stringify(r))
";

const LOAD: &str = "client.load([__ENV.PROTOS], 'echo.proto')\n";

/// A run of a script; its log lines are bare messages.
fn run(server: &Server, args: &[&str], script: &str) -> (Run, Outcome) {
    let mut all = vec!["run", "-q", "--log-format", "raw", "--out", "json=out.json"];
    all.extend(args);
    all.push("script.js");
    let mut run = ssek(&all)
        .file("script.js", &format!("{HEAD}{script}"))
        .env("ADDR", &server.addr.to_string())
        .env("PROTOS", &protos().display().to_string())
        .env("CERT", include_str!("support/localhost.crt"))
        .env("KEY", include_str!("support/localhost.key"));
    let outcome = run.outcome();
    (run, outcome)
}

/// What an iteration that begins with a connection prints.
fn log(server: &Server, body: &str) -> Vec<String> {
    let script = format!(
        "{LOAD}export default async function () {{ client.connect(A, {{ plaintext: true }}); {body} }}"
    );
    let (_run, outcome) = run(server, &[], &script);
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

#[test]
fn calls_and_their_responses() {
    let server = Server::start(Settings::default());
    let lines = log(
        &server,
        "const r = client.invoke('ssek.test.Echo/Say', { text_value: 'hé', big: '9007199254740993', inner: {} })
         say(r.message); console.log(r.status === grpc.StatusOK, r.error, Object.keys(r).sort().join())
         const all = new Uint8Array([0, 255, 7]).buffer
         const m = client.invoke('/ssek.test.Echo/Say', {}, { timeout: '5s',
            metadata: { 'X-Plain': 'a', 'x-raw-bin': all, 't-end': 'z' } })
         say([m.headers['x-plain'], m.headers['content-type'], m.headers['said-timeout'], m.trailers['t-end']])
         console.log(m.headers['x-raw-bin'][0].length, m.headers['said-agent'][0].split('/')[0])
         const d = client.invoke('ssek.test.Echo/Say', { text_value: 'x' }, { discardResponseMessage: true })
         say([d.status, d.message])
         const [p, q] = await Promise.all(['p', 'q'].map((text_value) =>
            client.asyncInvoke('ssek.test.Echo/Say', { text_value })))
         console.log(p.message.textValue + q.message.textValue)
         try { await client.asyncInvoke('ssek.test.Echo/No', {}) } catch (e) { console.log(e.message) }
         say(client.healthCheck()); console.log(client.healthCheck('down').status === grpc.HealthCheckNotServing)
         thrown(() => client.healthCheck('nobody'))",
    );
    let expected = [
        "{\"textValue\":\"hé\",\"big\":\"9007199254740993\",\"more\":[],\"inner\":{\"textValue\":\"\",\"big\":\"0\",\
         \"more\":[],\"inner\":null,\"at\":null},\"at\":null}",
        "true null error,headers,message,status,trailers",
        "[[\"a\"],[\"application/grpc+proto\"],[\"5000000u\"],[\"z\"]]",
        "3 ssek",
        "[0,null]",
        "pq",
        "method \"/ssek.test.Echo/No\" not found in file descriptors",
        "{\"status\":1,\"message\":{\"status\":1}}",
        "true",
        "rpc error: code = NotFound desc = unknown service",
    ];
    assert_eq!(lines[..3], expected[..3]);
    assert_eq!(lines[4..], expected[4..]);
    assert!(lines[3].ends_with(" ssek"), "{}", lines[3]);
}

#[test]
fn what_goes_wrong() {
    let server = Server::start(Settings::default());
    let lines = log(
        &server,
        "const fail = (r, p) => client.invoke('ssek.test.Echo/Fail', r, p)
         const f = fail({ code: 5, message: 'no such thing', detail: 'gone' })
         say([f.status === grpc.StatusNotFound, f.message]); say(f.error)
         const t = client.invoke('ssek.test.Echo/Slow', { n: 20000 }, { timeout: 50 })
         say([t.status, t.error])
         say(client.invoke('ssek.test.Echo/Large', { n: 5000000 }).error.message)
         thrown(() => fail()); thrown(() => fail({}, { nonsense: 1 })); thrown(() => fail({}, { metadata: 1 }))
         thrown(() => fail({}, { metadata: { 'x-bin': 'text' } })); thrown(() => fail({ nothing: 1 }))
         thrown(() => client.invoke('', {})); thrown(() => client.load([], 'x.proto'))
         thrown(() => client.connect(A, { nonsense: 1 })); thrown(() => client.connect(A, { plaintext: 'x' }))
         client.close(); thrown(() => fail({}))
         thrown(() => new Stream(client, 'ssek.test.Echo/Sum'))
         thrown(() => client.connect('127.0.0.1:1', { plaintext: true }))
         thrown(() => client.connect(A, { timeout: '5s' }))
         client.connect(A, { plaintext: true, maxReceiveSize: 10 })
         say(client.invoke('ssek.test.Echo/Large', { n: 20 }).error.message)",
    );
    let expected = [
        "[true,{\"textValue\":\"\",\"big\":\"0\",\"more\":[],\"inner\":null,\"at\":null}]",
        "{\"code\":5,\"message\":\"no such thing\",\"details\":[\
         {\"@type\":\"type.googleapis.com/ssek.test.Detail\",\"reason\":\"gone\"},\
         {\"@type\":\"type.googleapis.com/nobody.Knows\",\"value\":\"CgRnb25l\"}]}",
        "[4,{\"code\":4,\"message\":\"context deadline exceeded\",\"details\":[]}]",
        "\"grpc: received message larger than max (5000005 vs. 4194304)\"",
        "request cannot be nil",
        "invalid GRPC's client.invoke() parameters: unknown param: \"nonsense\"",
        "invalid GRPC's client.invoke() parameters: invalid metadata param: must be an object with key-value pairs",
        "invalid GRPC's client.invoke() parameters: invalid metadata param: \"x-bin\" value must be binary",
        "unable to serialise request object to protocol buffer: proto: unrecognized field name 'nothing'",
        "method to invoke cannot be empty",
        "load must be called in the init context",
        "invalid grpc.connect() parameters: unknown connect param: \"nonsense\"",
        "invalid grpc.connect() parameters: invalid plaintext value: '\"x\"', it needs to be boolean",
        "no gRPC connection, you must call connect first",
        "invalid GRPC Stream's client: no gRPC connection, you must call connect first",
        "connection error: desc = \"transport: error while dialing: dial tcp 127.0.0.1:1: connect: connection \
         refused\"",
        "connection error: desc = \"transport: authentication handshake failed: ",
        "\"grpc: received message larger than max (22 vs. 10)\"",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn streams_both_ways() {
    let server = Server::start(Settings::default());
    let lines = log(
        &server,
        "const open = (name, done) => new Promise((resolve) => {
            const s = new Stream(client, 'ssek.test.Echo/' + name), got = []
            s.on('data', (m, meta) => got.push(meta.ts > 1e12 ? m : 'no time'))
            s.on('error', (e) => got.push(e))
            s.on('end', () => resolve(got))
            done(s) })
         say(await open('Sum', (s) => { s.write({ n: 1 }); s.write({ n: 41 }); s.end(); s.write({ n: 9 }) }))
         say(await open('Count', (s) => { s.write({ n: 3 }); s.end() }))
         say(await open('Count', (s) => s.write({ n: -1 })))
         say((await open('Count', (s) => s.write({ n: 2000 }))).length)
         let chat
         say((await open('Chat', (s) => { chat = s; s.write({ textValue: 'a' })
            s.on('data', (m) => m.textValue === 'A' ? s.write({ textValue: 'b' }) : s.end()) }))
            .map((m) => m.textValue))
         chat.on('what', () => {}); thrown(() => chat.on('data')); chat.write({}); chat.end(); chat.write(null)
         say(await open('Sum', (s) => s.write({ nothing: 1 })))
         const bare = new Stream(client, 'ssek.test.Echo/Count', { discardResponseMessage: true })
         await new Promise((resolve) => { bare.on('data', say); bare.on('end', resolve); bare.write({ n: 1 }) })
         const cut = new Stream(client, 'ssek.test.Echo/Chat', { timeout: 50 })
         cut.on('end', () => { console.log('cut'); client.close() })",
    );
    let expected = [
        "[{\"n\":42}]",
        "[{\"n\":0},{\"n\":1},{\"n\":2}]",
        "[{\"n\":0},{\"code\":9,\"message\":\"below zero\",\"details\":[]}]",
        "2000",
        "[\"A\",\"B\"]",
        "can't register what event handler: unknown GRPC stream's event type: \"what\"; there are data, error and \
         end",
        "handler for \"data\" event isn't a callable function",
        "can't send empty message",
        "[{\"code\":2,\"message\":\"can't serialise request object to protocol buffer: proto: unrecognized field \
         name 'nothing' at line 1 column 10\",\"details\":[]}]",
        "{}",
        "no handlers for error registered, but an error happened: rpc error: code = DeadlineExceeded desc = context \
         deadline exceeded",
        "cut",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn metrics_of_calls_and_streams() {
    let server = Server::start(Settings::default());
    let script = format!(
        "{LOAD}export const options = {{ vus: 2, iterations: 4, thresholds: {{
            'grpc_req_duration{{method:Say}}': ['max<60000'], grpc_streams: ['count==4'] }} }}
         export default function () {{
            if (__ITER === 0) client.connect(A, {{ plaintext: true }})
            client.invoke('ssek.test.Echo/Say', {{}}, {{ tags: {{ mine: 'yes', name: 'chosen' }} }})
            client.invoke('ssek.test.Echo/Fail', {{ code: 3 }})
            const s = new Stream(client, 'ssek.test.Echo/Chat', {{ tags: {{ of: 'stream' }} }})
            let left = 3
            s.on('data', () => --left === 0 ? s.end() : null)
            for (let i = 0; i < 3; i++) s.write({{}})
         }}"
    );
    let (run, outcome) = run(&server, &[], &script);
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), ""));
    let durations = samples(&run, "grpc_req_duration");
    let of = |method: &str| durations.iter().filter(|(_, tags)| tags["method"] == method).collect::<Vec<_>>();
    assert_eq!((durations.len(), of("Say").len(), of("Chat").len()), (12, 4, 4));
    let tags = &of("Say")[0].1;
    assert_eq!(tags["url"], format!("{}/ssek.test.Echo/Say", server.addr));
    assert_eq!([&tags["service"], &tags["name"]], ["ssek.test.Echo", "chosen"]);
    assert_eq!([&tags["status"], &tags["mine"]], ["0", "yes"]);
    assert_eq!([&of("Fail")[0].1["status"], &of("Fail")[0].1["name"]], ["3", "/ssek.test.Echo/Fail"]);
    for (metric, count) in
        [("grpc_streams", 4), ("grpc_streams_msgs_sent", 12), ("grpc_streams_msgs_received", 12)]
    {
        let all = samples(&run, metric);
        assert_eq!(all.len(), count, "{metric}");
        assert_eq!([&all[0].1["method"], &all[0].1["of"]], ["Chat", "stream"]);
    }
    for metric in ["data_sent", "data_received"] {
        assert!(samples(&run, metric).iter().all(|(bytes, _)| *bytes > 50.0), "{metric}");
    }
    // A connection lasts over iterations.
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
}

#[test]
fn reflection_in_both_versions() {
    for version in ["v1", "v1alpha"] {
        let server = Server::start(Settings { reflection: Some(version), ..Settings::default() });
        let script = "export default function () {
            client.connect(A, { plaintext: true, reflect: true, reflectMetadata: { 'x-a': 'b' } })
            say(client.invoke('ssek.test.Echo/Say', { textValue: 'known' }).message.textValue) }";
        let (run, outcome) = run(&server, &[], script);
        assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), "\"known\"\n"), "{version}");
        // Calls that the script did not make have no names.
        let durations = samples(&run, "grpc_req_duration");
        let methods: Vec<_> =
            durations.iter().map(|(_, tags)| tags["method"].as_str().unwrap_or("-")).collect();
        assert_eq!(methods, ["-", "Say"]);
    }
    let server = Server::start(Settings::default());
    let script = "export default function () {
        thrown(() => client.connect(A, { plaintext: true, reflect: true })) }";
    let (_run, outcome) = run(&server, &[], script);
    assert!(
        outcome.stderr.starts_with("error invoking reflect API: rpc error: code = Unimplemented desc = "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn protosets_and_files_that_are_missing() {
    let server = Server::start(Settings::default());
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("all.protoset");
    std::fs::write(&set, descriptors().encode_to_vec()).unwrap();
    let script = format!(
        "const added = client.loadProtoset('{}'); say(added[0]); console.log(added.length)
         thrown(() => client.load(null, 'nowhere.proto'))
         thrown(() => client.connect(A)); thrown(() => client.invoke('ssek.test.Echo/Say', {{}}))
         export default function () {{
            client.connect(A, {{ plaintext: true }})
            say(client.invoke('ssek.test.Echo/Say', {{ textValue: 'set' }}).message.textValue) }}",
        set.display()
    );
    let (_run, outcome) = run(&server, &["--no-setup", "--share-realm=false"], &script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    for line in [
        "{\"package\":\"ssek.test\",\"service\":\"Echo\",\"full_method\":\"/ssek.test.Echo/Chat\"}",
        "7",
        "nowhere.proto: no such file or directory",
        "connecting to a gRPC server in the init context is not supported",
        "invoking RPC methods in the init context is not supported",
        "\"set\"",
    ] {
        assert!(outcome.stderr.contains(line), "{line}\n{}", outcome.stderr);
    }
}

#[test]
fn tls_with_an_authority_and_a_certificate() {
    let server = Server::start(Settings { tls: Some(tls(true)), ..Settings::default() });
    let script = format!(
        "{LOAD}const local = A.replace('127.0.0.1', 'localhost')
         const tls = {{ cacerts: [__ENV.CERT], cert: __ENV.CERT, key: __ENV.KEY }}
         export default function () {{
            client.connect(local, {{ tls }})
            say(client.invoke('ssek.test.Echo/Say', {{ textValue: 'safe' }}).message.textValue)
            client.connect(A, {{ tls, authority: 'localhost' }})
            say(client.invoke('ssek.test.Echo/Say', {{}}).status)
            thrown(() => client.connect(local, {{ timeout: '5s' }}))
            thrown(() => client.connect(A, {{ tls, authority: 'other.test' }}))
            thrown(() => client.connect(A, {{ tls: {{ cacerts: 'x' }} }}))
         }}"
    );
    let (_run, outcome) = run(&server, &[], &script);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(lines[..2], ["\"safe\"", "0"], "{}", outcome.stderr);
    let failed = "connection error: desc = \"transport: authentication handshake failed: tls: failed to verify \
                  certificate: x509: ";
    assert!(lines[2].starts_with(failed) && lines[3].starts_with(failed), "{}", outcome.stderr);
    assert!(lines[4].starts_with("invalid grpc.connect() parameters: invalid tls value: `cacerts` holds no"));
}

#[test]
fn a_connection_that_ends_is_made_again() {
    let server = Server::start(Settings { calls_per_connection: Some(1), ..Settings::default() });
    let lines = log(
        &server,
        "for (let i = 0; i < 3; i++) { say(client.invoke('ssek.test.Echo/Say', {}).status); sleep(0.05) }",
    );
    assert_eq!(lines, ["0", "0", "0"]);
    assert_eq!(server.connections.load(Ordering::Relaxed), 3);
}

#[test]
fn the_hard_deadline_ends_calls_and_streams() {
    let server = Server::start(Settings::default());
    let script = format!(
        "{LOAD}export const options = {{ scenarios: Object.fromEntries(['call', 'stream'].map((exec) => [exec, {{
            executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s', exec }}])) }}
         export function call() {{
            client.connect(A, {{ plaintext: true }})
            client.invoke('ssek.test.Echo/Slow', {{ n: 60000 }})
         }}
         export function stream() {{
            client.connect(A, {{ plaintext: true }})
            new Stream(client, 'ssek.test.Echo/Chat').on('end', () => console.log('end'))
         }}"
    );
    let (run, outcome) = run(&server, &[], &script);
    let warning = "No script iterations fully finished, consider making the test duration longer\n";
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), warning));
    assert!(samples(&run, "grpc_req_duration").is_empty());
    assert_eq!(samples(&run, "grpc_streams").len(), 1);
}

#[test]
fn an_exception_ends_streams() {
    let server = Server::start(Settings::default());
    let script = format!(
        "{LOAD}export default function () {{
            client.connect(A, {{ plaintext: true }})
            const s = new Stream(client, 'ssek.test.Echo/Chat')
            s.on('data', () => {{ throw new Error('enough') }})
            s.write({{}})
         }}"
    );
    let (run, outcome) = run(&server, &["--iterations", "2"], &script);
    assert_eq!((outcome.exit, outcome.stderr.matches("Error: enough").count()), (Some(0), 2));
    let durations = samples(&run, "grpc_req_duration");
    assert_eq!(durations.len(), 2);
    assert_eq!(durations[0].1["status"], "1");
}

#[test]
fn the_example_loads_its_file() {
    let outcome = ssek(&["inspect", in_repository("examples/grpc.js").to_str().unwrap()]).outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
}
