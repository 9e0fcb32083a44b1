//! `ssek version`.

use serde_json::json;

use super::print;
use crate::k6::{COMPATIBLE_WITH, ExitCode};

/// The command line of `ssek version`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct VersionArgs {
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Prints the version, and the one of k6 that scripts see.
pub(super) fn run(args: &VersionArgs) -> anyhow::Result<ExitCode> {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    if args.json {
        let json = json!({ "version": version, "k6": COMPATIBLE_WITH, "os": os, "arch": arch });
        print(&format!("{json:#}\n"));
    } else {
        print(&format!("ssek v{version} (runs k6 {COMPATIBLE_WITH} scripts, {os}/{arch})\n"));
    }
    Ok(ExitCode::OK)
}
