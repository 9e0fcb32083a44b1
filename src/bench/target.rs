//! Who is asked: the flags as a target of calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::asking::Asking;
use super::flags::{CallFlags, History, TargetFlags, WorkloadFlags, invalid};
use super::place::Mistake;
use super::workload::Workload;
use super::workload::template::Template;
use crate::k6::exit_code::Failure;
use crate::llm::keys::{Keys, Policy};
use crate::llm::{Protocol, Retry, Slo, Target, Tokenizer};
use crate::log;
use crate::net::Timeouts;

/// How requests are made, by the flags. `mock` is the base URL of the built-in server, where that is asked.
///
/// # Errors
/// A flag's value is bad, or nobody is there to be asked.
pub fn asking(
    flags: (&TargetFlags, &WorkloadFlags, &CallFlags),
    workload: &Workload,
    mock: Option<&str>,
    seed: i64,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Asking, Failure> {
    let (target_flags, work, call) = flags;
    let (base, keys) = (base(target_flags, mock)?, keys(target_flags, env)?);
    let own_path = target_flags.api_path.as_deref();
    let protocol = protocol(target_flags, work, &base, &keys)?;
    let policy = Policy::named(&target_flags.api_key_policy).ok_or_else(|| {
        invalid(format!("--api-key-policy {}: want round-robin or sticky", target_flags.api_key_policy))
    })?;
    let mut target = Target::new(&base, own_path, protocol)
        .map_err(|error| invalid(format!("the server {base} cannot be asked: {}", error.message())))?;
    let history = work.history.unwrap_or_else(|| usual_history(&target));
    target.keys = Arc::new(Keys::new(&keys, policy));
    target.model = target_flags.model.clone();
    target.headers = headers(target_flags)?;
    let limit = Some(call.timeout).filter(|time| *time > Duration::ZERO);
    target.timeouts = Timeouts { connect: limit, first_event: limit, idle: limit, total: call.timeout_total };
    target.retry =
        call.retry.filter(|most| *most > 0).map(|most| Arc::new(Retry::new(most, call.retry_budget)));
    let slo = call.slo.as_deref().map(Slo::parse).transpose();
    target.slo = slo.map_err(|error| invalid(format!("--slo: {error}")))?.map(Arc::new);
    if let Some(name) = &call.tokenizer {
        target.tokenizer =
            Tokenizer::named(name).map_err(|error| invalid(format!("--tokenizer: {error}")))?;
    }
    target.keep_text = Asking::needs_text(history, workload.longest());
    let inputs = work.inputs()?;
    let template = match &work.body_template {
        Some(file) => Some(Template::load(file, &inputs).map_err(Mistake::failure)?),
        None => None,
    };
    let (files, mut extra) = (files(work)?, extra(work)?);
    if template.is_none() {
        let given = [("--input", !inputs.is_empty()), ("--files", work.files.is_some())];
        if let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given)
            && target.protocol.asks_as() != "dify"
        {
            return Err(invalid(format!(
                "{flag} is filled into a --body-template, or sent to Dify, and there is neither"
            )));
        }
        // Fields of the body, as those of --extra-body are.
        if given[0].1 {
            extra.entry("inputs").or_insert_with(|| json!(inputs));
        }
        if given[1].1 {
            extra.entry("files").or_insert_with(|| files.clone());
        }
    }
    Ok(Asking {
        target,
        template,
        inputs,
        files,
        extra,
        user: work.user.clone(),
        conversation_id: work.conversation_id.clone().filter(|id| !id.is_empty()),
        max_tokens: work.max_tokens,
        temperature: work.temperature,
        session: work.session,
        history,
        think: work.think_time,
        seed,
    })
}

impl TargetFlags {
    /// Whether no flag says who is to be asked.
    pub fn names_nobody(&self) -> bool {
        let named = self.url.is_some() || self.host.is_some() || self.port.is_some();
        !named && !self.headers.iter().any(|header| is_url(header))
    }
}

