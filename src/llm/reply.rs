//! What the model answered.

use super::delta::{Delta, ToolPiece};

/// The answer, put together from its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Empty if texts are not kept.
    pub text: String,
    /// Empty if texts are not kept.
    pub reasoning: String,
    /// Bytes of `text`, `reasoning` and arguments of tool calls, kept or not.
    pub bytes: usize,
    /// The arguments are empty if texts are not kept.
    pub tool_calls: Vec<ToolCall>,
    /// In the protocol's own word.
    pub finish_reason: Option<String>,
    pub conversation_id: Option<String>,
    pub message_id: Option<String>,
}

/// A call of a tool that the model wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON.
    pub arguments: String,
}

/// A model that asks for more tools at once is not believed.
const MOST_TOOL_CALLS: usize = 1024;

impl Reply {
    /// Takes in a piece; `keep_text` says whether texts are to be kept.
    pub fn take(&mut self, delta: &Delta, keep_text: bool) {
        match delta {
            Delta::Text(text) => append(&mut self.text, text, &mut self.bytes, keep_text),
            Delta::Reasoning(text) => append(&mut self.reasoning, text, &mut self.bytes, keep_text),
            Delta::ToolCall(piece) => self.tool_call(piece, keep_text),
            Delta::Finish(reason) => set(&mut self.finish_reason, reason),
            Delta::MessageId(id) => set(&mut self.message_id, id),
            Delta::ConversationId(id) => set(&mut self.conversation_id, id),
            Delta::Role | Delta::Usage(_) | Delta::Error(_) | Delta::Done => {}
        }
    }

    /// What a conversation needs to go on where texts are not kept.
    pub fn without_texts(&self) -> Self {
        let Self { bytes, conversation_id, message_id, finish_reason, .. } = self;
        Self {
            bytes: *bytes,
            conversation_id: conversation_id.clone(),
            message_id: message_id.clone(),
            finish_reason: finish_reason.clone(),
            ..Self::default()
        }
    }

    /// Forgets the texts: they were not to be kept.
    pub fn drop_texts(&mut self) {
        self.text = String::new();
        self.reasoning = String::new();
        self.tool_calls.iter_mut().for_each(|call| call.arguments = String::new());
    }

    fn tool_call(&mut self, piece: &ToolPiece, keep_text: bool) {
        if piece.index >= MOST_TOOL_CALLS {
            return;
        }
        if piece.index >= self.tool_calls.len() {
            self.tool_calls.resize_with(piece.index + 1, ToolCall::default);
        }
        let call = &mut self.tool_calls[piece.index];
        if let Some(id) = piece.id {
            id.clone_into(&mut call.id);
        }
        if let Some(name) = piece.name {
            name.clone_into(&mut call.name);
        }
        append(&mut call.arguments, piece.arguments, &mut self.bytes, keep_text);
    }
}

fn append(to: &mut String, text: &str, bytes: &mut usize, keep: bool) {
    *bytes += text.len();
    if keep {
        to.push_str(text);
    }
}

/// Most chunks repeat what the one before said.
fn set(to: &mut Option<String>, text: &str) {
    if to.as_deref() != Some(text) {
        *to = Some(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_an_answer() {
        let tool =
            |index, id, arguments| Delta::ToolCall(ToolPiece { index, id, name: id.map(|_| "f"), arguments });
        let pieces = [
            Delta::Reasoning("hm"),
            Delta::Text("Hel"),
            Delta::Text("lo"),
            tool(1, Some("b"), "{\"x\":"),
            tool(1, None, "1}"),
            Delta::Finish("stop"),
            Delta::MessageId("m"),
        ];
        let mut whole = Reply::default();
        let mut counted = Reply::default();
        for piece in &pieces {
            whole.take(piece, true);
            counted.take(piece, false);
        }
        assert_eq!((whole.text.as_str(), whole.reasoning.as_str(), whole.bytes), ("Hello", "hm", 14));
        assert_eq!(whole.tool_calls.len(), 2);
        assert_eq!(
            (whole.tool_calls[1].name.as_str(), whole.tool_calls[1].arguments.as_str()),
            ("f", "{\"x\":1}")
        );
        assert_eq!((counted.text.as_str(), counted.bytes), ("", 14));
        assert_eq!(counted.finish_reason.as_deref(), Some("stop"));
    }
}
