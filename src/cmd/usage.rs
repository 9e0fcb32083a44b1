//! Bad command lines, said as k6 says it.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::k6::quote::quote;

/// The text for a command line that `command` refused.
pub(super) fn message(error: &clap::Error, command: &clap::Command) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg).map(flag_of);
    let value = context(ContextKind::InvalidValue);
    match (error.kind(), flag) {
        (ErrorKind::UnknownArgument, Some(flag)) if flag.starts_with("--") => format!("unknown flag: {flag}"),
        (ErrorKind::UnknownArgument, Some(flag)) if flag.starts_with('-') => {
            let letter = flag.chars().nth(1).unwrap_or('-');
            format!("unknown shorthand flag: '{letter}' in {flag}")
        }
        (ErrorKind::UnknownArgument, Some(word)) => format!("unexpected argument {}", quote(word)),
        (ErrorKind::InvalidSubcommand, _) => {
            let word = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("unknown command {} for {}", quote(word), quote(command.get_name()))
        }
        (ErrorKind::InvalidValue, Some(flag)) if value.is_none_or(str::is_empty) => {
            format!("flag needs an argument: {flag}")
        }
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(flag)) => {
            let reason = match error.source() {
                Some(source) => plain(source.to_string()),
                None => format!("allowed are {}", allowed(error)),
            };
            let value = quote(value.unwrap_or_default());
            format!("invalid argument {value} for {} flag: {reason}", quote(&with_short(flag, command)))
        }
        _ => {
            // clap's own sentence, without the hints that follow it.
            let text = error.to_string();
            let sentence: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            sentence.join(" ").trim_start_matches("error: ").to_owned()
        }
    }
}

/// What Rust says of numbers, in the user's words.
fn plain(reason: String) -> String {
    match reason.as_str() {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "want a whole number".to_owned()
        }
        "invalid float literal" | "cannot parse float from empty string" => "want a number".to_owned(),
        "number too large to fit in target type" => "the number is too large".to_owned(),
        _ => reason,
    }
}

/// `--vus` of `--vus <N>`, `--bogus` of `--bogus=1`.
fn flag_of(argument: &str) -> &str {
    argument.split([' ', '=', '[']).next().unwrap_or(argument)
}

fn allowed(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => values.join(", "),
        _ => "other values".to_owned(),
    }
}

/// `-u, --vus` for `--vus`.
fn with_short(flag: &str, command: &clap::Command) -> String {
    let of = |command: &clap::Command| {
        let long = flag.strip_prefix("--")?;
        let found = command.get_arguments().find(|argument| argument.get_long() == Some(long))?;
        found.get_short().map(|short| format!("-{short}, {flag}"))
    };
    let found = of(command).or_else(|| command.get_subcommands().find_map(of));
    found.unwrap_or_else(|| flag.to_owned())
}
