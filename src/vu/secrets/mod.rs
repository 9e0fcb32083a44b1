//! The secrets of a run, for all VUs. Whatever is given out is hidden from then on.

mod server;

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use server::Server;

use crate::k6::quote::quote;
use crate::log;
use crate::options::secret_source::{SecretSource, Values};

/// All sources of a run. The default has none.
#[derive(Default)]
pub struct Secrets(Vec<Source>);

struct Source {
    name: String,
    is_default: bool,
    values: Found,
}

enum Found {
    Known(BTreeMap<String, String>),
    Server(Server),
}

/// A secret, or why there is none.
pub type Secret = Result<String, String>;

/// A secret that is there, or one that is on its way.
pub enum Lookup {
    Done(Secret),
    Asked(LocalBoxFuture<'static, Secret>),
}

impl Secrets {
    /// What the command line names.
    pub fn new(sources: &[SecretSource]) -> Self {
        let source = |source: &SecretSource| Source {
            name: source.name.clone(),
            is_default: source.is_default,
            values: match &source.values {
                Values::Known(values) => Found::Known(values.clone()),
                Values::Url(settings) => Found::Server(Server::new((**settings).clone())),
            },
        };
        Self(sources.iter().map(source).collect())
    }

    /// The secret of a key, from a source by name or from the default one.
    pub fn get(&self, source: Option<&str>, key: &str) -> Lookup {
        let source = match self.source(source) {
            Ok(source) => source,
            Err(text) => return Lookup::Done(Err(text)),
        };
        let failed = {
            let (name, key) = (source.name.clone(), key.to_owned());
            move |reason: String| {
                format!(
                    "the secret source {} gave no secret for the key {}: {reason}",
                    quote(&name),
                    quote(&key)
                )
            }
        };
        match &source.values {
            Found::Known(values) => Lookup::Done(match values.get(key) {
                Some(value) => Ok(hidden(value)),
                None => Err(failed("it has none".to_owned())),
            }),
            Found::Server(server) => match server.get(key) {
                Ok(asked) => Lookup::Asked(
                    asked.map(move |got| got.map(|value| hidden(&value)).map_err(failed)).boxed_local(),
                ),
                Err(text) => Lookup::Done(Err(failed(text))),
            },
        }
    }

    fn source(&self, name: Option<&str>) -> Result<&Source, String> {
        if self.0.is_empty() {
            return Err("no secret sources are configured".to_owned());
        }
        let found = match name {
            Some(name) => self.0.iter().find(|source| source.name == name),
            None => self.0.iter().find(|source| source.is_default),
        };
        found.ok_or_else(|| match name {
            Some(name) => format!("there is no secret source named {}", quote(name)),
            None => "there are several secret sources and none of them is the default; say which with \
                     secrets.source(name), or add default to one --secret-source"
                .to_owned(),
        })
    }
}

fn hidden(value: &str) -> String {
    log::redact(value);
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::secret_source::read;

    fn got(flags: &[&str], source: Option<&str>, key: &str) -> Secret {
        let flags: Vec<_> = flags.iter().map(|text| (*text).to_owned()).collect();
        match Secrets::new(&read(&flags, &|_| None).unwrap()).get(source, key) {
            Lookup::Done(secret) => secret,
            Lookup::Asked(_) => panic!("nobody was to be asked"),
        }
    }

    #[test]
    fn sources_by_name_and_the_default() {
        let two = ["mock=name=other,cool=first-secret", "mock=default,cool=second-secret"];
        assert_eq!(got(&two, None, "cool").unwrap(), "second-secret");
        assert_eq!(log::hide("a second-secret"), "a ***SECRET_REDACTED***");
        assert_eq!(got(&two, Some("other"), "cool").unwrap(), "first-secret");
        for (flags, source, want) in [
            (&[][..], None, "no secret sources are configured"),
            (&two, Some("x"), "there is no secret source named \"x\""),
            (&two, None, "the secret source \"mock\" gave no secret for the key \"k\": it has none"),
            (&["mock=a=1", "mock=name=b,a=1"], None, "there are several secret sources"),
        ] {
            let error = got(flags, source, "k").unwrap_err();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
