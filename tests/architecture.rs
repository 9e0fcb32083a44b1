//! The layers of `src/lib.rs`, held: who may import whom, what a file may be called, who may print.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from left to right; a layer imports only what stands left of it. Those of one row do
/// not know each other.
const LAYERS: &[&[&str]] = &[
    &["k6"],
    &["log"],
    &["metrics", "net", "executor", "mock"],
    &["llm"],
    &["options"],
    &["js"],
    &["vu"],
    &["modules"],
    &["summary"],
    &["record"],
    &["report"],
    &["output"],
    &["run"],
    &["bench"],
    &["cmd"],
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "core", "misc"];

/// Layers, and single files, that may write to the terminal.
const MAY_PRINT: &[&str] = &["log/", "output/", "run/", "bench/", "cmd/"];

/// Files that speak to one system. Each has a counterpart for the others beside it, for only Linux is built in CI.
const OF_ONE_SYSTEM: &[&str] = &[
    "cmd/calibrate/trial.rs",
    "cmd/windows.rs",
    "js/file_url.rs",
    "js/read_at.rs",
    "log/target.rs",
    "main.rs",
    "llm/counting.rs",
    "net/dial.rs",
    "net/direct/socket.rs",
    "net/key_log.rs",
    "run/api/process.rs",
    "run/client/process_time.rs",
    "run/interrupt.rs",
    "run/memory.rs",
    "run/open_files.rs",
    "run/stack.rs",
    "vu/wake.rs",
];

/// Every source file: its path below `src/` and its text without comments.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let code = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|p| (name(p), code(p)))
        .collect()
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// The layers that a text imports: `crate::x` and `crate::{x::…, y}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(leading_name(rest));
            continue;
        };
        let mut depth = 1;
        let mut entry_begins = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => entry_begins = true,
                c if entry_begins && c.is_alphabetic() => {
                    found.push(leading_name(&group[i..]));
                    entry_begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn layers_import_only_to_their_left() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let layer = file.split(['/', '.']).next().unwrap_or_default();
        let Some(own) = rank(layer) else {
            assert!(matches!(layer, "lib" | "main"), "src/{file} belongs to no layer; add it to LAYERS");
            continue;
        };
        for import in imports(&code) {
            let left = rank(&import).is_some_and(|theirs| theirs < own);
            // A name in capitals is a macro's or a re-export's at the root; there are none.
            if import != layer && !left {
                wrong.push(format!("src/{file} imports crate::{import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "layers import only to their left:\n{}", wrong.join("\n"));
}

#[test]
fn the_map_in_lib_rs_is_these_layers() {
    let (_, map) = sources().into_iter().find(|(file, _)| file == "lib.rs").unwrap();
    let mut mapped: Vec<_> =
        map.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(leading_name).collect();
    let mut layers = LAYERS.concat();
    mapped.sort_unstable();
    layers.sort_unstable();
    assert_eq!(mapped, layers);
}

#[test]
fn file_names_say_what_is_inside() {
    for (file, _) in sources() {
        let empty = file.split(['/', '.']).find(|part| EMPTY_NAMES.contains(part));
        assert!(empty.is_none(), "src/{file}: say what is inside, not {empty:?}");
    }
}

#[test]
fn only_who_shows_things_prints() {
    for (file, code) in sources() {
        let prints = ["println!", "eprintln!", "print!(", "dbg!"].iter().any(|print| code.contains(print));
        let may = MAY_PRINT.iter().any(|allowed| file.starts_with(allowed));
        assert!(!prints || may, "src/{file} prints; only {} may", MAY_PRINT.join(", "));
    }
}

#[test]
fn few_files_know_the_system() {
    let names =
        ["libc::", "std::os::", "signal_hook::", "io::unix::", "jemalloc", "windows_sys::", "cfg(unix)"];
    for (file, code) in sources() {
        let known = names.iter().find(|name| code.contains(**name));
        assert!(
            known.is_none() || OF_ONE_SYSTEM.contains(&file.as_str()),
            "{file} has {known:?}: is there a counterpart for other systems? Then add it to OF_ONE_SYSTEM"
        );
    }
}

#[test]
fn imports_are_found_in_groups_and_paths() {
    let code = "use crate::k6::{a, b};\nuse crate::{metrics::{Sample, net}, vu,\n    js::X};\nlet x = crate::run::y();";
    assert_eq!(imports(code), ["k6", "metrics", "vu", "js", "run"]);
}
