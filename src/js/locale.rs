//! Methods that ask for the user's language, as k6's engine answers them: dates in one form, whatever is asked for, and
//! strings in the order of the Unicode collation without a language.
//!
//! The engine has no `Intl`, and so would give other forms of dates and the order of code units. Numbers are shown
//! as `toString` shows them, which needs nothing of ours.

use std::borrow::Cow;
use std::cmp::Ordering;

use boa_engine::object::builtins::JsDate;
use boa_engine::{Context, JsNativeError, JsResult, JsValue, js_string};

use super::convert::{Native, arg, function, put_hidden, string, to_text};

/// Replaces the methods on fresh prototypes.
pub fn install(context: &mut Context) {
    let constructors = context.intrinsics().constructors();
    let (dates, strings) = (constructors.date().prototype(), constructors.string().prototype());
    let methods: [(&str, Native); 3] = [
        ("toLocaleString", |this, _, context| shown(this, true, true, context)),
        ("toLocaleDateString", |this, _, context| shown(this, true, false, context)),
        ("toLocaleTimeString", |this, _, context| shown(this, false, true, context)),
    ];
    for (name, native) in methods {
        let method = function(name, 0, native, context);
        put_hidden(&dates, name, method);
    }
    let method = function("localeCompare", 1, locale_compare, context);
    put_hidden(&strings, "localeCompare", method);
}

/// `MM/DD/YYYY, HH:MM:SS` in local time.
fn shown(this: &JsValue, date: bool, time: bool, context: &mut Context) -> JsResult<JsValue> {
    let of_other = || JsNativeError::typ().with_message("this is a method of dates");
    let given = JsDate::from_object(this.as_object().ok_or_else(of_other)?).map_err(|_| of_other())?;
    let year = given.get_full_year(context)?.to_number(context)?;
    if year.is_nan() {
        return Ok(string("Invalid Date"));
    }
    let month = given.get_month(context)?.to_number(context)? + 1.0;
    let day = given.get_date(context)?.to_number(context)?;
    let hours = given.get_hours(context)?.to_number(context)?;
    let minutes = given.get_minutes(context)?.to_number(context)?;
    let seconds = given.get_seconds(context)?.to_number(context)?;
    let date = date.then(|| format!("{month:02}/{day:02}/{year:04}"));
    let time = time.then(|| format!("{hours:02}:{minutes:02}:{seconds:02}"));
    Ok(string(&[date, time].into_iter().flatten().collect::<Vec<_>>().join(", ")))
}

/// `text.localeCompare(other)`: -1, 0 or 1
fn locale_compare(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if this.is_null_or_undefined() {
        return Err(JsNativeError::typ().with_message("localeCompare needs a string").into());
    }
    let (one, other) = (decomposed(this, context)?, decomposed(&arg(args, 0), context)?);
    Ok(JsValue::from(compare(&one, &other) as i32))
}

/// A text whose letters stand before their accents.
fn decomposed(value: &JsValue, context: &mut Context) -> JsResult<String> {
    let text = value.to_string(context)?;
    if text.iter().all(|unit| unit < 0x80) {
        return Ok(text.to_std_string_lossy());
    }
    let strings = context.intrinsics().constructors().string().prototype();
    let normalize = strings.get(js_string!("normalize"), context)?;
    let Some(normalize) = normalize.as_callable() else { return Ok(text.to_std_string_lossy()) };
    let normal = normalize.call(&text.into(), &[string("NFD")], context)?;
    to_text(&normal, context)
}

/// First by letters, then by accents, then by case, the small ones first.
fn compare(one: &str, other: &str) -> Ordering {
    let levels = |text: &str| {
        let mut letters = Vec::new();
        // How each differs from the plain, small letter.
        let (mut accents, mut cases) = (Vec::new(), Vec::new());
        for c in text.chars() {
            if is_accent(c) {
                accents.push((letters.len(), c as u32));
            } else if !c.is_control() || c.is_whitespace() {
                let (plain, accent) = plain(c);
                for c in plain.chars() {
                    letters.push(weight(c));
                    cases.push(c.is_uppercase());
                }
                accents.extend(accent.map(|accent| (letters.len(), accent)));
            }
        }
        (letters, accents, cases)
    };
    levels(one).cmp(&levels(other))
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}')
}

/// Letters that have no decomposition, but are sorted as if they had one.
fn plain(c: char) -> (Cow<'static, str>, Option<u32>) {
    let plain = match c {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' => "d",
        'Đ' => "D",
        'ł' => "l",
        'Ł' => "L",
        _ => return (String::from(c).into(), None),
    };
    (plain.into(), Some(0xFFFF))
}

/// Spaces, punctuation and symbols in the order of CLDR's root collation.
const SYMBOLS: &str = "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Where a character stands among all: symbols, digits, letters.
fn weight(c: char) -> (u8, u32) {
    if let Some(place) = SYMBOLS.find(c) {
        return (0, place as u32);
    }
    if let Some(digit) = c.to_digit(10) {
        return (2, digit);
    }
    if c.is_alphabetic() {
        return (3, c.to_lowercase().next().unwrap_or(c) as u32);
    }
    (1, c as u32)
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;

    #[test]
    fn order() {
        let context = &mut Context::default();
        install(context);
        for (code, want) in [
            ("['b', 'a', 'C', 'B', 'ä', 'Z', 'z', 'A']", "a,A,ä,b,B,C,z,Z"),
            ("['a10', 'a2', 'a', 'a b', 'a_b', 'a-b', 'ab']", "a,a b,a_b,a-b,a10,a2,ab"),
            ("['zebra', 'éclair', 'eclair', 'Eclair', 'straße', 'strasse', 'strast']", {
                "eclair,Eclair,éclair,strasse,straße,strast,zebra"
            }),
            ("['resume', 'résumé', 'Résumé', 'resumes']", "resume,résumé,Résumé,resumes"),
            ("['\u{e9}', 'e\u{301}'].map((x, i, all) => x.localeCompare(all[1]))", "0,0"),
            ("['я', 'z', 'α', '日', '1', '$', '']", ",$,1,z,α,я,日"),
        ] {
            let code = format!("String({code}.sort((a, b) => String(a).localeCompare(b)))");
            let sorted = context.eval(Source::from_bytes(&code)).unwrap();
            assert_eq!(to_text(&sorted, context).unwrap(), want, "{code}");
        }
    }

    #[test]
    fn dates_and_numbers() {
        let context = &mut Context::default();
        install(context);
        let code =
            "const d = new Date(2024, 0, 9, 5, 4, 3); [d.toLocaleString(), d.toLocaleDateString('de-DE', {}),
            d.toLocaleTimeString(), new Date(NaN).toLocaleString(), (1234.5).toLocaleString('en-US'),
            'İ'.toLocaleLowerCase().length].join('; ')";
        let shown = context.eval(Source::from_bytes(code)).unwrap();
        assert_eq!(
            to_text(&shown, context).unwrap(),
            "01/09/2024, 05:04:03; 01/09/2024; 05:04:03; Invalid Date; 1234.5; 2"
        );
    }
}
