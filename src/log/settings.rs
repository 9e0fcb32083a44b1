//! `--log-output` and `--log-format`.

use std::path::PathBuf;

use super::{Format, Level};

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Stderr,
    Stdout,
    /// Nowhere.
    None,
    /// Appended to a file; `level` is the least level written there.
    File {
        path: PathBuf,
        level: Option<Level>,
    },
}

/// What the logger is set up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub output: Output,
    pub format: Format,
    /// Debug lines too.
    pub verbose: bool,
    /// Colours, where the output is a terminal.
    pub color: bool,
}

/// A bad `--log-output` or `--log-format`, or a log file that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("unsupported log output '{0}', use one of: stderr, stdout, none, file=PATH[,level=LEVEL]")]
    Output(String),
    #[error("--log-output=loki is not supported yet, use --log-output=file=PATH and ship that file")]
    Loki,
    #[error("--log-output=file needs a path, such as file=./ssek.log")]
    NoPath,
    #[error("unknown key '{0}' in --log-output=file, allowed is: level")]
    Key(String),
    #[error("unknown log level '{0}', use one of: debug, info, warning, error")]
    Level(String),
    #[error("unsupported log format '{0}', use one of: text, json, raw")]
    Format(String),
    #[error("could not open the log file '{path}': {error}; its directory must exist and be writable")]
    Open { path: String, error: std::io::Error },
}

impl Output {
    /// Reads the value of `--log-output`; empty is stderr.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        match text {
            "" | "stderr" => return Ok(Self::Stderr),
            "stdout" => return Ok(Self::Stdout),
            "none" => return Ok(Self::None),
            "file" => return Err(SettingsError::NoPath),
            _ => {}
        }
        if text == "loki" || text.starts_with("loki=") {
            return Err(SettingsError::Loki);
        }
        let Some(rest) = text.strip_prefix("file=") else {
            return Err(SettingsError::Output(text.to_owned()));
        };
        let mut parts = rest.split(',');
        let path = parts.next().filter(|path| !path.is_empty()).ok_or(SettingsError::NoPath)?;
        let mut level = None;
        for part in parts {
            match part.split_once('=') {
                Some(("level", name)) => {
                    let known = Level::from_name(name);
                    level = Some(known.ok_or_else(|| SettingsError::Level(name.to_owned()))?);
                }
                _ => return Err(SettingsError::Key(part.to_owned())),
            }
        }
        Ok(Self::File { path: path.into(), level })
    }
}

impl Format {
    /// Reads the value of `--log-format`; empty is text.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        match text {
            "" | "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "raw" => Ok(Self::Raw),
            other => Err(SettingsError::Format(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs() {
        let file = Output::File { path: "a.log".into(), level: Some(Level::Warn) };
        assert_eq!(Output::parse("file=a.log,level=warn").ok(), Some(file));
        assert_eq!(Output::parse("none").ok(), Some(Output::None));
        for bad in ["file", "file=", "file=a,level=x", "file=a,b=c", "loki=http://h", "foo"] {
            assert!(Output::parse(bad).is_err(), "{bad}");
        }
        assert!(Format::parse("xml").is_err());
    }
}
