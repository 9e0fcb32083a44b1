//! `--out junit=report.xml`: thresholds and checks as test cases, for CI systems that show those.

use std::fs::File;
use std::io::{self, Write};

use anyhow::{Context, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use super::verdicts::{failed, place, thresholds};
use super::{End, Output, OutputContext, OutputKind};
use crate::metrics::{Registry, Sample};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "junit", open };

const DEFAULT_FILE: &str = "junit.xml";

struct JUnit {
    path: String,
    file: File,
    report: Vec<u8>,
}

/// `<testsuite>`
struct Suite {
    name: &'static str,
    cases: Vec<Case>,
}

/// `<testcase>`
struct Case {
    class: String,
    name: String,
    trouble: Option<Trouble>,
}

/// What is inside a case that went wrong.
struct Trouble {
    /// `failure` or `error`.
    element: &'static str,
    kind: &'static str,
    message: String,
}

fn open(arg: &str, _: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let path = if arg.is_empty() { DEFAULT_FILE } else { arg };
    // At once, so that a run does not end with the news that its report cannot be written.
    let file = File::create(path).with_context(|| format!("could not open {path} for the junit output"))?;
    Ok(Box::new(JUnit { path: path.to_owned(), file, report: Vec::new() }))
}

impl Output for JUnit {
    fn describe(&self) -> String {
        format!("junit ({})", self.path)
    }

    fn write(&mut self, _: &[Sample], _: &Registry) -> Result<()> {
        Ok(())
    }

    fn conclude(&mut self, end: &End) -> Result<()> {
        self.report = report(end)?;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.file.write_all(&self.report)?;
        Ok(self.file.sync_data().or_else(|error| match error.kind() {
            // Pipes and the like have nothing to wait for.
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })?)
    }
}

/// The whole file.
fn report(end: &End) -> io::Result<Vec<u8>> {
    let suites = suites(end);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let seconds = format!("{:.3}", end.summary.snapshot.duration.as_secs_f64());
    let (tests, failures, errors) = suites
        .iter()
        .map(Suite::counts)
        .fold((0, 0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1, sum.2 + counts.2));
    writer
        .create_element("testsuites")
        .with_attributes([
            ("name", &*clean(&end.script)),
            ("tests", &tests.to_string()),
            ("failures", &failures.to_string()),
            ("errors", &errors.to_string()),
            ("time", &seconds),
        ])
        .write_inner_content(|writer| suites.iter().try_for_each(|suite| suite.write(writer)))?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn suites(end: &End) -> [Suite; 3] {
    let trouble = |kind, message| Trouble { element: "failure", kind, message };
    let threshold = |judged: super::verdicts::Judged| Case {
        trouble: (!judged.ok)
            .then(|| trouble("threshold", format!("{} crosses {}", judged.value, judged.source))),
        class: judged.metric,
        name: judged.source,
    };
    let check = |check: &crate::metrics::snapshot::CheckSnapshot| Case {
        class: place(check),
        name: check.name.clone(),
        trouble: (check.fails > 0).then(|| trouble("check", failed(check))),
    };
    let run = Case {
        class: "run".to_owned(),
        name: end.script.clone(),
        trouble: end.failure.clone().map(|message| Trouble { element: "error", kind: "run", message }),
    };
    [
        Suite { name: "run", cases: vec![run] },
        Suite { name: "thresholds", cases: thresholds(&end.summary).into_iter().map(threshold).collect() },
        Suite { name: "checks", cases: end.summary.snapshot.checks.iter().map(check).collect() },
    ]
}

impl Suite {
    /// Cases, failures, errors.
    fn counts(&self) -> (usize, usize, usize) {
        let count = |element: &str| {
            let found =
                |case: &&Case| case.trouble.as_ref().is_some_and(|trouble| trouble.element == element);
            self.cases.iter().filter(found).count()
        };
        (self.cases.len(), count("failure"), count("error"))
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (tests, failures, errors) = self.counts();
        writer
            .create_element("testsuite")
            .with_attributes([
                ("name", self.name),
                ("tests", &tests.to_string()),
                ("failures", &failures.to_string()),
                ("errors", &errors.to_string()),
            ])
            .write_inner_content(|writer| self.cases.iter().try_for_each(|case| case.write(writer)))
            .map(drop)
    }
}

impl Case {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let element = writer
            .create_element("testcase")
            .with_attributes([("classname", &*clean(&self.class)), ("name", &*clean(&self.name))]);
        match &self.trouble {
            None => element.write_empty().map(drop),
            Some(trouble) => element
                .write_inner_content(|writer| {
                    let attributes = [("type", trouble.kind), ("message", &*clean(&trouble.message))];
                    writer.create_element(trouble.element).with_attributes(attributes).write_empty().map(drop)
                })
                .map(drop),
        }
    }
}

/// The text without the characters that XML has no way to write.
fn clean(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }).filter(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::super::verdicts::tests::end;
    use super::*;

    #[test]
    fn cases_are_thresholds_and_checks() {
        let text = String::from_utf8(report(&end(None)).unwrap()).unwrap();
        assert_eq!(
            text,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="script.js" tests="7" failures="2" errors="0" time="2.000">
  <testsuite name="run" tests="1" failures="0" errors="0">
    <testcase classname="run" name="script.js"/>
  </testsuite>
  <testsuite name="thresholds" tests="3" failures="1" errors="0">
    <testcase classname="http_req_duration" name="p(95)&lt;200">
      <failure type="threshold" message="p(95)=290ms crosses p(95)&lt;200"/>
    </testcase>
    <testcase classname="http_req_duration" name="max &lt; 500"/>
    <testcase classname="http_reqs" name="rate&gt;0.5"/>
  </testsuite>
  <testsuite name="checks" tests="3" failures="1" errors="0">
    <testcase classname="default" name="is &lt;ok&gt; &amp; &quot;fine&quot;">
      <failure type="check" message="3 of 10 failed (70.00% passed)"/>
    </testcase>
    <testcase classname="default ::login" name="status | 200"/>
    <testcase classname="::setup" name="up"/>
  </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn a_run_that_broke_off_is_an_error() {
        let text = String::from_utf8(report(&end(Some("aborted: a < b"))).unwrap()).unwrap();
        assert!(text.contains(r#"<error type="run" message="aborted: a &lt; b"/>"#), "{text}");
        assert!(text.contains(r#"failures="2" errors="1""#), "{text}");
    }
}
