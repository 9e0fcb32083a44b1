//! Script files: where they are, what they say, and how positions lead back to them.
//!
//! Shared by all VUs. After the first VU's init code the set of files is locked, as k6 does it: what
//! was not loaded by then cannot be loaded later.

use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use super::archive::{Archive, Content};
use super::data_file::DataFile;
use super::factory;
use super::file_url::{file_url, url_path};
use super::insertions::Insertions;
use super::source_map::{Mapping, Reference, reference};
use super::typescript::{Compiled, SyntaxError, compile, is_typescript, strip};
use super::web::{Web, WebError};
use crate::log;

/// What stands before and after the text of a CommonJS file.
pub const COMMONJS_HEAD: &str = "(function (module, exports, require) {";
/// See [`COMMONJS_HEAD`].
pub const COMMONJS_TAIL: &str = "\n})";

/// One script file, ready for the engine.
pub struct SourceFile {
    /// `file:///dir/script.js`, or `file:///dir/-` for standard input.
    pub url: String,
    /// What the engine parses; CommonJS is wrapped.
    pub code: Arc<str>,
    /// The file as it is.
    pub text: Bytes,
    pub kind: Kind,
    insertions: Insertions,
    /// What was put into the code to make a factory of it.
    factory: OnceLock<Insertions>,
    map: Option<Mapping>,
}

impl SourceFile {
    /// Notes what a factory has that [`Self::code`] has not. It is the same each time it is made.
    pub(super) fn set_factory_insertions(&self, insertions: Insertions) {
        let _ = self.factory.set(insertions);
    }
}

/// What a file is to those that import it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ES module.
    Module,
    CommonJs,
    /// Data; the default export is the value.
    Json,
}

/// What an import specifier leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A module of the program itself: `k6/http`.
    Builtin(String),
    /// A file's URL.
    File(String),
}

/// Why a file or module could not be had; the text is what the user sees.
#[derive(Debug)]
pub enum LoadError {
    /// No such file.
    Missing {
        specifier: String,
    },
    Unreadable {
        url: String,
        error: std::io::Error,
    },
    Syntax {
        url: String,
        error: SyntaxError,
    },
    /// A specifier that is neither a file nor built in.
    Specifier(String),
    /// A file named by what came from the web.
    FromWeb {
        specifier: String,
        referrer: String,
    },
    /// A URL that is neither `file:` nor `https:`.
    Scheme {
        specifier: String,
        scheme: String,
    },
    /// A shorthand of older versions of k6.
    Shorthand(String),
    Web(WebError),
    Json {
        url: String,
        error: serde_json::Error,
    },
    /// Loaded for the first time after the init code of the first VU.
    Locked(String),
    /// No such file in the archive that runs.
    NotArchived(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { specifier } => write!(
                f,
                "The moduleSpecifier \"{specifier}\" couldn't be found on local disk. Make sure that you've \
                 specified the right path to the file. If you're running ssek using the Docker image make sure \
                 you have mounted the local directory (-v /local/path/:/inside/docker/path) containing your \
                 script and modules so that they're accessible by ssek from inside of the container, see \
                 https://grafana.com/docs/k6/latest/using-k6/modules/#use-modules-with-docker."
            ),
            Self::Unreadable { url, error } => write!(f, "could not read {url}: {error}"),
            Self::Syntax { url, error } => {
                write!(f, "{url}: Line {}:{} {}", error.line, error.column, error.message)?;
                if error.more > 0 {
                    write!(f, " (and {} more errors)", error.more)?;
                }
                let pad = " ".repeat(error.column.saturating_sub(1));
                write!(f, "\n{}\n{pad}^", error.source_line)
            }
            Self::Specifier(specifier) => write!(
                f,
                "The moduleSpecifier \"{specifier}\" couldn't be recognised as something ssek supports. Files \
                 need ./ or ../ before their name."
            ),
            Self::FromWeb { specifier, referrer } => write!(
                f,
                "{referrer} may not import \"{specifier}\": modules from the web have no access to local files"
            ),
            Self::Scheme { specifier, scheme } => write!(
                f,
                "only supported schemes for imports are file and https, \"{specifier}\" has \"{scheme}\""
            ),
            Self::Shorthand(specifier) => write!(
                f,
                "the import of \"{specifier}\" is no longer supported; write the module's whole https:// URL"
            ),
            Self::Web(error) => error.fmt(f),
            Self::Json { url, error } => write!(f, "{url} is no JSON: {error}"),
            Self::Locked(url) => {
                write!(f, "the module \"{url}\" was not previously resolved during initialization (__VU==0)")
            }
            Self::NotArchived(url) => write!(
                f,
                "the module \"{url}\" is not in the archive, and archives can load no other files; make the \
                 archive anew, in a way that the init code imports the module"
            ),
        }
    }
}