/// The URL that the flags name, with its scheme.
fn base(flags: &TargetFlags, mock: Option<&str>) -> Result<String, Failure> {
    let by_header = flags.headers.iter().find(|header| is_url(header));
    let given: Vec<_> = [flags.url.as_ref(), flags.host.as_ref(), by_header].into_iter().flatten().collect();
    if let Some(base) = mock {
        return match given[..] {
            [] => Ok(base.to_owned()),
            _ => Err(invalid(format!("--mock is asked instead of {}: leave one of the two out", given[0]))),
        };
    }
    let host = match given[..] {
        [one] => one.trim(),
        [] if flags.port.is_some() => "localhost",
        [] => {
            let text = "nobody is there to be asked: give the server's URL, such as http://localhost:8000, or try \
                        --mock";
            return Err(invalid(text.to_owned()));
        }
        _ => return Err(invalid(format!("the server is named twice: {} and {}", given[0], given[1]))),
    };
    let with_scheme = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
    let Some(port) = flags.port else { return Ok(with_scheme) };
    let bad = |error: &dyn std::fmt::Display| invalid(format!("the server {host} cannot be asked: {error}"));
    let mut url = url::Url::parse(&with_scheme).map_err(|error| bad(&error))?;
    url.set_port(Some(port)).map_err(|()| bad(&"its URL takes no port"))?;
    Ok(url.to_string().trim_end_matches('/').to_owned())
}

/// Whether a text is an HTTP URL.
pub fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn headers(flags: &TargetFlags) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(invalid(format!("--header {text}: want NAME: VALUE"))),
    };
    flags.headers.iter().filter(|header| !is_url(header)).map(pair).collect()
}

/// All keys: those of the file, else those of the flags, else that of the environment.
fn keys(flags: &TargetFlags, env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, Failure> {
    let own = || match flags.api_keys.is_empty() {
        true => env("SSEK_API_KEY").into_iter().collect(),
        false => flags.api_keys.clone(),
    };
    let Some(file) = &flags.api_key_file else { return Ok(own()) };
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let text = text.trim_start_matches('\u{feff}');
            let keys: Vec<_> =
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            match keys.is_empty() {
                true => {
                    Err(invalid(format!("{}: there are no API keys in it; write one a line", file.display())))
                }
                false => Ok(keys),
            }
        }
        Err(error) if !flags.api_keys.is_empty() => {
            log::warn(format!("{} cannot be read ({error}): --api-key is used instead", file.display()));
            Ok(own())
        }
        Err(error) => Err(invalid(format!("{} cannot be read: {error}", file.display()))),
    }
}

/// What the server speaks: as the flag says, else as the path says, else as what is asked lets suppose.
fn protocol(
    flags: &TargetFlags,
    work: &WorkloadFlags,
    base: &str,
    keys: &[String],
) -> Result<Protocol, Failure> {
    let named = |name: &str| Protocol::named(name).map_err(|error| invalid(format!("--protocol: {error}")));
    if let Some(name) = &flags.protocol {
        return given_protocol(name);
    }
    let path = base
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or("", |(_, path)| path.trim_end_matches('/'));
    let path = flags.api_path.as_deref().unwrap_or(path);
    // `https://api.dify.ai/v1` says no more than a bare host.
    let is_version = path
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('/'));
    let is_bare = path.is_empty() || is_version;
    let of_dify = |key: &String| key.trim_start_matches("Bearer ").trim().starts_with("app-");
    match is_bare {
        true if work.conversations.is_some() && path.is_empty() => named("assistant"),
        // Keys of Dify's applications begin so, and nobody else's.
        true if keys.iter().any(of_dify) => named("dify"),
        true => named("auto"),
        // Paths of which it is known what is asked there win over these.
        false if path.contains("{session_id}") => Ok(named("assistant")?.or_by_answer()),
        false if keys.iter().any(of_dify) => Ok(named("dify")?.or_by_answer()),
        false => named("auto"),
    }
}

/// A name, or the description of a protocol: JSON, or a file of JSON.
pub fn given_protocol(text: &str) -> Result<Protocol, Failure> {
    let wrong = |error: String| invalid(format!("--protocol: {error}"));
    if text.trim_start().starts_with('{') {
        return Protocol::described(text).map_err(wrong);
    }
    if !text.ends_with(".json") {
        return Protocol::named(text).map_err(wrong);
    }
    let json =
        std::fs::read_to_string(text).map_err(|error| wrong(format!("{text} cannot be read: {error}")))?;
    Protocol::described(json.trim_start_matches('\u{feff}'))
        .map_err(|error| wrong(format!("{text}: {error}")))
}

/// The server remembers where each conversation has an id there.
fn usual_history(target: &Target) -> History {
    let held = target.endpoint.template().contains("{session_id}")
        || target.protocol.path().ends_with("/chat-messages");
    if held { History::Server } else { History::Client }
}

