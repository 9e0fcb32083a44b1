//! What every command that has to do with options reads: config file, environment and flags.

use super::GlobalFlags;
use crate::k6;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::options::features::FEATURES;
use crate::options::file::ConfigFile;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;
use crate::options::{Features, Layer, Places, RuntimeOptions, Sources};

/// Options that k6 declares variables for, of which it cannot read the values either.
const NOT_READ: [&str; 4] = ["HOSTS", "THRESHOLDS", "TLS_CIPHER_SUITES", "TLSAUTH"];

/// The levels of options but the script's own, and the settings that are no options.
///
/// `shows_env`: whether scripts see the process's environment unless that is switched off.
pub(super) fn read(
    global: &GlobalFlags,
    flags: &OptionFlags,
    runtime: &RuntimeFlags,
    shows_env: bool,
) -> Result<(Sources, RuntimeOptions), Failure> {
    let env = &super::env;
    let file = ConfigFile::read(global.config.as_deref(), env)?;
    for (key, place) in &file.unknown {
        log::warn(format!("unknown key '{key}' in the config file, at {place}"));
    }
    let resolve = match shows_env {
        true => RuntimeOptions::resolve,
        false => RuntimeOptions::resolve_without_system_env,
    };
    let mut runtime = resolve(runtime, env, &file)?;
    let sources = Sources {
        places: Places::new(format!("the config file '{}'", file.path.display()), env),
        file: file.layer,
        script: Layer::default(),
        environment: Layer::from_environment(env)?,
        flags: flags.layer()?,
    };
    let (features, unknown) = Features::of(sources.features());
    for name in unknown {
        let known: Vec<_> = FEATURES.iter().map(|feature| feature.name).collect();
        let text = format!(
            "there is no feature '{name}', so it is not switched on; there are: {}",
            known.join(", ")
        );
        log::error(text);
    }
    runtime.features = features;
    for name in NOT_READ.iter().filter(|name| k6::env_var(name, env).is_some_and(|value| !value.is_empty())) {
        log::warn(format!(
            "the environment variable K6_{name} is not read; set the option in the script or a config file"
        ));
    }
    if runtime.has_traces {
        log::warn(
            "--traces-output (K6_TRACES_OUTPUT): no traces will be sent; those of k6 are made by its browser module",
        );
    }
    Ok((sources, runtime))
}
