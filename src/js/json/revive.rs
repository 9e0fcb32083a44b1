//! The second argument of `JSON.parse` (ECMA-262, InternalizeJSONProperty), without recursion.

use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsResult, JsString, JsValue, js_string};

use super::parse::{Children, Parsed, Record};
use super::state::State;
use super::stringify::{array_length, is_array, keys};
use crate::js::convert::{object, put};

/// An object or array whose parts are being revived.
struct Visit {
    holder: JsObject,
    name: JsString,
    value: JsObject,
    record: Option<usize>,
    parts: Parts,
    next: u64,
}

enum Parts {
    Elements(u64),
    Properties(Vec<PropertyKey>),
}

impl Visit {
    /// The key and record of the part that comes next.
    fn part(&self, records: &[Record]) -> Option<(PropertyKey, Option<usize>)> {
        let children = self.record.map(|record| &records[record].children);
        match &self.parts {
            Parts::Elements(length) if self.next < *length => {
                let record = match children {
                    Some(Children::Elements(elements)) => elements.get(self.next as usize).copied(),
                    _ => None,
                };
                Some((PropertyKey::from(self.next), record))
            }
            Parts::Elements(_) => None,
            Parts::Properties(keys) => {
                let key = keys.get(self.next as usize)?;
                let record = match children {
                    Some(Children::Entries(entries)) => entries.get(key).copied(),
                    _ => None,
                };
                Some((key.clone(), record))
            }
        }
    }
}

enum Step {
    /// A property is to be revived.
    Enter(JsObject, JsString, Option<usize>),
    /// A property has been revived to this.
    Done(JsValue),
}

/// What the reviver makes of a parsed value.
pub(super) fn revive(
    parsed: Parsed,
    text: &JsString,
    reviver: JsObject,
    state: &State,
    context: &mut Context,
) -> JsResult<JsValue> {
    let records = parsed.records;
    let root = object(context);
    put(&root, "", parsed.value);
    let call = |holder: JsObject,
                name: JsString,
                value: JsValue,
                source: Option<JsString>,
                context: &mut Context| {
        let about = object(context);
        if let Some(source) = source {
            put(&about, "source", source);
        }
        reviver.call(&holder.into(), &[name.into(), value, about.into()], context)
    };
    let mut visits: Vec<Visit> = Vec::new();
    let mut step = Step::Enter(root, js_string!(""), records.len().checked_sub(1));
    loop {
        match step {
            Step::Enter(holder, name, record) => {
                let value = holder.get(PropertyKey::from(name.clone()), context)?;
                // A value that an earlier call put there does not come from the text.
                let record = record.filter(|&record| JsValue::same_value(&records[record].value, &value));
                let Some(value) = value.as_object() else {
                    let source = record.map(|record| text.get_expect(records[record].source.clone()));
                    step = Step::Done(call(holder, name, value, source, context)?);
                    continue;
                };
                let parts = if is_array(&value, state, context)? {
                    Parts::Elements(array_length(&value, context)?)
                } else {
                    Parts::Properties(keys(&value, state, context)?)
                };
                visits.push(Visit { holder, name, value, record, parts, next: 0 });
            }
            Step::Done(result) => {
                let Some(visit) = visits.last_mut() else { return Ok(result) };
                if let Some((key, _)) = visit.part(&records) {
                    if result.is_undefined() {
                        let args = [visit.value.clone().into(), key.into()];
                        state.reflect_delete.call(&JsValue::undefined(), &args, context)?;
                    } else {
                        visit.value.create_data_property(key, result, context)?;
                    }
                }
                visit.next += 1;
            }
        }
        let Some(visit) = visits.last() else { return Ok(JsValue::undefined()) };
        step = match visit.part(&records) {
            Some((key, record)) => {
                let name = JsValue::from(key).to_string(context)?;
                Step::Enter(visit.value.clone(), name, record)
            }
            None => match visits.pop() {
                Some(visit) => Step::Done(call(visit.holder, visit.name, visit.value.into(), None, context)?),
                None => return Ok(JsValue::undefined()),
            },
        };
    }
}
