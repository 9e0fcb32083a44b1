//! What `parse` and `Parser` take beside the file.

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{get, is_nullish, to_text};

/// Which records are wanted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// One byte, as in k6.
    pub delimiter: u8,
    pub skip_first_line: bool,
    /// Of the records, from zero.
    pub from_line: Option<i64>,
    /// The last one; zero is no limit.
    pub to_line: Option<i64>,
    /// Objects with the names of the first line.
    pub as_objects: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { delimiter: b',', skip_first_line: false, from_line: None, to_line: None, as_objects: false }
    }
}

impl Options {
    /// Reads the script's object; the inner error is what is wrong with it.
    pub fn read(given: &JsValue, context: &mut Context) -> JsResult<Result<Self, String>> {
        let mut options = Self::default();
        if is_nullish(given) {
            return Ok(Ok(options));
        }
        let given = given.to_object(context)?;
        let member = |name: &str, context: &mut Context| {
            get(&given, name, context).map(|value| (!is_nullish(&value)).then_some(value))
        };
        if let Some(delimiter) = member("delimiter", context)? {
            match to_text(&delimiter, context)?.as_bytes() {
                [byte] => options.delimiter = *byte,
                _ => return Ok(Err("delimiter must be a single character".to_owned())),
            }
        }
        if let Some(skip) = member("skipFirstLine", context)? {
            options.skip_first_line = skip.to_boolean();
        }
        if let Some(objects) = member("asObjects", context)? {
            options.as_objects = objects.to_boolean();
        }
        if let Some(line) = member("fromLine", context)? {
            options.from_line = Some(line.to_number(context)? as i64);
        }
        if let Some(line) = member("toLine", context)? {
            options.to_line = Some(line.to_number(context)? as i64);
        }
        if let (Some(from), Some(to)) = (options.from_line, options.to_line)
            && from >= to
        {
            return Ok(Err("fromLine must be less than or equal to toLine".to_owned()));
        }
        Ok(Ok(options))
    }

    /// What contradicts itself.
    pub fn check(&self) -> Result<(), String> {
        let from = self.from_line.unwrap_or(0);
        let to = self.to_line.unwrap_or(0);
        if matches!(self.delimiter, b'"' | b'\r' | b'\n' | 0 | 0x80..) {
            return Err("csv: invalid field or comment delimiter".to_owned());
        }
        if self.as_objects && self.skip_first_line {
            return Err("the 'header' option cannot be enabled when 'skipFirstLine' is true".to_owned());
        }
        if self.as_objects && from > 0 {
            return Err(
                "the 'header' option cannot be enabled when 'fromLine' is set to a value greater than 0"
                    .to_owned(),
            );
        }
        for (name, line) in [("fromLine", from), ("toLine", to)] {
            if line < 0 {
                return Err(format!("the '{name}' option must be greater than or equal to 0; got {line}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;

    #[test]
    fn what_scripts_write() {
        let context = &mut Context::default();
        for (code, want) in [
            ("undefined", Ok(Options::default())),
            ("({ delimiter: ';', asObjects: 1, toLine: 0 })", {
                Ok(Options { delimiter: b';', as_objects: true, to_line: Some(0), ..Options::default() })
            }),
            ("({ delimiter: '' })", Err("delimiter must be a single character")),
            ("({ delimiter: 'é' })", Err("delimiter must be a single character")),
            ("({ fromLine: 3, toLine: 3 })", Err("fromLine must be less than or equal to toLine")),
        ] {
            let given = context.eval(Source::from_bytes(code)).unwrap();
            let got = Options::read(&given, context).unwrap();
            assert_eq!(got, want.map_err(str::to_owned), "{code}");
        }
        for (options, word) in [
            (Options { delimiter: b'"', ..Options::default() }, "invalid field"),
            (Options { as_objects: true, skip_first_line: true, ..Options::default() }, "skipFirstLine"),
            (Options { as_objects: true, from_line: Some(1), ..Options::default() }, "'fromLine' is set"),
            (Options { from_line: Some(-1), ..Options::default() }, "'fromLine' option must be"),
            (Options { to_line: Some(-2), ..Options::default() }, "got -2"),
        ] {
            assert!(options.check().unwrap_err().contains(word), "{options:?}");
        }
    }
}
