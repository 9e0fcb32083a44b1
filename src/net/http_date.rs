//! Dates in cookies, as Go reads them.

/// Milliseconds since 1970 of `Wed, 21 Oct 2026 07:28:00 GMT` (RFC 1123); `None` if it is no such date. As in Go
/// the day of the week may be wrong, and every zone is taken for UTC.
pub fn parse(text: &str) -> Option<i64> {
    with(text, b' ')
}

/// The same, also with the dashes of old servers: `Wed, 21-Oct-2026 07:28:00 GMT`.
pub fn parse_of_server(text: &str) -> Option<i64> {
    parse(text).or_else(|| with(text, b'-'))
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn with(text: &str, dash: u8) -> Option<i64> {
    let mut rest = text.as_bytes();
    name(&mut rest, &DAYS)?;
    literal(&mut rest, b",")?;
    literal(&mut rest, b" ")?;
    let day = number(&mut rest, 2, 2)?;
    literal(&mut rest, &[dash])?;
    let month = name(&mut rest, &MONTHS)?;
    literal(&mut rest, &[dash])?;
    let year = number(&mut rest, 4, 4)?;
    literal(&mut rest, b" ")?;
    let hour = number(&mut rest, 1, 2)?;
    literal(&mut rest, b":")?;
    let minute = number(&mut rest, 2, 2)?;
    literal(&mut rest, b":")?;
    let second = number(&mut rest, 2, 2)?;
    literal(&mut rest, b" ")?;
    if !is_zone(rest) {
        return None;
    }
    let small = |number: i64| i8::try_from(number).ok();
    let year = i16::try_from(year).ok()?;
    let month = i8::try_from(month + 1).ok()?;
    let date =
        jiff::civil::DateTime::new(year, month, small(day)?, small(hour)?, small(minute)?, small(second)?, 0);
    let at = date.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_millisecond())
}

fn literal(rest: &mut &[u8], wanted: &[u8]) -> Option<()> {
    *rest = rest.strip_prefix(wanted)?;
    Some(())
}

fn name(rest: &mut &[u8], names: &[&str]) -> Option<usize> {
    let found = names
        .iter()
        .position(|name| rest.get(..3).is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes())))?;
    *rest = &rest[3..];
    Some(found)
}

fn number(rest: &mut &[u8], least: usize, most: usize) -> Option<i64> {
    let digits = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if digits < least {
        return None;
    }
    let (number, tail) = rest.split_at(digits);
    *rest = tail;
    str::from_utf8(number).ok()?.parse().ok()
}

/// An abbreviation such as `GMT` or `CEST`.
fn is_zone(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_uppercase)
        && match text.len() {
            3 => true,
            4 => text[3] == b'T' || text == b"WITA",
            5 => text[4] == b'T',
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_of_server};

    #[test]
    fn dates() {
        for text in ["Wed, 21 Oct 2026 07:28:00 GMT", "mon, 21-oct-2026 7:28:00 CEST"] {
            assert_eq!(parse_of_server(text), Some(1_792_567_680_000), "{text}");
            assert_eq!(parse(text).is_none(), text.contains('-'));
        }
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 UTC"), Some(0));
        for text in [
            "",
            "soon",
            "Wed, 1 Oct 2026 07:28:00 GMT",
            "Wed, 31 Feb 2026 07:28:00 GMT",
            "Wed, 21 Oct 26 07:28:00 GMT",
            "Wed, 21-Oct 2026 07:28:00 GMT",
            "Wed, 21 Oct 2026 24:28:00 GMT",
            "Wed, 21 Oct 2026 07:28:00 gmt",
            "Wed, 21 Oct 2026 07:28:00 +0000",
            "Wed, 21 Oct 2026 07:28:00 GMT.",
            "Wednesday, 21 Oct 2026 07:28:00 GMT",
        ] {
            assert_eq!(parse_of_server(text), None, "{text}");
        }
    }
}
