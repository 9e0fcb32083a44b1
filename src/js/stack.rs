//! Backtraces as the engine writes them, made into what the user's files say.

use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsResult, JsValue, NativeFunction, js_string};

use super::convert::string;
use super::guard::GUARD;
use super::{Loader, Sources};

/// A line such as `    at f (file:///s.js:2:9)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    name: String,
    /// `file:///s.js:2:9`, or `native`.
    place: String,
}

impl Frame {
    /// The frame in an error's text; none if nobody could say what it is.
    pub fn shown(&self) -> Option<String> {
        let Self { name, place } = self;
        if place.starts_with("native") {
            return (!name.is_empty()).then(|| format!("{name} (native)"));
        }
        // Frames between a host function and the script have no place.
        let (head, column) = place.rsplit_once(':')?;
        let (_, line) = head.rsplit_once(':')?;
        if line.parse::<u32>().is_err() || column.parse::<u32>().is_err() {
            return None;
        }
        Some(match name.as_str() {
            "" | "<main>" => place.clone(),
            name => format!("{name} ({place})"),
        })
    }
}

/// The frames in a text that has one in each line that starts with `at`.
pub(super) fn frames(text: &str) -> Vec<Frame> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("at "));
    let parts = lines.filter_map(|line| line.strip_suffix(')')?.rsplit_once(" ("));
    parts.map(|(name, place)| Frame { name: name.to_owned(), place: place.to_owned() }).collect()
}

/// The frames in an engine's text, as if scripts ran just as they were written: with the places of the
/// user's files, and without what [`super::protect`] added.
pub(super) fn user_frames(text: &str, sources: &Sources) -> Vec<Frame> {
    let mut frames = without_guards(frames(text));
    for frame in &mut frames {
        if let Some(place) = mapped(&frame.place, sources) {
            frame.place = place;
        }
    }
    frames
}

/// Takes out the frames of the native guard and of the arrow functions that are called through it:
/// the place within the arrow is one of the function around it.
fn without_guards(frames: Vec<Frame>) -> Vec<Frame> {
    let mut kept: Vec<Frame> = Vec::with_capacity(frames.len());
    let mut below_guard = false;
    for frame in frames {
        if frame.name == GUARD {
            // Where the guard itself threw, no arrow stands above it.
            below_guard = !kept.is_empty();
        } else if let Some(arrow) = kept.last_mut().filter(|_| below_guard) {
            arrow.name = frame.name;
            below_guard = false;
        } else {
            kept.push(frame);
        }
    }
    kept
}

fn mapped(place: &str, sources: &Sources) -> Option<String> {
    let (head, column) = place.rsplit_once(':')?;
    let (url, line) = head.rsplit_once(':')?;
    let (url, line, column) = sources.original(url, line.parse().ok()?, column.parse().ok()?);
    Some(format!("{url}:{line}:{column}"))
}

/// Where the script is that called a host function: `default (file:///s.js:2:63)`.
pub fn caller(context: &mut Context) -> Option<String> {
    // The constructor of errors is what the engine lets see its backtrace.
    let constructor = context.intrinsics().constructors().error().constructor();
    let error = constructor.construct(&[], None, context).ok()?;
    let stack = error.get(js_string!("stack"), context).ok()?.as_string()?.to_std_string_lossy();
    let frames = frames(&stack);
    frames.iter().find(|frame| !frame.place.starts_with("native")).and_then(Frame::shown)
}

/// Makes `error.stack` speak of the user's files, too.
pub fn install(context: &mut Context) -> JsResult<()> {
    let prototype = context.intrinsics().constructors().error().prototype();
    let key = PropertyKey::from(js_string!("stack"));
    let engine_stack = prototype.borrow().properties().get(&key);
    let Some(getter) = engine_stack.as_ref().and_then(|p| p.get()).and_then(JsValue::as_object) else {
        return Ok(());
    };
    let native = NativeFunction::from_copy_closure_with_captures(
        |this, _, getter, context| {
            let stack = getter.call(this, &[], context)?;
            let (Some(text), Some(loader)) = (stack.as_string(), context.downcast_module_loader::<Loader>())
            else {
                return Ok(stack);
            };
            let frames = user_frames(&text.to_std_string_lossy(), loader.sources());
            let lines: Vec<_> = frames.iter().map(|f| format!("    at {} ({})\n", f.name, f.place)).collect();
            Ok(string(&lines.concat()))
        },
        getter,
    );
    let mut property = boa_engine::property::PropertyDescriptor::builder()
        .get(native.to_js_function(context.realm()))
        .enumerable(false)
        .configurable(true);
    if let Some(setter) = engine_stack.as_ref().and_then(|p| p.set()) {
        property = property.set(setter.clone());
    }
    prototype.insert_property(key, property.build());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_do_not_show() {
        let text = "    at boom (file:///s.js:1:1)\n    at <main> (file:///s.js:2:2)\n    at __ssek_guard \
                    (native)\n    at <main> (file:///s.js:3:3)\n    at __ssek_guard (native)\n    at outer \
                    (file:///s.js:4:4)\n    at map (native)\n    at <main> (file:///s.js:5:5)\n";
        let shown: Vec<_> = without_guards(frames(text)).iter().filter_map(Frame::shown).collect();
        assert_eq!(
            shown,
            ["boom (file:///s.js:1:1)", "outer (file:///s.js:2:2)", "map (native)", "file:///s.js:5:5"]
        );
        let thrown_by_guard = "    at __ssek_guard (native)\n    at f (file:///s.js:1:1)\n";
        let shown: Vec<_> = without_guards(frames(thrown_by_guard)).iter().filter_map(Frame::shown).collect();
        assert_eq!(shown, ["f (file:///s.js:1:1)"]);
    }
}
