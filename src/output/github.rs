//! `--out github`: the result in the summary of a step of GitHub Actions, and annotations for what failed.

use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result, bail};

use super::verdicts::{failed, place, thresholds};
use super::{End, Output, OutputContext, OutputKind};
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::{Registry, Sample};
use crate::summary::{SummaryOptions, by_name, class, counter_rate, number};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "github", open };

/// GitHub shows ten annotations of a kind for a step.
const MOST_ANNOTATIONS: usize = 10;

struct GitHub {
    /// Where the summary goes; what others put there stays.
    path: String,
}

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let from_runner = || (context.env)("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    let Some(path) = Some(arg.to_owned()).filter(|arg| !arg.is_empty()).or_else(from_runner) else {
        bail!(
            "the output github needs GITHUB_STEP_SUMMARY, which GitHub Actions sets; elsewhere name a file: github=summary.md"
        );
    };
    append(&path, "").with_context(|| format!("could not open {path} for the github output"))?;
    Ok(Box::new(GitHub { path }))
}

fn append(path: &str, text: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

impl Output for GitHub {
    fn describe(&self) -> String {
        format!("github ({})", self.path)
    }

    fn write(&mut self, _: &[Sample], _: &Registry) -> Result<()> {
        Ok(())
    }

    fn conclude(&mut self, end: &End) -> Result<()> {
        append(&self.path, &markdown(end)).with_context(|| format!("could not write {}", self.path))?;
        let text: String = annotations(end).iter().map(|line| format!("{line}\n")).collect();
        let mut out = std::io::stdout().lock();
        // Whoever closed the standard output does not want them.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The commands that make annotations.
fn annotations(end: &End) -> Vec<String> {
    let command =
        |level: &str, title: &str, text: &str| format!("::{level} title={}::{}", property(title), data(text));
    let mut lines = Vec::new();
    if let Some(failure) = &end.failure {
        lines.push(command("error", "The load test did not end as planned", failure));
    }
    let crossed = thresholds(&end.summary).into_iter().filter(|judged| !judged.ok);
    lines.extend(crossed.map(|judged| {
        command(
            "error",
            "Threshold crossed",
            &format!("{}: {} crosses {}", judged.metric, judged.value, judged.source),
        )
    }));
    lines.truncate(MOST_ANNOTATIONS);
    let checks = end.summary.snapshot.checks.iter().filter(|check| check.fails > 0);
    lines.extend(
        checks
            .take(MOST_ANNOTATIONS)
            .map(|check| command("warning", "Check failed", &format!("{}: {}", check.name, failed(check)))),
    );
    if let Some(client) = end.summary.client.as_ref().filter(|client| client.is_suspect()) {
        lines.push(command("warning", "ssek was too busy for its figures to be trusted", &client.reason()));
    }
    if end.passed() {
        let (_, all) = end.thresholds();
        let text = match all {
            0 => format!("{} ended; it has no thresholds", end.script),
            1 => format!("{}: the threshold was met", end.script),
            all => format!("{}: all {all} thresholds were met", end.script),
        };
        lines.push(command("notice", "Load test", &text));
    }
    lines
}

/// What stands behind the second `::` of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The section of the step's summary.
fn markdown(end: &End) -> String {
    let (crossed, all) = end.thresholds();
    let verdict = match (&end.failure, crossed) {
        (Some(failure), _) => format!("❌ {}", cell(failure)),
        (None, 0) if all == 0 => "✅ ended; there are no thresholds".to_owned(),
        (None, 0) => format!("✅ {all} of {all} thresholds met"),
        (None, crossed) => format!("❌ {crossed} of {all} thresholds crossed"),
    };
    let mut text = format!("## Load test: {}\n\n{verdict}\n\n", cell(&end.script));
    if let Some(client) = end.summary.client.as_ref().filter(|client| client.is_suspect()) {
        text +=
            &format!("⚠️ ssek was too busy for these figures to be trusted: {}\n\n", cell(&client.reason()));
    }
    if all > 0 {
        text += "| | Metric | Threshold | Value |\n|---|---|---|---|\n";
        for judged in thresholds(&end.summary) {
            let mark = if judged.ok { "✅" } else { "❌" };
            let (metric, source, value) = (code(&judged.metric), code(&judged.source), cell(&judged.value));
            text += &format!("| {mark} | {metric} | {source} | {value} |\n");
        }
        text.push('\n');
    }
    let checks = &end.summary.snapshot.checks;
    if !checks.is_empty() {
        text += "| | Check | Where | Passed | Failed |\n|---|---|---|---:|---:|\n";
        for check in checks {
            let mark = if check.fails == 0 { "✅" } else { "❌" };
            let (name, place) = (cell(&check.name), cell(&place(check)));
            text += &format!("| {mark} | {name} | {place} | {} | {} |\n", check.passes, check.fails);
        }
        text.push('\n');
    }
    text + &figures(end)
}

/// The figures of the summary, folded.
fn figures(end: &End) -> String {
    let options = &end.summary.options;
    let mut metrics: Vec<_> = end.summary.snapshot.metrics.iter().collect();
    metrics.retain(|metric| !metric.sink.is_empty() && class::is_shown(&metric.name, options.mode));
    metrics.sort_by(|a, b| by_name(a, b));
    let mut text = "<details><summary>Figures</summary>\n\n".to_owned();
    let trends: Vec<_> = metrics.iter().filter(|metric| matches!(metric.sink, Sink::Trend(_))).collect();
    if !trends.is_empty() {
        let columns: String = options.trend_stats.iter().map(|stat| format!(" {} |", stat.name())).collect();
        text += &format!("| Metric |{columns}\n|---|{}\n", "---:|".repeat(options.trend_stats.len()));
        trends.iter().for_each(|metric| text += &row(metric, end, options));
        text.push('\n');
    }
    text += "| Metric | Value | |\n|---|---:|---:|\n";
    let others = metrics.iter().filter(|metric| !matches!(metric.sink, Sink::Trend(_)));
    others.for_each(|metric| text += &row(metric, end, options));
    text + "\n</details>\n\n"
}

fn row(metric: &MetricSnapshot, end: &End, options: &SummaryOptions) -> String {
    let format = |value: f64| number::value(value, metric.contains, options.time_unit);
    let cells = match &metric.sink {
        Sink::Trend(trend) => {
            let value = |stat: &crate::metrics::trend_stat::TrendStat| match stat.name() {
                "count" => number::shortest(stat.of(trend)),
                _ => format(stat.of(trend)),
            };
            options.trend_stats.iter().map(value).collect::<Vec<_>>().join(" | ")
        }
        Sink::Counter(counter) => {
            let rate = counter_rate(counter, end.summary.snapshot.duration);
            format!("{} | {}/s", format(counter.sum), format(rate))
        }
        Sink::Rate(rate) => {
            format!("{} | {} out of {}", number::percent(rate.rate()), rate.trues, rate.total)
        }
        Sink::Gauge(gauge) => format!("{} | max {}", format(gauge.value), format(gauge.max)),
    };
    format!("| {} | {cells} |\n", code(&metric.full_name()))
}

/// A text in a cell of a table, with nothing in it that Markdown or HTML would take for its own.
fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => shown += "&lt;",
            '>' => shown += "&gt;",
            '&' => shown += "&amp;",
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '@' => {
                shown.push('\\');
                shown.push(c);
            }
            c if c.is_control() => shown.push(' '),
            c => shown.push(c),
        }
    }
    shown
}