fn files(work: &WorkloadFlags) -> Result<Value, Failure> {
    let Some(text) = &work.files else { return Ok(Value::Array(Vec::new())) };
    match serde_json::from_str(text) {
        Ok(list @ Value::Array(_)) => Ok(list),
        Ok(_) => Err(invalid(format!("--files {text}: want a JSON list"))),
        Err(error) => Err(invalid(format!("--files {text}: {error}"))),
    }
}

fn extra(work: &WorkloadFlags) -> Result<Map<String, Value>, Failure> {
    let Some(text) = &work.extra_body else { return Ok(Map::new()) };
    serde_json::from_str(text)
        .map_err(|error| invalid(format!("--extra-body {text}: want a JSON object: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::workload;

    fn made(flags: TargetFlags, work: WorkloadFlags) -> Result<Asking, Failure> {
        let workload = workload::load(&workload::Settings::default()).unwrap();
        let flags = TargetFlags { api_key_policy: "round-robin".into(), ..flags };
        let call = CallFlags { timeout: Duration::from_secs(60), ..CallFlags::default() };
        asking((&flags, &work, &call), &workload, None, 0, &|_| None)
    }

    #[test]
    fn urls_and_protocols() {
        let host = |host: &str| TargetFlags { host: Some(host.into()), ..TargetFlags::default() };
        let key = |flags| TargetFlags { api_keys: vec!["app-x".into()], port: Some(80), ..flags };
        let talk = || WorkloadFlags { conversations: Some("data".into()), ..WorkloadFlags::default() };
        let none = WorkloadFlags::default;
        let at = |url: &str, key: &str| TargetFlags {
            url: Some(url.into()),
            api_keys: vec![key.into()],
            ..TargetFlags::default()
        };
        let path = |path: &str| TargetFlags { api_path: Some(path.into()), ..key(host("h")) };
        let as_header =
            TargetFlags { headers: vec!["http://h:1".into(), "X-A: b:c".into()], ..TargetFlags::default() };
        for (flags, work, url, history) in [
            (host("h:8000"), none(), "http://h:8000/v1/chat/completions", History::Client),
            (key(host("h")), none(), "http://h/v1/chat-messages", History::Server),
            (path("/v1/chat/completions"), none(), "http://h/v1/chat/completions", History::Client),
            (path("/api/v1/stream"), none(), "http://h/api/v1/stream", History::Server),
            (at("http://h/v1", "app-x"), none(), "http://h/v1/chat-messages", History::Server),
            (at("http://h/v1", "sk-x"), none(), "http://h/v1/chat/completions", History::Client),
            (at("http://h/talk/{session_id}", "x"), none(), "http://h/talk/{session_id}", History::Server),
            (as_header.clone(), talk(), "http://h:1/stream/assistant/{session_id}", History::Server),
            (
                TargetFlags { port: Some(9), ..TargetFlags::default() },
                none(),
                "http://localhost:9/v1/chat/completions",
                History::Client,
            ),
        ] {
            let asking = made(flags, work).unwrap();
            assert_eq!((asking.target.endpoint.template(), asking.history), (url, history));
        }
        let asking = made(as_header, none()).unwrap();
        assert_eq!(asking.target.headers, [("X-A".to_owned(), "b:c".to_owned())]);
    }

    #[test]
    fn bad_flags_are_told() {
        let url = || TargetFlags { url: Some("http://h".into()), ..TargetFlags::default() };
        for (flags, work, want) in [
            (TargetFlags::default(), WorkloadFlags::default(), "nobody is there"),
            (TargetFlags { host: Some("h".into()), ..url() }, WorkloadFlags::default(), "named twice"),
            (TargetFlags { headers: vec!["x".into()], ..url() }, WorkloadFlags::default(), "--header x"),
            (TargetFlags { protocol: Some("x".into()), ..url() }, WorkloadFlags::default(), "--protocol"),
            (
                TargetFlags { api_key_file: Some("/nowhere".into()), ..url() },
                WorkloadFlags::default(),
                "/nowhere",
            ),
            (
                url(),
                WorkloadFlags { extra_body: Some("[]".into()), ..WorkloadFlags::default() },
                "--extra-body",
            ),
            (
                url(),
                WorkloadFlags { inputs: vec!["a=b".into()], ..WorkloadFlags::default() },
                "--body-template",
            ),
            (url(), WorkloadFlags { files: Some("{}".into()), ..WorkloadFlags::default() }, "--files"),
        ] {
            let error = made(flags, work).unwrap_err();
            assert!(error.message.contains(want), "{}", error.message);
        }
    }
}
