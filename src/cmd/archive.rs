//! `ssek archive`: a test and all its files in one.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{GlobalFlags, levels};
use crate::js::archive::{self, Metadata};
use crate::js::dependencies;
use crate::js::file_url::url_path;
use crate::k6::ExitCode;
use crate::log;
use crate::options::flags::{OptionFlags, boolean};
use crate::options::runtime::{CompatibilityMode, RuntimeFlags};
use crate::run::{arrivals, load};

/// The command line of `ssek archive`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct ArchiveArgs {
    /// Where to write the archive; - is stdout
    #[arg(short = 'O', long, default_value = "archive.tar", value_name = "FILE")]
    pub archive_out: String,
    /// Leave variables out of the archive, those of --env too
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_default_value = true, value_parser = boolean, value_name = "BOOL")]
    pub exclude_env_vars: bool,
    #[command(flatten)]
    pub options: OptionFlags,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script; - reads it from stdin
    #[arg(value_name = "FILE")]
    pub scripts: Vec<String>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// Runs the init code, which tells what files there are, and writes them.
pub(super) fn run(args: &ArchiveArgs) -> anyhow::Result<ExitCode> {
    let script = super::only(&args.scripts)?;
    if script.starts_with("https://") {
        bail!(
            "a script from the web cannot be the main script of an archive; download '{script}' and archive the file"
        );
    }
    let (layers, runtime) = levels::read(&args.global, &args.options, &args.runtime, false)?;
    let loaded = load::load(script, &runtime)?;
    let mut resolved = loaded.resolve(&layers)?;
    resolved.warnings.iter().for_each(log::warn);
    loaded.check(&resolved)?;
    let test = &loaded.test;
    let sources = &test.sources;
    // These are read for a run only, and belong into the archive.
    arrivals::read_traces(&mut resolved.options, sources)?;
    let mode = if test.is_base_mode { CompatibilityMode::Base } else { CompatibilityMode::Extended };
    let metadata = Metadata {
        options: without_secrets(resolved.merged.to_json().into()),
        script: url_path(sources.main()),
        pwd: sources.root().to_owned(),
        env: if args.exclude_env_vars { Default::default() } else { test.env.clone() },
        compatibility_mode: mode.name().to_owned(),
        dependencies: dependencies::of(sources)?.versions,
    };
    let text = sources.load(sources.main(), script)?.text.clone();
    let write = |out: &mut dyn Write| archive::write(out, &metadata, &text, sources.contents());
    if args.archive_out == "-" {
        write(&mut BufWriter::new(std::io::stdout().lock()))
            .context("could not write the archive to stdout")?;
        return Ok(ExitCode::OK);
    }
    let path = Path::new(&args.archive_out);
    if Some(path.to_owned()).and_then(|path| path.canonicalize().ok()) == metadata.script.canonicalize().ok()
    {
        bail!("the archive would overwrite the script '{script}'; choose another place with --archive-out");
    }
    let shown = path.display();
    let file = File::create(path).with_context(|| format!("could not create the archive '{shown}'"))?;
    if let Err(error) = write(&mut BufWriter::new(file)) {
        // Half an archive is of no use.
        let _ = std::fs::remove_file(path);
        return Err(error).with_context(|| format!("could not write the archive '{shown}'"));
    }
    Ok(ExitCode::OK)
}

/// Options that were made of secrets name them no more.
fn without_secrets(options: Value) -> Value {
    match options {
        Value::String(text) => log::hide(&text).into(),
        Value::Array(list) => list.into_iter().map(without_secrets).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, without_secrets(value))).collect(),
        other => other,
    }
}