/// A name in a cell, in the type of code.
fn code(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', "&#124;");
    format!("<code>{}</code>", escaped.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::super::verdicts::tests::end;
    use super::*;

    #[test]
    fn failures_are_annotated() {
        assert_eq!(
            annotations(&end(None)),
            [
                "::error title=Threshold crossed::http_req_duration: p(95)=290ms crosses p(95)<200",
                "::warning title=Check failed::is <ok> & \"fine\": 3 of 10 failed (70.00%25 passed)",
            ]
        );
        let lines = annotations(&end(Some("aborted\n100%")));
        assert_eq!(lines[0], "::error title=The load test did not end as planned::aborted%0A100%25");
        let mut good = end(None);
        good.summary.snapshot.metrics.iter_mut().flat_map(|m| &mut m.thresholds).for_each(|t| t.ok = true);
        good.summary.snapshot.checks.clear();
        assert_eq!(annotations(&good), ["::notice title=Load test::script.js: all 3 thresholds were met"]);
        assert_eq!(property("a: b, c%"), "a%3A b%2C c%25");
    }

    #[test]
    fn tables_hold_everything() {
        let text = markdown(&end(None));
        for line in [
            "## Load test: script.js",
            "❌ 1 of 3 thresholds crossed",
            "| ❌ | <code>http_req_duration</code> | <code>p(95)&lt;200</code> | p(95)=290ms |",
            "| ✅ | <code>http_reqs</code> | <code>rate&gt;0.5</code> | rate=1/s |",
            "| ❌ | is &lt;ok&gt; &amp; \"fine\" | default | 7 | 3 |",
            "| ✅ | status \\| 200 | default ::login | 10 | 0 |",
            "| <code>http_req_duration</code> | 200ms | 100ms | 200ms | 300ms | 280ms | 290ms |",
            "| <code>http_reqs</code> | 2 | 1/s |",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        assert!(markdown(&end(Some("a < b"))).contains("\n❌ a &lt; b\n"));
    }
}
