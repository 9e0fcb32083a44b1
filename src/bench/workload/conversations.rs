//! Conversations in files of their own: `{"name": …, "invocations": 25, "conversation": [{"role", "content"}]}`,
//! with comments where their author wanted some.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use json_comments::StripComments;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{Content, Message, Turn};
use crate::bench::place::{Mistake, read};
use crate::executor::Gaps;

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    pub name: Arc<str>,
    /// How often it is held, by all users together.
    pub invocations: u64,
    pub turns: Arc<[Turn]>,
}

/// Every invocation of every conversation, once.
#[derive(Clone, Debug)]
pub struct Queue {
    conversations: Vec<Conversation>,
    /// For each place in the queue, which conversation it is.
    order: Vec<u32>,
}

/// Reads a folder of `.json` and `.jsonc` files in the order of their names, or one such file. `shuffle` mixes
/// the queue by this seed; else each conversation's invocations come after those of the file before.
///
/// # Errors
/// A file cannot be read or has another form, or there is nothing to be held.
pub fn load(path: &Path, shuffle: Option<i64>) -> Result<Queue, Mistake> {
    let mut conversations = Vec::new();
    for file in files(path)? {
        conversations.push(conversation(&file)?);
    }
    let mut order = Vec::new();
    for (index, conversation) in (0..).zip(&conversations) {
        let times = usize::try_from(conversation.invocations).unwrap_or(usize::MAX).min(MOST);
        order.extend(std::iter::repeat_n(index, times));
    }
    if order.is_empty() {
        let text = "no invocations configured: there must be a .json file with a conversation whose \"invocations\" \
                    is above zero";
        return Err(Mistake::whole(path, text));
    }
    if let Some(seed) = shuffle {
        order.shuffle(&mut ChaCha8Rng::from_seed(Gaps::seed(seed, "order of conversations")));
    }
    Ok(Queue { conversations, order })
}

/// The most invocations of one conversation: more would take years.
const MOST: usize = 100_000_000;

impl Queue {
    /// The conversation at a place of the queue.
    pub fn at(&self, place: u64) -> Option<&Conversation> {
        let index = self.order.get(usize::try_from(place).ok()?)?;
        self.conversations.get(*index as usize)
    }

    /// How many are to be held.
    pub fn total(&self) -> u64 {
        self.order.len() as u64
    }

