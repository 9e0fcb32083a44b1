//! What must not be in a record: keys, tokens and passwords of the command line, the options and the environment.

use serde_json::Value;

use super::Record;
use crate::log::{self, MARK};

/// Words in names of variables, flags and headers whose values are secrets.
const WORDS: &[&str] = &[
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "dsn",
    "jwt",
    "key",
    "keys",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "private",
    "pwd",
    "secret",
    "secrets",
    "signature",
    "token",
];

/// How values begin that are secrets whatever they are called.
const BEGINNINGS: &[&str] =
    &["sk-", "sk_", "ghp_", "gho_", "xoxb-", "xoxp-", "AKIA", "AIza", "eyJ", "Bearer ", "Basic "];

/// Shorter texts are hidden where they stand, but not looked for elsewhere: they may be words.
const SHORTEST: usize = 6;

/// Texts without a digit may be words up to this length.
const LONGEST_WORD: usize = 20;

/// Hides what is known to be secret.
#[derive(Debug, Default)]
pub struct Scrub {
    /// The longest first.
    secrets: Vec<String>,
}

impl Scrub {
    /// Learns the secrets in the variables of the process and on the command line, which it returns without
    /// them.
    pub fn learn(
        variables: impl Iterator<Item = (String, String)>,
        command: &[String],
    ) -> (Self, Vec<String>) {
        let mut scrub = Self::default();
        for (name, value) in variables {
            // The shell's own variable, and names of files, are none.
            if name != "PWD" && !value.starts_with('/') && is_secret(&name, &value) {
                scrub.know(&value);
            }
        }
        let mut shown = Vec::new();
        let mut after: Option<&str> = None;
        for argument in command {
            let hidden = match after.take() {
                // One that begins like a flag is a flag, for the one before it takes no value.
                Some(flag) if !argument.starts_with('-') => scrub.argument(flag, argument),
                _ => {
                    let flag = argument.split('=').next().unwrap_or_default();
                    match argument.split_once('=') {
                        Some((flag, value)) if flag.starts_with("--") => {
                            format!("{flag}={}", scrub.argument(flag, value))
                        }
                        _ if argument.starts_with("-e") && argument.len() > 2 => {
                            format!("-e{}", scrub.argument("-e", &argument[2..]))
                        }
                        _ => {
                            after = argument.starts_with('-').then_some(flag);
                            argument.clone()
                        }
                    }
                }
            };
            shown.push(hidden);
        }
        scrub.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        scrub.secrets.dedup();
        let shown = shown.iter().map(|argument| scrub.text(argument)).collect();
        (scrub, shown)
    }

    /// The value of a flag as it may be shown.
    fn argument(&mut self, flag: &str, value: &str) -> String {
        if flag == "--secret-source" {
            return MARK.to_owned();
        }
        let pair = match flag {
            "-e" | "--env" => value.split_once('='),
            "-H" | "--header" => value.split_once(':'),
            _ => None,
        };
        if let Some((name, text)) = pair {
            if is_secret(name, text.trim()) {
                self.know(text.trim());
                return value.replace(text.trim(), MARK);
            }
            return value.to_owned();
        }
        // A file's name is none.
        if flag.starts_with("--") && !flag.ends_with("file") && is_secret(flag, value) {
            self.know(value);
            return MARK.to_owned();
        }
        value.to_owned()
    }

    fn know(&mut self, secret: &str) {
        let is_word = secret.len() < LONGEST_WORD && !secret.contains(|c: char| c.is_ascii_digit());
        if secret.len() >= SHORTEST && !is_word {
            self.secrets.push(secret.to_owned());
        }
    }

    /// A text without what is known, and without passwords in URLs.
    pub fn text(&self, text: &str) -> String {
        let mut shown = log::hide(text).into_owned();
        for secret in &self.secrets {
            if shown.contains(secret) {
                shown = shown.replace(secret, MARK);
            }
        }
        without_user(&shown)
    }

    /// A variable or an option as it may be shown.
    pub fn named(&self, name: &str, value: &str) -> String {
        if is_secret(name, value) { MARK.to_owned() } else { self.text(value) }
    }

