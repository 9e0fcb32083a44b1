//! Prompts from a file: a line of text each, a JSON value each line, or a column of a CSV file.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Turn, messages};
use crate::bench::place::{Mistake, read};
use crate::k6::json_place;

/// The columns, and the fields of JSON objects, in which a prompt is looked for, in this order.
const NAMES: [&str; 6] = ["prompt", "query", "question", "text", "input", "content"];

/// Reads a file by its extension: `.jsonl`/`.ndjson`, `.json` (a list), `.csv`, and lines of text otherwise.
///
/// # Errors
/// It cannot be read, has a line of another form, or no prompts at all.
pub fn load(file: &Path) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let text = read(file)?;
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let prompts = match extension.as_deref() {
        Some("jsonl" | "ndjson") => of_json_lines(file, &text)?,
        Some("json") => of_json_list(file, &text)?,
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
        prompts.push(Arc::from([of_json(file, number, line, &value)?]));
    }
    Ok(prompts)
}

/// The same values as the items of one list.
fn of_json_list(file: &Path, text: &str) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        let mistake = Mistake::of_json(file, 1, &error);
        Mistake { text: format!("{}; want a list of prompts", mistake.text), ..mistake }
    })?;
    let of_item = |(index, value): (usize, &Value)| {
        // Places are told of the item alone.
        let (line, column) = json_place::place(text, &index.to_string());
        let turn = of_json(file, line, &value.to_string(), value);
        Ok(Arc::from([turn.map_err(|mistake| Mistake { at: Some((line, column)), ..mistake })?]))
    };
    list.iter().enumerate().map(of_item).collect()
}

/// A string, an object with a prompt, or one with `messages`, which stands in `line` of a file.
fn of_json(file: &Path, number: usize, line: &str, value: &Value) -> Result<Turn, Mistake> {
    match value {
        Value::String(prompt) => Ok(Turn::question(prompt)),
        Value::Object(object) if object.contains_key("messages") => messages::turn(file, number, line, value),
        Value::Object(object) => {
            let found = NAMES.iter().find_map(|name| object.get(*name).and_then(Value::as_str));
            let prompt = found.ok_or_else(|| {
                let text = format!("the object has no text under any of these names: {}", NAMES.join(", "));
                Mistake::at(file, number, 1, text)
            })?;
            Ok(Turn { max_tokens: value["max_tokens"].as_u64(), ..Turn::question(prompt) })
        }
        _ => Err(Mistake::at(file, number, 1, "want a string or an object with a prompt")),
    }
}

/// What stands between the columns: a comma, or in a head without one a semicolon or a tab, as spreadsheets in many
/// countries write them.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    if head.contains(',') {
        return b',';
    }
    [b';', b'\t'].into_iter().find(|sign| head.as_bytes().contains(sign)).unwrap_or(b',')
}

/// The first row names the columns; a file of one column needs no known name.
fn of_csv(file: &Path, text: &str) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(text)).from_reader(text.as_bytes());
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
        assert_eq!(loaded("a.csv", "id;query\n1;\"a, b\"\n").unwrap(), ["user:a, b"]);
        let list =
            "[\"x\", {\"prompt\": \"y\"},\n {\"messages\": [{\"role\": \"user\", \"content\": \"z\"}]}]";
        assert_eq!(loaded("a.json", list).unwrap(), ["user:x", "user:y", "user:z"]);
    }

    #[test]
    fn mistakes_say_where() {
        for (name, content, want) in [
            ("a.txt", " \n", "a.txt: there are no prompts"),
            ("a.jsonl", "\"x\"\n{\"q\": }\n", "a.jsonl:2:7: expected value"),
            ("a.jsonl", "{\"q\":1}", "a.jsonl:1:1: the object has no text"),
            ("a.jsonl", "{\"messages\":[{\"role\":1}]}", "a.jsonl:1:22: the role"),
            ("a.json", "[\"x\",\n 5]", "a.json:2:2: want a string"),
            ("a.json", "{}", "a.json:1:1: invalid type: map"),
            ("a.csv", "a,b\n1,2\n", "a.csv:1:1: none of the columns (a, b)"),
            ("a.csv", "prompt,b\n1,2\n1,2,3\n", "a.csv:3:1: "),
        ] {
            let error = loaded(name, content).unwrap_err();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
