//! What options and settings do, from outside; those of the network have tests of their own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::fs;
use std::time::{Duration, Instant};

use binary::{Outcome, ssek};
use script::{ok, run, samples};
use support::{Server, respond};

/// A run of a script whose log lines are bare messages.
fn quiet(args: &[&str], env: &[(&str, &str)], script: &str) -> Outcome {
    let mut run = ssek(&[&["run", "-q", "--log-format=raw", "a.js"], args].concat()).file("a.js", script);
    for (name, value) in env {
        run = run.env(name, value);
    }
    run.outcome()
}

#[test]
fn setup_teardown_and_summary_have_limits_or_none() {
    let script = "import { sleep } from 'k6'\n\
                  export const setup = () => { console.log('setup'); sleep(__ENV.SLOW === 'setup' ? 9 : 0) }\n\
                  export const teardown = () => { console.log('teardown'); sleep(__ENV.SLOW === 'teardown' ? 9 : 0) }\n\
                  export const handleSummary = () => { if (__ENV.SLOW === 'summary') for (;;); return {} }\n\
                  export default () => 1";
    for (env, args, exit, said) in [
        (
            &[("K6_SETUP_TIMEOUT", "100ms"), ("SLOW", "setup")][..],
            &[][..],
            100,
            "setup() execution timed out after 0.1 seconds",
        ),
        (
            &[("K6_TEARDOWN_TIMEOUT", "100"), ("SLOW", "teardown")],
            &[],
            101,
            "teardown() execution timed out after 0.1 seconds",
        ),
        (
            &[("K6_HANDLE_SUMMARY_TIMEOUT", "0.1s"), ("SLOW", "summary")],
            &[],
            0,
            "handleSummary() execution timed out after 0.1 seconds",
        ),
        (&[("K6_SETUP_TIMEOUT", "100ms"), ("SLOW", "setup")], &["--no-setup"], 0, "teardown"),
        (
            &[("K6_TEARDOWN_TIMEOUT", "100ms"), ("SLOW", "teardown"), ("K6_NO_TEARDOWN", "true")],
            &[],
            0,
            "setup",
        ),
    ] {
        let outcome = quiet(args, env, script);
        assert_eq!(outcome.exit, Some(exit), "{env:?}: {outcome:?}");
        assert!(outcome.stderr.contains(said), "{env:?}: {outcome:?}");
        assert_eq!(outcome.stderr.contains("setup\n"), args.is_empty(), "{env:?}: {outcome:?}");
    }
}

#[test]
fn iterations_take_a_least_time() {
    let start = Instant::now();
    let args = [
        "-i",
        "3",
        "--min-iteration-duration",
        "200ms",
        "--summary-time-unit=ms",
        "--summary-trend-stats=max",
    ];
    let outcome = quiet(&args, &[], "export default () => 1");
    assert!(start.elapsed() >= Duration::from_millis(400), "{outcome:?}");
    let (_, max) = outcome.stdout.split_once("max=").unwrap();
    let max: f64 = max.split_once("ms").unwrap().0.parse().unwrap();
    assert!(max < 200.0, "the pause is no part of it: {max}");
}

#[test]
fn requests_obey_their_options() {
    let server = ok();
    let script = "export default () => { const r = http.get(U); console.log(JSON.stringify(r.body)) }";
    let args = ["--user-agent", "me/1", "--discard-response-bodies", "--system-tags", "status,vu"];
    let (folder, outcome) = run(&server, &args, script);
    assert_eq!(outcome.stderr, "null\n");
    assert_eq!(server.requests()[0].header("User-Agent"), Some("me/1"));
    let reqs = samples(&folder, "http_reqs");
    assert_eq!(reqs[0].1.as_object().unwrap().keys().collect::<Vec<_>>(), ["status"], "{reqs:?}");
    let (_folder, outcome) = run(&server, &["--user-agent="], script);
    assert_eq!(outcome.stderr, "\"ok\"\n");
    assert_eq!(server.requests()[1].header("User-Agent"), None);
}

