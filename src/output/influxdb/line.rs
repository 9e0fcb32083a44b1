//! InfluxDB's line protocol: `http_reqs,method=GET,status=200 value=1,url="http://a" 1795308512722520622`.

use std::io::Write;

use anyhow::{Result, bail};

use crate::metrics::{Series, Timestamp};

/// The type of a tag that becomes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    String,
    Int,
    Float,
    Bool,
}

/// How fine times are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Nanos,
    Micros,
    Millis,
    Seconds,
    Minutes,
    Hours,
}

/// The parts of a series' lines that never change.
pub struct Line {
    /// Up to the value.
    head: Box<[u8]>,
    /// From behind the value up to the time.
    tail: Box<[u8]>,
}

impl FieldKind {
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "string" => Self::String,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            _ => bail!("unknown type '{name}'; there are string, int, float and bool"),
        })
    }

    /// The value as a field; `None` where it is of another type.
    fn field(self, value: &str) -> Option<String> {
        match self {
            Self::String => Some(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))),
            Self::Int => value.parse::<i64>().ok().map(|number| format!("{number}i")),
            Self::Float => {
                value.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string())
            }
            Self::Bool => value.parse::<bool>().ok().map(|truth| truth.to_string()),
        }
    }
}

impl Precision {
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "" | "n" | "ns" => Self::Nanos,
            "u" | "us" | "µs" => Self::Micros,
            "ms" => Self::Millis,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            _ => bail!("'{name}' must be ns, u, ms, s, m or h"),
        })
    }

    /// The value of the query parameter `precision`.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "u",
            Self::Millis => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
        }
    }

    fn nanos(self) -> i64 {
        const SECOND: i64 = 1_000_000_000;
        match self {
            Self::Nanos => 1,
            Self::Micros => 1_000,
            Self::Millis => 1_000_000,
            Self::Seconds => SECOND,
            Self::Minutes => 60 * SECOND,
            Self::Hours => 3600 * SECOND,
        }
    }
}

impl Line {
    /// Tags in `fields` become fields; so do metadata. Tags without a value are left out: the protocol has none.
    pub fn new(series: &Series, fields: &[(String, FieldKind)]) -> Self {
        let kind = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, kind)| *kind);
        let mut head = escaped(&series.metric.name, &[',', ' ']);
        let mut tail = String::new();
        for (key, value) in &series.tags.tags {
            match kind(key) {
                Some(kind) => append_field(&mut tail, key, value, kind),
                None if value.is_empty() => {}
                None => {
                    head +=
                        &format!(",{}={}", escaped(key, &[',', '=', ' ']), escaped(value, &[',', '=', ' ']))
                }
            }
        }
        for (key, value) in &series.tags.metadata {
            append_field(&mut tail, key, value, kind(key).unwrap_or(FieldKind::String));
        }
        head += " value=";
        tail.push(' ');
        Self { head: head.into_bytes().into(), tail: tail.into_bytes().into() }
    }

    /// Appends one point. There must be no point for what is no number; the protocol has none.
    pub fn append(&self, to: &mut Vec<u8>, value: f64, time: Timestamp, precision: Precision) {
        to.extend_from_slice(&self.head);
        // Writing to a vector cannot fail.
        let _ = write!(to, "{value}");
        to.extend_from_slice(&self.tail);
        let _ = writeln!(to, "{}", time.0.div_euclid(precision.nanos()));
    }
}

fn append_field(to: &mut String, key: &str, value: &str, kind: FieldKind) {
    if let Some(field) = kind.field(value) {
        *to += &format!(",{}={field}", escaped(key, &[',', '=', ' ']));
    }
}

/// A backslash before each of some characters. Line breaks, which the protocol has no way to write, become blanks; a
/// backslash at the end, which would escape what follows, is left out.
fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.trim_end_matches('\\').chars() {
        let c = if c.is_control() { ' ' } else { c };
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::metrics::{Contains, Kind, Metric, MetricId, TagSet};

    fn line(tags: &[(&str, &str)], metadata: &[(&str, &str)], fields: &[(&str, FieldKind)]) -> String {
        let name = "my_metric".into();
        let metric = Metric { id: MetricId(0), name, kind: Kind::Trend, contains: Contains::Time };
        let mut set = TagSet::default();
        tags.iter().for_each(|(key, value)| set.set(key, value));
        metadata.iter().for_each(|(key, value)| set.set_metadata(key, value));
        let series = Series { metric: Arc::new(metric), tags: Arc::new(set) };
        let fields: Vec<_> = fields.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let mut text = Vec::new();
        Line::new(&series, &fields).append(
            &mut text,
            1.5,
            Timestamp(1_795_308_512_722_520_622),
            Precision::Millis,
        );
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn tags_fields_and_escapes() {
        assert_eq!(line(&[], &[], &[]), "my_metric value=1.5 1795308512722\n");
        assert_eq!(
            line(
                &[
                    ("a b", "x,y=z"),
                    ("empty", ""),
                    ("url", "http://a/\"q\"\\"),
                    ("n", "7"),
                    ("two", "a\nb\\")
                ],
                &[("vu", "3"), ("note", "é"), ("iter", "x")],
                &[
                    ("url", FieldKind::String),
                    ("n", FieldKind::Float),
                    ("vu", FieldKind::Int),
                    ("iter", FieldKind::Int)
                ],
            ),
            "my_metric,a\\ b=x\\,y\\=z,two=a\\ b value=1.5,n=7,url=\"http://a/\\\"q\\\"\\\\\",note=\"é\",vu=3i 1795308512722\n"
        );
    }

    #[test]
    fn fields_have_types() {
        for (kind, value, want) in [
            (FieldKind::Int, "7", Some("7i")),
            (FieldKind::Int, "7.5", None),
            (FieldKind::Float, "7.50", Some("7.5")),
            (FieldKind::Float, "NaN", None),
            (FieldKind::Bool, "true", Some("true")),
            (FieldKind::Bool, "yes", None),
            (FieldKind::String, "", Some("\"\"")),
        ] {
            assert_eq!(kind.field(value).as_deref(), want, "{kind:?} {value}");
        }
    }
}
