//! `ssek features`: the names that `--features` takes.

use serde_json::{Value, json};

use super::print;
use crate::k6::ExitCode;
use crate::options::features::FEATURES;

/// The command line of `ssek features`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct FeaturesArgs {
    /// As a JSON array
    #[arg(long)]
    pub json: bool,
}

/// Prints the flags.
pub(super) fn run(args: &FeaturesArgs) -> anyhow::Result<ExitCode> {
    print(&if args.json { format!("{:#}\n", list()) } else { table() });
    Ok(ExitCode::OK)
}

fn list() -> Value {
    FEATURES
        .iter()
        .map(|it| json!({"feature": it.name, "lifecycle": it.lifecycle, "description": it.description}))
        .collect()
}

/// Columns as wide as what is in them, and three blanks.
fn table() -> String {
    let head = ("FEATURE", "LIFECYCLE", "DESCRIPTION");
    let rows: Vec<_> = std::iter::once(head)
        .chain(FEATURES.iter().map(|it| (it.name, it.lifecycle, it.description)))
        .collect();
    let first = rows.iter().map(|row| row.0.len()).max().unwrap_or_default() + 3;
    let second = rows.iter().map(|row| row.1.len()).max().unwrap_or_default() + 3;
    rows.iter().map(|(name, stage, text)| format!("{name:first$}{stage:second$}{text}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let table = table();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[0], "FEATURE             LIFECYCLE      DESCRIPTION");
        assert!(lines[3].starts_with("native-histograms   Experimental   Use"), "{table}");
    }
}
