//! The records that the options ask for, as JSON.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::options::Options;
use super::reader::Reader;
use crate::modules::fs::{Follow, OpenFile};

/// What is left of a file's records.
pub struct Records {
    reader: Reader<Follow>,
    /// The number of the next record, from zero; the names count.
    line: i64,
    to_line: i64,
    /// What the members of objects are called.
    names: Option<Vec<String>>,
}

impl Records {
    /// Begins where the script stands in the file, and goes to the first record that is wanted.
    ///
    /// # Errors
    ///
    /// The options contradict each other, or the text before that record is not in order.
    pub fn new(file: Rc<OpenFile>, options: Options) -> Result<Self, String> {
        options.check()?;
        let mut reader = Reader::new(Follow(file), options.delimiter);
        let mut take = |what: &str| match reader.next_record() {
            Ok(Some(record)) => Ok(record),
            Ok(None) => Err(format!("{what}; reason: EOF")),
            Err(text) => Err(format!("{what}; reason: {text}")),
        };
        let mut line = 0;
        let mut names = None;
        if options.as_objects {
            names = Some(take("failed to read the first line")?);
            line += 1;
        }
        let from_line = options.from_line.unwrap_or(0);
        if options.skip_first_line && from_line == 0 {
            take("failed to skip the first line")?;
            line += 1;
        }
        while line < from_line {
            take(&format!("failed to skip lines until line {from_line}"))?;
            line += 1;
        }
        Ok(Self { reader, line, to_line: options.to_line.unwrap_or(0), names })
    }

    /// The next record as JSON: an array of strings, or an object of them with its members in the order of their
    /// names. `None` at the end.
    pub fn next_text(&mut self) -> Result<Option<String>, String> {
        if self.to_line > 0 && self.line > self.to_line {
            return Ok(None);
        }
        let Some(record) = self.reader.next_record()? else { return Ok(None) };
        self.line += 1;
        let text = match &self.names {
            None => serde_json::to_string(&record),
            Some(names) => {
                let members: BTreeMap<_, _> = names.iter().zip(&record).collect();
                serde_json::to_string(&members)
            }
        };
        text.map(Some).map_err(|error| error.to_string())
    }

    /// All that are left.
    pub fn texts(mut self) -> Result<Vec<Box<str>>, String> {
        let mut texts = Vec::new();
        while let Some(text) = self.next_text()? {
            texts.push(text.into_boxed_str());
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::data_file::DataFile;

    fn all(options: Options) -> Result<String, String> {
        let text = "name,n\nx,0\ny,1\n\"z\"\"\",2\n";
        let file = OpenFile::new("/f.csv".into(), DataFile::Kept(text.into()));
        Ok(Records::new(file, options)?.texts()?.join(" "))
    }

    #[test]
    fn the_lines_that_are_wanted() {
        let none = Options::default;
        for (options, want) in [
            (none(), r#"["name","n"] ["x","0"] ["y","1"] ["z\"","2"]"#),
            (Options { skip_first_line: true, to_line: Some(2), ..none() }, r#"["x","0"] ["y","1"]"#),
            (Options { from_line: Some(2), to_line: Some(9), ..none() }, r#"["y","1"] ["z\"","2"]"#),
            (Options { from_line: Some(2), skip_first_line: true, to_line: Some(0), ..none() }, {
                r#"["y","1"] ["z\"","2"]"#
            }),
            (Options { as_objects: true, to_line: Some(2), ..none() }, {
                r#"{"n":"0","name":"x"} {"n":"1","name":"y"}"#
            }),
        ] {
            assert_eq!(all(options.clone()).unwrap(), want, "{options:?}");
        }
        let error = all(Options { from_line: Some(9), ..none() }).unwrap_err();
        assert_eq!(error, "failed to skip lines until line 9; reason: EOF");
    }
}
