//! `--out csv`: a row for each sample, a column for each system tag.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::file::{Target, is_stdout};
use super::timestamp::Rfc3339;
use super::{CACHED_SERIES, Output, OutputContext, OutputKind};
use crate::k6::duration::GoDuration;
use crate::k6::{SystemTag, env_var};
use crate::metrics::{Registry, Sample, Series, SeriesId, Timestamp};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "csv", open };

/// What `csv=` and `K6_CSV_…` set.
struct Config {
    file_name: String,
    save_interval: Duration,
    time_format: TimeFormat,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeFormat {
    Unix,
    UnixMilli,
    UnixMicro,
    UnixNano,
    Rfc3339,
    Rfc3339Nano,
}

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let config = Config::read(arg, context.env)?;
    let mut target = Target::create(&config.file_name)
        .with_context(|| format!("could not open {} for the csv output", config.file_name))?;
    let metadata = [SystemTag::Vu.name(), SystemTag::Iter.name()];
    let mut columns = context.system_tags.names();
    columns.retain(|name| !metadata.contains(name));
    let header = [&["metric_name", "timestamp", "metric_value"], &*columns, &["extra_tags", "metadata"]];
    target.write_all(&record(header.concat())?)?;
    let rows = Rows::new(config.time_format, columns);
    Ok(Box::new(Csv { config, target, rows }))
}

impl Config {
    /// Defaults, then the environment, then the argument: a file name or `key=value,…`.
    fn read(arg: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut config = Self {
            file_name: "file.csv".to_owned(),
            save_interval: Duration::from_secs(1),
            time_format: TimeFormat::Unix,
        };
        for (name, key) in
            [("FILENAME", "fileName"), ("SAVE_INTERVAL", "saveInterval"), ("TIME_FORMAT", "timeFormat")]
        {
            if let Some(value) = env_var(&format!("CSV_{name}"), env) {
                config.set(key, &value)?;
            }
        }
        if !arg.contains('=') {
            if !arg.is_empty() {
                config.file_name = arg.to_owned();
            }
            return Ok(config);
        }
        for pair in arg.split(',') {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| anyhow!("'{pair}' in the csv output's options is not key=value"))?;
            config.set(key, value)?;
        }
        Ok(config)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "fileName" => self.file_name = value.to_owned(),
            "saveInterval" => {
                let interval = GoDuration::parse(value)
                    .with_context(|| format!("the csv output's saveInterval '{value}' is no duration"))?;
                self.save_interval = interval.to_std();
            }
            "timeFormat" => self.time_format = TimeFormat::parse(value)?,
            _ => bail!(
                "unknown option '{key}' of the csv output; there are fileName, saveInterval and timeFormat"
            ),
        }
        Ok(())
    }
}

impl TimeFormat {
    fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "unix" => Self::Unix,
            "unix_milli" => Self::UnixMilli,
            "unix_micro" => Self::UnixMicro,
            "unix_nano" => Self::UnixNano,
            "rfc3339" => Self::Rfc3339,
            "rfc3339_nano" => Self::Rfc3339Nano,
            _ => bail!(
                "unknown time format '{name}' for the csv output; there are unix, unix_milli, unix_micro, unix_nano, rfc3339 and rfc3339_nano"
            ),
        })
    }
}

struct Csv {
    config: Config,
    target: Target,
    rows: Rows,
}

impl Output for Csv {
    fn describe(&self) -> String {
        let name = &self.config.file_name;
        format!("csv ({})", if is_stdout(name) { "stdout" } else { name })
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        self.rows.buffer.clear();
        for sample in batch {
            self.rows.append(sample, registry)?;
        }
        Ok(self.target.write_all(&self.rows.buffer)?)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.target.flush()?)
    }

    fn interval(&self) -> Duration {
        self.config.save_interval
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.target.finish()?)
    }
}

/// Samples to rows.
struct Rows {
    time_format: TimeFormat,
    /// The tags that have a column, in order.
    columns: Vec<&'static str>,
    /// The parts of a series' rows that never change.
    series: HashMap<SeriesId, Row>,
    times: Rfc3339,
    buffer: Vec<u8>,
}

struct Row {
    metric: Arc<str>,
    /// From the comma behind the value to the end of the line.
    tail: Box<[u8]>,
}

impl Rows {
    fn new(time_format: TimeFormat, columns: Vec<&'static str>) -> Self {
        Self { time_format, columns, series: HashMap::new(), times: Rfc3339::default(), buffer: Vec::new() }
    }

