//! Objects to messages and back, by the JSON mapping of protocol buffers as Go's `protojson` writes it, with fields
//! that are not set shown.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use boa_engine::{Context, JsResult, JsValue};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage as _, SerializeOptions, Syntax, Value,
};
use serde::Serialize;

use crate::js::json;

/// Encodes a message from JSON text.
///
/// # Errors
///
/// The text does not fit the message's type; why.
pub fn encode(kind: &MessageDescriptor, text: &str) -> Result<Vec<u8>, String> {
    let failed = |error: serde_json::Error| format!("proto: {error}");
    let mut reader = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(kind.clone(), &mut reader, &options);
    let message = message.map_err(failed)?;
    reader.end().map_err(failed)?;
    Ok(prost::Message::encode_to_vec(&message))
}

/// Decodes a message.
///
/// # Errors
///
/// The bytes are no message of that type.
pub fn decode(kind: &MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, String> {
    DynamicMessage::decode(kind.clone(), bytes)
        .map_err(|error| format!("grpc: failed to unmarshal the received message: proto: {error}"))
}

/// A message as a script gets it.
pub fn to_js(message: &DynamicMessage, context: &mut Context) -> JsResult<JsValue> {
    json::parse_str(&to_json(message), context)
}

/// A message as JSON text.
pub fn to_json(message: &DynamicMessage) -> String {
    let mut out = Vec::new();
    write_message(message, &mut out);
    // The writers below write nothing else.
    String::from_utf8(out).unwrap_or_default()
}

/// Whether a type has a JSON form of its own.
fn is_well_known(kind: &MessageDescriptor) -> bool {
    let Some(name) = kind.full_name().strip_prefix("google.protobuf.") else { return false };
    matches!(
        name,
        "Any"
            | "Timestamp"
            | "Duration"
            | "Struct"
            | "Value"
            | "ListValue"
            | "FieldMask"
            | "Empty"
            | "DoubleValue"
            | "FloatValue"
            | "Int64Value"
            | "UInt64Value"
            | "Int32Value"
            | "UInt32Value"
            | "BoolValue"
            | "StringValue"
            | "BytesValue"
    )
}

fn write_message(message: &DynamicMessage, out: &mut Vec<u8>) {
    let kind = message.descriptor();
    if is_well_known(&kind) {
        let start = out.len();
        let options = SerializeOptions::new().skip_default_fields(false);
        let mut writer = serde_json::Serializer::new(&mut *out);
        if message.serialize_with_options(&mut writer, &options).is_err() {
            // A time beyond the calendar, or a type that nobody knows.
            out.truncate(start);
            unreadable(message, out);
        }
        return;
    }
    out.push(b'{');
    let mut is_first = true;
    for field in kind.fields() {
        let is_set = message.has_field(&field);
        if !is_set && !shows_unset(&field) {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        write(field.json_name(), out);
        out.push(b':');
        if !is_set && field.supports_presence() {
            out.extend_from_slice(b"null");
        } else {
            write_field(&message.get_field(&field), &field.kind(), out);
        }
    }
    out.push(b'}');
}

/// Fields of a `oneof` show only if they are set, and so do proto3's optional ones.
fn shows_unset(field: &FieldDescriptor) -> bool {
    let is_proto2 = field.parent_file().syntax() == Syntax::Proto2;
    field.containing_oneof().is_none()
        && (!field.supports_presence() || is_proto2 || matches!(field.kind(), Kind::Message(_)))
}

/// What has no JSON form, as an object: of `Any`, its type and its bytes.
fn unreadable(message: &DynamicMessage, out: &mut Vec<u8>) {
    let of = |name: &str| message.get_field_by_name(name);
    match (of("type_url").as_deref(), of("value").as_deref()) {
        (Some(Value::String(url)), Some(Value::Bytes(bytes))) => {
            out.extend_from_slice(b"{\"@type\":");
            write(url, out);
            out.extend_from_slice(b",\"value\":");
            write(&BASE64_STANDARD.encode(bytes), out);
            out.push(b'}');
        }
        _ => out.extend_from_slice(b"null"),
    }
}

fn write_field(value: &Value, kind: &Kind, out: &mut Vec<u8>) {
    match (value, kind) {
        (Value::List(values), _) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(value, kind, out);
            }
            out.push(b']');
        }
        (Value::Map(entries), Kind::Message(entry)) => {
            let kind = entry.map_entry_value_field().kind();
            let mut sorted: Vec<_> = entries.iter().map(|(key, value)| (key_text(key), value)).collect();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push(b'{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(&key, out);
                out.push(b':');
                write_value(value, &kind, out);
            }
            out.push(b'}');
        }
        (value, kind) => write_value(value, kind, out),
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

fn write_value(value: &Value, kind: &Kind, out: &mut Vec<u8>) {
    match value {
        Value::Bool(value) => write(value, out),
        Value::I32(value) => write(value, out),
        Value::U32(value) => write(value, out),
        Value::I64(value) => write(&value.to_string(), out),
        Value::U64(value) => write(&value.to_string(), out),
        Value::F32(value) if value.is_finite() => write(value, out),
        Value::F64(value) if value.is_finite() => write(value, out),
        Value::F32(value) => write(not_finite(f64::from(*value)), out),
        Value::F64(value) => write(not_finite(*value), out),
        Value::String(value) => write(value, out),
        Value::Bytes(value) => write(&BASE64_STANDARD.encode(value), out),
        Value::EnumNumber(number) => match kind {
            Kind::Enum(kind) if kind.full_name() == "google.protobuf.NullValue" => {
                out.extend_from_slice(b"null");
            }
            Kind::Enum(kind) => match kind.get_value(*number) {
                Some(value) => write(value.name(), out),
                None => write(number, out),
            },
            _ => write(number, out),
        },
        Value::Message(message) => write_message(message, out),
        Value::List(_) | Value::Map(_) => write_field(value, kind, out),
    }
}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Writing plain values to memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::DescriptorPool;
    use serde_json::json;

    const FILE: &str = "syntax = \"proto3\"; package t;
        import \"google/protobuf/any.proto\"; import \"google/protobuf/timestamp.proto\";
        import \"google/protobuf/struct.proto\"; import \"google/protobuf/wrappers.proto\";
        enum Color { NONE = 0; RED = 1; }
        message Inner { string text_value = 1; Inner child = 2; }
        message All {
            bool flag = 1; int32 small = 2; int64 big = 3; uint64 huge = 4; float f = 5; double d = 6;
            string text_value = 7; bytes raw = 8; Color color = 9; Inner inner = 10;
            repeated int64 list = 11; map<int32, Inner> map = 12; optional int32 maybe = 13;
            oneof choice { string a = 14; int32 b = 15; }
            google.protobuf.Timestamp at = 16; google.protobuf.Struct free = 17;
            google.protobuf.StringValue wrapped = 18; google.protobuf.Any any = 19;
        }";

    fn all() -> MessageDescriptor {
        let file = protox::file::File::from_source("t.proto", FILE).unwrap();
        let mut pool = DescriptorPool::global();
        pool.add_file_descriptor_proto(file.into()).unwrap();
        pool.get_message_by_name("t.All").unwrap()
    }

    fn there_and_back(text: &str) -> serde_json::Value {
        let bytes = encode(&all(), text).unwrap();
        serde_json::from_str(&to_json(&decode(&all(), &bytes).unwrap())).unwrap()
    }

    #[test]
    fn fields_that_are_not_set() {
        assert_eq!(
            there_and_back("{}"),
            json!({
                "flag": false, "small": 0, "big": "0", "huge": "0", "f": 0.0, "d": 0.0, "textValue": "", "raw": "",
                "color": "NONE", "inner": null, "list": [], "map": {}, "at": null, "free": null, "wrapped": null,
                "any": null,
            })
        );
    }

    #[test]
    fn fields_that_are_set() {
        let shown = there_and_back(
            r#"{"flag": true, "small": -1, "big": "-9007199254740993", "huge": 5, "f": 0.1, "d": "NaN",
                "text_value": "é\n", "raw": "AP8=", "color": 1, "inner": {"child": {"textValue": "x"}},
                "list": [1, "2"], "map": {"2": {}, "1": {"textValue": "m"}}, "maybe": 0, "b": 0,
                "at": "2020-01-02T03:04:05.060Z", "free": {"x": [1, null]}, "wrapped": "w",
                "any": {"@type": "type.googleapis.com/t.Inner", "textValue": "any"}}"#,
        );
        let inner = |text: &str| json!({"textValue": text, "child": null});
        for (key, wanted) in [
            ("flag", json!(true)),
            ("big", json!("-9007199254740993")),
            ("huge", json!("5")),
            ("f", json!(0.1)),
            ("d", json!("NaN")),
            ("textValue", json!("é\n")),
            ("raw", json!("AP8=")),
            ("color", json!("RED")),
            ("inner", json!({"textValue": "", "child": inner("x")})),
            ("list", json!(["1", "2"])),
            ("map", json!({"1": inner("m"), "2": inner("")})),
            ("maybe", json!(0)),
            ("b", json!(0)),
            ("at", json!("2020-01-02T03:04:05.060Z")),
            ("free", json!({"x": [1.0, null]})),
            ("wrapped", json!("w")),
        ] {
            assert_eq!(shown[key], wanted, "{key}");
        }
        assert_eq!(shown["any"]["textValue"], "any");
        assert_eq!(shown.get("a"), None);
    }

    #[test]
    fn what_does_not_fit() {
        for (text, part) in
            [("{\"nothing\": 1}", "nothing"), ("{\"small\": \"x\"}", ""), ("[]", ""), ("{} {}", "trailing")]
        {
            let error = encode(&all(), text).unwrap_err();
            assert!(error.starts_with("proto: ") && error.contains(part), "{error}");
        }
        assert!(decode(&all(), &[0xff]).is_err());
    }
}
