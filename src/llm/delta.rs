//! What an event of a stream carries.

use super::usage::Usage;

/// A piece of an answer. An event may carry several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Who speaks; no content.
    Role,
    /// A piece of the answer's text.
    Text(&'a str),
    /// A piece of what the model thinks before it answers.
    Reasoning(&'a str),
    ToolCall(ToolPiece<'a>),
    /// Tokens as the server counts them; later ones replace earlier ones, field by field.
    Usage(Usage),
    /// Why the model stopped, in the protocol's own word.
    Finish(&'a str),
    MessageId(&'a str),
    ConversationId(&'a str),
    /// The server says that something went wrong.
    Error(&'a str),
    /// The protocol's terminator: nothing more will come.
    Done,
}

/// A piece of a tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolPiece<'a> {
    /// Which of the answer's tool calls.
    pub index: usize,
    /// Only in the first piece of a call.
    pub id: Option<&'a str>,
    /// Only in the first piece of a call.
    pub name: Option<&'a str>,
    /// To be appended; JSON once it is whole.
    pub arguments: &'a str,
}

impl Delta<'_> {
    /// Whether it is something that the model generated: text, reasoning or arguments, and not the empty string.
    pub fn is_content(&self) -> bool {
        match self {
            Self::Reasoning(text) => !text.is_empty(),
            _ => self.is_visible(),
        }
    }

    /// Whether it is a part of the answer proper: content that is no reasoning.
    pub fn is_visible(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::ToolCall(piece) => !piece.arguments.is_empty(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_empty_strings_are_no_content() {
        let tool = |arguments| Delta::ToolCall(ToolPiece { index: 0, id: None, name: Some("f"), arguments });
        for (delta, content, visible) in [
            (Delta::Role, false, false),
            (Delta::Text(""), false, false),
            (Delta::Text(" "), true, true),
            (Delta::Reasoning(""), false, false),
            (Delta::Reasoning("hm"), true, false),
            (tool(""), false, false),
            (tool("{"), true, true),
            (Delta::Finish("stop"), false, false),
        ] {
            assert_eq!((delta.is_content(), delta.is_visible()), (content, visible), "{delta:?}");
        }
    }
}
