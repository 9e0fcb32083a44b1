//! What scripts import: modules from the web and from the cache, jslib's stand-ins, JSON, source maps.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/module_server.rs"]
mod server;

use std::fs;
use std::path::Path;

use binary::{Outcome, Run, ssek};
use server::{Asked, ModuleServer, Reply, authority};

fn ok(body: &str) -> Reply {
    (200, vec!["Cache-Control: max-age=600".to_owned()], body.to_owned())
}

/// A run that trusts the server's authority.
fn trusting(args: &[&str]) -> Run {
    ssek(args).env("SSL_CERT_FILE", authority().to_str().unwrap())
}

/// Runs the same command in the folder of an earlier run: with its cache.
fn again(earlier: &Run, args: &[&str]) -> Run {
    let mut run = trusting(args);
    run.command.current_dir(&earlier.folder).env("HOME", earlier.folder.path());
    run
}

fn passed(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    &outcome.stderr
}

fn logged(outcome: &Outcome) -> Vec<&str> {
    let lines = passed(outcome).lines().filter(|line| line.contains("source=console"));
    lines.filter_map(|line| line.split("msg=").nth(1)?.strip_suffix(" source=console")).collect()
}

#[test]
fn modules_are_fetched_kept_and_found_again() {
    let server = ModuleServer::start(|asked: &Asked| match asked.path.as_str() {
        "/lib/main.js?_k6=1" => ok("import { b } from './b.js'; import '/c.js'; export const a = `a${b}`"),
        "/lib/b.js?_k6=1" => {
            let etag = asked.header("if-none-match");
            let headers = vec!["ETag: \"7\"".to_owned()];
            if etag == Some("\"7\"") {
                (304, headers, String::new())
            } else {
                (200, headers, "export const b = 'b'".to_owned())
            }
        }
        // Some servers do not know the parameter.
        "/c.js" => (302, vec!["Location: /moved/c.js".to_owned()], String::new()),
        "/moved/c.js" => (200, vec!["Cache-Control: no-store".to_owned()], "globalThis.c = 1".to_owned()),
        _ => (400, vec![], String::new()),
    });
    let script = format!(
        "import {{ a }} from '{}'; export default function () {{ console.log(a) }}",
        server.url("lib/main.js")
    );
    let mut run = trusting(&["run", "-q", "main.js"]).file("main.js", &script);
    assert_eq!(logged(&run.outcome()), ["ab"]);
    let first = ["/lib/main.js?_k6=1", "/lib/b.js?_k6=1", "/c.js?_k6=1", "/c.js", "/moved/c.js"];
    assert_eq!(server.asked(), first);
    // Fresh, asked again with its tag, not kept.
    assert_eq!(logged(&again(&run, &["run", "-q", "main.js"]).outcome()), ["ab"]);
    assert_eq!(server.asked(), &first[1..]);
    let outcome = again(&run, &["run", "-q", "--offline", "main.js"]).outcome();
    assert_eq!(outcome.exit, Some(107), "{outcome:?}");
    assert!(outcome.stderr.contains("is not in the cache, and --offline"), "{outcome:?}");
    assert_eq!(server.asked(), [""; 0]);
    let outcome = again(&run, &["run", "-q", &server.url("lib/main.js")]).outcome();
    assert!(outcome.stderr.contains("no exported functions in script"), "{outcome:?}");
    let deps = again(&run, &["deps", "main.js"]).outcome();
    assert!(deps.stdout.contains(&server.url("lib/b.js")) && deps.exit == Some(0), "{deps:?}");
}