impl std::error::Error for LoadError {}

/// All files of one run.
pub struct Sources {
    main: String,
    /// As on the command line.
    script: String,
    root: PathBuf,
    stdin: Option<String>,
    /// Where every file comes from, if not from disk.
    archive: Option<Archive>,
    web: Option<Web>,
    /// Source maps, by URL.
    maps: Mutex<HashMap<String, Bytes>>,
    locked: AtomicBool,
    files: Mutex<HashMap<String, Arc<SourceFile>>>,
    opened: Mutex<HashMap<PathBuf, DataFile>>,
}

impl Sources {
    /// The files reachable from a main script: `script` as on the command line, `-` for `stdin`.
    ///
    /// `pwd` must be absolute. A script from the web opens files from there.
    pub fn new(script: &str, pwd: &Path, stdin: Option<String>) -> Self {
        let (main, root) = if is_web(script) {
            (script.to_owned(), pwd.to_owned())
        } else {
            let path = match script.starts_with("file://") {
                true => url_path(script),
                false => normalise(&pwd.join(script)),
            };
            (file_url(&path), path.parent().unwrap_or(pwd).to_path_buf())
        };
        Self {
            main,
            script: script.to_owned(),
            root,
            stdin,
            archive: None,
            web: None,
            maps: Mutex::default(),
            locked: AtomicBool::new(false),
            files: Mutex::default(),
            opened: Mutex::default(),
        }
    }

    /// The files of an archive, and no others. `script` is the archive as on the command line.
    pub fn of_archive(script: &str, archive: Archive) -> Self {
        let metadata = &archive.metadata;
        Self {
            main: file_url(&metadata.script),
            script: script.to_owned(),
            root: metadata.pwd.clone(),
            stdin: None,
            archive: Some(archive),
            web: None,
            maps: Mutex::default(),
            locked: AtomicBool::new(false),
            files: Mutex::default(),
            opened: Mutex::default(),
        }
    }

    /// Lets modules come from the web, too; without this, they come from an archive only.
    #[must_use]
    pub fn with_web(self, web: Web) -> Self {
        Self { web: Some(web), ..self }
    }

    /// The main script's URL.
    pub fn main(&self) -> &str {
        &self.main
    }

    /// The main script as it was named on the command line.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// The folder that `open()` starts from.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The archive that the files come from, if they do.
    pub fn archive(&self) -> Option<&Archive> {
        self.archive.as_ref()
    }

    /// The files that were loaded and opened, by URL or path, for an archive.
    pub fn contents(&self) -> Vec<(String, Content)> {
        let modules =
            lock(&self.files).values().map(|f| (f.url.clone(), Content::Module(f.text.clone()))).collect();
        let opened = lock(&self.opened);
        let data =
            opened.iter().map(|(path, file)| (path.display().to_string(), Content::Data(file.clone())));
        let mut contents: Vec<_> = modules;
        contents.extend(data);
        let maps = lock(&self.maps);
        contents.extend(maps.iter().map(|(url, map)| (url.clone(), Content::Module(map.clone()))));
        contents
    }

