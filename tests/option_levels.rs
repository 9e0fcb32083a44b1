//! Options from the config file, the script, the environment and flags: who wins, and what is said of
//! mistakes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::ssek;
use serde_json::{Value, json};

/// An option at each level, `null` where it cannot be set there: the config file, the script, the
/// environment (name, text, meaning), flags (text, meaning).
type Row = (&'static str, Value, Value, (&'static str, &'static str, Value), (&'static str, Value));

const NO_VARIABLE: &str = "";

fn rows() -> Vec<Row> {
    let only_json = |key: &'static str, file: Value, script: Value| -> Row {
        (key, file, script, (NO_VARIABLE, "", Value::Null), ("", Value::Null))
    };
    vec![
        ("setupTimeout", json!("1s"), json!(2000), ("SETUP_TIMEOUT", "3s", json!("3s")), ("", Value::Null)),
        (
            "teardownTimeout",
            json!("1m"),
            json!("2d"),
            ("TEARDOWN_TIMEOUT", "90000", json!("1m30s")),
            ("", Value::Null),
        ),
        (
            "handleSummaryTimeout",
            json!("1s"),
            json!("2s"),
            ("HANDLE_SUMMARY_TIMEOUT", "3s", json!("3s")),
            ("", Value::Null),
        ),
        (
            "noSetup",
            json!(true),
            json!(false),
            ("NO_SETUP", "T", json!(true)),
            ("--no-setup=false", json!(false)),
        ),
        (
            "noTeardown",
            json!(false),
            json!(true),
            ("NO_TEARDOWN", "0", json!(false)),
            ("--no-teardown", json!(true)),
        ),
        ("rps", json!(1), json!(2), ("RPS", "3", json!(3)), ("--rps=4", json!(4))),
        (
            "maxRedirects",
            json!(1),
            json!("2"),
            ("MAX_REDIRECTS", "3", json!(3)),
            ("--max-redirects=4", json!(4)),
        ),
        (
            "userAgent",
            json!("a"),
            json!("b"),
            ("USER_AGENT", "c", json!("c")),
            ("--user-agent=d", json!("d")),
        ),
        ("batch", json!(1), json!(2), ("BATCH", "3", json!(3)), ("--batch=4", json!(4))),
        (
            "batchPerHost",
            json!(1),
            json!(2),
            ("BATCH_PER_HOST", "3", json!(3)),
            ("--batch-per-host=4", json!(4)),
        ),
        (
            "insecureSkipTLSVerify",
            json!(true),
            json!(false),
            ("INSECURE_SKIP_TLS_VERIFY", "true", json!(true)),
            ("--insecure-skip-tls-verify=0", json!(false)),
        ),
        ("throw", json!(true), json!(false), ("THROW", "1", json!(true)), ("-w=false", json!(false))),
        (
            "noConnectionReuse",
            json!(true),
            json!(false),
            ("NO_CONNECTION_REUSE", "true", json!(true)),
            ("--no-connection-reuse=false", json!(false)),
        ),
        (
            "noVUConnectionReuse",
            json!(false),
            json!(true),
            ("NO_VU_CONNECTION_REUSE", "false", json!(false)),
            ("--no-vu-connection-reuse", json!(true)),
        ),
        (
            "minIterationDuration",
            json!("1ms"),
            json!(2),
            ("MIN_ITERATION_DURATION", "3ms", json!("3ms")),
            ("--min-iteration-duration=4ms", json!("4ms")),
        ),
        (
            "summaryTrendStats",
            json!(["avg"]),
            json!(["min"]),
            ("SUMMARY_TREND_STATS", "max,count", json!(["max", "count"])),
            ("--summary-trend-stats=p(99.9),med", json!(["p(99.9)", "med"])),
        ),
        (
            "summaryTimeUnit",
            json!("s"),
            json!("ms"),
            ("SUMMARY_TIME_UNIT", "us", json!("us")),
            ("--summary-time-unit=s", json!("s")),
        ),
        (
            "systemTags",
            json!(["url"]),
            json!(["name"]),
            ("SYSTEM_TAGS", "method,status", json!(["method", "status"])),
            ("--system-tags=vu", json!(["vu"])),
        ),
        (
            "tags",
            json!({"a": "1"}),
            json!({"b": "2"}),
            ("TAGS", "c:3,d:4", json!({"c": "3", "d": "4"})),
            ("--tag=e=5", json!({"e": "5"})),
        ),
        (
            "blacklistIPs",
            json!(["10.0.0.0/8"]),
            json!(["10.1.0.0/16"]),
            ("BLACKLIST_IPS", "10.2.0.0/16,::1/128", json!(["10.2.0.0/16", "::1/128"])),
            ("--blacklist-ip=10.3.0.0/16", json!(["10.3.0.0/16"])),
        ),
        (
            "blockHostnames",
            json!(["a.test"]),
            json!(["*.b.test"]),
            ("BLOCK_HOSTNAMES", "c.test,d.test", json!(["c.test", "d.test"])),
            ("--block-hostnames=e.test", json!(["e.test"])),
        ),
        (
            "discardResponseBodies",
            json!(true),
            json!(false),
            ("DISCARD_RESPONSE_BODIES", "true", json!(true)),
            ("--discard-response-bodies=false", json!(false)),
        ),
        (
            "noCookiesReset",
            json!(true),
            json!(false),
            ("NO_COOKIES_RESET", "true", json!(true)),
            ("", Value::Null),
        ),
        (
            "metricSamplesBufferSize",
            json!(1),
            json!(2),
            ("METRIC_SAMPLES_BUFFER_SIZE", "3", json!(3)),
            ("", Value::Null),
        ),
        only_json("thresholds", json!({"iterations": ["count>0"]}), json!({"checks": ["rate>=0"]})),
        only_json("hosts", json!({"a.test": "10.0.0.1"}), json!({"b.test": "10.0.0.2"})),
        only_json("ext", json!({"x": 1}), json!({"y": 2})),
    ]
}

