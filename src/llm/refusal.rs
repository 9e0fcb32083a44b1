//! The error in the body of an answer, in whichever shape APIs have for it.

use serde_json::Value;

/// The message of an error object, of a text, or of whatever else stands for it.
pub fn message(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let known = ["message", "error", "detail", "msg", "text", "code", "type"];
            let found = known.iter().filter_map(|key| fields.get(*key)).find(|value| !value.is_null());
            found.map_or_else(|| error.to_string(), message)
        }
        other => other.to_string(),
    }
}

/// What the body of an answer with an error status says, in one line.
pub fn of_body(body: &[u8]) -> String {
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(value) => message(value.get(0).unwrap_or(&value)),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Characters of an error that are shown.
const LONGEST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_in_many_shapes() {
        for (body, wanted) in [
            (r#"{"error":{"message":"too\n many","type":"rate"}}"#, "too many"),
            (r#"{"error":"no such model"}"#, "no such model"),
            (r#"{"detail":[1]}"#, "[1]"),
            (r#"[{"error":{"code":400,"message":"bad"}}]"#, "bad"),
            (r#"{"code":"unavailable"}"#, "unavailable"),
            ("<html>\n 502</html>", "<html> 502</html>"),
            ("", ""),
        ] {
            assert_eq!(of_body(body.as_bytes()), wanted);
        }
        assert_eq!(of_body("é".repeat(400).as_bytes()).chars().count(), 301);
    }
}
