//! What files are called in an archive.

use std::path::{Path, PathBuf};

/// Folders whose subfolders are named after people.
const HOMES: [&str; 3] = ["home", "Users", "Documents and Settings"];

/// The entry of a module or data file: `file/dir/a.js` for `file:///dir/a.js`, `https/host/a.js` for
/// `https://host/a.js`. A path without a scheme is one on disk.
pub fn entry_of(url: &str) -> String {
    match url.strip_prefix("https://") {
        Some(rest) => format!("https/{}", clean(&unescaped(rest))),
        None => format!("file/{}", anonymous(url.strip_prefix("file://").unwrap_or(url))),
    }
}

/// A path on disk as archives have it: without its user's name, a drive's colon, and the leading slash.
fn anonymous(path: &str) -> String {
    let mut parts: Vec<String> = clean(path).split('/').map(str::to_owned).collect();
    if let Some(letter) = parts[0].strip_suffix(':').filter(|letter| letter.len() == 1) {
        parts[0] = letter.to_owned();
    }
    // A drive's letter may stand before the folder of the homes.
    let homes = usize::from(parts[0].len() == 1);
    let is_home = |part: &String| HOMES.iter().any(|home| home.eq_ignore_ascii_case(part));
    if parts.get(homes).is_some_and(is_home)
        && let Some(user) = parts.get_mut(homes + 1)
    {
        "nobody".clone_into(user);
    }
    parts.join("/")
}

/// The URL of a file on disk, without its user's name, with what URLs cannot hold escaped.
pub(super) fn anonymous_url(path: &Path) -> String {
    let path = format!("/{}", anonymous(&path.to_string_lossy()));
    let url = if cfg!(windows) { of_segments(&path) } else { url::Url::from_file_path(&path).ok() };
    url.map_or_else(|| format!("file://{path}"), Into::into)
}

/// On Windows a path without a drive's letter and colon is none, and names have no tabs and line ends to be lost here.
fn of_segments(path: &str) -> Option<url::Url> {
    let mut url = url::Url::parse("file:///").ok()?;
    url.path_segments_mut().ok()?.clear().extend(path.trim_start_matches('/').split('/'));
    Some(url)
}

/// The path of a `file:` URL in an archive's metadata; older archives have plain paths.
pub(super) fn path_of(url: &str) -> PathBuf {
    match url.strip_prefix("file://") {
        Some(path) => PathBuf::from(unescaped(path)),
        None => PathBuf::from(url),
    }
}

/// Without empty parts, `.` and `..`, and without the leading slash.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(|c| c == '/' || cfg!(windows) && c == '\\') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `%20` and the like read; what is no escape stays.
fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_name_no_user() {
        for (url, want) in [
            ("file:///w/a.js", "file/w/a.js"),
            ("/w/x/../a b.json", "file/w/a b.json"),
            ("file:///home/alice/t/a.js", "file/home/nobody/t/a.js"),
            ("file:///Users/alice/a.js", "file/Users/nobody/a.js"),
            ("file:///C:/Users/alice/a.js", "file/C/Users/nobody/a.js"),
            ("file:///srv/home/alice/a.js", "file/srv/home/alice/a.js"),
            ("file:///home", "file/home"),
            ("https://jslib.k6.io/a%20b/1.0/index.js", "https/jslib.k6.io/a b/1.0/index.js"),
        ] {
            assert_eq!(entry_of(url), want, "{url}");
        }
    }

    #[test]
    fn urls_of_the_metadata() {
        let url = anonymous_url(Path::new("/home/alice/my tests/a.js"));
        assert_eq!(url, "file:///home/nobody/my%20tests/a.js");
        assert_eq!(path_of(&url), Path::new("/home/nobody/my tests/a.js"));
        assert_eq!(of_segments("/C/a%?#.js").unwrap().as_str(), "file:///C/a%25%3F%23.js");
        if cfg!(unix) {
            assert_eq!(anonymous_url(Path::new("/w/a\tb%.js")), "file:///w/a%09b%25.js");
        }
        assert_eq!(path_of("/home/johndoe/a.js"), Path::new("/home/johndoe/a.js"));
        assert_eq!(path_of("file:///a%2"), Path::new("/a%2"));
    }
}