/// The options with the levels up to `level` (0: only the config file), in one run.
fn options(rows: &[Row], level: usize) -> Value {
    let object = |value: &dyn Fn(&Row) -> Value| -> Value {
        rows.iter().map(|row| (row.0.to_owned(), value(row))).collect::<serde_json::Map<_, _>>().into()
    };
    let script = if level >= 1 { object(&|row| row.2.clone()) } else { json!({}) };
    let script = format!(
        "import exec from 'k6/execution'\nexport const options = {script}\n\
         export default () => console.log(JSON.stringify(exec.test.options))"
    );
    let flags: Vec<_> =
        rows.iter().map(|row| row.4.0).filter(|flag| level >= 3 && !flag.is_empty()).collect();
    let args = [&["run", "-q", "--log-format=raw", "-c", "c.json", "a.js"], flags.as_slice()].concat();
    let mut run = ssek(&args).file("a.js", &script).file("c.json", &object(&|row| row.1.clone()).to_string());
    for (_, _, _, (name, text, _), _) in rows.iter().filter(|row| level >= 2 && row.3.0 != NO_VARIABLE) {
        run = run.env(&format!("K6_{name}"), text);
    }
    let outcome = run.outcome();
    let line = outcome.stderr.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{outcome:?}"))).unwrap()
}

#[test]
fn every_option_is_read_from_every_level() {
    let rows = rows();
    for level in 0..4 {
        let shown = options(&rows, level);
        for (key, file, script, (_, _, variable), (_, flag)) in &rows {
            let levels = [file, script, variable, flag];
            let want = levels[..=level].iter().rev().find(|value| !value.is_null()).unwrap();
            // Durations are shown in one form, however they were typed.
            let want = match (*key, want.as_u64()) {
                ("setupTimeout", Some(2000)) => json!("2s"),
                ("minIterationDuration", Some(2)) => json!("2ms"),
                ("teardownTimeout", _) if **want == json!("2d") => json!("48h0m0s"),
                ("teardownTimeout", _) if **want == json!("1m") => json!("1m0s"),
                ("maxRedirects", _) if want.is_string() => json!(2),
                _ => (*want).clone(),
            };
            assert_eq!(shown[key], want, "{key} at level {level}");
        }
    }
}

