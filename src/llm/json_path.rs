//! Places in JSON: `choices[0].delta.content`.

use serde_json::Value;

/// A place: keys and numbers, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl JsonPath {
    /// Reads a path. A leading `$` or `$.` is dropped; `a.0` and `a[0]` are alike.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no path; write it like choices[0].delta.content");
        let rest = text.trim();
        let rest = rest.strip_prefix('$').unwrap_or(rest);
        let mut steps = Vec::new();
        for part in rest.split('.').filter(|part| !part.is_empty()) {
            let (key, indices) = match part.find('[') {
                Some(at) => part.split_at(at),
                None => (part, ""),
            };
            match key.parse() {
                Ok(index) => steps.push(Step::Index(index)),
                Err(_) if key.is_empty() => {}
                Err(_) => steps.push(Step::Key(key.to_owned())),
            }
            for index in indices.split('[').skip(1) {
                let index = index.strip_suffix(']').ok_or_else(bad)?;
                match index.parse() {
                    Ok(index) => steps.push(Step::Index(index)),
                    Err(_) => {
                        let key = index.trim_matches(['"', '\'']);
                        steps.push(Step::Key(if key.is_empty() {
                            return Err(bad());
                        } else {
                            key.to_owned()
                        }));
                    }
                }
            }
        }
        if steps.is_empty() { Err(bad()) } else { Ok(Self(steps)) }
    }

    /// What stands there; `null` counts as nothing.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let found = self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        });
        found.filter(|found| !found.is_null())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_found() {
        let value = json!({"a": [{"b": "x"}, {"b c": 2}], "n": null});
        for (path, wanted) in [
            ("a[0].b", Some(json!("x"))),
            ("$.a.0.b", Some(json!("x"))),
            ("a[1]['b c']", Some(json!(2))),
            ("$['a'][0]", Some(json!({"b": "x"}))),
            ("a[2]", None),
            ("n", None),
            ("a.b", None),
        ] {
            assert_eq!(JsonPath::parse(path).unwrap().find(&value).cloned(), wanted, "{path}");
        }
        for bad in ["", "$", "a[", "a[]"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}