    fn append(&mut self, sample: &Sample, registry: &Registry) -> Result<()> {
        if !self.series.contains_key(&sample.series) {
            let row = self.row(&registry.describe(sample.series))?;
            if self.series.len() >= CACHED_SERIES {
                self.series.clear();
            }
            self.series.insert(sample.series, row);
        }
        if let Some(row) = self.series.get(&sample.series) {
            // Names of metrics need no quotes.
            self.buffer.extend_from_slice(row.metric.as_bytes());
            self.buffer.push(b',');
            append_time(&mut self.buffer, &mut self.times, self.time_format, sample.time);
            write!(self.buffer, ",{:.6}", sample.value)?;
            self.buffer.extend_from_slice(&row.tail);
        }
        Ok(())
    }

    fn row(&self, series: &Series) -> Result<Row> {
        let tags = &series.tags;
        let mut fields = vec![""];
        fields.extend(self.columns.iter().map(|name| tags.get(name).unwrap_or("")));
        let extra = joined(tags.tags.iter().filter(|(key, _)| !self.columns.contains(&&**key)));
        let metadata = joined(tags.metadata.iter());
        fields.extend([&*extra, &*metadata]);
        // The empty first field stands for what comes before, so that the tail starts with a comma.
        Ok(Row { metric: series.metric.name.clone(), tail: record(fields)?.into() })
    }
}

fn append_time(to: &mut Vec<u8>, times: &mut Rfc3339, format: TimeFormat, time: Timestamp) {
    let unit = match format {
        TimeFormat::Unix => 1_000_000_000,
        TimeFormat::UnixMilli => 1_000_000,
        TimeFormat::UnixMicro => 1_000,
        TimeFormat::UnixNano => 1,
        TimeFormat::Rfc3339 => return times.append_seconds(to, time),
        TimeFormat::Rfc3339Nano => return times.append_nanos(to, time),
    };
    // Writing to a vector cannot fail.
    let _ = write!(to, "{}", time.0.div_euclid(unit));
}

fn joined<'a>(pairs: impl Iterator<Item = &'a (Arc<str>, Arc<str>)>) -> String {
    pairs.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
}

/// One line, with quotes where a field needs them.
fn record(fields: Vec<&str>) -> Result<Vec<u8>> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(fields)?;
    writer.into_inner().map_err(|error| anyhow!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{samples, written};
    use super::*;
    use crate::k6::system_tag::SystemTags;
    use crate::record::Origin;

    fn rows(spec: &str, tags: SystemTags, env: &dyn Fn(&str) -> Option<String>) -> String {
        let registry = Registry::new();
        let context = OutputContext { system_tags: tags, definitions: &[], env, origin: &Origin::default() };
        String::from_utf8(written(spec, &context, &registry, &samples(&registry))).unwrap()
    }

    #[test]
    fn rows_are_k6s() {
        assert_eq!(
            rows("csv=FILE", SystemTags::DEFAULT, &|_| None),
            "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n\
             checks,1795308512,1.000000,\"a \"\"b\"\", <c>\",,,,,,,,,,,,,,zone=x,\n\
             http_req_duration,1795308512,61.225384,,,,,,,,,,,200,,,,a=1&b=2,iter=0&vu=7\n\
             vus,1795308512,0.000000,,,,,,,,,,,,,,,,\n\
             checks,1795308512,0.000000,\"a \"\"b\"\", <c>\",,,,,,,,,,,,,,zone=x,\n"
        );
    }

    #[test]
    fn the_argument_wins_over_the_environment() {
        let tags = SystemTags::from_names(["status", "vu", "iter"]);
        let env = |name: &str| match name {
            "K6_CSV_TIME_FORMAT" => Some("unix_milli".to_owned()),
            "K6_CSV_FILENAME" => Some("/nowhere/at/all".to_owned()),
            _ => None,
        };
        let text = rows("csv=fileName=FILE,saveInterval=500ms", tags, &env);
        assert_eq!(
            text.lines().take(3).collect::<Vec<_>>(),
            [
                "metric_name,timestamp,metric_value,status,extra_tags,metadata",
                "checks,1795308512722,1.000000,,\"check=a \"\"b\"\", <c>&group=&zone=x\",",
                "http_req_duration,1795308512722,61.225384,200,a=1&b=2,iter=0&vu=7",
            ]
        );
        let text = rows("csv=fileName=FILE,timeFormat=rfc3339_nano", tags, &env);
        assert!(text.contains("http_req_duration,2026-11-22T00:48:32.7225206Z,"), "{text}");
    }

    #[test]
    fn intervals_and_names() {
        let config = Config::read("saveInterval=1m30s,fileName=-", &|_| None).unwrap();
        assert_eq!((config.save_interval, &*config.file_name), (Duration::from_secs(90), "-"));
        let config = Config::read("", &|_| None).unwrap();
        assert_eq!((config.save_interval, &*config.file_name), (Duration::from_secs(1), "file.csv"));
        assert!(Config::read("a,b=c", &|_| None).is_err());
    }
}