    /// Ends the time in which new files may be loaded.
    pub fn lock(&self) {
        self.locked.store(true, Ordering::Relaxed);
    }

    /// What `specifier` means in the file `referrer` (a URL).
    pub fn resolve(&self, specifier: &str, referrer: &str) -> Result<Resolved, LoadError> {
        if specifier == "k6" || specifier.starts_with("k6/") || specifier.starts_with("ssek/") {
            return Ok(Resolved::Builtin(specifier.to_owned()));
        }
        if let Some((scheme, _)) = specifier.split_once("://") {
            return match scheme {
                "file" if is_web(referrer) => {
                    Err(LoadError::FromWeb { specifier: specifier.to_owned(), referrer: referrer.to_owned() })
                }
                "file" => Ok(Resolved::File(file_url(&normalise(&url_path(specifier))))),
                "https" if url::Url::parse(specifier).is_ok() => Ok(Resolved::File(specifier.to_owned())),
                "https" => Err(LoadError::Specifier(specifier.to_owned())),
                scheme => {
                    Err(LoadError::Scheme { specifier: specifier.to_owned(), scheme: scheme.to_owned() })
                }
            };
        }
        if let Some(url) = web_url(specifier, referrer) {
            return Ok(Resolved::File(url));
        }
        if specifier.starts_with("github.com/") || specifier.starts_with("cdnjs.com/") {
            return Err(LoadError::Shorthand(specifier.to_owned()));
        }
        let is_path = ["./", "../", "/"].iter().any(|head| specifier.starts_with(head));
        if !is_path {
            return Err(LoadError::Specifier(specifier.to_owned()));
        }
        let from = url_path(referrer);
        let directory = from.parent().unwrap_or(&self.root);
        Ok(Resolved::File(file_url(&normalise(&directory.join(specifier)))))
    }

    /// A file by URL, from the cache or from disk.
    pub fn load(&self, url: &str, specifier: &str) -> Result<Arc<SourceFile>, LoadError> {
        if let Some(file) = lock(&self.files).get(url) {
            return Ok(file.clone());
        }
        if self.locked.load(Ordering::Relaxed) {
            return Err(LoadError::Locked(url.to_owned()));
        }
        let file = Arc::new(self.read(url, specifier)?);
        lock(&self.files).insert(url.to_owned(), file.clone());
        Ok(file)
    }

