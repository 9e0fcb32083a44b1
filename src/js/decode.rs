//! UTF-8 to JavaScript strings.

use boa_engine::JsString;
use boa_engine::string::Utf16JsStringBuilder;

/// Bytes that are looked at together, and widened together if all are ASCII.
const BLOCK: usize = 32;

/// The text of these bytes; what is not UTF-8 is shown as U+FFFD.
///
/// `JsString::from` makes the same string, but needs three times the memory while it does so: it matters
/// for files of hundreds of megabytes.
pub fn decode(bytes: &[u8]) -> JsString {
    let text = String::from_utf8_lossy(bytes);
    let text = &*text;
    if text.is_ascii() || text.chars().all(|unit| u32::from(unit) <= 0xFF) {
        return JsString::from(text);
    }
    let mut string = Utf16JsStringBuilder::with_capacity(utf16_length(text));
    let mut rest = text;
    while !rest.is_empty() {
        let (ascii, others) = rest.split_at(ascii_blocks(rest.as_bytes()));
        let (blocks, _) = ascii.as_bytes().as_chunks::<BLOCK>();
        for block in blocks {
            string.extend_from_slice(&block.map(u16::from));
        }
        // On to where another block could begin.
        let mut end = others.len();
        for (at, unit) in others.char_indices() {
            if at >= BLOCK {
                end = at;
                break;
            }
            string.extend_from_slice(unit.encode_utf16(&mut [0; 2]));
        }
        rest = &others[end..];
    }
    string.build()
}

/// How many bytes from the start are whole blocks of ASCII.
fn ascii_blocks(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    blocks.iter().take_while(|block| block.is_ascii()).count() * BLOCK
}

/// One unit for each character, and one more for each of four bytes.
fn utf16_length(text: &str) -> usize {
    let units = |&byte: &u8| usize::from(byte as i8 >= -0x40) + usize::from(byte >= 0xF0);
    text.as_bytes().iter().map(units).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_from_str() {
        let long = "0123456789".repeat(20);
        for text in
            ["", "a", "é", "日本", "😀", "aé日😀b", &long, &format!("{long}é"), &format!("日{long}😀{long}é")]
        {
            let string = decode(text.as_bytes());
            assert_eq!(string, JsString::from(text), "{text}");
            assert_eq!(string.len(), utf16_length(text), "{text}");
            let is_latin1 = string.as_str().as_latin1().is_some();
            assert_eq!(is_latin1, text.chars().all(|unit| unit <= '\u{FF}'), "{text}");
        }
        assert_eq!(decode(b"a\xFFb"), JsString::from("a\u{FFFD}b"));
    }
}
