//! Levels in, meaning out: the rules of k6 that span several files.

use serde_json::{Value, json};

use super::*;

fn layer(json: Value) -> Layer {
    Layer::from_json(&json, "script").unwrap().0
}

fn with_script(script: Value, flags: Value) -> Result<Resolved, Failure> {
    resolve(Sources { script: layer(script), flags: layer(flags), ..Sources::default() })
}

/// The message without the places of the options.
fn said(failure: &Failure) -> &str {
    failure.message.split("\n\tat ").next().unwrap_or_default()
}

fn block(script: Value, flags: Value) -> Vec<String> {
    let resolved = with_script(script, flags).unwrap();
    let (header, lines) = scenario::describe(&resolved.options.scenarios, &resolved.options.share);
    [header].into_iter().chain(lines).collect()
}

#[test]
fn shortcuts_become_scenarios() {
    for (script, flags, header, line) in [
        (
            json!({}),
            json!({}),
            "1 scenario, 1 max VUs, 10m30s",
            "default: 1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
        (
            json!({}),
            json!({"vus": 3}),
            "1 scenario, 3 max VUs, 10m30s",
            "default: 3 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
        (
            json!({}),
            json!({"vus": 0, "stages": [{"duration": "1s", "target": 3}, {"duration": "1s", "target": 0}]}),
            "1 scenario, 3 max VUs, 32s",
            "default: Up to 3 looping VUs for 2s over 2 stages (gracefulRampDown: 30s, gracefulStop: 30s)",
        ),
        (
            json!({"duration": "10m", "vus": 8}),
            json!({"vus": 2, "duration": "6s"}),
            "1 scenario, 2 max VUs, 36s",
            "default: 2 looping VUs for 6s (gracefulStop: 30s)",
        ),
        (
            json!({"iterations": 4, "duration": "1m"}),
            json!({}),
            "1 scenario, 1 max VUs, 1m30s",
            "default: 4 iterations shared among 1 VUs (maxDuration: 1m0s, gracefulStop: 30s)",
        ),
        (
            json!({"stages": [], "scenarios": {}}),
            json!({}),
            "1 scenario, 1 max VUs, 10m30s",
            "default: 1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        ),
    ] {
        let got = block(script, flags);
        assert_eq!(got[0], format!("(100.00%) {header} max duration (incl. graceful stop)"));
        assert_eq!(got[1..], [line]);
    }
}

#[test]
fn several_scenarios_are_sorted_and_summed() {
    let script = json!({"scenarios": {
        "c": {"executor": "constant-arrival-rate", "rate": 4, "duration": "2s", "preAllocatedVUs": 3, "startTime": "2s"},
        "b_long_name": {"executor": "shared-iterations", "vus": 1, "iterations": 4, "startTime": "1s"},
        "a": {"executor": "constant-vus", "vus": 2, "duration": "2s", "exec": "fa", "env": {"WHO": "A"}},
    }});
    let resolved = with_script(script.clone(), json!({})).unwrap();
    let names: Vec<_> = resolved.options.scenarios.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b_long_name", "c"]);
    assert_eq!(resolved.options.scenarios[0].env["WHO"], "A");
    let missing = resolved.check_exports(|name| name == "default").unwrap_err();
    assert_eq!(missing.message, "executor a: function 'fa' not found in exports");
    assert_eq!(
        block(script, json!({}))[0],
        "(100.00%) 3 scenarios, 6 max VUs, 10m31s max duration (incl. graceful stop)"
    );
}

#[test]
fn conflicts_and_overrides() {
    let scenarios = json!({"scenarios": {"a": {"executor": "per-vu-iterations"}}});
    let overridden = with_script(scenarios.clone(), json!({"vus": 2, "iterations": 4})).unwrap();
    assert_eq!(
        overridden.warnings,
        ["\"cli\" level configuration overrode scenarios configuration entirely"]
    );
    let by_vus = with_script(scenarios, json!({"vus": 2})).unwrap();
    assert_eq!(by_vus.warnings, ["`vus=2` overrides scenarios configuration"]);
    let both = with_script(json!({"duration": "1s", "stages": [{"duration": "1s", "target": 1}]}), json!({}));
    assert_eq!(
        said(&both.unwrap_err()),
        "using `duration` and `stages` options simultaneously is not allowed"
    );
    assert!(with_script(json!({"duration": 0}), json!({})).is_err());
}

#[test]
fn all_problems_are_listed() {
    let script = json!({
        "setupTimeout": "0s",
        "scenarios": {
            "a": {"executor": "constant-vus", "vus": 2},
            "b": {"executor": "constant-arrival-rate", "rate": 0},
        },
    });
    let failure = with_script(script, json!({})).unwrap_err();
    assert_eq!(failure.code, ExitCode::INVALID_CONFIG);
    assert_eq!(
        said(&failure),
        "There were problems with the specified script configuration:\n\t- setupTimeout must be positive\
         \n\t- scenario a has configuration errors: the duration is unspecified\
         \n\t- scenario b has configuration errors: the iteration rate must be more than 0, \
         the duration is unspecified, the number of preAllocatedVUs isn't specified"
    );
}

#[test]
fn what_is_not_there_yet_is_refused() {
    for (script, word) in [
        (json!({"maxRedirects": -1}), "maxRedirects"),
        (json!({"summaryTrendStats": ["foo"]}), "invalid trend stat 'foo', unknown format"),
    ] {
        let failure = with_script(script, json!({})).unwrap_err();
        assert_eq!(failure.code, ExitCode::INVALID_CONFIG);
        assert!(failure.message.contains(word), "{}", failure.message);
    }
    for paused in [true, false] {
        let resolved = with_script(json!({"executionSegment": "0:1", "paused": paused}), json!({})).unwrap();
        assert_eq!(resolved.options.paused, paused);
    }
}

#[test]
fn a_segment_runs_its_share_of_every_scenario() {
    let script = json!({"scenarios": {
        "a": {"executor": "constant-vus", "vus": 10, "duration": "1s"},
        "b": {"executor": "shared-iterations", "vus": 10, "iterations": 100},
        "c": {"executor": "per-vu-iterations", "vus": 4, "iterations": 5},
        "d": {"executor": "ramping-vus", "stages": [{"duration": "1s", "target": 7}]},
        "e": {"executor": "constant-arrival-rate", "rate": 30, "duration": "1s", "preAllocatedVUs": 3, "maxVUs": 9},
        "f": {"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 30}], "preAllocatedVUs": 6},
        "g": {"executor": "shared-iterations", "vus": 1, "iterations": 1},
    }});
    let got = block(
        script.clone(),
        json!({"executionSegment": "1/3:2/3", "executionSegmentSequence": "0,1/3,2/3,1"}),
    );
    let want = [
        "(33.33%) 7 scenarios, 14 max VUs, 10m30s max duration (incl. graceful stop)",
        "a: 3 looping VUs for 1s (gracefulStop: 30s)",
        "b: 30 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        "c: 5 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
        "d: Up to 2 looping VUs for 1s over 1 stages (gracefulRampDown: 30s, gracefulStop: 30s)",
        "e: 10.00 iterations/s for 1s (maxVUs: 1-3, gracefulStop: 30s)",
        "f: Up to 10.00 iterations/s for 1s over 1 stages (maxVUs: 2, gracefulStop: 30s)",
        "g: 0 iterations shared among 0 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
    ];
    assert_eq!(got, want);
    let sequence = json!({"executionSegment": "1/3:2/3", "executionSegmentSequence": "0,1/3,2/3,1"});
    let options = with_script(script, sequence).unwrap().options;
    assert_eq!(options.scenarios_with_work().map(|s| s.name.as_str()).collect::<String>(), "abcdef");
    let failure =
        with_script(json!({}), json!({"executionSegment": "0:1/3", "executionSegmentSequence": "0,1/2,1"}));
    assert_eq!(failure.unwrap_err().code, ExitCode::INVALID_CONFIG);
}

#[test]
fn defaults_are_k6s() {
    let Resolved { options, .. } = with_script(json!({}), json!({})).unwrap();
    assert_eq!((options.max_redirects, options.batch, options.batch_per_host), (10, 20, 6));
    assert_eq!((options.setup_timeout.as_secs(), options.handle_summary_timeout.as_secs()), (60, 120));
    assert_eq!((options.rps, options.http_debug), (None, None));
    assert_eq!(options.system_tags, SystemTags::DEFAULT);
    assert_eq!(options.summary_trend_stats, TrendStat::defaults());
}
