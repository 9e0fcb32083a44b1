//! The config file: options in JSON, and a few settings that are no script options.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layer::Layer;
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::json::{Json, Mismatch};

/// What a config file says.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    pub layer: Layer,
    /// `out`: the outputs, unless flags or the environment name some.
    pub out: Vec<String>,
    pub linger: Option<bool>,
    /// Keys that nobody knows, to be warned about.
    pub unknown: Vec<String>,
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
        let json: Value = serde_json::from_str(&text).map_err(|error| {
            let text = format!("the config file '{shown}' is no valid JSON: {error}");
            Failure::new(ExitCode::INVALID_CONFIG, text)
        })?;
        Self::from_json(&json, &format!("the config file '{shown}'"))
    }

    fn from_json(json: &Value, source: &str) -> Result<Self, Failure> {
        let (layer, mut unknown) = Layer::from_json(json, source)?;
        let failed = |error: Mismatch| {
            Failure::new(ExitCode::INVALID_CONFIG, format!("parsing options from {source} got {error}"))
        };
        let mut file = Self { layer, ..Self::default() };
        let mut wrong = Ok(());
        unknown.retain(|key| match key.as_str() {
            "out" => {
                wrong = read(json, key).map(|out| file.out = out.unwrap_or_default()).and(wrong.clone());
                false
            }
            "linger" => {
                wrong = read(json, key).map(|linger| file.linger = linger).and(wrong.clone());
                false
            }
            key => !IGNORED.contains(&key),
        });
        wrong.map_err(failed)?;
        file.unknown = unknown;
        Ok(file)
    }
}

fn read<T: Json>(json: &Value, key: &str) -> Result<Option<T>, Mismatch> {
    T::from_json(&json[key]).map_err(|error| error.at(key))
}

/// `ssek/config.json` in `$XDG_CONFIG_HOME`, or in `~/.config`.
fn default_path(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(base.join("ssek").join("config.json"))
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
        assert_eq!(file.unknown, ["bogus"]);
    }

    #[test]
    fn errors_name_the_file() {
        let json = serde_json::json!({"out": 3});
        let failure = ConfigFile::from_json(&json, "the config file 'c.json'").unwrap_err();
        assert_eq!(
            failure.message,
            "parsing options from the config file 'c.json' got error while parsing \"3\": out must be an array"
        );
    }
}
