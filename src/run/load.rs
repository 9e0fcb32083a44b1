//! From a script's name to a test that is ready to be run: init code once, options, checks.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use crossbeam_channel::{bounded, select};

use super::signals::Listener;
use super::stop::StopSignal;
use super::{input, memory};
use crate::js::debug::Debugger;
use crate::js::factory;
use crate::js::interrupt::running;
use crate::js::{Interrupt, ScriptError, Sources};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::k6::quote::quote;
use crate::log::{self, Level};
use crate::modules;
use crate::net::Shared;
use crate::options::runtime::CompatibilityMode;
use crate::options::{self, Layer, Resolved, RuntimeOptions, Sources as Layers};
use crate::vu::fiber::STACK;
use crate::vu::secrets::Secrets;
use crate::vu::user::InitError;
use crate::vu::{Test, VirtualUser};

/// The init code parses the script for the first time, however deep it nests.
const INIT_STACK: usize = 4 * STACK;

/// A script whose init code ran once.
pub struct Loaded {
    pub test: Arc<Test>,
    /// Tells when the run is to stop.
    pub stop: StopSignal,
    /// As on the command line.
    pub script: String,
    /// What it exports, and whether each is a function.
    exports: BTreeMap<String, bool>,
    /// The exported options, as JSON.
    options: Option<String>,
    /// Listens to signals to the end of the run.
    pub signals: Listener,
}