#[test]
fn failed_requests_throw_where_they_are_to() {
    let script = "import http from 'k6/http'\n\
                  export default () => { console.log('status', http.get('http://127.0.0.1:1/').status) }";
    let mild = quiet(&[], &[], script);
    assert!(mild.stderr.contains("status 0\n") && mild.stderr.contains("Request Failed"), "{mild:?}");
    for (args, env) in [(&["-w"][..], &[][..]), (&[], &[("K6_THROW", "true")])] {
        let strict = quiet(args, env, script);
        assert_eq!(strict.exit, Some(0));
        assert!(
            !strict.stderr.contains("status 0") && strict.stderr.contains("connection refused"),
            "{strict:?}"
        );
    }
}

#[test]
fn cookies_stay_if_they_are_to() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "Set-Cookie: a=1; Path=/\r\n", b"ok"));
    for (options, sent) in [("{ iterations: 2 }", 0), ("{ iterations: 2, noCookiesReset: true }", 1)] {
        let script = format!("export const options = {options}; export default () => http.get(U)");
        let before = server.requests().len();
        run(&server, &[], &script);
        let cookies = server.requests()[before..].iter().filter(|r| r.header("Cookie").is_some()).count();
        assert_eq!(cookies, sent, "{options}");
    }
}

#[test]
fn features_change_what_they_say() {
    let script = "import exec from 'k6/execution'\nexport const options = { tags: { a: 'script', b: '1' } }\n\
                  export default () => {\n\
                    let froze = ''; try { __ENV.NEW = 1; froze = 'no' } catch (e) { froze = e.name }\n\
                    console.log(froze, JSON.stringify(exec.test.options.tags), JSON.stringify(exec.vu.metrics.tags)) }";
    for (args, env, want) in [
        (&[][..], &[("K6_TAGS", "a:env")][..], "no {'a':'env'} {'a':'env','group':'',"),
        (
            &["--features", "freeze-env,merge-run-tags"],
            &[("K6_TAGS", "a:env")],
            "TypeError {'a':'env','b':'1'} {'a':'env','b':'1','group':'','k6_feature_freeze_env':'true',\
             'k6_feature_merge_run_tags':'true',",
        ),
        (
            &["--features", "native-histograms"],
            &[("K6_FEATURES", "freeze-env")],
            "no {'a':'script','b':'1'} {'a':'script','b':'1','group':'','k6_feature_native_histograms':'true',",
        ),
    ] {
        let outcome = quiet(args, env, script);
        assert!(outcome.stderr.starts_with(&want.replace('\'', "\"")), "{args:?} {env:?}: {outcome:?}");
    }
    let outcome = quiet(&[], &[("K6_FEATURES", "freeze-nev")], script);
    assert!(outcome.stderr.starts_with("there is no feature 'freeze-nev'"), "{outcome:?}");
    assert_eq!(outcome.exit, Some(0));
    let config = ssek(&["run", "-q", "--log-format=raw", "-c", "c.json", "a.js"])
        .file("a.js", script)
        .file("c.json", r#"{"features": ["freeze-env"]}"#)
        .outcome();
    assert!(config.stderr.starts_with("TypeError "), "{config:?}");
}

#[test]
fn what_scripts_see_of_the_environment() {
    let script = "export default () => console.log(__ENV.A, __ENV.B, __ENV.SYSTEM, typeof global)";
    for (args, env, want) in [
        (&["-e", "A=1=2", "-e", "B"][..], &[][..], "1=2  system object"),
        (&["-e", "SYSTEM=mine", "-e", "A=1", "-e", "A=2"], &[], "2 undefined mine object"),
        (&["--include-system-env-vars=false"], &[], "undefined undefined undefined object"),
        (&[], &[("K6_INCLUDE_SYSTEM_ENV_VARS", "false")], "undefined undefined undefined object"),
        (
            &["--include-system-env-vars"],
            &[("K6_INCLUDE_SYSTEM_ENV_VARS", "0")],
            "undefined undefined system object",
        ),
        (&["--compatibility-mode=base"], &[], "undefined undefined system undefined"),
        (
            &["--compatibility-mode=extended"],
            &[("K6_COMPATIBILITY_MODE", "base")],
            "undefined undefined system object",
        ),
    ] {
        let env = [&[("SYSTEM", "system")], env].concat();
        assert_eq!(quiet(args, &env, script).stderr.trim_end(), want, "{args:?} {env:?}");
    }
    // Commands that only look at a script show it none of the system's.
    let script = "export const options = { tags: { a: String(__ENV.SYSTEM), b: String(__ENV.B) } }; export default () => 1";
    for (args, want) in [
        (&["-e", "B=1"][..], "\"a\": \"undefined\",\n    \"b\": \"1\""),
        (&["--include-system-env-vars"], "\"a\": \"system\""),
    ] {
        let outcome = ssek(&[&["inspect", "a.js"], args].concat())
            .file("a.js", script)
            .env("SYSTEM", "system")
            .outcome();
        assert!(outcome.stdout.contains(want), "{args:?}: {outcome:?}");
    }
}

#[test]
fn settings_come_from_the_environment_too() {
    let script = "import { check } from 'k6'\n\
                  export const options = { thresholds: { checks: ['rate>0.5'] } }\n\
                  export default () => { console.log('from the VU'); check(1, { no: () => false }) }";
    for (flags, env, file, exit) in [
        (&["--console-output=out.txt"][..], &[][..], Some("out.txt"), 99),
        (&[], &[("K6_CONSOLE_OUTPUT", "out.txt")], Some("out.txt"), 99),
        (&["--summary-export=s.json"], &[], Some("s.json"), 99),
        (&[], &[("SSEK_SUMMARY_EXPORT", "s.json")], Some("s.json"), 99),
        (&["--out=json=o.json"], &[], Some("o.json"), 99),
        (&[], &[("K6_OUT", "json=o.json")], Some("o.json"), 99),
        (&["--no-thresholds"], &[], None, 0),
        (&[], &[("K6_NO_THRESHOLDS", "true")], None, 0),
        (&["--no-usage-report", "--summary-mode=disabled"], &[("K6_NO_USAGE_REPORT", "true")], None, 99),
        (&[], &[("K6_LOG_OUTPUT", "file=log.txt"), ("K6_SUMMARY_MODE", "full")], Some("log.txt"), 99),
        (&["--type=js"], &[("K6_TYPE", "archive"), ("K6_NO_COLOR", "1")], None, 99),
    ] {
        let mut run = ssek(&[&["run", "a.js"], flags].concat()).file("a.js", script);
        for (name, value) in env {
            run = run.env(name, value);
        }
        let outcome = run.outcome();
        assert_eq!(outcome.exit, Some(exit), "{flags:?} {env:?}: {outcome:?}");
        if let Some(file) = file {
            let written = fs::read_to_string(run.folder.path().join(file)).unwrap();
            assert!(!written.is_empty(), "{flags:?} {env:?}");
        }
    }
}

#[test]
fn what_is_not_there_is_said() {
    let script = "export default () => 1";
    let traces = quiet(&["--traces-output=otel=http://127.0.0.1:1"], &[], script);
    assert!(
        traces.exit == Some(0) && traces.stderr.starts_with("--traces-output (K6_TRACES_OUTPUT): no traces"),
        "{traces:?}"
    );
    for (args, env, want) in [
        (&["--profiling-enabled"][..], &[][..], "profiling (--profiling-enabled, K6_PROFILING_ENABLED)"),
        (&[], &[("K6_PROFILING_ENABLED", "")], "profiling (--profiling-enabled, K6_PROFILING_ENABLED)"),
        (&["--new-machine-readable-summary"], &[], "--new-machine-readable-summary is not supported: "),
        (&[], &[("K6_TRACES_OUTPUT", "jaeger")], "invalid traces output 'jaeger', allowed are: none, otel"),
    ] {
        let outcome = quiet(args, env, script);
        assert_eq!(outcome.exit, Some(255), "{outcome:?}");
        assert!(outcome.stderr.starts_with(want), "{outcome:?}");
    }
    assert_eq!(quiet(&["--new-machine-readable-summary=false"], &[], script).exit, Some(0));
    let hosts = quiet(&[], &[("K6_HOSTS", "{}")], script);
    assert!(
        hosts.exit == Some(0) && hosts.stderr.starts_with("the environment variable K6_HOSTS is not read")
    );
    let features = ssek(&["features", "--json"]).outcome();
    let names: serde_json::Value = serde_json::from_str(&features.stdout).unwrap();
    assert_eq!(names[0]["feature"], "freeze-env");
}
