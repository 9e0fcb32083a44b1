//! What there is to run: a script, a script from standard input, or an archive.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::js::archive::{Archive, is_archive};
use crate::js::file_url::url_path;
use crate::js::{Sources, Web};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::options::RuntimeOptions;
use crate::options::runtime::TestType;

/// How many bytes tell what a file is.
const HEAD: usize = 512;

/// The files of a test, by what was named on the command line.
pub fn open(script: &str, runtime: &RuntimeOptions) -> Result<Arc<Sources>> {
    let kind = runtime.test_type;
    let pwd = std::env::current_dir().context("the working directory is gone")?;
    let archive = if script == "-" { from_stdin(kind) } else { from_file(&pwd, script, kind) }?;
    Ok(Arc::new(match archive {
        Input::Archive(archive) => Sources::of_archive(script, *archive),
        Input::Script(text) => {
            let web = Web::new(runtime.offline, runtime.module_cache.clone());
            Sources::new(script, &pwd, text).with_web(web)
        }
    }))
}

enum Input {
    Archive(Box<Archive>),
    /// The text where it came from standard input.
    Script(Option<String>),
}

fn from_stdin(kind: Option<TestType>) -> Result<Input> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("could not read the script from stdin")?;
    if kind.unwrap_or_else(|| guess(&bytes)) == TestType::Archive {
        let archive = Archive::of_bytes(bytes.into());
        return archive.map(Box::new).map(Input::Archive).map_err(|error| refused("-", &error));
    }
    let text = String::from_utf8(bytes).context("could not read the script from stdin")?;
    Ok(Input::Script(Some(text)))
}

fn from_file(pwd: &Path, script: &str, kind: Option<TestType>) -> Result<Input> {
    if kind == Some(TestType::Js) {
        return Ok(Input::Script(None));
    }
    let path = pwd.join(url_path(script));
    // A pipe can be read only once, so it is not looked into: it is a script.
    let is_plain = path.metadata().is_ok_and(|metadata| metadata.is_file());
    if kind.is_none() && !is_plain {
        return Ok(Input::Script(None));
    }
    let mut file = match File::open(&path) {
        Ok(file) => file,
        // The loader says it in k6's words.
        Err(error) if kind.is_none() || error.kind() == ErrorKind::NotFound => {
            return Ok(Input::Script(None));
        }
        Err(error) => return Err(refused(script, &error.to_string())),
    };
    if kind.is_none() {
        let mut head = Vec::with_capacity(HEAD);
        file.by_ref().take(HEAD as u64).read_to_end(&mut head).context("could not read the script")?;
        if guess(&head) == TestType::Js {
            return Ok(Input::Script(None));
        }
    }
    Archive::open(file).map(Box::new).map(Input::Archive).map_err(|error| refused(script, &error))
}

fn guess(head: &[u8]) -> TestType {
    if is_archive(head) { TestType::Archive } else { TestType::Js }
}

fn refused(script: &str, error: &str) -> anyhow::Error {
    Failure::new(ExitCode::OTHER, format!("could not read the archive '{script}': {error}")).into()
}
