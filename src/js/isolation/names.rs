//! The names of the global object, by what scripts may do with them.

use crate::js::guard::GUARD;

/// What a free name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A primitive value, or an object that each VU has for itself.
    Own,
    /// A function or constructor that does not change its arguments.
    Function,
    /// A function that gives out, or changes, what it is called with.
    Revealing,
    /// An object with functions in it.
    Object,
}

/// What a free name stands for; `None` if nothing is known of it.
pub(super) fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "undefined" | "NaN" | "Infinity" | "__VU" | "__ITER" | "__ENV" => Kind::Own,
        "Object" | "Proxy" => Kind::Revealing,
        "Math" | "JSON" | "console" | "crypto" | "performance" => Kind::Object,
        "Array"
        | "ArrayBuffer"
        | "BigInt"
        | "BigInt64Array"
        | "BigUint64Array"
        | "Boolean"
        | "DataView"
        | "Date"
        | "FinalizationRegistry"
        | "Float32Array"
        | "Float64Array"
        | "Int16Array"
        | "Int32Array"
        | "Int8Array"
        | "Map"
        | "Number"
        | "Promise"
        | "RegExp"
        | "Set"
        | "String"
        | "Symbol"
        | "TextDecoder"
        | "TextEncoder"
        | "Uint16Array"
        | "Uint32Array"
        | "Uint8Array"
        | "Uint8ClampedArray"
        | "WeakMap"
        | "WeakRef"
        | "WeakSet" => Kind::Function,
        "AggregateError" | "Error" | "EvalError" | "GoError" | "RangeError" | "ReferenceError"
        | "SyntaxError" | "TypeError" | "URIError" => Kind::Function,
        "decodeURI" | "decodeURIComponent" | "encodeURI" | "encodeURIComponent" | "escape" | "isFinite"
        | "isNaN" | "parseFloat" | "parseInt" | "unescape" => Kind::Function,
        "AbortController" | "AbortSignal" | "DOMException" | "FormData" | "Headers" | "Request"
        | "Response" | "URL" | "URLSearchParams" | "atob" | "btoa" | "fetch" | "structuredClone" => {
            Kind::Function
        }
        "clearInterval" | "clearTimeout" | "open" | "setInterval" | "setTimeout" | GUARD => Kind::Function,
        _ => return None,
    })
}

/// Property names that lead from any value to an object of the realm.
pub(super) fn leads_to_realm(name: &str) -> bool {
    matches!(
        name,
        "__proto__"
            | "constructor"
            | "prototype"
            | "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__"
    )
}

/// Methods that every object, or every function, inherits.
pub(super) fn is_inherited_method(name: &str) -> bool {
    matches!(
        name,
        "toString"
            | "toLocaleString"
            | "valueOf"
            | "hasOwnProperty"
            | "isPrototypeOf"
            | "propertyIsEnumerable"
            | "call"
            | "apply"
            | "bind"
    )
}

/// Members of global objects that are out of bounds: they give out objects of the realm.
pub(super) fn is_forbidden_member(name: &str) -> bool {
    leads_to_realm(name)
        || matches!(name, "getPrototypeOf" | "valueOf" | "prepareStackTrace" | "stackTraceLimit")
}

/// Functions of `Object` that change their first argument.
pub(super) fn changes_first_argument(name: &str) -> bool {
    matches!(
        name,
        "assign"
            | "defineProperties"
            | "defineProperty"
            | "freeze"
            | "preventExtensions"
            | "seal"
            | "setPrototypeOf"
    )
}

/// Whether a member of a global object is a primitive value: `Math.PI`, `Symbol.iterator`.
pub(super) fn is_constant(global: &str, member: &str) -> bool {
    match global {
        "Symbol" => !matches!(member, "for" | "keyFor"),
        "Date" => false,
        _ => {
            matches!(member, "length" | "name")
                || member.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                || (global == "Number" && member == "NaN")
        }
    }
}
