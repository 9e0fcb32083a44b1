//! Log lines in k6's format: one process-wide logger, set up once, safe from every thread.

mod format;
mod redaction;
mod settings;
mod target;

use std::path::Path;
use std::sync::{LazyLock, RwLock};
use std::time::Instant;

pub use format::{Format, Line};
pub use redaction::{MARK, has_secrets, hide, hide_bytes, redact};
pub use settings::{Output, Settings, SettingsError};
use target::Target;

/// How serious a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// `debug`, `info`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warning",
            Self::Error => "error",
        }
    }

    /// The level of that name; `warn` is `warning`, k6's other names map to the nearest.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "trace" | "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warn),
            "error" | "fatal" | "panic" => Some(Self::Error),
            _ => None,
        }
    }
}

/// Called in place of writing when lines go to a terminal: must call its argument, which writes the
/// line, once; before that it may clear, and after that redraw, what it shows there. It must not log.
pub type LineHook = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

struct Logger {
    target: Target,
    format: Format,
    least: Level,
}

/// Before [`setup`], lines go to stderr as plain text.
static LOGGER: RwLock<Logger> =
    RwLock::new(Logger { target: Target::Stderr, format: Format::Text, least: Level::Info });
static HOOK: RwLock<Option<LineHook>> = RwLock::new(None);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Configures the process-wide logger; the time shown on terminals counts from the first call.
///
/// # Errors
/// When a log file cannot be opened.
pub fn setup(settings: Settings) -> Result<(), SettingsError> {
    LazyLock::force(&START);
    let target = Target::open(&settings.output)?;
    let format = match settings.format {
        Format::Text if settings.color && target.is_terminal() => Format::Terminal,
        format => format,
    };
    let least = match &settings.output {
        Output::File { level: Some(level), .. } => *level,
        _ if settings.verbose => Level::Debug,
        _ => Level::Info,
    };
    *LOGGER.write().unwrap_or_else(|e| e.into_inner()) = Logger { target, format, least };
    Ok(())
}

/// Whether lines of that level are written at all.
pub fn enabled(level: Level) -> bool {
    level >= LOGGER.read().unwrap_or_else(|e| e.into_inner()).least
}

/// Writes one line. Fields are sorted by key. Errors of the target are ignored: a closed stderr
/// must not end a test run.
pub fn emit(level: Level, message: &str, fields: &[(&str, &str)]) {
    let logger = LOGGER.read().unwrap_or_else(|e| e.into_inner());
    if level < logger.least {
        return;
    }
    let text = render(logger.format, level, message, fields);
    let hook = HOOK.read().unwrap_or_else(|e| e.into_inner());
    match &*hook {
        Some(hook) if logger.target.is_terminal() => hook(&mut || logger.target.write(&text)),
        _ => logger.target.write(&text),
    }
}

/// Writes a `debug` line without fields; shown only with `--verbose`.
pub fn debug(message: impl AsRef<str>) {
    emit(Level::Debug, message.as_ref(), &[]);
}

/// Writes an `info` line without fields.
pub fn info(message: impl AsRef<str>) {
    emit(Level::Info, message.as_ref(), &[]);
}

/// Writes a `warning` line without fields.
pub fn warn(message: impl AsRef<str>) {
    emit(Level::Warn, message.as_ref(), &[]);
}

/// Writes an `error` line without fields.
pub fn error(message: impl AsRef<str>) {
    emit(Level::Error, message.as_ref(), &[]);
}

/// Sets what coordinates lines with a live display on the same terminal; `None` takes it away.
pub fn set_line_hook(hook: Option<LineHook>) {
    *HOOK.write().unwrap_or_else(|e| e.into_inner()) = hook;
}

fn render(format: Format, level: Level, message: &str, fields: &[(&str, &str)]) -> String {
    let elapsed = START.elapsed();
    if !has_secrets() {
        return format.render(&Line { level, message, fields, elapsed });
    }
    let hidden: Vec<_> = fields.iter().map(|(key, value)| (hide(key), hide(value))).collect();
    let fields: Vec<_> = hidden.iter().map(|(key, value)| (&**key, &**value)).collect();
    format.render(&Line { level, message: &hide(message), fields: &fields, elapsed })
}

/// A second place for lines, in the same format: `--console-output`.
#[derive(Debug)]
pub struct Writer {
    target: Target,
    format: Format,
}

impl Writer {
    /// Appends to a file, which is made if it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn append(path: &Path, format: Format) -> Result<Self, SettingsError> {
        Ok(Self { target: Target::append(path)?, format })
    }

    /// Writes one line, whatever its level.
    pub fn write(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.target.write(&render(self.format, level, message, fields));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_show() {
        redact("s3cr3t\"quoted");
        let line =
            render(Format::Text, Level::Info, "token s3cr3t\"quoted.", &[("source", "s3cr3t\"quoted")]);
        assert!(
            line.contains(r#"msg="token ***SECRET_REDACTED***." source="***SECRET_REDACTED***""#),
            "{line}"
        );
    }

    #[test]
    fn a_writer_appends_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("console.txt");
        for message in ["one", "two words"] {
            Writer::append(&path, Format::Text).unwrap().write(Level::Warn, message, &[]);
        }
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with("level=warning msg=\"two words\"\n") && text.lines().count() == 2, "{text}");
        assert!(Writer::append(&dir.path().join("no/such"), Format::Text).is_err());
    }
}
