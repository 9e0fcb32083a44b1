//! `ssek deps`: what a script imports, and whether this program has it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{GlobalFlags, levels, print};
use crate::js::dependencies::{self, Dependencies, satisfies};
use crate::k6::{COMPATIBLE_WITH, ExitCode};
use crate::log;
use crate::modules::MODULES;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;
use crate::run::input;

/// The command line of `ssek deps`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct DepsArgs {
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script or archive; - reads it from stdin
    #[arg(value_name = "FILE")]
    pub scripts: Vec<String>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// Prints the dependencies; the script does not run.
pub(super) fn run(args: &DepsArgs) -> anyhow::Result<ExitCode> {
    let script = super::only(&args.scripts)?;
    let (_, runtime) = levels::read(&args.global, &OptionFlags::default(), &args.runtime, false)?;
    let sources = input::open(script, runtime.test_type)?;
    let Dependencies { imports, versions } = dependencies::of(&sources)?;
    let is_built_in = |name: &str| MODULES.iter().any(|module| module.name == name);
    for name in imports.iter().filter(|name| !name.contains("://") && !is_built_in(name)) {
        log::warn(format!("ssek has no module \"{name}\", so it cannot run this script"));
    }
    let is_met = |(name, versions): (&String, &String)| match name.as_str() {
        "k6" => satisfies(COMPATIBLE_WITH, versions).unwrap_or(false),
        name => is_built_in(name),
    };
    let is_custom = !versions.iter().all(is_met);
    if args.json {
        let json =
            json!({"buildDependencies": versions, "imports": imports, "customBuildRequired": is_custom});
        print(&format!("{json:#}\n"));
    } else {
        print(&text(&versions, imports.iter(), is_custom));
    }
    Ok(ExitCode::OK)
}

fn text<'a>(
    versions: &BTreeMap<String, String>,
    imports: impl Iterator<Item = &'a String>,
    is_custom: bool,
) -> String {
    let list = |lines: Vec<String>| match lines.is_empty() {
        true => "  (none)\n".to_owned(),
        false => lines.iter().map(|line| format!("  {line}\n")).collect(),
    };
    let versions = list(versions.iter().map(|(name, version)| format!("{name}: {version}")).collect());
    let imports = list(imports.cloned().collect());
    let custom = if is_custom { "yes" } else { "no" };
    format!("Build Dependencies:\n{versions}\nImports:\n{imports}\nCustom Build Required: {custom}\n")
}
