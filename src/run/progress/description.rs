//! What is printed before a run: our banner, then what will be run.

use crate::summary::style::Style;

/// What will be run.
#[derive(Clone, Debug)]
pub struct Description {
    /// As the user named it; `-` for standard input.
    pub script: String,
    /// Where the web dashboard is to be found.
    pub web_dashboard: Option<String>,
    /// The outputs' descriptions, such as `json (out.json)`.
    pub outputs: Vec<String>,
    /// How many scenarios there are and what they need.
    pub plan: String,
    /// A line for each scenario, in the order of their start.
    pub scenarios: Vec<String>,
}

/// Our name and version, with a blank line before and behind.
pub fn banner(style: Style) -> String {
    let waves = style.yellow("▁▃▅▇▅▃▁");
    format!(
        "\n     {waves}  ssek {}\n     load for streaming HTTP, in k6 scripts\n\n",
        env!("CARGO_PKG_VERSION")
    )
}

impl Description {
    /// The lines, with a blank one before, between and after the two blocks.
    pub fn render(&self, style: Style) -> String {
        let mut out = String::from("\n");
        let mut field = |name: &str, value: &str| {
            out.push_str(&format!("{name:>14}: {}\n", style.cyan(value)));
        };
        field("execution", "local");
        field("script", &self.script);
        if let Some(url) = &self.web_dashboard {
            field("web dashboard", url);
        }
        let outputs = if self.outputs.is_empty() { "-" } else { &self.outputs.join(", ") };
        field("output", outputs);
        out.push('\n');
        out.push_str(&format!("{:>14}: {}\n", "scenarios", style.cyan(&format!("{}:", self.plan))));
        for scenario in &self.scenarios {
            out.push_str(&format!("{:>15} {scenario}\n", "*"));
        }
        out.push('\n');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description() -> Description {
        Description {
            script: "script.js".into(),
            web_dashboard: None,
            outputs: Vec::new(),
            plan: "(100.00%) 1 scenario, 2 max VUs, 36s max duration (incl. graceful stop)".into(),
            scenarios: vec!["default: 2 looping VUs for 6s (gracefulStop: 30s)".into()],
        }
    }

    #[test]
    fn it_says_what_will_run() {
        let expected = "
     execution: local
        script: script.js
        output: -

     scenarios: (100.00%) 1 scenario, 2 max VUs, 36s max duration (incl. graceful stop):
              * default: 2 looping VUs for 6s (gracefulStop: 30s)

";
        assert_eq!(description().render(Style::default()), expected);
    }

    #[test]
    fn all_fields_have_their_place() {
        let mut description = description();
        description.web_dashboard = Some("http://127.0.0.1:5665".into());
        description.outputs = vec!["json (out.json)".into(), "csv (out.csv)".into()];
        description.scenarios.push("b: 4 iterations".into());
        let expected = "
     execution: <local>
        script: <script.js>
 web dashboard: <http://127.0.0.1:5665>
        output: <json (out.json), csv (out.csv)>

     scenarios: <(100.00%) 1 scenario, 2 max VUs, 36s max duration (incl. graceful stop):>
              * default: 2 looping VUs for 6s (gracefulStop: 30s)
              * b: 4 iterations

";
        let expected = expected.replace('<', "\x1b[36m").replace('>', "\x1b[0m");
        assert_eq!(description.render(Style { color: true }), expected);
    }

    #[test]
    fn the_banner_is_ours() {
        let text = banner(Style::default());
        assert!(text.contains(&format!("ssek {}\n", env!("CARGO_PKG_VERSION"))));
        assert!(text.lines().all(|line| line.chars().count() < 60 && line == line.trim_end()));
    }
}
