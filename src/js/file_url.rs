//! `file:` URLs of scripts and data, and the paths on disk that they stand for.
//!
//! They are not escaped, as in k6. A path of Windows is written `file:///C:/dir/script.js`.

use std::path::{Path, PathBuf};

/// `file:///dir/script.js` for `/dir/script.js`.
pub fn file_url(path: &Path) -> String {
    let path = path.display().to_string();
    if cfg!(windows) { windows_url(&path) } else { format!("file://{path}") }
}

/// The path of a `file:` URL; what is none is a path already.
pub fn url_path(url: &str) -> PathBuf {
    PathBuf::from(if cfg!(windows) { windows_path(url) } else { url.strip_prefix("file://").unwrap_or(url) })
}

fn windows_url(path: &str) -> String {
    let path = path.strip_prefix(r"\\?\").unwrap_or(path).replace('\\', "/");
    match path.as_bytes() {
        // On another machine, `\\server\share`.
        [b'/', b'/', ..] => format!("file:{path}"),
        [b'/', ..] => format!("file://{path}"),
        _ => format!("file:///{path}"),
    }
}

fn windows_path(url: &str) -> &str {
    let Some(path) = url.strip_prefix("file://") else { return url };
    match path.as_bytes() {
        [b'/', _, b':', ..] => &path[1..],
        [b'/', ..] => path,
        // `//server/share`
        _ => &url["file:".len()..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows() {
        for (path, url, back) in [
            (r"C:\w\a.js", "file:///C:/w/a.js", "C:/w/a.js"),
            (r"C:\w\-", "file:///C:/w/-", "C:/w/-"),
            (r"\\?\C:\w\a.js", "file:///C:/w/a.js", "C:/w/a.js"),
            (r"\\server\share\a.js", "file://server/share/a.js", "//server/share/a.js"),
            (r"\w\a.js", "file:///w/a.js", "/w/a.js"),
        ] {
            assert_eq!(windows_url(path), url);
            assert_eq!(windows_path(url), back);
        }
        assert_eq!(windows_path(r"C:\w\a.js"), r"C:\w\a.js");
    }

    #[test]
    #[cfg(unix)]
    fn elsewhere() {
        assert_eq!(file_url(Path::new("/w/a b.js")), "file:///w/a b.js");
        assert_eq!(url_path("file:///w/a b.js"), Path::new("/w/a b.js"));
        assert_eq!(url_path("/w/a.js"), Path::new("/w/a.js"));
    }
}