    /// Those that are held at all.
    pub fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.conversations.iter().filter(|conversation| conversation.invocations > 0)
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let failed = |error: std::io::Error| Mistake::whole(path, format!("cannot be read: {error}"));
    if path.metadata().map_err(failed)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|extension| extension == "json" || extension == "jsonc") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn conversation(file: &Path) -> Result<Conversation, Mistake> {
    let written = read(file)?;
    let mut bytes = Vec::new();
    StripComments::new(written.as_bytes())
        .read_to_end(&mut bytes)
        .map_err(|error| Mistake::whole(file, format!("a comment or a text does not end: {error}")))?;
    // Comments have become blanks, their line ends, too: these are put back, so that places stay what they are.
    for (byte, was) in bytes.iter_mut().zip(written.bytes()) {
        if was == b'\n' {
            *byte = was;
        }
    }
    blank_trailing_commas(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let value: Value = serde_json::from_str(&text).map_err(|error| Mistake::of_json(file, 1, &error))?;
    let wrong = |path: &str, what: &str| Mistake::in_json(file, 1, &text, path, what);
    if !value.is_object() {
        return Err(wrong("", "want an object with name, invocations and conversation"));
    }
    let name = match &value["name"] {
        Value::Null => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        Value::String(name) => name.clone(),
        _ => return Err(wrong("name", "the name must be a text")),
    };
    let invocations = match &value["invocations"] {
        Value::Null => 1,
        number => number
            .as_u64()
            .ok_or_else(|| wrong("invocations", "invocations must be a whole number from zero on"))?,
    };
    if invocations > MOST as u64 {
        return Err(wrong("invocations", &format!("a conversation can be held {MOST} times at most")));
    }
    let spoken = value["conversation"].as_array().ok_or_else(|| {
        wrong("conversation", "want a list \"conversation\" of messages with role and content")
    })?;
    let mut turns: Vec<Turn> = Vec::new();
    let mut before = Vec::new();
    for (index, message) in spoken.iter().enumerate() {
        let at = |key: &str| format!("conversation.{index}.{key}");
        let role = message["role"].as_str().ok_or_else(|| wrong(&at("role"), "the role must be a text"))?;
        let content = match &message["content"] {
            Value::String(text) => Content::Text(text.as_str().into()),
            parts @ Value::Array(_) => Content::Parts(Arc::new(parts.clone())),
            _ => return Err(wrong(&at("content"), "the content must be a text or a list of parts")),
        };
        let message = Message { role: role.into(), content };
        match role {
            "system" | "developer" => before.push(message),
            "assistant" => {
                if let Some(turn) = turns.last_mut() {
                    turn.recorded_reply = Some(message.content.text());
                }
            }
            _ => {
                let mut messages = std::mem::take(&mut before);
                messages.push(message);
                turns.push(Turn { messages, ..Turn::default() });
            }
        }
    }
    if turns.is_empty() {
        return Err(wrong("conversation", "the conversation has no message of a user"));
    }
    Ok(Conversation { name: name.into(), invocations, turns: turns.into() })
}

/// Makes blanks of commas behind which a list or an object ends, as editors allow them beside comments.
fn blank_trailing_commas(json: &mut [u8]) {
    let (mut in_text, mut escaped, mut comma) = (false, false, None);
    for at in 0..json.len() {
        let byte = json[at];
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b']' | b'}' => {
                if let Some(comma) = comma.take() {
                    json[comma] = b' ';
                }
            }
            b',' => comma = Some(at),
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                comma = None;
                in_text = byte == b'"';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        folder
    }

    const A: &str = "{\n  \"name\": \"conversation_A\",\n  \"invocations\": 2, //number of such /* concurrent */ ones\n  \
                     /* two\n lines */ \"conversation\": [\n    { \"role\": \"user\", \"content\": \"Hello // no comment\" },\n    \
                     { \"role\": \"user\", \"content\": \"Explain async APIs\" }\n  ]\n}";

    #[test]
    fn each_invocation_stands_in_the_queue_once() {
        let b = r#"{"invocations": 3, "conversation": [{"role":"system","content":"s"},{"role":"user","content":"x"},
                    {"role":"assistant","content":"y"}]}"#;
        let none = r#"{"invocations": 0, "conversation": [{"role":"user","content":"x"}]}"#;
        let folder = folder(&[("a.json", A), ("b.json", b), ("c.json", none), ("notes.txt", "x")]);
        let queue = load(folder.path(), None).unwrap();
        let names: Vec<_> =
            (0..queue.total()).map(|place| queue.at(place).unwrap().name.to_string()).collect();
        assert_eq!(names, ["conversation_A", "conversation_A", "b", "b", "b"]);
        assert!(queue.at(5).is_none());
        let [a, b] = queue.conversations().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((a.turns.len(), &*a.turns[0].messages[0].content.text()), (2, "Hello // no comment"));
        assert_eq!((b.turns.len(), b.turns[0].messages.len()), (1, 2));
        assert_eq!(b.turns[0].recorded_reply.as_deref(), Some("y"));
        let mixed = load(folder.path(), Some(1)).unwrap();
        assert_eq!((mixed.total(), mixed.order.iter().filter(|index| **index == 0).count()), (5, 2));
    }

    #[test]
    fn commas_may_trail() {
        for (text, want) in [
            ("[1, ]", "[1  ]"),
            ("{\"a,]\": [\",}\\\",]\",\n],\n}", "{\"a,]\": [\",}\\\",]\" \n] \n}"),
            ("[1,2,,]", "[1,2, ]"),
        ] {
            let mut bytes = text.as_bytes().to_vec();
            blank_trailing_commas(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), want);
        }
    }

    #[test]
    fn mistakes_say_where_comments_or_not() {
        for (text, want) in [
            (A.replace("2,", "\"2\","), ":3:18: invocations must be"),
            (A.replace("2,", "-1,"), ":3:18: invocations must be"),
            (A.replace("\"Explain async APIs\"", "7"), ":7:34: the content must be"),
            (A.replace("]", ""), ":9:1: "),
            ("{}".to_owned(), ":1:1: want a list \"conversation\""),
            ("[]".to_owned(), ":1:1: want an object"),
        ] {
            let folder = folder(&[("a.json", &text)]);
            let error = load(folder.path(), None).unwrap_err().to_string();
            assert!(error.contains(&format!("a.json{want}")), "{error}");
        }
        for files in
            [&[][..], &[("a.json", r#"{"invocations":0,"conversation":[{"role":"user","content":"x"}]}"#)]]
        {
            let folder = folder(files);
            assert!(load(folder.path(), None).unwrap_err().text.starts_with("no invocations configured"));
        }
        assert!(load(Path::new("/nowhere"), None).unwrap_err().text.starts_with("cannot be read"));
    }
}
