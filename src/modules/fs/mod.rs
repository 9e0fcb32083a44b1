//! `k6/experimental/fs`: files that are read in parts.
//!
//! What a file holds is there once for all VUs, in memory if it is small and on disk if not; where each VU stands in
//! it is its own.

mod error; // what scripts catch
mod file; // the file as Rust sees it
mod object; // what the script holds

use boa_engine::{Context, JsResult, JsValue};

pub use file::{Follow, OpenFile};
pub use object::this_file;

use crate::js::Exports;
use crate::js::convert::{arg, function, is_nullish, object as plain, put, settled, to_text};
use crate::vu::State;
use error::fs_error;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    object::register(context);
    let modes = plain(context);
    for (mode, name) in ["Start", "Current", "End"].into_iter().enumerate() {
        put(&modes, name, mode as i32);
    }
    let open = function("open", 1, open, context);
    Ok(Exports::named([("open", open.into()), ("SeekMode", modes.into())]))
}

/// `open(path)`: a promise of a file
fn open(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let opened = find(&arg(args, 0), context);
    settled(opened, context)
}

fn find(path: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let mut failed = |name: &str, text: &str| Err(fs_error(name, text, context));
    if !state.in_init() {
        return failed(
            "ForbiddenError",
            "open() failed; reason: opening a file is allowed only in the Init context",
        );
    }
    if is_nullish(path) {
        return failed("TypeError", "open() failed; reason: path cannot be null or undefined");
    }
    let path = to_text(path, context)?;
    if path.is_empty() {
        return Err(fs_error("TypeError", "open() failed; reason: path cannot be empty", context));
    }
    match state.test.sources.find(&path) {
        Ok((path, data)) => Ok(object::of(OpenFile::new(path, data), context)),
        Err(text) => {
            let name = match text.as_str() {
                _ if text.contains("no such file") => "NotFoundError",
                _ if text.contains("with directories") => "InvalidResourceError",
                // The first VU did not find it, either.
                _ if text.contains("previously opened") => "NotFoundError",
                _ if text.contains("permission denied") => "ForbiddenError",
                _ => "InvalidResourceError",
            };
            Err(fs_error(name, file::reworded(&text), context))
        }
    }
}
