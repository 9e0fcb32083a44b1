//! `data-…` attributes as values, after jQuery, with the names that k6 makes of them.

use boa_engine::{Context, JsResult, JsString, JsValue};

use super::set::Set;
use crate::js::convert::{object, string};
use crate::js::json::try_parse_str;

/// One attribute of the first node, or an object of all; undefined where there are none.
pub fn read(set: &Set, key: Option<&str>, context: &mut Context) -> JsResult<JsValue> {
    let element = set.first().and_then(|first| set.document.element(first));
    let Some(element) = element.filter(|element| !element.attributes.is_empty()) else {
        return Ok(JsValue::undefined());
    };
    if let Some(key) = key {
        let found = element.attribute(&format!("data-{}", attribute_name(key)));
        return found.map_or(Ok(JsValue::undefined()), |found| value(&found.value, context));
    }
    let all = object(context);
    for attribute in &element.attributes {
        if let Some(name) = attribute.name.local.strip_prefix("data-").filter(|name| !name.is_empty()) {
            let value = value(&attribute.value, context)?;
            let name = JsString::from(property_name(name));
            all.create_data_property_or_throw(name, value, context)?;
        }
    }
    Ok(all.into())
}

/// Numbers that are written as they would be shown, truth values and JSON; the rest stays text.
fn value(text: &str, context: &mut Context) -> JsResult<JsValue> {
    Ok(match text {
        "" | "null" | "undefined" => JsValue::undefined(),
        "true" => JsValue::from(true),
        "false" => JsValue::from(false),
        _ if text.starts_with(['{', '[']) => match try_parse_str(text, context)? {
            Ok(value) => value,
            Err(_) => string(text),
        },
        _ => number(text).map_or_else(|| string(text), JsValue::from),
    })
}

fn number(text: &str) -> Option<f64> {
    let number = match text {
        "NaN" => return Some(f64::NAN),
        "+Inf" => return Some(f64::INFINITY),
        "-Inf" => return Some(f64::NEG_INFINITY),
        _ => text.parse::<f64>().ok()?,
    };
    (number.is_finite() && number.to_string() == text).then_some(number)
}

/// Words that are written in capitals.
const INITIALISMS: [&str; 40] = [
    "ACL", "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "ETA", "GPU", "GUID", "HTML", "HTTP", "HTTPS", "ID",
    "IP", "JSON", "LHS", "OS", "QPS", "RAM", "RHS", "RPC", "SLA", "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL",
    "UDP", "UI", "UID", "UUID", "URI", "URL", "UTF8", "VM", "XML", "XMPP", "XSRF",
];

fn is_initialism(word: &str) -> bool {
    INITIALISMS.contains(&word) || word == "XSS"
}

/// `user-id` → `userID`
fn property_name(name: &str) -> String {
    let Some((first, rest)) = name.split_once('-') else { return name.to_owned() };
    let mut made = first.to_owned();
    for word in rest.split(['-', '_']) {
        let upper = word.to_uppercase();
        if word == "oauth" {
            made.push_str("OAuth");
        } else if is_initialism(&upper) {
            made.push_str(&upper);
        } else {
            let mut letters = word.chars();
            made.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            made.push_str(letters.as_str());
        }
    }
    made
}

/// `userID` and `userId` → `user-id`
fn attribute_name(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let (mut at, mut start) = (0, 0);
    while at < letters.len() {
        if at > 0 && letters[at].is_uppercase() {
            let longest = (2..=5_usize).rev().find_map(|length| {
                let word: String = letters.get(start..start + length)?.iter().collect();
                (is_initialism(&word) || word == "OAuth").then_some(word)
            });
            match longest {
                Some(word) => {
                    at += word.len() - 1;
                    start = at;
                    words.push(word);
                }
                None => {
                    words.push(letters[start..at].iter().collect());
                    start = at;
                }
            }
        }
        at += 1;
    }
    if let Some(last) = letters.get(start..).filter(|last| !last.is_empty()) {
        words.push(last.iter().collect());
    }
    words.join("_").to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (attribute, property) in [
            ("test", "test"),
            ("num-a", "numA"),
            ("user-id", "userID"),
            ("not-num-b", "notNumB"),
            ("base-url-path", "baseURLPath"),
            ("a_b-c_d", "a_bCD"),
            ("x-oauth", "xOAuth"),
        ] {
            assert_eq!(property_name(attribute), property);
        }
        for (key, attribute) in [
            ("test", "test"),
            ("numA", "num-a"),
            ("userID", "user-id"),
            ("userId", "user-id"),
            ("baseURLPath", "base-url-path"),
            ("num-a", "num-a"),
            ("URL", "url"),
            ("", ""),
            ("éÀx", "é-àx"),
        ] {
            assert_eq!(attribute_name(key), attribute);
        }
    }

    #[test]
    fn numbers_are_those_that_read_back() {
        for (text, value) in [
            ("123", Some(123.0)),
            ("1.5", Some(1.5)),
            ("-0", Some(-0.0)),
            ("1.50", None),
            ("1.1e02", None),
            ("inf", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }
}
