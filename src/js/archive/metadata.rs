//! An archive's `metadata.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize as _;
use serde_json::{Map, Value, json};

use super::path::{anonymous_url, path_of};
use crate::k6::COMPATIBLE_WITH;
use crate::k6::quote::escape_html;

/// What an archive says about its test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The options of all levels, as `inspect` shows them.
    pub options: Value,
    /// The main script's path. It need not exist on this machine.
    pub script: PathBuf,
    /// The folder that `open()` starts from.
    pub pwd: PathBuf,
    /// Variables for the script.
    pub env: BTreeMap<String, String>,
    /// `extended` or `base`.
    pub compatibility_mode: String,
    /// The extensions that the test needs, each with the versions that will do.
    pub dependencies: BTreeMap<String, String>,
}

impl Metadata {
    /// Reads the JSON text. The error says what is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let json: Map<String, Value> = serde_json::from_slice(text)
            .map_err(|error| format!("its metadata.json is no object: {error}"))?;
        let field = |name: &str| json.get(name).cloned().unwrap_or_default();
        let string = |name: &str| field(name).as_str().map(str::to_owned);
        match string("type").as_deref() {
            Some("js") => {}
            kind => {
                let kind = kind.unwrap_or_default();
                return Err(format!("its metadata.json says that it is a test of type '{kind}', not 'js'"));
            }
        }
        let script = string("filename").ok_or("its metadata.json has no filename of the main script")?;
        let script = path_of(&script);
        let pwd = string("pwd").filter(|pwd| !pwd.is_empty()).map(|pwd| path_of(&pwd));
        let texts = |name: &str| match json.get(name) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(map) => serde_json::from_value(map.clone())
                .map_err(|error| format!("its metadata.json has a wrong {name}: {error}")),
        };
        Ok(Self {
            options: field("options"),
            pwd: pwd.or_else(|| script.parent().map(Path::to_owned)).unwrap_or_else(|| "/".into()),
            script,
            env: texts("env")?,
            compatibility_mode: string("compatibilityMode").unwrap_or_default(),
            dependencies: texts("dependencies")?,
        })
    }

    /// The JSON text, with k6's keys in k6's order. Paths lose the names of users.
    pub fn to_text(&self) -> String {
        let mut pwd = anonymous_url(&self.pwd);
        if !pwd.ends_with('/') {
            pwd.push('/');
        }
        let mut json = json!({
            "type": "js",
            "options": self.options,
            "filename": anonymous_url(&self.script),
            "pwd": pwd,
            "env": self.env,
            "compatibilityMode": self.compatibility_mode,
            "k6version": COMPATIBLE_WITH,
            "goos": if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS },
        });
        if !self.dependencies.is_empty() {
            json["dependencies"] = json!(self.dependencies);
        }
        let mut out = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"  ");
        // JSON values with string keys serialise into memory without fail, as UTF-8.
        let _ = json.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter));
        escape_html(&String::from_utf8_lossy(&out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let metadata = Metadata {
            options: json!({"vus": 3, "thresholds": {"x": ["p(95)<1"]}}),
            script: "/home/alice/t/a b.js".into(),
            pwd: "/home/alice/t".into(),
            env: BTreeMap::from([("A".to_owned(), "<1>".to_owned())]),
            compatibility_mode: "extended".to_owned(),
            dependencies: BTreeMap::from([("k6/x/sse".to_owned(), "*".to_owned())]),
        };
        let text = metadata.to_text();
        assert!(text.starts_with("{\n  \"type\": \"js\",\n  \"options\": {\n    \"vus\": 3,"), "{text}");
        assert!(text.contains("\"filename\": \"file:///home/nobody/t/a%20b.js\""), "{text}");
        assert!(text.contains("\"pwd\": \"file:///home/nobody/t/\""), "{text}");
        assert!(!text.contains("alice"));
        let read = Metadata::parse(text.as_bytes()).unwrap();
        let want =
            Metadata { script: "/home/nobody/t/a b.js".into(), pwd: "/home/nobody/t".into(), ..metadata };
        assert_eq!(read, want);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            ("[]", "no object"),
            (r#"{"type":"har","filename":"/a"}"#, "type 'har'"),
            (r#"{"type":"js"}"#, "no filename"),
            (r#"{"type":"js","filename":"/a","env":{"A":1}}"#, "wrong env"),
        ] {
            let error = Metadata::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        let old = Metadata::parse(br#"{"type":"js","filename":"/home/x/a.js","env":null}"#).unwrap();
        assert_eq!((old.pwd, old.options), ("/home/x".into(), Value::Null));
    }
}
