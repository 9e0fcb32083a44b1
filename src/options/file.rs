//! The config file: options in JSON, and a few settings that are no script options.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::folders;
use super::layer::Layer;
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::json::{Json, Mismatch};
use crate::k6::json_place::place;

/// What a config file says.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    pub layer: Layer,
    /// `out`: the outputs, unless flags or the environment name some.
    pub out: Vec<String>,
    pub linger: Option<bool>,
    /// Whether the results are to be shown in a browser.
    pub web_dashboard: bool,
    /// Keys that nobody knows, to be warned about, and the places that they are at: `PATH:LINE:COLUMN`.
    pub unknown: Vec<(String, String)>,
    /// Empty where no file was read.
    pub path: PathBuf,
}

/// Keys of k6's config files that mean nothing here: telemetry and the cloud service.
const IGNORED: [&str; 2] = ["noUsageReport", "collectors"];

impl ConfigFile {
    /// Reads the file at `path`, or, where that is `None`, the one at its default place, which may
    /// be missing.
    pub fn read(path: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let chosen = match path {
            Some(path) => path.to_owned(),
            None => match default_path(env).filter(|path| path.exists()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let shown = chosen.display();
        let text = std::fs::read_to_string(&chosen).map_err(|error| {
            let text =
                format!("could not read the config file '{shown}': {error}; check --config and K6_CONFIG");
            Failure::new(ExitCode::OTHER, text)
        })?;
        Self::parse(&text, &chosen)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let invalid = |text: String| Failure::new(ExitCode::INVALID_CONFIG, text);
        let json: Value = serde_json::from_str(text).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
            let (line, column) = (error.line(), error.column());
            invalid(format!(
                "the config file '{shown}' is no valid JSON: {reason}\n\tat {shown}:{line}:{column}"
            ))
        })?;
        let failed = |error: Mismatch| {
            let (line, column) = place(text, error.path());
            invalid(format!(
                "parsing options from the config file '{shown}' got {error}\n\tat {shown}:{line}:{column}"
            ))
        };
        let (layer, unknown) = Layer::from_value(&json).map_err(failed)?;
        let mut file = Self { layer, path: path.to_owned(), ..Self::default() };
        for key in unknown {
            match key.as_str() {
                "out" => file.out = read(&json, &key).map_err(failed)?.unwrap_or_default(),
                "linger" => file.linger = read(&json, &key).map_err(failed)?,
                "webDashboard" => file.web_dashboard = read(&json, &key).map_err(failed)?.unwrap_or(false),
                known if IGNORED.contains(&known) => {}
                _ => {
                    let (line, column) = place(text, &key);
                    file.unknown.push((key, format!("{shown}:{line}:{column}")));
                }
            }
        }
        Ok(file)
    }
}

fn read<T: Json>(json: &Value, key: &str) -> Result<Option<T>, Mismatch> {
    T::from_json(&json[key]).map_err(|error| error.at(key))
}

/// `ssek/config.json` in the user's folder for settings.
fn default_path(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(folders::settings(env)?.join("ssek").join("config.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_matters_only_if_it_was_named() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display().to_string();
        let env = |name: &str| (name == "XDG_CONFIG_HOME").then(|| home.clone());
        assert!(ConfigFile::read(None, &env).unwrap().layer.vus.is_none());
        let named = ConfigFile::read(Some(&dir.path().join("no.json")), &env).unwrap_err();
        assert!(named.message.contains("no.json"), "{}", named.message);
        std::fs::create_dir(dir.path().join("ssek")).unwrap();
        let text = r#"{"vus": 4, "out": ["json=a"], "linger": true, "collectors": {}, "bogus": 1}"#;
        std::fs::write(dir.path().join("ssek/config.json"), text).unwrap();
        let file = ConfigFile::read(None, &env).unwrap();
        assert_eq!((file.layer.vus, file.linger, file.out), (Some(4), Some(true), vec!["json=a".to_owned()]));
        let place = format!("{}:1:74", dir.path().join("ssek").join("config.json").display());
        assert_eq!(file.unknown, [("bogus".to_owned(), place)]);
    }

    #[test]
    fn errors_name_the_file() {
        for (text, want) in [
            (
                "{\n  \"out\": 3}",
                "parsing options from the config file 'c.json' got error while parsing \"3\": out must be an array\
                 \n\tat c.json:2:10",
            ),
            (
                r#"{"scenarios": {"a": {"executor": "constant-vus", "vus": true}}}"#,
                "parsing options from the config file 'c.json' got error while parsing \"true\": \
                 scenarios.a.vus must be an integer\n\tat c.json:1:57",
            ),
            (
                "{\n\"vus\": 1,}",
                "the config file 'c.json' is no valid JSON: trailing comma\n\tat c.json:2:10",
            ),
        ] {
            let failure = ConfigFile::parse(text, Path::new("c.json")).unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), (ExitCode::INVALID_CONFIG, want));
        }
    }
}
