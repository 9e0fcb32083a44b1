//! From one selection to another: `find`, `children`, `next` and their like.

use std::rc::Rc;

use boa_engine::{Context, JsResult, JsValue};
use rustc_hash::FxHashSet;

use super::selection::{Selection, Target, no_selector};
use super::set::{Matcher, Set, Until, Walk};
use crate::js::convert::{arg, is_nullish, to_text};

type Arguments<'a> = &'a [JsValue];

/// `find(selector | selection | element)`
pub fn find(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    by_target(this, args, context, |set, target| match target {
        Target::Selector(selector) => set.find(&selector),
        Target::Nodes(nodes) => set.find_nodes(&nodes),
    })
}

/// `add(selector | selection | element)`; a selector is looked for in the whole document.
pub fn add(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    by_target(this, args, context, |set, target| match target {
        Target::Selector(selector) => set.add(&set.everywhere(&Matcher::new(&selector))),
        Target::Nodes(nodes) => set.add(&nodes),
    })
}

/// `has(selector | selection | element)`
pub fn has(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    by_target(this, args, context, |set, target| match target {
        Target::Selector(selector) => set.has(&set.everywhere(&Matcher::new(&selector))),
        Target::Nodes(nodes) => set.has(&nodes),
    })
}

/// `closest(selector | selection | element)`
pub fn closest(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    by_target(this, args, context, |set, target| match target {
        Target::Selector(selector) => {
            let matcher = Matcher::new(&selector);
            set.closest(|id| matcher.matches(&set.document, id))
        }
        Target::Nodes(nodes) => {
            let nodes: FxHashSet<_> = nodes.into_iter().collect();
            set.closest(|id| nodes.contains(&id))
        }
    })
}

fn by_target(
    this: &JsValue,
    args: Arguments<'_>,
    context: &mut Context,
    go: impl FnOnce(&Rc<Set>, Target) -> Rc<Set>,
) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let target = Target::read(&selection, &arg(args, 0), context)?;
    selection.with(go(&selection.set, target)).into_js(context)
}

/// `single(selector)`
pub fn single(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let selector = to_text(&arg(args, 0), context)?;
    selection.with(selection.set.single(&selector)).into_js(context)
}

/// `children([selector])`
pub fn children(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.children(false))
}

/// `contents()`
pub fn contents(this: &JsValue, _: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, &[], context, |set| set.children(true))
}

/// `parent([selector])`
pub fn parent(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, Set::parent)
}

/// `parents([selector])`
pub fn parents(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.walk(Walk::Parents, &Until::Never))
}

/// `siblings([selector])`
pub fn siblings(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, Set::siblings)
}

/// `next([selector])`
pub fn next(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.neighbour(true))
}

/// `prev([selector])`
pub fn prev(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.neighbour(false))
}

/// `nextAll([selector])`
pub fn next_all(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.walk(Walk::NextAll, &Until::Never))
}

/// `prevAll([selector])`
pub fn prev_all(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    filtered(this, args, context, |set| set.walk(Walk::PrevAll, &Until::Never))
}

fn filtered(
    this: &JsValue,
    args: Arguments<'_>,
    context: &mut Context,
    go: impl FnOnce(&Set) -> Vec<super::document::NodeId>,
) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let set = &selection.set;
    let mut nodes = go(set);
    if let Some(selector) = args.first() {
        let matcher = Matcher::new(&to_text(selector, context)?);
        nodes.retain(|id| matcher.matches(&set.document, *id));
    }
    selection.with(set.push(nodes)).into_js(context)
}

/// `nextUntil([selector | selection], [filter])`
pub fn next_until(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    until(Walk::NextAll, this, args, context)
}

/// `prevUntil([selector | selection], [filter])`
pub fn prev_until(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    until(Walk::PrevAll, this, args, context)
}

/// `parentsUntil([selector | selection], [filter])`
pub fn parents_until(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    until(Walk::Parents, this, args, context)
}

fn until(walk: Walk, this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let given = arg(args, 0);
    let until = match (given.as_string(), Selection::of(&given)) {
        (Some(selector), _) => Until::Matches(Matcher::new(&selector.to_std_string_lossy())),
        (_, Some(other)) => Until::Reaches(selection.nodes_of(&other).into_iter().collect()),
        _ if is_nullish(&given) => Until::Never,
        _ => return Err(no_selector(&given, context)),
    };
    filtered(this, args.get(1..).unwrap_or_default(), context, |set| set.walk(walk, &until))
}

/// `eq(index)`
pub fn eq(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    let index = index(&arg(args, 0), context)?;
    at(this, index, context)
}

/// `first()`
pub fn first(this: &JsValue, _: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    at(this, 0, context)
}

/// `last()`
pub fn last(this: &JsValue, _: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    at(this, -1, context)
}

fn at(this: &JsValue, index: i64, context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    selection.with(selection.set.at(index)).into_js(context)
}

/// `slice(start, [end])`; an end behind the last node is the end of the selection.
pub fn slice(this: &JsValue, args: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let start = index(&arg(args, 0), context)?;
    let end = match args.get(1) {
        Some(end) => index(end, context)?,
        None => i64::MAX,
    };
    selection.with(selection.set.slice(start, end)).into_js(context)
}

/// `end()`
pub fn end(this: &JsValue, _: Arguments<'_>, context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    selection.with(selection.set.end()).into_js(context)
}

/// A whole number; anything else is 0.
pub fn index(value: &JsValue, context: &mut Context) -> JsResult<i64> {
    let number = value.to_number(context)?;
    // Saturates, and makes 0 of NaN.
    Ok((number as i64).clamp(-(1 << 53), 1 << 53))
}
