//! What `new Client` is given.

use std::sync::Arc;

use boa_engine::{Context, JsResult, JsValue};

use super::fields::{WHOSE, bad, headers, known, number, text, texts, whole};
use super::paths;
use crate::js::convert::to_text;
use crate::llm::keys::Policy;
use crate::llm::{Keys, Protocol, Retry, Slo, Target, Tokenizer};
use crate::modules::{settings, tags};
use crate::vu::State;

/// What a client knows.
pub struct Options {
    pub target: Target,
    /// The tag `name`; the URL where there is none.
    pub name: Option<String>,
    pub tags: Vec<(String, String)>,
    /// Whether a call that fails throws.
    pub throw: bool,
}

const KEYS: &[&str] = &[
    "baseURL",
    "path",
    "protocol",
    "apiKey",
    "apiKeys",
    "keyPolicy",
    "model",
    "headers",
    "timeouts",
    "retry",
    "slo",
    "tokenizer",
    "tags",
    "name",
    "throw",
];

impl Options {
    /// Reads the argument of `new Client`.
    ///
    /// # Errors
    ///
    /// Thrown into the script: an unknown key, or a value that is none of those allowed.
    pub fn read(given: &JsValue, state: &State, context: &mut Context) -> JsResult<Self> {
        let mut base = None;
        let mut path = None;
        let mut protocol = Protocol::named("openai-chat").map_err(|text| bad("protocol", text, context))?;
        let mut keys = Vec::new();
        let mut policy = Policy::default();
        let mut rest = Vec::new();
        for (key, value) in known("options", KEYS, given, context)? {
            match key {
                "baseURL" => base = Some(text(key, &value, context)?),
                "path" => path = Some(text(key, &value, context)?),
                "protocol" => protocol = paths::protocol(&value, context)?,
                "apiKey" | "apiKeys" => keys.extend(texts(key, &value, context)?),
                "keyPolicy" => {
                    let name = text(key, &value, context)?;
                    policy = Policy::named(&name).ok_or_else(|| {
                        bad(key, format!("{name:?}, allowed are: round-robin, sticky"), context)
                    })?;
                }
                _ => rest.push((key, value)),
            }
        }
        let Some(base) = base else {
            return Err(bad(
                "baseURL",
                "it is missing; give the server's URL, such as http://localhost:8000/v1",
                context,
            ));
        };
        let target = Target::new(&base, path.as_deref(), protocol);
        let mut target = target.map_err(|error| bad("baseURL", format!("{base:?}: {error}"), context))?;
        target.keys = Keys::shared(&keys, policy);
        let mut options = Self { target, name: None, tags: Vec::new(), throw: false };
        for (key, value) in rest {
            options.set(key, &value, state, context)?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &JsValue, state: &State, context: &mut Context) -> JsResult<()> {
        let target = &mut self.target;
        match key {
            "model" => target.model = Some(text(key, value, context)?),
            "headers" => target.headers = headers(key, value, context)?,
            "timeouts" => target.timeouts = settings::timeouts(WHOSE, value, context)?,
            "retry" => target.retry = retry(value, context)?,
            "slo" => target.slo = Some(Arc::new(slo(value, context)?)),
            "tokenizer" => {
                let name = text(key, value, context)?;
                let sources = &state.test.sources;
                let read = |path: &std::path::Path| Ok(sources.open(&path.to_string_lossy())?.to_vec());
                target.tokenizer =
                    Tokenizer::named_in(&name, read).map_err(|error| bad(key, error, context))?;
            }
            "tags" => self.tags = tags::read(value, context)?,
            "name" => self.name = Some(text(key, value, context)?),
            // The last of the keys.
            _ => self.throw = value.to_boolean(),
        }
        Ok(())
    }
}

/// `true`, a number of retries, or an object.
fn retry(value: &JsValue, context: &mut Context) -> JsResult<Option<Arc<Retry>>> {
    let mut retry = Retry::default();
    match (value.as_boolean(), value.as_number()) {
        (Some(false), _) => return Ok(None),
        (Some(true), _) => return Ok(Some(retry.shared())),
        (_, Some(_)) => {
            retry.max = whole("retry", value, context)? as u32;
            return Ok(Some(retry.shared()));
        }
        _ => {}
    }
    let mut budget = None;
    for (key, value) in known("retry", &["max", "statuses", "delay", "maxDelay", "budget"], value, context)? {
        let name = format!("retry.{key}");
        match key {
            "max" => retry.max = whole(&name, &value, context)? as u32,
            "delay" => retry.delay = settings::duration(WHOSE, &name, &value, context)?,
            "maxDelay" => retry.max_delay = settings::duration(WHOSE, &name, &value, context)?,
            "budget" => budget = Some(number(&name, &value, context)?),
            _ => {
                let statuses = super::fields::json(&name, &value, context)?;
                retry.statuses = serde_json::from_value(statuses)
                    .map_err(|_| bad(&name, "it must be an array of statuses", context))?;
            }
        }
    }
    if let Some(budget) = budget {
        retry = retry.with_budget(budget);
    }
    Ok(Some(retry.shared()))
}

/// `'ttft<500ms,tpot<50ms'`, or `{ttft: '500ms'}`.
pub fn slo(value: &JsValue, context: &mut Context) -> JsResult<Slo> {
    if value.is_string() {
        let given = text("slo", value, context)?;
        return Slo::parse(&given).map_err(|error| bad("slo", error, context));
    }
    let Some(object) = value.as_object() else {
        return Err(bad("slo", "it must be like 'ttft<500ms,tpot<50ms' or {ttft: '500ms'}", context));
    };
    let mut slo = Slo::default();
    for (name, bound) in crate::js::convert::entries(&object, context)? {
        let (name, bound) = (name.to_std_string_lossy(), to_text(&bound, context)?);
        slo.set(&name, &bound).map_err(|error| bad("slo", error, context))?;
    }
    Ok(slo)
}
