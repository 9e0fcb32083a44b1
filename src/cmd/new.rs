//! `ssek new`: a script to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use anyhow::{Context, bail};

use super::print;
use crate::k6::ExitCode;

/// The command line of `ssek new`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct NewArgs {
    /// Overwrite the file if it exists
    #[arg(short, long)]
    pub force: bool,
    /// minimal, protocol, llm, or the path of a template
    #[arg(long, default_value = "minimal", value_name = "NAME|PATH")]
    pub template: String,
    /// The script to write
    #[arg(value_name = "FILE", default_value = "script.js")]
    pub file: String,
}

/// The built-in templates by name.
const TEMPLATES: [(&str, &str); 3] = [
    ("minimal", include_str!("templates/minimal.js")),
    ("protocol", include_str!("templates/protocol.js")),
    ("llm", include_str!("templates/llm.js")),
];

/// Writes the script and says so.
pub(super) fn run(args: &NewArgs) -> anyhow::Result<ExitCode> {
    let NewArgs { force, template, file } = args;
    let text = text_of(template)?.replace("{{ .ScriptName }}", file);
    let mut options = OpenOptions::new();
    options.write(true).truncate(true);
    if *force {
        options.create(true)
    } else {
        options.create_new(true)
    };
    match options.open(file) {
        Ok(mut script) => {
            script.write_all(text.as_bytes()).with_context(|| format!("could not write '{file}'"))?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{file} already exists, please use the `--force, -f` flag if you want to overwrite it")
        }
        Err(error) => return Err(error).with_context(|| format!("could not create '{file}'")),
    }
    print(&format!("New script created: {file} ({template} template).\n"));
    Ok(ExitCode::OK)
}

fn text_of(template: &str) -> anyhow::Result<String> {
    if let Some((_, text)) = TEMPLATES.iter().find(|(name, _)| *name == template) {
        return Ok((*text).to_owned());
    }
    let names: Vec<_> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    std::fs::read_to_string(template).with_context(|| {
        format!(
            "invalid template '{template}': it is none of {} and cannot be read as a file",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_script_is_kept_unless_forced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.js").display().to_string();
        let args = NewArgs { force: false, template: "llm".to_owned(), file: file.clone() };
        run(&args).unwrap();
        assert!(run(&args).unwrap_err().to_string().contains("already exists"));
        run(&NewArgs { force: true, template: "minimal".to_owned(), ..args }).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TEMPLATES[0].1);
        let bad = NewArgs { force: true, template: "browser".to_owned(), file };
        assert!(format!("{:#}", run(&bad).unwrap_err()).starts_with("invalid template 'browser'"));
    }
}