#[test]
fn an_archive_holds_what_was_fetched() {
    let server = ModuleServer::start(|asked: &Asked| match asked.path.as_str() {
        "/x.js?_k6=1" => (200, vec![], "import d from './d.json'; export default d.n".to_owned()),
        "/d.json?_k6=1" => ok("{\"n\": 42}"),
        _ => (404, vec![], String::new()),
    });
    let script =
        format!("import x from '{}'; export default function () {{ console.log(x) }}", server.url("x.js"));
    let mut run = trusting(&["archive", "-q", "main.js"]).file("main.js", &script);
    passed(&run.outcome());
    fs::remove_dir_all(run.folder.path().join(".cache")).unwrap();
    let outcome = again(&run, &["run", "-q", "--offline", "archive.tar"]).outcome();
    assert_eq!(logged(&outcome), ["42"]);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn what_cannot_be_imported_is_said() {
    let server = ModuleServer::start(|asked: &Asked| match asked.path.split('?').next().unwrap() {
        "/local.js" => ok("import 'file:///etc/hostname'"),
        "/down.js" => (503, vec![], String::new()),
        "/plain.js" => (302, vec!["Location: http://localhost/x.js".to_owned()], String::new()),
        _ => (404, vec![], String::new()),
    });
    let at = |path: &str| server.url(path);
    for (url, said) in [
        (at("no.js"), format!("not found: {}", at("no.js"))),
        (at("down.js"), "the server answered with status 503".to_owned()),
        (at("plain.js"), "could not fetch the module".to_owned()),
        (at("local.js"), "modules from the web have no access to local files".to_owned()),
        (
            "http://localhost/x.js".to_owned(),
            "only supported schemes for imports are file and https".to_owned(),
        ),
        ("github.com/a/b.js".to_owned(), "is no longer supported".to_owned()),
        ("./d.txt".to_owned(), "only files whose names end in .json".to_owned()),
        ("./bad.json".to_owned(), "bad.json is no JSON: ".to_owned()),
    ] {
        let with = if url.starts_with('.') { " with { type: 'json' }" } else { "" };
        let script = format!("import x from '{url}'{with}; export default function () {{}}");
        let mut run = trusting(&["run", "-q", "main.js"]).file("main.js", &script);
        run = run.file("d.txt", "1").file("bad.json", "{");
        let outcome = run.outcome();
        assert!(outcome.exit == Some(107) && outcome.stderr.contains(&said), "{url}: {outcome:?}");
    }
    // Without the authority, the certificate is nobody's.
    let script = format!("import '{}'", at("no.js"));
    let outcome = ssek(&["run", "-q", "main.js"]).file("main.js", &script).outcome();
    assert!(outcome.stderr.to_lowercase().contains("certificate"), "{outcome:?}");
}

#[test]
fn popular_modules_have_stand_ins_without_a_network() {
    let script = "import { randomIntBetween } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js'
        import { URL } from 'https://jslib.k6.io/url/1.0.0/index.js'
        export default function () { console.log(randomIntBetween(3, 3), new URL('/x', 'https://a.test').href) }";
    let run = |args: &[&str]| ssek(args).file("main.js", script);
    let mut offline = run(&["run", "-v", "--offline", "main.js"]);
    let outcome = offline.outcome();
    assert_eq!(logged(&outcome), ["\"3 https://a.test/x\""]);
    let said = "ssek's own module stands in for https://jslib.k6.io/url/1.0.0/index.js (--offline)";
    assert!(outcome.stderr.contains(said), "{outcome:?}");
    assert!(!outcome.stderr.contains("a realm and a thread of its own"), "{outcome:?}");
    // A network that is not there.
    let mut cut_off = run(&["run", "-q", "main.js"]).env("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_eq!(logged(&cut_off.outcome()), ["\"3 https://a.test/x\""]);
    let outcome = run(&["run", "-q", "main.js"]).env("SSEK_OFFLINE", "perhaps").outcome();
    assert_eq!(outcome.exit, Some(104), "{outcome:?}");
}

#[test]
fn stand_ins_give_what_is_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jslib");
    let mut scripts: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(scripts.len() >= 6);
    for script in scripts {
        let mut run = ssek(&["run", "-v", "--offline", "main.js"])
            .file("main.js", &fs::read_to_string(&script).unwrap());
        let outcome = run.outcome();
        let shown = script.display();
        let is_told =
            outcome.stdout.contains("all as documented") || outcome.stderr.contains("all as documented");
        assert!(
            outcome.exit == Some(0) && is_told && !outcome.stderr.contains("level=error"),
            "{shown}: {outcome:?}"
        );
        assert!(!outcome.stderr.contains("a realm and a thread of its own"), "{shown}: {}", outcome.stderr);
    }
}

#[test]
fn json_and_import_meta() {
    let script = "import data, { default as same } from './data.json' with { type: 'json' }
        import * as all from './data.json' with { type: 'json' }
        const old = require('./data.json')
        const where = import.meta.resolve('./lib/x.js'), builtin = import.meta.resolve('k6/http')
        const lazy = await import('./lazy.js')
        export default async function () {
            console.log(data.list[1], same === data, old === data, Object.keys(all).join(), where.endsWith('/lib/x.js'), builtin)
            console.log(lazy.one, (await import('./lazy.js')).one)
        }";
    let files = |run: Run| {
        run.file("main.js", script)
            .file("data.json", "\u{feff}{\"list\": [1, \"é\"]}")
            .file("lazy.js", "export const one = 1")
    };
    assert_eq!(
        logged(&files(ssek(&["run", "-q", "main.js"])).outcome()),
        ["\"é true true default true k6/http\"", "\"1 1\""]
    );
    // A script with nothing but JSON shares its realm; what each VU has is its own.
    let script = "import data from './data.json'
        export const options = { scenarios: { each: { executor: 'per-vu-iterations', vus: 2 } } }
        export default function () { data.list.push(__VU); console.log(data.list.length) }";
    let mut run = ssek(&["run", "-v", "main.js"]).file("main.js", script).file("data.json", "{\"list\": []}");
    let outcome = run.outcome();
    assert_eq!(logged(&outcome), ["1", "1"]);
    assert!(!outcome.stderr.contains("a realm and a thread of its own"), "{outcome:?}");
}

#[test]
fn source_maps_lead_to_what_was_written() {
    // One mapping for each line: line N of the file is line N + 4 of the source.
    let map = r#"{"version":3,"sources":["../src/app.ts"],"names":[],"mappings":"AAIA;AACA;AACA"}"#;
    let code = "export default function () {\nthrow new Error('x')\n}\n";
    let with = |comment: &str| {
        ssek(&["run", "-q", "main.js"]).file("main.js", &format!("{code}//# sourceMappingURL={comment}\n"))
    };
    let place = "src/app.ts:6:";
    let outcome = with("main.js.map").file("main.js.map", map).outcome();
    assert!(outcome.stderr.contains(place), "{outcome:?}");
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, map);
    let outcome = with(&format!("data:application/json;base64,{base64}")).outcome();
    assert!(outcome.stderr.contains(place), "{outcome:?}");
    let outcome = with("none.map").outcome();
    assert!(outcome.stderr.contains("Couldn't load source map for file://"), "{outcome:?}");
    assert!(outcome.stderr.contains("main.js:2:"), "{outcome:?}");
}
