//! Conversations of ShareGPT: `[{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", …}]}]`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Message, Turn};
use crate::bench::place::{Mistake, read};

/// Reads the file. Conversations that do not begin with a person's question and an answer are passed over, as
/// other benchmarks do. `all_turns` keeps whole conversations; without it their first question is asked.
///
/// # Errors
/// It cannot be read, is not of that form, or nothing is left.
pub fn load(file: &Path, all_turns: bool) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let text = read(file)?;
    let value: Value = serde_json::from_str(&text).map_err(|error| Mistake::of_json(file, 1, &error))?;
    let list = value.as_array().ok_or_else(|| Mistake::at(file, 1, 1, "want a list of conversations"))?;
    let mut found = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let spoken = entry.get("conversations").or(entry.get("conversation")).and_then(Value::as_array);
        let spoken = spoken.ok_or_else(|| {
            Mistake::in_json(file, 1, &text, &index.to_string(), "the entry has no list \"conversations\"")
        })?;
        let turns = turns(spoken);
        let answered = turns.first().is_some_and(|turn| turn.recorded_reply.is_some());
        if answered {
            let kept = if all_turns { turns } else { turns.into_iter().take(1).collect() };
            found.push(Arc::from(kept));
        }
    }
    if found.is_empty() {
        return Err(Mistake::whole(file, "no conversation in it begins with a question and its answer"));
    }
    Ok(found)
}

/// Questions with their answers, as long as the two alternate; a system message goes with the question after it.
fn turns(spoken: &[Value]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut before = Vec::new();
    for message in spoken {
        let from = message["from"].as_str().or(message["role"].as_str()).unwrap_or_default();
        let text = message["value"].as_str().or(message["content"].as_str()).unwrap_or_default();
        match from {
            "system" => before.push(Message::new("system", text)),
            "human" | "user" => {
                if turns.last().is_some_and(|turn| turn.recorded_reply.is_none()) {
                    break;
                }
                let mut messages = std::mem::take(&mut before);
                messages.push(Message::new("user", text));
                turns.push(Turn { messages, ..Turn::default() });
            }
            "gpt" | "assistant" | "chatgpt" | "bing" | "bard" => match turns.last_mut() {
                Some(turn) if turn.recorded_reply.is_none() => turn.recorded_reply = Some(text.into()),
                _ => break,
            },
            _ => break,
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_that_were_answered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.json");
        let text = r#"[
            {"conversations":[{"from":"gpt","value":"no"},{"from":"human","value":"x"}]},
            {"conversations":[{"from":"human","value":"unanswered"}]},
            {"conversations":[{"from":"system","value":"s"},{"from":"human","value":"a"},{"from":"gpt","value":"b"},
                              {"from":"human","value":"c"},{"from":"gpt","value":"d"},{"from":"tool","value":"e"}]}
        ]"#;
        std::fs::write(&file, text).unwrap();
        let [single] = &load(&file, false).unwrap()[..] else { panic!() };
        assert_eq!((single.len(), single[0].messages.len()), (1, 2));
        let [whole] = &load(&file, true).unwrap()[..] else { panic!() };
        assert_eq!(whole.len(), 2);
        assert_eq!(
            (&*whole[1].messages[0].content.text(), whole[1].recorded_reply.as_deref()),
            ("c", Some("d"))
        );
        std::fs::write(&file, "[\n {\"a\": 1}]").unwrap();
        let error = load(&file, false).unwrap_err();
        assert_eq!(error.at, Some((2, 2)), "{error}");
    }
}
