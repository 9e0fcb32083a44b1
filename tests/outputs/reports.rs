//! What is written at the end: JUnit files, summaries and annotations for GitHub.

use std::fs::read_to_string;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::run;

/// Element names with their attributes, in order. Fails on what is not well-formed.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    (key, attribute.unescape_value().unwrap().into_owned())
                };
                let attributes = element.attributes().map(|a| attribute(a.unwrap())).collect();
                found.push((String::from_utf8(element.name().as_ref().to_vec()).unwrap(), attributes));
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn junit_has_thresholds_and_checks() {
    let mut run = run(&["junit=report.xml"], &[]);
    let script = super::SCRIPT.replace("count == 100", "count < 50");
    run = run.file("script.js", &script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(99), "{outcome:?}");
    assert!(outcome.stdout.contains("output: junit (report.xml)"), "{}", outcome.stdout);
    let elements = elements(&read_to_string(run.folder.path().join("report.xml")).unwrap());
    let value = |element: &(String, Vec<(String, String)>), key: &str| {
        element.1.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let root = &elements[0];
    assert_eq!(root.0, "testsuites");
    assert_eq!(["tests", "failures", "errors"].map(|key| value(root, key)), ["5", "2", "0"]);
    let failures: Vec<_> = elements
        .iter()
        .filter(|(name, _)| name == "failure")
        .map(|element| value(element, "message"))
        .collect();
    assert_eq!(failures, ["count=100 crosses count < 50", "10 of 40 failed (75.00% passed)"]);
    let cases: Vec<_> = elements
        .iter()
        .filter(|(name, _)| name == "testcase")
        .map(|element| format!("{} / {}", value(element, "classname"), value(element, "name")))
        .collect();
    assert_eq!(
        cases,
        [
            "run / script.js",
            "my_count / count < 50",
            "my_time{zone:a} / p(95) < 5000",
            "default / is a number",
            "default / is small | odd"
        ]
    );
}

#[test]
fn a_run_that_was_aborted_is_told() {
    let mut run = run(&["junit=report.xml", "github=summary.md"], &[]);
    let script = "import exec from 'k6/execution';
        export default function () { exec.test.abort('enough & <done>') }";
    run = run.file("script.js", script);
    assert_eq!(run.outcome().exit, Some(108));
    let xml = read_to_string(run.folder.path().join("report.xml")).unwrap();
    let errors: Vec<_> = elements(&xml).into_iter().filter(|(name, _)| name == "error").collect();
    assert_eq!(errors.len(), 1, "{xml}");
    assert!(errors[0].1.iter().any(|(_, value)| value.contains("enough & <done>")), "{errors:?}");
    let summary = read_to_string(run.folder.path().join("summary.md")).unwrap();
    assert!(summary.contains("❌") && summary.contains("enough &amp; &lt;done&gt;"), "{summary}");
}

#[test]
fn github_gets_a_table_and_annotations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step");
    std::fs::write(&path, "before\n").unwrap();
    let mut run = run(&["github"], &[("GITHUB_STEP_SUMMARY", path.to_str().unwrap())]);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let summary = read_to_string(&path).unwrap();
    for line in [
        "before",
        "## Load test: script.js",
        "✅ 2 of 2 thresholds met",
        "| ✅ | <code>my_count</code> | <code>count == 100</code> | count=100 |",
        "| ❌ | is small \\| odd | default | 30 | 10 |",
    ] {
        assert!(summary.lines().any(|shown| shown == line), "{line}\n{summary}");
    }
    for line in [
        "::warning title=Check failed::is small | odd: 10 of 40 failed (75.00%25 passed)",
        "::notice title=Load test::script.js: all 2 thresholds were met",
    ] {
        assert!(outcome.stdout.lines().any(|shown| shown == line), "{line}\n{}", outcome.stdout);
    }
}

#[test]
fn what_cannot_be_written_is_said_before_the_run() {
    for (out, want) in [
        ("junit=no/such/file.xml", "could not open no/such/file.xml for the junit output"),
        ("github", "the output github needs GITHUB_STEP_SUMMARY"),
        ("statsd=nowhere", "no address for 'nowhere'"),
        ("influxdb=nowhere", "the URL of the output influxdb"),
    ] {
        let outcome = run(&[out], &[]).outcome();
        assert_eq!(outcome.exit, Some(255), "{outcome:?}");
        assert!(outcome.stderr.contains(want), "{out}: {}", outcome.stderr);
        assert!(!outcome.stdout.contains("complete and"), "{out}: {}", outcome.stdout);
    }
}
