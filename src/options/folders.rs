//! The user's folders for settings and for what can be had again, as each system has them.
//!
//! They are those of Go's `os.UserConfigDir` and `os.UserCacheDir`, which k6 asks; `$XDG_CONFIG_HOME` and
//! `$XDG_CACHE_HOME` count everywhere.

use std::path::PathBuf;

/// Reads an environment variable.
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The folder for settings; `None` where the environment does not tell.
pub fn settings(env: Env) -> Option<PathBuf> {
    folder(env, "XDG_CONFIG_HOME", &SETTINGS)
}

/// The folder for what can be had again; `None` where the environment does not tell.
pub fn cache(env: Env) -> Option<PathBuf> {
    folder(env, "XDG_CACHE_HOME", &CACHE)
}

/// A variable and what follows below it.
struct Usual(&'static str, &'static str);

const SETTINGS: Usual = if cfg!(windows) {
    Usual("APPDATA", "")
} else if cfg!(target_os = "macos") {
    Usual("HOME", "Library/Application Support")
} else {
    Usual("HOME", ".config")
};

const CACHE: Usual = if cfg!(windows) {
    Usual("LOCALAPPDATA", "")
} else if cfg!(target_os = "macos") {
    Usual("HOME", "Library/Caches")
} else {
    Usual("HOME", ".cache")
};

fn folder(env: Env, variable: &str, usual: &Usual) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| Some(set(usual.0)?.join(usual.1)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_variable_wins() {
        let of = |xdg: &str, home: &str| {
            let (xdg, home) = (xdg.to_owned(), home.to_owned());
            move |name: &str| match name {
                "XDG_CONFIG_HOME" => Some(xdg.clone()),
                name if name == SETTINGS.0 => Some(home.clone()),
                _ => None,
            }
        };
        assert_eq!(settings(&of("/x", "/h")).as_deref(), Some(Path::new("/x")));
        assert_eq!(settings(&of("", "/h")), Some(Path::new("/h").join(SETTINGS.1)));
        assert_eq!(settings(&of("", "")), None);
        assert_eq!(cache(&of("/x", "")), None);
    }
}
