//! Which statuses count as success.

use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::Http;
use crate::js::convert::{arg, get, is_nullish};
use crate::js::go_error;

/// Statuses, single and in ranges whose ends belong to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    exact: Vec<i64>,
    ranges: Vec<(i64, i64)>,
}

impl Default for Expected {
    /// 200 to 399.
    fn default() -> Self {
        Self { exact: Vec::new(), ranges: vec![(200, 399)] }
    }
}

impl Expected {
    /// Whether a status counts as success; 0 is that of a request without response.
    pub fn has(&self, status: u16) -> bool {
        let status = i64::from(status);
        self.exact.contains(&status) || self.ranges.iter().any(|(min, max)| (*min..=*max).contains(&status))
    }
}

/// What `http.expectedStatuses` returns.
#[derive(Trace, Finalize, JsData)]
struct Callback(#[unsafe_ignore_trace] Rc<Expected>);

/// What a value says of success: `Some(None)` is "don't judge", `None` is no such thing.
pub fn read(value: &JsValue) -> Option<Option<Rc<Expected>>> {
    if is_nullish(value) {
        return Some(None);
    }
    Some(Some(value.as_object()?.downcast_ref::<Callback>()?.0.clone()))
}

/// `http.expectedStatuses(200, {min: 300, max: 399}, …)`
pub fn expected_statuses(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if args.is_empty() {
        return Err(go_error("no arguments", context));
    }
    let mut expected = Expected { exact: Vec::new(), ranges: Vec::new() };
    for (index, value) in args.iter().enumerate() {
        if let Some(number) = value.as_number() {
            expected.exact.push(number as i64);
            continue;
        }
        let number = index + 1;
        let ends = match value.as_object() {
            Some(range) => Some((get(&range, "min", context)?, get(&range, "max", context)?)),
            None => None,
        };
        let Some((min, max)) = ends.filter(|(min, max)| !min.is_undefined() && !max.is_undefined()) else {
            return Err(go_error(
                format!(
                    "argument number {number} to expectedStatuses was neither an integer nor an object like \
                     {{min:100, max:329}}"
                ),
                context,
            ));
        };
        let (Some(min), Some(max)) = (integer(&min), integer(&max)) else {
            return Err(go_error(
                format!("both min and max need to be integers for argument number {number}"),
                context,
            ));
        };
        expected.ranges.push((min, max));
    }
    let prototype = context.intrinsics().constructors().object().prototype();
    Ok(JsObject::from_proto_and_data(prototype, Callback(Rc::new(expected))).into())
}

fn integer(value: &JsValue) -> Option<i64> {
    value.as_number().filter(|number| number.fract() == 0.0).map(|number| number as i64)
}

/// `http.setResponseCallback(callback | null)`: for this VU, from now on.
pub fn set_response_callback(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(callback) = read(&arg(args, 0)) else {
        return Err(go_error("unsupported argument, expected http.expectedStatuses", context));
    };
    *Http::of(context)?.callback.borrow_mut() = callback;
    Ok(JsValue::undefined())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_the_range() {
        let expected = Expected { exact: vec![404], ranges: vec![(200, 299)] };
        let seen: Vec<_> = [0, 199, 200, 299, 300, 404].into_iter().filter(|s| expected.has(*s)).collect();
        assert_eq!(seen, [200, 299, 404]);
        assert!(!Expected::default().has(0) && Expected::default().has(399));
    }
}
