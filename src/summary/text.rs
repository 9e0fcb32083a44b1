//! The summary as text, laid out as k6's to the column.

mod checks;
mod llm;
mod metrics;
#[cfg(test)]
mod tests;
mod thresholds;

pub use llm::TOKEN_ORIGINS;

use super::client::Client;
use super::style::Style;
use super::{Summary, group_name, parent_group};
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot, Section};
use crate::options::runtime::SummaryMode;

/// The whole text; each line ends with a line feed.
pub fn render(summary: &Summary) -> String {
    let color = summary.options.stdout_is_terminal && !summary.options.no_color;
    let mut page = Page { out: String::new(), style: Style { color }, summary };
    if summary.options.mode == SummaryMode::Llm {
        llm::write(&mut page);
    }
    thresholds::write(&mut page);
    page.title("TOTAL RESULTS");
    let snapshot = &summary.snapshot;
    let checks: Vec<_> = snapshot.checks.iter().collect();
    page.results(2, &checks, &snapshot.metrics.iter().collect::<Vec<_>>());
    if summary.options.mode == SummaryMode::Full {
        page.root_groups();
        page.scenarios();
    }
    page.left_out();
    page.client();
    page.out
}

/// The text so far, and what it is about. Indents count in steps of two blanks.
struct Page<'a> {
    out: String,
    style: Style,
    summary: &'a Summary,
}

impl<'a> Page<'a> {
    fn line(&mut self, indent: usize, text: &str) {
        self.out.extend(std::iter::repeat_n("  ", indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// The heading of a section, with the blank lines around it.
    fn title(&mut self, title: &str) {
        self.blank();
        self.subtitle(1, '█', title);
    }

    fn subtitle(&mut self, indent: usize, mark: char, title: &str) {
        let title = format!("{mark} {} ", self.style.bold(title));
        self.line(indent, &title);
        self.blank();
    }

    /// The checks and the metrics of the test, of a scenario or of a group.
    fn results(&mut self, indent: usize, checks: &[&CheckSnapshot], metrics: &[&MetricSnapshot]) {
        checks::write(self, indent, checks);
        metrics::write(self, indent, metrics);
    }

    /// What the figures are not about.
    fn left_out(&mut self) {
        if let Some(text) = super::left_out::sentence(self.summary.snapshot.left_out) {
            self.line(1, &text);
            self.blank();
        }
    }

    /// Whether ssek itself was fast enough; after runs that are too short to tell, the text is k6's
    /// to the last line, unless it has ssek's own metrics anyway.
    fn client(&mut self) {
        let shown = |client: &&Client| client.is_judged() || self.summary.options.streaming;
        if let Some(client) = self.summary.client.as_ref().filter(shown) {
            let line = client.line(self.style);
            self.line(1, &line);
            self.blank();
        }
    }

    /// The groups that belong to no scenario of their own, each with the groups inside it.
    fn root_groups(&mut self) {
        let summary = self.summary;
        for path in children("", &summary.snapshot.groups) {
            for section in &summary.snapshot.sections {
                if section.group == *path && is_default(section.scenario.as_deref()) {
                    self.title(&format!("GROUP: {}", group_name(path)));
                    self.section(2, section);
                }
            }
        }
    }

    /// The scenarios by name, each with its groups.
    fn scenarios(&mut self) {
        let whole = |section: &&Section| section.group.is_empty() && !is_default(section.scenario.as_deref());
        let mut sections: Vec<_> = self.summary.snapshot.sections.iter().filter(whole).collect();
        sections.sort_by(|a, b| a.scenario.cmp(&b.scenario));
        for section in sections {
            let name = section.scenario.as_deref().unwrap_or_default();
            self.title(&format!("SCENARIO: {name}"));
            self.section(2, section);
        }
    }

    /// The results of a scenario or group, then those of the groups inside it.
    fn section(&mut self, indent: usize, section: &Section) {
        let snapshot = &self.summary.snapshot;
        let inside = |check: &&CheckSnapshot| {
            check.scenario == section.scenario && is_inside(&check.group, &section.group)
        };
        let checks: Vec<_> = snapshot.checks.iter().filter(inside).collect();
        // k6 has sub-metrics of the whole test only.
        let metrics: Vec<_> = section.metrics.iter().filter(|m| m.selector.is_none()).collect();
        self.results(indent, &checks, &metrics);
        for path in children(&section.group, &snapshot.groups) {
            for inner in &snapshot.sections {
                if inner.group == *path && inner.scenario == section.scenario {
                    self.subtitle(indent, '↳', &format!("GROUP: {}", group_name(path)));
                    self.section(indent + 1, inner);
                }
            }
        }
    }
}

/// Whether k6 lists the groups of a scenario among those of the whole test.
fn is_default(scenario: Option<&str>) -> bool {
    matches!(scenario, None | Some("default"))
}

/// The groups directly inside a group, in first-seen order.
fn children<'a>(parent: &'a str, groups: &'a [String]) -> impl Iterator<Item = &'a String> {
    groups.iter().filter(move |path| !path.is_empty() && parent_group(path) == parent)
}

/// Whether a group is another one or lies within it.
fn is_inside(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(super::SEPARATOR))
}
