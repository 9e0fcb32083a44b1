//! Tokens as the server counts them.

/// What a server said of the tokens of a call; `None`: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, those from a cache included.
    pub prompt: Option<u64>,
    /// Tokens that were generated, reasoning included.
    pub completion: Option<u64>,
    /// Of the prompt's tokens, those that came from a cache.
    pub cached: Option<u64>,
    /// Of the generated tokens, those of reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Takes over what another one says.
    pub fn merge(&mut self, later: Self) {
        self.prompt = later.prompt.or(self.prompt);
        self.completion = later.completion.or(self.completion);
        self.cached = later.cached.or(self.cached);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
