//! `RegExp.prototype[Symbol.split]`, native.
//!
//! The engine's own tries the pattern at each place of the string in turn: every trial searches the
//! whole rest, copies the string, and makes two arrays where it matches. That is quadratic in the
//! string's length. This one searches once, from match to match, with the same matcher. What a script
//! could observe of the difference (a changed `exec` or `flags`, a subclass) is left to the engine's.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::{JsArray, JsRegExp};
use boa_engine::object::shape::Shape;
use boa_engine::property::PropertyKey;
use boa_engine::string::JsStrVariant;
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, JsSymbol, JsValue, js_string};

use super::convert::{arg, function};
use super::garbage;
use super::regexp_matcher::{Matcher, Unit};
use super::shared_realm::inherit;
use super::words::Words;

/// Compiled patterns kept per thread; the oldest goes first.
const PATTERNS: usize = 32;

/// What a string that is a part of another takes, in bytes.
const PART: usize = 112;

/// What `RegExpBuiltinExec` and the getter of `flags` read of a regular expression.
const READ: [&str; 11] = [
    "constructor",
    "exec",
    "flags",
    "hasIndices",
    "global",
    "ignoreCase",
    "multiline",
    "dotAll",
    "unicode",
    "unicodeSets",
    "sticky",
];

/// A property as it was before any script could change it.
struct Intrinsic {
    object: JsObject,
    key: PropertyKey,
    /// The value, or the getter.
    function: JsValue,
}

impl Intrinsic {
    fn new(object: &JsObject, key: impl Into<PropertyKey>) -> JsResult<Self> {
        let key = key.into();
        let function = Self::function(object, &key).ok_or_else(|| {
            JsError::from(JsNativeError::typ().with_message("the engine lacks a part of RegExp"))
        })?;
        Ok(Self { object: object.clone(), key, function })
    }

    fn function(object: &JsObject, key: &PropertyKey) -> Option<JsValue> {
        let property = object.borrow().properties().get(key)?;
        property.get().or(property.value()).cloned()
    }

    fn is_unchanged(&self) -> bool {
        Self::function(&self.object, &self.key).is_some_and(|now| now.strict_equals(&self.function))
    }
}

/// What the function needs to know of its realm.
struct Realm {
    original: JsObject,
    /// The shape of a regular expression that has no properties of its own but the one that each has.
    plain: Shape,
    intrinsics: Vec<Intrinsic>,
}

struct Pattern {
    source: String,
    flags: String,
    matcher: Rc<Matcher>,
}

thread_local! {
    // Neither belongs to a context: the VUs of a thread share them.
    static PATTERNS_SEEN: RefCell<Vec<Pattern>> = const { RefCell::new(Vec::new()) };
    static WORDS_SEEN: RefCell<Words> = const { RefCell::new(Words::new()) };
}

/// How the function finds it: a context's data are found by type.
struct Handle(Rc<Realm>);

