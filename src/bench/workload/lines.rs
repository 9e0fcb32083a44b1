//! Prompts from a file: a line of text each, a JSON value each line, or a column of a CSV file.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Turn, messages};
use crate::bench::place::{Mistake, read};

/// The columns, and the fields of JSON objects, in which a prompt is looked for, in this order.
const NAMES: [&str; 6] = ["prompt", "query", "question", "text", "input", "content"];

/// Reads a file by its extension: `.jsonl`/`.ndjson`, `.csv`, and lines of text otherwise.
///
/// # Errors
/// It cannot be read, has a line of another form, or no prompts at all.
pub fn load(file: &Path) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let text = read(file)?;
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let prompts = match extension.as_deref() {
        Some("jsonl" | "ndjson") => of_json_lines(file, &text)?,
        Some("csv") => of_csv(file, &text)?,
        _ => of_lines(&text),
    };
    if prompts.is_empty() {
        return Err(Mistake::whole(file, "there are no prompts in it; write one a line"));
    }
    Ok(prompts)
}

/// Blank lines are passed over.
fn of_lines(text: &str) -> Vec<Arc<[Turn]>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Arc::from([Turn::question(line)])).collect()
}

/// Strings, objects with a prompt, or objects with `messages`.
fn of_json_lines(file: &Path, text: &str) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let mut prompts = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let value: Value =
            serde_json::from_str(line).map_err(|error| Mistake::of_json(file, number, &error))?;
        let turn = match &value {
            Value::String(prompt) => Turn::question(prompt),
            Value::Object(object) if object.contains_key("messages") => {
                messages::turn(file, number, line, &value)?
            }
            Value::Object(object) => {
                let found = NAMES.iter().find_map(|name| object.get(*name).and_then(Value::as_str));
                let prompt = found.ok_or_else(|| {
                    let text =
                        format!("the object has no text under any of these names: {}", NAMES.join(", "));
                    Mistake::at(file, number, 1, text)
                })?;
                Turn { max_tokens: value["max_tokens"].as_u64(), ..Turn::question(prompt) }
            }
            _ => return Err(Mistake::at(file, number, 1, "want a string or an object with a prompt")),
        };
        prompts.push(Arc::from([turn]));
    }
    Ok(prompts)
}

/// The first row names the columns; a file of one column needs no known name.
fn of_csv(file: &Path, text: &str) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let failed = |error: &csv::Error| match error.position() {
        Some(position) => {
            let line = usize::try_from(position.line()).unwrap_or(usize::MAX);
            Mistake::at(file, line, 1, error.to_string())
        }
        None => Mistake::whole(file, error.to_string()),
    };
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let place = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let column =
        NAMES.iter().find_map(|name| place(name)).or((header.len() == 1).then_some(0)).ok_or_else(|| {
            let columns = header.iter().collect::<Vec<_>>().join(", ");
            Mistake::at(
                file,
                1,
                1,
                format!("none of the columns ({columns}) is one of: {}", NAMES.join(", ")),
            )
        })?;
    let limit = place("max_tokens");
    let mut prompts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| failed(&error))?;
        let Some(prompt) = record.get(column).filter(|prompt| !prompt.trim().is_empty()) else { continue };
        let max_tokens = limit.and_then(|at| record.get(at)).and_then(|text| text.trim().parse().ok());
        prompts.push(Arc::from([Turn { max_tokens, ..Turn::question(prompt) }]));
    }
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(name: &str, content: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let shown = |turns: &Arc<[Turn]>| {
            let texts: Vec<_> =
                turns[0].messages.iter().map(|m| format!("{}:{}", m.role, m.content.text())).collect();
            format!("{}{}", texts.join("|"), turns[0].max_tokens.map_or(String::new(), |n| format!(" {n}")))
        };
        let short = |mistake: Mistake| Mistake { file: name.into(), ..mistake }.to_string();
        load(&file).map(|prompts| prompts.iter().map(shown).collect()).map_err(short)
    }

    #[test]
    fn each_kind_of_file() {
        let texts = ["user:你是谁", "user:b c"].map(str::to_owned);
        assert_eq!(loaded("a.txt", "\u{feff}你是谁\n\n  b c \r\n"), Ok(texts.to_vec()));
        let lines = "\"x\"\n{\"query\":\"y\",\"max_tokens\":9}\n\
                     {\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"z\"}]}\n";
        assert_eq!(loaded("a.jsonl", lines).unwrap(), ["user:x", "user:y 9", "system:s|user:z"]);
        let table = "id,Prompt,max_tokens\n1,\"a, b\",7\n2,,\n3,c,\n";
        assert_eq!(loaded("a.csv", table).unwrap(), ["user:a, b 7", "user:c"]);
        assert_eq!(loaded("one.csv", "anything\nx\n").unwrap(), ["user:x"]);
    }

    #[test]
    fn mistakes_say_where() {
        for (name, content, want) in [
            ("a.txt", " \n", "a.txt: there are no prompts"),
            ("a.jsonl", "\"x\"\n{\"q\": }\n", "a.jsonl:2:7: expected value"),
            ("a.jsonl", "{\"q\":1}", "a.jsonl:1:1: the object has no text"),
            ("a.jsonl", "{\"messages\":[{\"role\":1}]}", "a.jsonl:1:22: the role"),
            ("a.csv", "a,b\n1,2\n", "a.csv:1:1: none of the columns (a, b)"),
            ("a.csv", "prompt,b\n1,2\n1,2,3\n", "a.csv:3:1: "),
        ] {
            let error = loaded(name, content).unwrap_err();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
