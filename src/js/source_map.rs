//! Source maps: from positions in what runs to positions in what was written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oxc_sourcemap::SourceMap;

/// What a comment at the end of a file leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// The map itself, as JSON.
    Inline(Vec<u8>),
    /// Where it is, relative to the file.
    At(String),
    /// A `data:` URL that cannot be read, and why.
    Broken(&'static str),
}

/// What a JavaScript text says about where its source map is: the last `//# sourceMappingURL=` in it.
pub(super) fn target(text: &str) -> Option<&str> {
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let comment = ["//# sourceMappingURL=", "//@ sourceMappingURL=", "/*# sourceMappingURL="];
    let target = comment.iter().find_map(|start| line.split_once(start))?.1;
    Some(target.trim_end_matches("*/").trim())
}

/// The source map that a JavaScript text names.
pub(super) fn reference(text: &str) -> Option<Reference> {
    let target = target(text)?;
    let Some(data) = target.strip_prefix("data:") else { return Some(Reference::At(target.to_owned())) };
    Some(match data.split_once(',') {
        Some((kind, payload)) if kind.ends_with(";base64") => match STANDARD.decode(payload) {
            Ok(bytes) => Reference::Inline(bytes),
            Err(_) => Reference::Broken("its base64 cannot be read"),
        },
        _ => Reference::Broken("only data URLs in base64 are read"),
    })
}

/// A map that was read.
#[derive(Debug)]
pub(super) struct Mapping {
    map: SourceMap<'static>,
    /// Where the sources are by their index; none for a map whose only source is the file itself.
    urls: Vec<String>,
}

impl Mapping {
    /// The map of a file that was compiled here.
    pub fn of_file(map: SourceMap<'static>) -> Self {
        Self { map, urls: Vec::new() }
    }

    /// Reads a map. `url` is where its sources are relative to: the map's own, or the file's if it is inline.
    pub fn read(json: &[u8], url: &str) -> Result<Self, String> {
        let text = std::str::from_utf8(json).map_err(|error| error.to_string())?;
        // Some servers put this in front, against scripts that are no scripts.
        let text = text.strip_prefix(")]}'").unwrap_or(text);
        let map = SourceMap::from_json_string(text).map_err(|error| error.to_string())?;
        let root = map.get_source_root().unwrap_or_default().to_owned();
        let urls = map.get_sources().map(|source| located(source, &root, url)).collect();
        Ok(Self { map: map.into_owned(), urls })
    }

    /// The source's URL (none: that of the file), line and column of a position; all numbers count from one.
    pub fn original(&self, line: u32, column: u32) -> Option<(Option<&str>, u32, u32)> {
        let table = self.map.generate_lookup_table();
        let token = self.map.lookup_token(&table, line.saturating_sub(1), column.saturating_sub(1))?;
        let source = token.get_source_id()?;
        let url = self.urls.get(source as usize).map(String::as_str);
        Some((url, token.get_src_line() + 1, token.get_src_col() + 1))
    }
}

fn located(source: &str, root: &str, url: &str) -> String {
    let source = match root.is_empty() || source.contains("://") {
        true => source.to_owned(),
        false => format!("{}/{source}", root.trim_end_matches('/')),
    };
    let joined = url::Url::parse(url).and_then(|base| base.join(&source));
    joined.map_or(source, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let at = |target: &str| Some(Reference::At(target.to_owned()));
        for (text, want) in [
            ("a()\n//# sourceMappingURL=a.js.map\n\n", at("a.js.map")),
            ("a() /*# sourceMappingURL=a.map */", at("a.map")),
            ("//# sourceMappingURL=a.map\na()", None),
            ("a()", None),
            (
                "//# sourceMappingURL=data:application/json;charset=utf-8;base64,e30=",
                Some(Reference::Inline(b"{}".to_vec())),
            ),
            (
                "//# sourceMappingURL=data:application/json;base64,?",
                Some(Reference::Broken("its base64 cannot be read")),
            ),
        ] {
            assert_eq!(reference(text), want, "{text}");
        }
    }

    #[test]
    fn positions() {
        let json =
            br#"{"version":3,"sources":["a.ts","webpack://x/b.ts"],"names":[],"mappings":"AAEC,ICAD"}"#;
        let map = Mapping::read(json, "file:///w/dist/m.js").unwrap();
        assert_eq!(map.original(1, 3), Some((Some("file:///w/dist/a.ts"), 3, 2)));
        assert_eq!(map.original(1, 9).unwrap().0, Some("webpack://x/b.ts"));
        assert_eq!(map.original(9, 1), None);
        assert_eq!(located("a.ts", "../src/", "https://h.test/d/m.js"), "https://h.test/src/a.ts");
        assert!(Mapping::read(b"{}", "file:///m.js").is_err());
    }
}