    /// Options as they may be shown.
    pub fn json(&self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.named(name, text),
            Value::Array(list) => list.iter_mut().for_each(|inner| self.json(name, inner)),
            // Names of metrics are no names of secrets, and there is no secret in an expression.
            Value::Object(_) if name == "thresholds" => {}
            Value::Object(map) => map.iter_mut().for_each(|(name, inner)| self.json(name, inner)),
            _ => {}
        }
    }

    /// Hides the secrets in all texts of a record that come from the script or its user.
    pub fn record(&self, record: &mut Record) {
        self.json("", &mut record.meta.options);
        let meta = &mut record.meta;
        for text in [&mut meta.target, &mut meta.name].into_iter().chain(&mut meta.models) {
            *text = self.text(text);
        }
        record.breakdowns.iter_mut().for_each(|found| found.value = self.text(&found.value));
        for trace in &mut record.requests {
            trace.name = self.text(&trace.name);
        }
        let snapshot = &mut record.snapshot;
        snapshot.groups.iter_mut().for_each(|group| *group = self.text(group));
        for check in &mut snapshot.checks {
            check.name = self.text(&check.name);
            check.group = self.text(&check.group);
        }
        snapshot.sections.iter_mut().for_each(|section| section.group = self.text(&section.group));
    }
}

/// Whether a value is to be hidden, by its name or by its look.
fn is_secret(name: &str, value: &str) -> bool {
    let named = || words(name).any(|word| WORDS.contains(&&*word));
    !value.is_empty() && (BEGINNINGS.iter().any(|begin| value.starts_with(begin)) || named())
}

/// The words of `OPENAI_API_KEY`, `x-api-key` and `apiKey`, in small letters.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut found = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_small) {
            found.push(String::new());
        }
        was_small = c.is_ascii_lowercase();
        if let Some(word) = found.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    found.into_iter().filter(|word| !word.is_empty())
}

/// The text with `***` in place of `user:password` in URLs.
fn without_user(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| "/?# \"'<>".contains(c)).unwrap_or(after.len());
        let (authority, behind) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => out.push_str(&format!("***@{host}")),
            None => out.push_str(authority),
        }
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_the_command_line_are_hidden_wherever_they_stand() {
        let command = "ssek run -e API_KEY=hunter22 -eMAX_TOKENS=64 --env=URL=http://me:pw@h/x?k=hunter22 -e X=sk-123 \
                       --api-key abcdefgh --api-key-file keys.txt --secret-source mock=a=b -q -e Y=env-s3cret --quiet -e TOKEN=word s.js";
        let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
        let variables =
            [("MY_TOKEN", "env-s3cret"), ("HOME", "/home/me"), ("PWD", "run/ssek/1"), ("AUTH", "s.js")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (scrub, shown) = Scrub::learn(variables.into_iter(), &command);
        let want = "ssek run -e API_KEY=* -eMAX_TOKENS=64 --env=URL=http://***@h/x?k=* -e X=* --api-key * \
                    --api-key-file keys.txt --secret-source * -q -e Y=* --quiet -e TOKEN=* s.js";
        assert_eq!(shown.join(" ").replace(MARK, "*"), want);
        assert_eq!(scrub.text("/home/me hunter22").replace(MARK, "*"), "/home/me *");
    }

    #[test]
    fn options_keep_what_is_none() {
        let scrub = Scrub::default();
        let mut options = json!({
            "thresholds": {"llm_completion_tokens": ["avg>5"], "token{a:b}": ["rate>1"]},
            "tlsAuth": [{"key": "-----", "cert": "c", "domains": ["x"]}],
            "scenarios": {"a": {"env": {"PASSWORD": "p", "apiKey": "k", "N": "5"}, "vus": 3}},
        });
        scrub.json("", &mut options);
        assert_eq!(
            options,
            json!({
                "thresholds": {"llm_completion_tokens": ["avg>5"], "token{a:b}": ["rate>1"]},
                "tlsAuth": [{"key": MARK, "cert": "c", "domains": ["x"]}],
                "scenarios": {"a": {"env": {"PASSWORD": MARK, "apiKey": MARK, "N": "5"}, "vus": 3}},
            })
        );
    }
}