    fn read(&self, url: &str, specifier: &str) -> Result<SourceFile, LoadError> {
        let bytes = self.bytes(url, specifier)?;
        let text = String::from_utf8_lossy(&bytes);
        // A hashbang line and a byte-order mark are not JavaScript; positions keep their line.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if is_json(url) {
            serde_json::from_str::<serde::de::IgnoredAny>(text)
                .map_err(|error| LoadError::Json { url: url.to_owned(), error })?;
            return Ok(SourceFile {
                url: url.to_owned(),
                code: text.into(),
                text: bytes.clone(),
                kind: Kind::Json,
                insertions: Insertions::default(),
                factory: OnceLock::new(),
                map: None,
            });
        }
        let compiled = compile(url, text).or_else(|error| {
            // Standard input has no file name that says what language it is.
            let is_stdin = url == self.main && url.ends_with("/-");
            let typescript = is_stdin.then(|| strip(Path::new("stdin.ts"), text).ok()).flatten();
            typescript.ok_or_else(|| LoadError::Syntax { url: url.to_owned(), error })
        })?;
        let Compiled { code, is_module, insertions, map } = compiled;
        let map = match map {
            Some(map) => Some(Mapping::of_file(map)),
            None if is_typescript(url) => None,
            None => self.source_map(url, text),
        };
        let (code, kind) = match is_module {
            true => (code, Kind::Module),
            false => (wrap_commonjs(&code), Kind::CommonJs),
        };
        Ok(SourceFile {
            url: url.to_owned(),
            code: code.into(),
            text: bytes.clone(),
            kind,
            insertions,
            factory: OnceLock::new(),
            map,
        })
    }

    /// The source map that a script names. Without it, positions are those in the script.
    fn source_map(&self, url: &str, text: &str) -> Option<Mapping> {
        let read = match reference(text)? {
            Reference::Inline(json) => Mapping::read(&json, url),
            Reference::Broken(reason) => Err(reason.to_owned()),
            Reference::At(target) => match self.resolve_map(&target, url) {
                Some(at) => self.bytes(&at, &target).map_err(|error| error.to_string()).and_then(|json| {
                    let map = Mapping::read(&json, &at);
                    lock(&self.maps).insert(at, json);
                    map
                }),
                None => Err(format!("it may not be at \"{target}\"")),
            },
        };
        read.map_err(|reason| log::warn(format!("Couldn't load source map for {url}: {reason}"))).ok()
    }

    /// Where a source map is; none if the script may not look there.
    fn resolve_map(&self, target: &str, url: &str) -> Option<String> {
        let is_plain =
            !target.contains("://") && !["./", "../", "/"].iter().any(|head| target.starts_with(head));
        let target = if is_plain { format!("./{target}") } else { target.to_owned() };
        match self.resolve(&target, url).ok()? {
            Resolved::File(at) => Some(at),
            Resolved::Builtin(_) => None,
        }
    }

    fn bytes(&self, url: &str, specifier: &str) -> Result<Bytes, LoadError> {
        let is_main = url == self.main;
        if let (Some(text), true) = (&self.stdin, is_main) {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        let read = match (&self.archive, &self.web) {
            (Some(archive), _) => archive.module(url, is_main),
            (None, Some(web)) if is_web(url) => return web.load(url).map_err(LoadError::Web),
            (None, None) if is_web(url) => return Err(LoadError::Web(WebError::Offline(url.to_owned()))),
            (None, _) => std::fs::read(url_path(url)).map(Bytes::from),
        };
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if self.archive.is_some() => LoadError::NotArchived(url.to_owned()),
            std::io::ErrorKind::NotFound => LoadError::Missing { specifier: specifier.to_owned() },
            _ => LoadError::Unreadable { url: url.to_owned(), error },
        })
    }

    /// The bytes of a data file for `open()`, relative to the main script's folder.
    pub fn open(&self, path: &str) -> Result<Bytes, String> {
        self.data(path, self.locked.load(Ordering::Relaxed))
    }

    /// The bytes of a file that an option names, at any time; relative as for `open()`.
    pub fn of_option(&self, path: &str) -> Result<Bytes, String> {
        self.data(path, false)
    }

    fn data(&self, path: &str, locked: bool) -> Result<Bytes, String> {
        let path = self.data_path(path)?;
        // Whoever reads a large file does so without the lock.
        if let Some(file) = self.opened(&path, locked)? {
            return file.bytes(&path);
        }
        let (file, bytes) = match &self.archive {
            Some(archive) => {
                let file = archived(archive, &path)?;
                let bytes = file.bytes(&path)?;
                (file, bytes)
            }
            None => DataFile::open(&path)?,
        };
        lock(&self.opened).insert(path, file);
        Ok(bytes)
    }

    /// A data file and its path, as for [`Self::open`], to be read in parts. A large one is not read yet.
    pub fn find(&self, path: &str) -> Result<(PathBuf, DataFile), String> {
        let path = self.data_path(path)?;
        if let Some(file) = self.opened(&path, self.locked.load(Ordering::Relaxed))? {
            return Ok((path, file));
        }
        let file = match &self.archive {
            Some(archive) => archived(archive, &path)?,
            None => DataFile::find(&path)?,
        };
        lock(&self.opened).insert(path.clone(), file.clone());
        Ok((path, file))
    }

    fn data_path(&self, given: &str) -> Result<PathBuf, String> {
        let given = url_path(given);
        if given.as_os_str().is_empty() {
            return Err("open() can't be used with an empty filename".to_owned());
        }
        Ok(normalise(&self.root.join(given)))
    }

    /// A file that was opened before; fails for others if it is too late for them.
    fn opened(&self, path: &Path, locked: bool) -> Result<Option<DataFile>, String> {
        let known = lock(&self.opened).get(path).cloned();
        if known.is_none() && locked {
            return Err(format!(
                "open() can't be used with files that weren't previously opened during initialization (__VU==0), path: \"{}\"",
                path.display()
            ));
        }
        Ok(known)
    }

    /// Leads a position that the engine reports back to the file as the user wrote it: its URL, line and
    /// column.
    ///
    /// Lines and columns count from one. `url` may be a factory's path.
    pub fn original(&self, url: &str, line: u32, column: u32) -> (String, u32, u32) {
        let files = lock(&self.files);
        let factory = url.strip_prefix(factory::MARKER);
        let url = factory.unwrap_or(url);
        let Some(file) = files.get(url) else { return (url.to_owned(), line, column) };
        let mut column = column;
        if let (Some(_), Some(insertions)) = (factory, file.factory.get()) {
            column = insertions.original_column(line, column);
        }
        if file.kind == Kind::CommonJs && line == 1 {
            column = column.saturating_sub(COMMONJS_HEAD.len() as u32).max(1);
        }
        column = file.insertions.original_column(line, column);
        match file.map.as_ref().and_then(|map| map.original(line, column)) {
            Some((source, line, column)) => (source.unwrap_or(url).to_owned(), line, column),
            None => (url.to_owned(), line, column),
        }
    }
}

