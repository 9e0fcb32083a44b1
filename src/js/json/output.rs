//! The text that `JSON.stringify` builds: Latin-1 for as long as it can be.

use boa_engine::JsString;
use boa_engine::string::{JsStr, JsStrVariant};

/// Text under construction.
#[derive(Default)]
pub(super) struct Output {
    narrow: Vec<u8>,
    /// All of the text, once it holds a unit that Latin-1 does not have.
    wide: Option<Vec<u16>>,
}

impl Output {
    pub fn byte(&mut self, byte: u8) {
        match &mut self.wide {
            Some(wide) => wide.push(u16::from(byte)),
            None => self.narrow.push(byte),
        }
    }

    /// Appends Latin-1 text.
    pub fn bytes(&mut self, bytes: &[u8]) {
        match &mut self.wide {
            Some(wide) => wide.extend(bytes.iter().map(|&byte| u16::from(byte))),
            None => self.narrow.extend_from_slice(bytes),
        }
    }

    pub fn text(&mut self, text: JsStr<'_>) {
        match text.variant() {
            JsStrVariant::Latin1(bytes) => self.bytes(bytes),
            JsStrVariant::Utf16(units) => self.wide().extend_from_slice(units),
        }
    }

    fn wide(&mut self) -> &mut Vec<u16> {
        let narrow = &mut self.narrow;
        self.wide.get_or_insert_with(|| narrow.drain(..).map(u16::from).collect())
    }

    /// Appends a string literal (ECMA-262, QuoteJSONString).
    pub fn quoted(&mut self, text: JsStr<'_>) {
        self.byte(b'"');
        match text.variant() {
            JsStrVariant::Latin1(mut rest) => {
                while let Some(at) = rest.iter().position(|&byte| needs_escape(u16::from(byte))) {
                    self.bytes(&rest[..at]);
                    self.escape(u16::from(rest[at]));
                    rest = &rest[at + 1..];
                }
                self.bytes(rest);
            }
            JsStrVariant::Utf16(units) => {
                for character in char::decode_utf16(units.iter().copied()) {
                    match character {
                        Ok(character) if character.is_ascii() && needs_escape(character as u16) => {
                            self.escape(character as u16);
                        }
                        Ok(character) => self.character(character),
                        Err(lone) => self.escape(lone.unpaired_surrogate()),
                    }
                }
            }
        }
        self.byte(b'"');
    }

    fn character(&mut self, character: char) {
        match u8::try_from(character) {
            Ok(byte) => self.byte(byte),
            Err(_) => self.wide().extend_from_slice(character.encode_utf16(&mut [0; 2])),
        }
    }

    fn escape(&mut self, unit: u16) {
        let short = match unit {
            0x08 => b'b',
            0x09 => b't',
            0x0A => b'n',
            0x0C => b'f',
            0x0D => b'r',
            0x22 => b'"',
            0x5C => b'\\',
            unit => return self.bytes(format!("\\u{unit:04x}").as_bytes()),
        };
        self.bytes(&[b'\\', short]);
    }

    pub fn finish(self) -> JsString {
        match self.wide {
            Some(wide) => JsString::from(JsStr::utf16(&wide)),
            None => JsString::from(JsStr::latin1(&self.narrow)),
        }
    }
}

fn needs_escape(unit: u16) -> bool {
    matches!(unit, 0..0x20 | 0x22 | 0x5C)
}
