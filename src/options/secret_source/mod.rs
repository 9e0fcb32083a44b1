//! `--secret-source`: where `k6/secrets` finds its values.

mod url;

use std::collections::BTreeMap;

pub use url::UrlSource;

use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::{self, quote::quote};

/// One source, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretSource {
    /// What `secrets.source(name)` asks for; the type where the command line gives none.
    pub name: String,
    /// Whether `secrets.get(key)` asks this one.
    pub is_default: bool,
    pub values: Values,
}

/// How values are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// All of them by key: from a file, or from the command line.
    Known(BTreeMap<String, String>),
    /// By a request for each.
    Url(Box<UrlSource>),
}

/// The sources that flags name, or in their place the one of the environment variable; files are read now.
///
/// # Errors
///
/// What a source says cannot be understood, a file cannot be read, or two sources have the same name.
pub fn read(flags: &[String], env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<SecretSource>, Failure> {
    let variable = k6::env_var("SECRET_SOURCE", env).filter(|text| !text.is_empty());
    let (texts, place) = match (flags, variable) {
        ([], Some(text)) => (vec![text], "the environment variable K6_SECRET_SOURCE"),
        _ => (flags.to_vec(), "the flag --secret-source"),
    };
    let mut sources: Vec<SecretSource> = Vec::new();
    for text in &texts {
        // The text may hold secrets: only its type is shown.
        let kind = text.split(['=', ',']).next().unwrap_or_default();
        let bad = |reason: String| {
            Failure::new(
                ExitCode::OTHER,
                format!("invalid secret source of type {}: {reason}\n\tat {place}", quote(kind)),
            )
        };
        let source = SecretSource::parse(text, env).map_err(&bad)?;
        if sources.iter().any(|other| other.name == source.name) {
            return Err(bad(format!(
                "there is already a source named {}; give each a name of its own with name=NAME",
                quote(&source.name)
            )));
        }
        if source.is_default && sources.iter().any(|other| other.is_default) {
            return Err(bad("there is already a default source; only one can be it".to_owned()));
        }
        sources.push(source);
    }
    if let [only] = sources.as_mut_slice() {
        only.is_default = true;
    }
    Ok(sources)
}

impl SecretSource {
    fn parse(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (kind, config) = text.split_once('=').unwrap_or((text, ""));
        let mut name = kind.to_owned();
        let mut is_default = false;
        let mut settings = Vec::new();
        for part in config.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None if part == "default" => is_default = true,
                Some(("name", given)) if !given.is_empty() => given.clone_into(&mut name),
                _ => settings.push(part),
            }
        }
        let values = match kind {
            "mock" => Values::Known(settings.iter().map(|part| pair(part)).collect::<Result<_, _>>()?),
            "file" => Values::Known(file(&settings)?),
            "url" => Values::Url(Box::new(UrlSource::read(&settings, env)?)),
            "cloud" => return Err("it is k6 cloud's own, and ssek runs nothing there".to_owned()),
            _ => return Err("the types are file, mock and url".to_owned()),
        };
        Ok(Self { name, is_default, values })
    }
}

/// `KEY=VALUE`
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or("each secret is written KEY=VALUE, with commas between them")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The file of `filename=PATH` or `PATH`: a `KEY=VALUE` a line; empty lines and those that begin with # are not
/// read.
fn file(settings: &[&str]) -> Result<BTreeMap<String, String>, String> {
    let [setting] = settings else {
        return Err("it needs the path of one file: file=PATH or file=filename=PATH".to_owned());
    };
    let path = setting.strip_prefix("filename=").unwrap_or(setting);
    let text = std::fs::read_to_string(path).map_err(|error| format!("could not read '{path}': {error}"))?;
    let mut values = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {} of '{path}' is not written KEY=VALUE", number + 1))?;
        values.insert(key.to_owned(), value.to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(flags: &[&str]) -> Result<Vec<SecretSource>, String> {
        let flags: Vec<_> = flags.iter().map(|text| (*text).to_owned()).collect();
        read(&flags, &|_| None).map_err(|failure| failure.message)
    }

    fn known(source: &SecretSource) -> Vec<(&str, &str)> {
        match &source.values {
            Values::Known(values) => values.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            Values::Url(_) => panic!("{source:?}"),
        }
    }

    #[test]
    fn names_and_the_default() {
        let one = all(&["mock=cool=a b=c,x="]).unwrap();
        assert_eq!((one[0].name.as_str(), one[0].is_default), ("mock", true));
        assert_eq!(known(&one[0]), [("cool", "a b=c"), ("x", "")]);
        let two = all(&["mock=name=other,cool=1", "mock=default,cool=2"]).unwrap();
        let shown: Vec<_> = two.iter().map(|source| (source.name.as_str(), source.is_default)).collect();
        assert_eq!(shown, [("other", false), ("mock", true)]);
        let env = |name: &str| (name == "K6_SECRET_SOURCE").then(|| "mock=a=1".to_owned());
        assert_eq!(read(&[], &env).unwrap().len(), 1);
        assert!(all(&[]).unwrap().is_empty());
    }

    #[test]
    fn files_hold_a_pair_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.txt");
        std::fs::write(&path, "# mine\ncool=some\r\n\nelse=a=b c\n").unwrap();
        for form in [format!("file={}", path.display()), format!("file=filename={}", path.display())] {
            assert_eq!(known(&all(&[&form]).unwrap()[0]), [("cool", "some"), ("else", "a=b c")]);
        }
        std::fs::write(&path, "a=1\nhunter2\n").unwrap();
        let error = all(&[&format!("file={}", path.display())]).unwrap_err();
        assert!(error.contains("line 2 of") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for (flags, word) in [
            (vec!["mock=hunter2"], "KEY=VALUE"),
            (vec!["vault=hunter2"], "file, mock and url"),
            (vec!["cloud"], "k6 cloud"),
            (vec!["file"], "file=PATH"),
            (vec!["file=/no/such/file"], "could not read"),
            (vec!["mock=a=1", "mock=a=2"], "already a source named"),
            (vec!["mock=default", "mock=default,name=x"], "already a default"),
            (vec!["url=x=hunter2"], "urlTemplate"),
        ] {
            let error = all(&flags).unwrap_err();
            assert!(error.contains(word) && !error.contains("hunter2"), "{flags:?}: {error}");
            assert!(error.ends_with("at the flag --secret-source"), "{error}");
        }
    }
}
