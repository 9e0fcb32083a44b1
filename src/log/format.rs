//! How a line looks: logrus text, logrus on a terminal, JSON, or the bare message.

use std::fmt::Write;
use std::time::Duration;

use super::Level;
use crate::k6::quote::{escape_html, quote};

/// One line before it is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub level: Level,
    pub message: &'a str,
    /// In any order.
    pub fields: &'a [(&'a str, &'a str)],
    /// Since the start of the process; shown on terminals.
    pub elapsed: Duration,
}

/// A way to write lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `time="…" level=info msg="…" key=value`
    Text,
    /// `INFO[0003] …`, coloured.
    Terminal,
    /// One JSON object a line, keys sorted.
    Json,
    /// The message alone.
    Raw,
}

impl Format {
    /// The line, ended by a line feed.
    pub fn render(self, line: &Line) -> String {
        let mut fields = line.fields.to_vec();
        fields.sort_by_key(|(key, _)| *key);
        // Writing to a String cannot fail, hence the `let _`.
        let mut out = String::new();
        match self {
            Self::Text => {
                let _ = write!(out, "time=\"{}\" level={}", now(), line.level.name());
                if !line.message.is_empty() {
                    let _ = write!(out, " msg={}", value(line.message));
                }
                for (key, text) in fields {
                    let _ = write!(out, " {key}={}", value(text));
                }
            }
            Self::Terminal => {
                let (label, color) = match line.level {
                    Level::Debug => ("DEBU", 37),
                    Level::Info => ("INFO", 36),
                    Level::Warn => ("WARN", 33),
                    Level::Error => ("ERRO", 31),
                };
                let message = line.message.strip_suffix('\n').unwrap_or(line.message);
                let seconds = line.elapsed.as_secs();
                let _ = write!(out, "\x1b[{color}m{label}\x1b[0m[{seconds:04}] {message:<44} ");
                for (key, text) in fields {
                    let _ = write!(out, " \x1b[{color}m{key}\x1b[0m={}", value(text));
                }
            }
            Self::Json => {
                let time = now();
                fields.extend([("level", line.level.name()), ("msg", line.message), ("time", &time)]);
                fields.sort_by_key(|(key, _)| *key);
                let object: serde_json::Map<_, _> =
                    fields.into_iter().map(|(key, text)| (key.to_owned(), text.into())).collect();
                out = escape_html(&serde_json::Value::Object(object).to_string());
            }
            Self::Raw => out.push_str(line.message),
        }
        out.push('\n');
        out
    }
}

/// A value as logrus writes it: bare where no character needs quotes.
fn value(text: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"-._/@^+".contains(&b);
    if text.bytes().all(bare) { text.to_owned() } else { quote(text) }
}

/// This moment by RFC 3339, whole seconds, local offset; `Z` where that is zero.
fn now() -> String {
    let now = jiff::Zoned::now();
    let text = now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    if now.offset().seconds() == 0 { text + "Z" } else { text + &now.strftime("%:z").to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(format: Format, message: &str, fields: &[(&str, &str)]) -> String {
        let line = Line { level: Level::Info, message, fields, elapsed: Duration::from_secs(3) };
        let text = format.render(&line);
        text.split_once(" level=").map_or(text.clone(), |(_, rest)| rest.to_owned())
    }

    #[test]
    fn text_is_logrus_text() {
        for (message, want) in [
            ("info", "info msg=info source=console\n"),
            ("", "info source=console\n"),
            ("multi\nline", "info msg=\"multi\\nline\" source=console\n"),
            ("quote \" and é", "info msg=\"quote \\\" and é\" source=console\n"),
        ] {
            assert_eq!(render(Format::Text, message, &[("source", "console")]), want);
        }
        assert_eq!(
            render(Format::Text, "a", &[("scenario", "s"), ("executor", "x y")]),
            "info msg=a executor=\"x y\" scenario=s\n"
        );
    }

    #[test]
    fn json_keys_are_sorted_and_html_escaped() {
        let text = render(Format::Json, "a<b", &[("source", "console")]);
        assert!(
            text.starts_with(r#"{"level":"info","msg":"a\u003cb","source":"console","time":""#),
            "{text}"
        );
    }

    #[test]
    fn terminals_see_seconds_and_padding() {
        assert_eq!(
            render(Format::Terminal, "hi", &[("source", "console")]),
            format!("\x1b[36mINFO\x1b[0m[0003] {:<44}  \x1b[36msource\x1b[0m=console\n", "hi")
        );
        assert_eq!(render(Format::Raw, "hi", &[("source", "console")]), "hi\n");
    }
}
