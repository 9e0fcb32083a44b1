//! A file on its way to the engine: rewritten, then made known to the debugger.

use std::sync::{Arc, Mutex, PoisonError};

use oxc_sourcemap::SourceMap;

use super::Debugger;
use super::instrument::{Rewritten, instrument};
use super::script::{Function, Lines, Place, Point, Script};
use crate::js::file_url::url_path;
use crate::js::insertions::Insertions;

/// Rewrites one file.
pub struct Loading<'d> {
    debugger: &'d Debugger,
    rewritten: Mutex<Option<(String, Rewritten, u32)>>,
}

/// What is known of a file besides its code.
pub struct File<'f> {
    pub url: &'f str,
    /// As the user wrote it.
    pub text: &'f str,
    pub is_module: bool,
    pub is_main: bool,
    /// From what was rewritten to `text`, where that was compiled here.
    pub map: Option<&'f SourceMap<'static>>,
    /// What the file says about where its source map is.
    pub source_map_url: Option<&'f str>,
}

impl<'d> Loading<'d> {
    pub fn new(debugger: &'d Debugger) -> Self {
        Self { debugger, rewritten: Mutex::default() }
    }

    /// The code with hooks, and what was put in.
    pub fn rewrite(&self, code: &str, is_module: bool) -> (String, Insertions) {
        let mut first = 0;
        let mut done = instrument(code, is_module, |count| {
            first = self.debugger.number_points(count);
            first
        });
        let result = (std::mem::take(&mut done.code), std::mem::take(&mut done.insertions));
        *self.rewritten.lock().unwrap_or_else(PoisonError::into_inner) = Some((code.to_owned(), done, first));
        result
    }

    /// Tells the debugger of the file.
    pub fn finish(self, file: &File<'_>) {
        let rewritten = self.rewritten.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some((code, Rewritten { points, functions, scopes, .. }, first)) = rewritten else { return };
        let lines = Lines::of(&code);
        let table = file.map.map(|map| (map, map.generate_lookup_table()));
        let place = |offset: u32| {
            let place = lines.place(offset as usize);
            let Some((map, table)) = &table else { return place };
            let token = map.lookup_token(table, place.line, place.column);
            token.map_or(place, |token| Place { line: token.get_src_line(), column: token.get_src_col() })
        };
        let points: Vec<_> = points
            .iter()
            .zip(first..)
            .map(|(point, number)| Point {
                number,
                place: place(point.offset),
                kind: point.kind,
                function: point.function,
                scope: point.scope,
            })
            .collect();
        let functions = functions
            .into_iter()
            .map(|(span, name)| Function { name, start: place(span.start), end: place(span.end) })
            .collect();
        let mut by_place: Vec<_> = (0..points.len()).collect();
        by_place.sort_by_key(|index| points[*index].place);
        self.debugger.add_script(|id| {
            Arc::new(Script {
                id,
                url: escaped(file.url),
                file: file.url.to_owned(),
                text: file.text.to_owned(),
                is_module: file.is_module,
                is_main: file.is_main,
                source_map_url: file.source_map_url.map(str::to_owned),
                first,
                points,
                by_place,
                functions,
                scopes,
            })
        });
    }
}

/// A URL as debuggers expect it.
fn escaped(url: &str) -> String {
    let path = url.starts_with("file://").then(|| url_path(url));
    path.and_then(|path| url::Url::from_file_path(path).ok()).map_or_else(|| url.to_owned(), Into::into)
}
