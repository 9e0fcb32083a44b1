//! Where the options that an error speaks of were set.

use serde_json::Value;

use super::{Layer, Sources};
use crate::k6::exit_code::Failure;

/// How errors call the levels of options.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `the config file 'PATH'`
    pub file: String,
    /// `the script 'PATH'`, or an archive.
    pub script: String,
    /// The variables that are set: the option's key and the whole name.
    pub variables: Vec<(&'static str, String)>,
}

impl Places {
    /// Places whose variables are those of `env`.
    pub fn new(file: String, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &String| env(name).is_some_and(|value| !value.is_empty());
        let variables =
            Layer::VARIABLES.iter().filter(|(_, name)| !name.is_empty()).filter_map(|(key, name)| {
                let names = [format!("SSEK_{name}"), format!("K6_{name}")];
                names.into_iter().find(is_set).map(|name| (*key, name))
            });
        Self { file, script: "the script".to_owned(), variables: variables.collect() }
    }
}

/// Options of which a level that has one clears the lower levels' others.
const SHAPES: [&str; 4] = ["duration", "iterations", "stages", "scenarios"];

/// Flags that are not called like their options.
const FLAGS: [(&str, &str); 3] =
    [("stages", "--stage"), ("tags", "--tag"), ("blacklistIPs", "--blacklist-ip")];

impl Sources {
    /// The failure with a line for each of its options: the value, and where it was set.
    #[must_use]
    pub fn locate(&self, mut failure: Failure) -> Failure {
        let mut seen: Vec<&str> = Vec::new();
        for key in std::mem::take(&mut failure.options) {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            if let Some((value, place)) = self.origin(key) {
                failure.message += &format!("\n\tat {key} = {value} from {place}");
            }
        }
        failure
    }

    /// The value of an option as JSON, and the place that it is from.
    pub fn origin(&self, key: &str) -> Option<(String, String)> {
        let levels = [&self.flags, &self.environment, &self.script, &self.file];
        let lowest = match SHAPES.contains(&key) {
            true => levels.iter().position(|level| level.shapes_load()).unwrap_or(levels.len() - 1),
            false => levels.len() - 1,
        };
        let mut found = levels[..=lowest].iter().enumerate();
        let (level, value) = found.find_map(|(at, level)| Some((at, level.get(key)?)))?;
        let variable =
            || self.places.variables.iter().find(|(of, _)| *of == key).map(|(_, name)| name.as_str());
        let place = match level {
            0 => format!("the flag {}", flag(key)),
            1 => format!("the environment variable {}", variable().unwrap_or_default()),
            2 => self.places.script.clone(),
            _ => self.places.file.clone(),
        };
        Some((shown(key, &value), place))
    }
}

fn shown(key: &str, value: &Value) -> String {
    // It holds private keys.
    if key == "tlsAuth" {
        return "[…]".to_owned();
    }
    let mut text = value.to_string();
    if let Some((cut, _)) = text.char_indices().nth(80) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// `--no-vu-connection-reuse` for `noVUConnectionReuse`.
fn flag(key: &str) -> String {
    if let Some((_, flag)) = FLAGS.iter().find(|(option, _)| *option == key) {
        return (*flag).to_owned();
    }
    let mut flag = "--".to_owned();
    let letters: Vec<char> = key.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && letters[at - 1].is_ascii_lowercase();
        let before_lower = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (after_lower || before_lower) {
            flag.push('-');
        }
        flag.push(letter.to_ascii_lowercase());
    }
    flag
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::k6::ExitCode;

    #[test]
    fn flags_are_named_after_options() {
        for (key, want) in [
            ("vus", "--vus"),
            ("noVUConnectionReuse", "--no-vu-connection-reuse"),
            ("insecureSkipTLSVerify", "--insecure-skip-tls-verify"),
            ("summaryTimeUnit", "--summary-time-unit"),
            ("blacklistIPs", "--blacklist-ip"),
        ] {
            assert_eq!(flag(key), want);
        }
    }

    #[test]
    fn an_option_is_from_the_highest_level_that_counts() {
        let layer = |json: Value| Layer::from_json(&json, "script").unwrap().0;
        let env = |name: &str| match name {
            "SSEK_RPS" | "K6_RPS" => Some("7".to_owned()),
            _ => None,
        };
        let mut sources = Sources {
            file: layer(json!({"vus": 1, "rps": 1, "duration": "1m"})),
            script: layer(json!({"stages": [], "scenarios": {}})),
            environment: layer(json!({"rps": 7})),
            flags: layer(json!({"tags": {"a": "b"}})),
            places: Places::new("the config file 'c.json'".to_owned(), &env),
        };
        sources.places.script = "the script 'a.js'".to_owned();
        let failure =
            Failure::new(ExitCode::OTHER, "x").about(&["vus", "rps", "duration", "stages", "tags", "vus"]);
        let want = "x\n\tat vus = 1 from the config file 'c.json'\n\tat rps = 7 from the environment variable SSEK_RPS\
                    \n\tat stages = [] from the script 'a.js'\n\tat tags = {\"a\":\"b\"} from the flag --tag";
        assert_eq!(sources.locate(failure).message, want);
    }
}
