//! Options as JSON: `ssek inspect` and `exec.test.options`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Layer, Resolved, RuntimeOptions};
use crate::k6::duration::GoDuration;
use crate::k6::quote::escape_html;

/// The script's own options, indented: plain `inspect`.
pub fn script(layer: &Layer) -> String {
    print(layer.to_json())
}

/// The merged options with `totalDuration` and `maxVUs`: `inspect --execution-requirements`.
pub fn requirements(resolved: &Resolved) -> String {
    let mut json = resolved.consolidated.to_json();
    let needed = resolved.options.requirements();
    json.insert("totalDuration".to_owned(), GoDuration::from(needed.duration).to_string().into());
    json.insert("maxVUs".to_owned(), needed.max_vus.into());
    print(json)
}

/// What `exec.test.options` holds: the merged options without the shortcuts, which live on in
/// `scenarios`, plus two that only flags set.
pub fn test_options(resolved: &Resolved, runtime: &RuntimeOptions) -> Value {
    let mut json = resolved.consolidated.to_json();
    for shortcut in ["vus", "duration", "iterations", "stages"] {
        json.shift_remove(shortcut);
    }
    json.insert("consoleOutput".to_owned(), runtime.console_output.clone().into());
    json.insert("localIPs".to_owned(), runtime.local_ips.as_ref().map(ToString::to_string).into());
    Value::Object(json)
}

fn print(json: Map<String, Value>) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"  ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // JSON values with string keys serialise into memory without fail, as UTF-8.
    let _ = json.serialize(&mut serializer);
    escape_html(&String::from_utf8_lossy(&out))
}

#[cfg(test)]
mod tests {
    use super::super::{Sources, resolve};
    use super::*;
    use serde_json::json;

    fn layer(json: Value) -> Layer {
        Layer::from_json(&json, "script").unwrap().0
    }

    #[test]
    fn plain_inspect_shows_every_key() {
        let text = script(&layer(
            json!({"vus": 3, "duration": "5s", "thresholds": {"http_req_duration": ["p(95)<200"]}}),
        ));
        let head =
            "{\n  \"paused\": null,\n  \"vus\": 3,\n  \"duration\": \"5s\",\n  \"iterations\": null,\n";
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains("\"http_req_duration\": [\n      \"p(95)\\u003c200\"\n    ]"), "{text}");
        assert!(
            text.contains("\"dns\": {\n    \"ttl\": null,\n    \"select\": null,\n    \"policy\": null\n  }")
        );
        assert!(text.ends_with("\"features\": null\n}"), "{text}");
    }

    #[test]
    fn requirements_and_test_options() {
        let script = layer(json!({"stages": [{"duration": "5s", "target": 3}]}));
        let resolved = resolve(Sources { script, ..Sources::default() }).unwrap();
        let text = requirements(&resolved);
        assert!(
            text.ends_with("\"features\": null,\n  \"totalDuration\": \"35s\",\n  \"maxVUs\": 3\n}"),
            "{text}"
        );
        let options = test_options(&resolved, &RuntimeOptions::default());
        let keys: Vec<_> = options.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..3], ["paused", "scenarios", "executionSegment"]);
        assert_eq!(keys[keys.len() - 3..], ["features", "consoleOutput", "localIPs"]);
        assert_eq!(options["scenarios"]["default"]["stages"][0]["target"], 3);
    }
}