#[test]
fn the_shape_of_the_load_is_from_one_level() {
    let config = r#"{"vus": 2, "duration": "1m"}"#;
    let script = "export const options = { iterations: 6 }; export default () => 1";
    let shown = |env: &[(&str, &str)], args: &[&str]| {
        let all = [&["run", "-c", "c.json", "a.js"], args].concat();
        let mut run = ssek(&all).file("c.json", config).file("a.js", script);
        for (name, value) in env {
            run = run.env(name, value);
        }
        let outcome = run.outcome();
        let line = outcome.stdout.lines().find(|line| line.trim_start().starts_with("* default: "));
        line.map(|line| line.trim().to_owned()).unwrap_or(outcome.stderr)
    };
    for (env, args, want) in [
        (
            &[][..],
            &[][..],
            "* default: 6 iterations shared among 2 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
        (
            &[("K6_STAGES", "50ms:3")],
            &[],
            "* default: Up to 3 looping VUs for 50ms over 1 stages (gracefulRampDown: 30s, gracefulStop: 30s)",
        ),
        (
            &[("SSEK_ITERATIONS", "8"), ("K6_ITERATIONS", "9")],
            &[],
            "* default: 8 iterations shared among 2 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
        (
            &[("K6_ITERATIONS", "9"), ("K6_VUS", "4")],
            &["-i", "5", "-u", "5"],
            "* default: 5 iterations shared among 5 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
        (
            &[("K6_ITERATIONS", "9"), ("K6_VUS", "")],
            &["-u", "3"],
            "* default: 9 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
    ] {
        assert_eq!(shown(env, args), want, "{env:?} {args:?}");
    }
}

/// A run that must fail: its exit code, and its error's text.
fn error(config: &str, options: &str, env: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let script = format!("export const options = {options}; export default () => 1");
    let all = [&["run", "--log-format=raw", "-c", "c.json", "a.js"], args].concat();
    let mut run = ssek(&all).file("c.json", config).file("a.js", &script);
    for (name, value) in env {
        run = run.env(name, value);
    }
    let outcome = run.outcome();
    let folder = run.folder.path().canonicalize().unwrap().display().to_string();
    (outcome.exit.unwrap(), outcome.stderr.replace(&folder, "DIR").trim_end().to_owned())
}

#[test]
fn mistakes_are_said_with_their_place() {
    let problems = "There were problems with the specified script configuration:\n\t- ";
    for (config, options, env, args, exit, want) in [
        (
            "{}",
            "{ duration: '1m' }",
            &[("K6_STAGES", "1s:1")][..],
            &["-d", "5s", "-s", "1s:2"][..],
            104,
            "using `duration` and `stages` options simultaneously is not allowed\
             \n\tat duration = \"5s\" from the flag --duration\
             \n\tat stages = [{\"duration\":\"1s\",\"target\":2}] from the flag --stage"
                .to_owned(),
        ),
        (
            "{}",
            "{}",
            &[("K6_SETUP_TIMEOUT", "-1s")],
            &[],
            104,
            format!("{problems}setupTimeout must be positive\n\tat setupTimeout = \"-1s\" from the environment variable K6_SETUP_TIMEOUT"),
        ),
        (
            r#"{"summaryTimeUnit": "h"}"#,
            "{ summaryTrendStats: ['x'] }",
            &[],
            &[],
            104,
            format!(
                "{problems}invalid trend stat 'x', unknown format\n\t- invalid summary time unit 'h', use 's', 'ms' or 'us'\
                 \n\tat summaryTrendStats = [\"x\"] from the script 'a.js'\
                 \n\tat summaryTimeUnit = \"h\" from the config file 'c.json'"
            ),
        ),
        (
            "{}",
            "{ duration: '5s' }",
            &[("SSEK_VUS", "0")],
            &[],
            104,
            format!(
                "{problems}scenario default has configuration errors: the number of VUs must be more than 0\
                 \n\tat vus = 0 from the environment variable SSEK_VUS\
                 \n\tat duration = \"5s\" from the script 'a.js'"
            ),
        ),
        (
            "{\n \"tags\": {\"a\": \"b\"},\n \"setupTimeout\": true\n}",
            "{}",
            &[],
            &[],
            104,
            "parsing options from the config file 'c.json' got error while parsing \"true\": setupTimeout must be a \
             duration such as \"30s\", or milliseconds\n\tat c.json:3:18"
                .to_owned(),
        ),
        ("{", "{}", &[], &[], 104, "the config file 'c.json' is no valid JSON: EOF while parsing an object\n\tat c.json:1:1".to_owned()),
        (
            "{}",
            "{ scenarios: { s: { executor: 'constant-vus', duration: '1s', vu: 1 } } }",
            &[],
            &[],
            104,
            "could not initialize 'a.js': could not load JS test 'file://DIR/a.js': json: unknown field \"vu\""
                .to_owned(),
        ),
        (
            r#"{"scenarios": {"s": {"executor": "shared", "vus": 1}}}"#,
            "{}",
            &[],
            &[],
            104,
            "parsing options from the config file 'c.json' got unknown executor type 'shared'\n\tat scenarios.s.executor: \
             there are shared-iterations, per-vu-iterations, constant-vus, ramping-vus, constant-arrival-rate, \
             ramping-arrival-rate, at-once-users, ramp-users, constant-users-per-sec, \
             ramp-users-per-sec, increment-users-per-sec, stress-peak-users, inject-open, \
             constant-concurrent-users, ramp-concurrent-users, increment-concurrent-users, inject-closed\n\tat c.json:1:34"
                .to_owned(),
        ),
        (
            "{}",
            "{}",
            &[("K6_VUS", "many")],
            &[],
            104,
            "the environment variable K6_VUS (option vus) has the invalid value \"many\": strconv.ParseInt: parsing \
             \"many\": invalid syntax"
                .to_owned(),
        ),
        (
            "{}",
            "{}",
            &[("K6_SUMMARY_MODE", "loud")],
            &[],
            255,
            "invalid summary mode 'loud', allowed are: compact, full, llm, disabled\n\tat the environment variable K6_SUMMARY_MODE".to_owned(),
        ),
        (
            r#"{"thresholds": {"nope": ["count>1"]}}"#,
            "{}",
            &[],
            &[],
            104,
            "invalid threshold defined on nope; reason: no metric name \"nope\" found\
             \n\tat thresholds = {\"nope\":[\"count>1\"]} from the config file 'c.json'"
                .to_owned(),
        ),
        ("{}", "{}", &[], &["--type", "har"], 255, "invalid test type 'har', allowed are: js, archive\n\tat the flag --type".to_owned()),
        ("{}", "{}", &[], &["-e", "1A=x"], 255, "invalid environment variable name '1A' in -e 1A=x".to_owned()),
        ("{}", "{}", &[], &["--tag", "x"], 255, "the flag --tag has the invalid value 'x': invalid tag, empty value".to_owned()),
    ] {
        let (code, text) = error(config, options, env, args);
        assert_eq!(code, exit, "{text}");
        assert!(text.starts_with(&want), "{text}\n\nis not\n\n{want}");
    }
}

#[test]
fn config_files_have_places() {
    let script =
        "import exec from 'k6/execution'\nexport default () => console.log(exec.test.options.userAgent)";
    let shown = |args: &[&str], env: &[(&str, &str)]| {
        let mut run = ssek(&[&["run", "-q", "--log-format=raw", "a.js"], args].concat()).file("a.js", script);
        std::fs::create_dir_all(run.folder.path().join(".config/ssek")).unwrap();
        std::fs::create_dir_all(run.folder.path().join("xdg/ssek")).unwrap();
        run = run
            .file(".config/ssek/config.json", r#"{"userAgent": "home"}"#)
            .file("xdg/ssek/config.json", r#"{"userAgent": "xdg"}"#)
            .file(
                "c.json",
                "{\"userAgent\": \"named\",\n \"noUsageReport\": true, \"collectors\": {}, \"usrAgent\": 1}",
            );
        for (name, value) in env {
            run = run.env(name, value);
        }
        let outcome = run.outcome();
        (outcome.exit, outcome.stderr)
    };
    let said = |args: &[&str], env: &[(&str, &str)]| shown(args, env).1;
    let home = std::path::absolute("xdg").unwrap();
    assert_eq!(said(&[], &[]), "home\n");
    assert_eq!(said(&[], &[("XDG_CONFIG_HOME", "xdg")]), "xdg\n");
    assert_eq!(
        said(&[], &[("XDG_CONFIG_HOME", home.to_str().unwrap())]),
        "null\n",
        "a missing default is fine"
    );
    let named = "unknown key 'usrAgent' in the config file, at c.json:2:55\nnamed\n";
    assert_eq!(said(&["--config=c.json"], &[]), named);
    assert_eq!(said(&[], &[("K6_CONFIG", "c.json")]), named);
    assert_eq!(said(&["-c", "c.json"], &[("K6_CONFIG", "no.json")]), named);
    let (exit, text) = shown(&["-c", "no.json"], &[]);
    assert_eq!(exit, Some(255));
    assert!(text.starts_with("could not read the config file 'no.json': "), "{text}");
}