/// Replaces the function on a fresh context's `RegExp.prototype`.
pub fn install(context: &mut Context) -> JsResult<()> {
    let constructors = context.intrinsics().constructors().regexp();
    let (prototype, constructor) = (constructors.prototype(), constructors.constructor());
    let plain = JsRegExp::new(js_string!(), js_string!(), context)?;
    let mut intrinsics = vec![
        Intrinsic::new(&constructor, JsSymbol::species())?,
        Intrinsic::new(&prototype, JsSymbol::r#match())?,
    ];
    for name in READ {
        intrinsics.push(Intrinsic::new(&prototype, JsString::from(name))?);
    }
    let original = Intrinsic::new(&prototype, JsSymbol::split())?.function;
    let original = original.as_object().ok_or_else(|| JsNativeError::typ().with_message("no split"))?;
    let plain = JsObject::from(plain).borrow().shape().clone();
    let realm = Rc::new(Realm { original, plain, intrinsics });
    inherit(context, move |context| drop(context.insert_data(Handle(realm.clone()))));
    let split = function("[Symbol.split]", 2, split, context);
    prototype.set(JsSymbol::split(), split, true, context)?;
    Ok(())
}

impl Realm {
    /// Whether nothing that scripts can change makes a difference to this regular expression.
    fn is_plain(&self, regexp: &JsObject) -> bool {
        let shape = regexp.borrow().shape().to_addr_usize();
        shape == self.plain.to_addr_usize() && self.intrinsics.iter().all(Intrinsic::is_unchanged)
    }
}

/// The matcher of a plain regular expression, if there can be one.
fn matcher(regexp: &JsRegExp, context: &mut Context) -> Option<Rc<Matcher>> {
    // Patterns with lone surrogates do not come out as text.
    let source = regexp.source(context).ok()?;
    let flags = regexp.flags(context).ok()?;
    PATTERNS_SEEN.with_borrow_mut(|patterns| {
        let known = patterns.iter().find(|known| known.source == source && known.flags == flags);
        if let Some(known) = known {
            return Some(known.matcher.clone());
        }
        let matcher = Rc::new(Matcher::new(&source, &flags)?);
        if patterns.len() >= PATTERNS {
            patterns.remove(0);
        }
        patterns.push(Pattern { source, flags, matcher: matcher.clone() });
        Some(matcher)
    })
}

/// `RegExp.prototype[Symbol.split](string, limit)`
fn split(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let realm = context.get_data::<Handle>().map(|handle| handle.0.clone());
    let realm = realm.ok_or_else(|| JsNativeError::typ().with_message("RegExp is not set up"))?;
    match pieces(this, args, &realm, context)? {
        Some(pieces) => Ok(JsArray::from_iter(pieces, context).into()),
        None => realm.original.call(this, args, context),
    }
}

/// The parts of the string; `None` where the engine's own function must do it.
fn pieces(
    this: &JsValue,
    args: &[JsValue],
    realm: &Realm,
    context: &mut Context,
) -> JsResult<Option<Vec<JsValue>>> {
    let limit = arg(args, 1);
    let (Some(string), Some(regexp)) = (args.first().and_then(JsValue::as_string), this.as_object()) else {
        return Ok(None);
    };
    let limit = match (limit.is_undefined(), limit.is_number()) {
        (true, _) => u32::MAX,
        (false, true) => limit.to_u32(context)?,
        (false, false) => return Ok(None),
    };
    if !realm.is_plain(&regexp) {
        return Ok(None);
    }
    let Ok(regexp) = JsRegExp::from_object(regexp) else { return Ok(None) };
    let Some(matcher) = matcher(&regexp, context) else { return Ok(None) };
    if limit == 0 {
        return Ok(Some(Vec::new()));
    }
    if string.is_empty() {
        let pieces = if matcher.matches_empty() { vec![] } else { vec![string.into()] };
        return Ok(Some(pieces));
    }
    Ok(Some(match string.as_str().variant() {
        JsStrVariant::Latin1(units) => split_units(units, &string, &matcher, limit),
        JsStrVariant::Utf16(units) => split_units(units, &string, &matcher, limit),
    }))
}

fn split_units<U: Unit>(units: &[U], string: &JsString, matcher: &Matcher, limit: u32) -> Vec<JsValue> {
    let limit = limit as usize;
    let (found, made) = WORDS_SEEN.with_borrow_mut(|words| {
        let mut pieces = Pieces { string, units, words, found: Vec::new(), limit, made: 0 };
        matcher.split(&mut pieces);
        (pieces.found, pieces.made)
    });
    garbage::made(made * PART + found.len() * size_of::<JsValue>());
    found
}

/// The parts of a string found so far.
pub(super) struct Pieces<'a, U> {
    string: &'a JsString,
    /// The string's.
    pub units: &'a [U],
    words: &'a mut Words,
    found: Vec<JsValue>,
    limit: usize,
    /// Strings that were made for them.
    made: usize,
}

impl<U: Unit> Pieces<'_, U> {
    /// Adds the part between two places, or what a group that did not take part captured. Returns
    /// whether there is room for more.
    pub fn push(&mut self, range: Option<Range<usize>>) -> bool {
        let piece = range.map_or_else(JsValue::undefined, |range| self.part(range).into());
        self.found.push(piece);
        self.found.len() < self.limit
    }

    fn part(&mut self, range: Range<usize>) -> JsString {
        if let Some(word) = self.words.get(&self.units[range.clone()]) {
            return word;
        }
        self.made += usize::from(!range.is_empty());
        self.string.slice(range.start, range.end)
    }
}

#[cfg(test)]
#[path = "regexp_split_tests.rs"]
mod tests;
