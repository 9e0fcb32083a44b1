//! Which workload the flags ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::synthetic::{Prefix, Synthetic};
use super::{Supply, Turn, Workload, conversations, lines, messages, mooncake, sharegpt};
use crate::bench::place::{Mistake, read};
use crate::executor::Gaps;
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;

/// What is asked where nothing else is given.
pub const QUESTION: &str = "Who are you?";

/// The forms that `--dataset` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// What the file looks like
    Auto,
    /// A list of conversations with `from` and `value`
    Sharegpt,
    /// A line for each request with its time and sizes
    Mooncake,
    /// A line for each request with its `messages`
    Openai,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub prompts: Vec<String>,
    pub prompt_file: Option<PathBuf>,
    pub dataset: Option<(PathBuf, Option<Form>)>,
    pub synthetic: Option<String>,
    pub conversations: Option<PathBuf>,
    /// In front of every conversation.
    pub system: Option<String>,
    pub shared_prefix: u64,
    /// Whole conversations of ShareGPT.
    pub all_turns: bool,
    pub shuffle: bool,
    pub seed: i64,
}

/// Reads and makes what there is to do.
///
/// # Errors
/// Two sources at once, or a file with a mistake in it.
pub fn load(settings: &Settings) -> Result<Workload, Failure> {
    let given = [
        ("--prompt", !settings.prompts.is_empty()),
        ("--prompts", settings.prompt_file.is_some()),
        ("--dataset", settings.dataset.is_some()),
        ("--synthetic", settings.synthetic.is_some()),
        ("--conversations", settings.conversations.is_some()),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(flag, is_given)| is_given.then_some(flag)).collect();
    // A prompt beside a file is what other tools have as a default.
    if given.len() > 1 && given != ["--prompt", "--prompts"] {
        let text = format!("{} cannot be given together: each says what to ask", given.join(" and "));
        return Err(Failure::new(ExitCode::INVALID_CONFIG, text));
    }
    let bad = |flag: &str, error: String| Failure::new(ExitCode::INVALID_CONFIG, format!("{flag}: {error}"));
    let seed = settings.seed;
    let mut supply = if let Some(folder) = &settings.conversations {
        Supply::Queue(
            conversations::load(folder, settings.shuffle.then_some(seed)).map_err(Mistake::failure)?,
        )
    } else if let Some((file, form)) = &settings.dataset {
        dataset(file, form.unwrap_or(Form::Auto), settings).map_err(Mistake::failure)?
    } else if let Some(text) = &settings.synthetic {
        Supply::Synthetic(Synthetic::new(text, seed).map_err(|error| bad("--synthetic", error))?)
    } else if let Some(file) = &settings.prompt_file {
        Supply::Cycle(lines::load(file).map_err(Mistake::failure)?)
    } else {
        let question = [QUESTION.to_owned()];
        let prompts = if settings.prompts.is_empty() { &question[..] } else { &settings.prompts };
        Supply::Cycle(prompts.iter().map(|prompt| Arc::from([Turn::question(prompt)])).collect())
    };
    if let Supply::Cycle(list) = &mut supply
        && settings.shuffle
    {
        list.shuffle(&mut ChaCha8Rng::from_seed(Gaps::seed(seed, "order of prompts")));
    }
    let system = settings.system.as_deref().map(Arc::from);
    Ok(Workload { supply, system, prefix: Prefix::new(settings.shared_prefix, seed) })
}

fn dataset(file: &Path, form: Form, settings: &Settings) -> Result<Supply, Mistake> {
    let form = if form == Form::Auto { guess(file)? } else { form };
    Ok(match form {
        Form::Sharegpt => Supply::Cycle(sharegpt::load(file, settings.all_turns)?),
        Form::Mooncake => Supply::Trace(mooncake::load(file, settings.seed)?),
        Form::Openai | Form::Auto => Supply::Cycle(messages::load(file)?),
    })
}

/// Looks at the first value of the file.
fn guess(file: &Path) -> Result<Form, Mistake> {
    let text = read(file)?;
    if text.trim_start().starts_with('[') {
        return Ok(Form::Sharegpt);
    }
    let unknown = || {
        let text = "this is no dataset that ssek knows: want a list of ShareGPT's conversations, lines with \
                    \"messages\", or lines with \"timestamp\" and \"input_length\"";
        Mistake::at(file, 1, 1, text)
    };
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or_else(unknown)?;
    let value: Value = serde_json::from_str(first).map_err(|error| Mistake::of_json(file, 1, &error))?;
    match &value {
        Value::Object(object) if object.contains_key("input_length") => Ok(Form::Mooncake),
        Value::Object(object) if object.contains_key("messages") || object.contains_key("body") => {
            Ok(Form::Openai)
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_exclude_each_other() {
        let both =
            Settings { prompts: vec!["a".into()], synthetic: Some("prompt=3".into()), ..Settings::default() };
        assert!(load(&both).unwrap_err().message.starts_with("--prompt and --synthetic cannot"));
        let asked = load(&Settings { system: Some("s".into()), ..Settings::default() }).unwrap();
        let work = asked.at(7).unwrap();
        assert_eq!((work.turns[0].messages.len(), &*work.turns[0].messages[1].content.text()), (2, QUESTION));
        assert_eq!((asked.total(), asked.describe().as_str()), (None, "one prompt"));
    }

    #[test]
    fn datasets_are_told_by_their_looks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.jsonl");
        for (text, want) in [
            ("[]", Ok(Form::Sharegpt)),
            ("\n{\"messages\":[]}\n", Ok(Form::Openai)),
            ("{\"timestamp\":0,\"input_length\":1}", Ok(Form::Mooncake)),
            ("{\"a\":0}", Err(())),
            ("", Err(())),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(guess(&file).map_err(drop), want, "{text}");
        }
    }
}