/// Reads the script and runs its init code in the VU with number 0, watched by a debugger if there is one.
pub fn load(script: &str, runtime: &RuntimeOptions, debugger: Option<Arc<Debugger>>) -> Result<Loaded> {
    let sources = input::open(script, runtime)?;
    let sources = Arc::new(match &debugger {
        Some(debugger) => sources.with_debugger(debugger.clone()),
        None => sources,
    });
    let archived = sources.archive().map(|archive| &archive.metadata);
    let env = runtime.script_env(
        archived.map(|metadata| metadata.env.clone()).unwrap_or_default(),
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))),
    );
    let mut test = Test::new(sources.clone(), modules::builtins, modules::globals::install, env);
    test.debugger = debugger;
    test.freezes_env = runtime.features.freeze_env;
    test.secrets = Secrets::new(&runtime.secret_sources);
    test.is_base_mode = match (runtime.compatibility_mode, archived) {
        (Some(mode), _) => mode == CompatibilityMode::Base,
        (None, Some(metadata)) => metadata.compatibility_mode == CompatibilityMode::Base.name(),
        (None, None) => false,
    };
    let test = Arc::new(test);
    // From here on a signal ends the init code too.
    let signals = Listener::start(&test)?;
    let stop = StopSignal::start(&test)?;
    let interrupt = Arc::new(Interrupt::default());
    let (first, inner) = (test.clone(), interrupt.clone());
    let (done, ended) = bounded::<()>(0);
    let thread = std::thread::Builder::new()
        .name("init".to_owned())
        .stack_size(INIT_STACK)
        .spawn(move || {
            let _done = done;
            let _running = running(&inner);
            let mut user = VirtualUser::new(&first, 0, inner.clone(), &Rc::default())?;
            let options = user.options_json().map_err(InitError::Script)?;
            Ok((user.exported_names(), options))
        })
        .context("could not start the init thread")?;
    select! {
        recv(ended) -> _ => {}
        recv(stop.receiver()) -> _ => interrupt.raise(),
    }
    let ran: Result<_, InitError> = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    memory::give_back();
    // From here on no VU may load what the first one did not.
    sources.lock();
    let failed = |error: InitError| match test.control.reason() {
        // `exec.test.abort()` in the init context.
        Some(reason) => Failure::new(reason.exit_code(), reason.message()),
        None => init_failure(&sources, error),
    };
    let (exports, options) = ran.map_err(failed)?;
    // Code that evaluates texts may do anything to a realm.
    if runtime.share_realm && test.debugger.is_none() {
        match factory::plan(&sources) {
            Ok(factories) => test.share(factories),
            Err(reason) => log::debug(format!("each VU gets a realm and a thread of its own: {reason}")),
        }
    }
    let exports = exports.into_iter().collect();
    let loaded = Loaded { test, stop, script: script.to_owned(), exports, options, signals };
    if !loaded.exports.values().any(|callable| *callable) {
        return Err(loaded.not_loaded(ExitCode::OTHER, "no exported functions in script").into());
    }
    for name in ["setup", "teardown", "handleSummary"] {
        if loaded.exports.get(name) == Some(&false) {
            let text = format!("exported '{name}' must be a function");
            return Err(loaded.not_loaded(ExitCode::OTHER, &text).into());
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// Whether the script exports a function of that name.
    pub fn exports(&self, name: &str) -> bool {
        self.exports.get(name) == Some(&true)
    }

    /// The script's own options, or those of the archive in their place, and the names in it that are none.
    pub fn layer(&self) -> Result<(Layer, Vec<String>), Failure> {
        let named = |failure: Failure| Failure {
            message: self.not_loaded(failure.code, &failure.message).message,
            ..failure
        };
        if let Some(archive) = self.test.sources.archive() {
            return Layer::from_json(&archive.metadata.options, "the archive's metadata.json").map_err(named);
        }
        let Some(json) = &self.options else { return Ok((Layer::default(), Vec::new())) };
        let json = serde_json::from_str(json)
            .map_err(|e| self.not_loaded(ExitCode::INVALID_CONFIG, &format!("bad options: {e}")))?;
        Layer::from_json(&json, "script").map_err(named)
    }

    /// The options with all levels merged.
    pub fn resolve(&self, layers: &Layers) -> Result<Resolved, Failure> {
        options::resolve(self.layers(layers)?)
    }

    /// The levels of options with the script's own one; warns about what is none.
    pub fn layers(&self, layers: &Layers) -> Result<Layers, Failure> {
        let (script, unknown) = self.layer()?;
        if !unknown.is_empty() {
            let names: Vec<_> = unknown.iter().map(|name| quote(name)).collect();
            let error = format!("json: unknown field {}", names.join(", "));
            let place = match self.test.sources.archive() {
                Some(_) => "of the archive",
                None => "exported in the script",
            };
            let text = format!("There were unknown fields in the options {place}");
            log::emit(Level::Warn, &text, &[("error", &error)]);
        }
        let mut layers = Layers { script, ..layers.clone() };
        layers.places.script = match self.test.sources.archive() {
            Some(_) => format!("the archive '{}'", self.script),
            None => format!("the script '{}'", self.script),
        };
        Ok(layers)
    }

    /// Checks the options against the script.
    pub fn check(&self, resolved: &Resolved) -> Result<(), Failure> {
        resolved.check_exports(|name| self.exports(name))
    }

    fn not_loaded(&self, code: ExitCode, text: &str) -> Failure {
        Failure::new(code, could_not_load(self.test.sources.main(), &self.script, text))
    }
}

fn could_not_load(url: &str, script: &str, text: &str) -> String {
    format!("could not initialize '{script}': could not load JS test '{url}': {text}")
}

/// The error line and exit code for init code that failed.
pub fn init_failure(sources: &Sources, error: InitError) -> Failure {
    let main = sources.main();
    let script = sources.script();
    match error {
        InitError::Script(error) => script_failure(main, script, &error),
        InitError::Load(text) => {
            Failure::new(ExitCode::SCRIPT_EXCEPTION, could_not_load(main, script, &text))
        }
        InitError::Interrupted => Failure::new(ExitCode::INTERRUPTED, "the init code was interrupted"),
    }
}

fn script_failure(main: &str, script: &str, error: &ScriptError) -> Failure {
    // A main script that is not there is a bad command line, not an exception.
    let missing = "The moduleSpecifier \"";
    if error.frames.is_empty()
        && let Some(text) = error.message.strip_prefix("GoError: ")
        && text.starts_with(missing)
    {
        return Failure::new(ExitCode::OTHER, text);
    }
    if let Some(text) = error.message.strip_prefix("SyntaxError: ") {
        return Failure::new(ExitCode::SCRIPT_EXCEPTION, could_not_load(main, script, text));
    }
    Failure::new(ExitCode::SCRIPT_EXCEPTION, error.with_stack())
        .with("hint", "script exception")
        .with("source", "stacktrace")
}

/// Gives the test its options and what its network clients share.
pub fn configure(test: &Test, resolved: &Resolved, runtime: &RuntimeOptions) -> Result<()> {
    let options = Arc::new(resolved.options.clone());
    let view = options::inspect::test_options(resolved, runtime).to_string();
    let network = Shared::new(super::network::config(&options, runtime)?)
        .map_err(|error| Failure::new(ExitCode::INVALID_CONFIG, error.message()))?;
    test.configure(options, view, network);
    Ok(())
}