fn archived(archive: &Archive, path: &Path) -> Result<DataFile, String> {
    archive.data_file(&path.to_string_lossy()).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "no such file in the archive, and archives can open no other files".to_owned()
            }
            _ => error.to_string(),
        };
        format!("stat {}: {reason}", path.display())
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrap_commonjs(code: &str) -> String {
    // A hashbang is only allowed at the very start.
    let code = if code.starts_with("#!") { format!("//{code}") } else { code.to_owned() };
    format!("{COMMONJS_HEAD}{code}{COMMONJS_TAIL}")
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://")
}

/// Whether a file's name says that it holds data.
pub(super) fn is_json(url: &str) -> bool {
    let path = if is_web(url) { url.split(['?', '#']).next().unwrap_or(url) } else { url };
    path.ends_with(".json")
}

/// The `https:` URL that a specifier stands for in a module that came from one.
fn web_url(specifier: &str, referrer: &str) -> Option<String> {
    let is_relative = ["./", "../", "/"].iter().any(|head| specifier.starts_with(head));
    let from = referrer.strip_prefix("https://").filter(|_| is_relative)?;
    let joined = url::Url::parse(&format!("https://{from}")).ok()?.join(specifier).ok()?;
    Some(joined.into())
}

/// Takes out `.` and `..` without asking the disk, so that links keep the name they were given.
fn normalise(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers() {
        let sources = Sources::new("a/main.js", Path::new("/w"), None);
        assert_eq!(sources.main(), "file:///w/a/main.js");
        let file = |url: &str| Resolved::File(url.to_owned());
        for (specifier, want) in [
            ("./b.js", file("file:///w/a/b.js")),
            ("../c/../b.js", file("file:///w/b.js")),
            ("/x.js", file("file:///x.js")),
            ("file:///y.js", file("file:///y.js")),
            ("k6/http", Resolved::Builtin("k6/http".to_owned())),
        ] {
            assert_eq!(sources.resolve(specifier, sources.main()).unwrap(), want, "{specifier}");
        }
        assert!(matches!(sources.resolve("lodash", sources.main()), Err(LoadError::Specifier(_))));
    }
}
