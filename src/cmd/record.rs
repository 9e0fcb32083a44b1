//! `ssek record`: captures streams with their timing, to be served again by `ssek mock --replay`.

mod one;
mod proxy;
mod tape;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Args;
use url::Url;

use crate::k6::ExitCode;
use crate::k6::duration::GoDuration;
use crate::mock::recording::EXTENSION;
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::{Config, NetError, Shared};

/// The command line of `ssek record`.
///
/// With a URL, one request is made and recorded. With --listen and --upstream it is a reverse proxy that records every
/// exchange that goes through it.
#[derive(Args, Clone, Debug)]
pub(super) struct RecordArgs {
    /// What to request
    #[arg(required_unless_present = "listen", conflicts_with = "listen")]
    url: Option<String>,

    /// The recording; of a proxy, the folder for its recordings [default: recording.ssestream, recordings]
    #[arg(short = 'o', long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,

    /// Method of the request [default: POST with --data, else GET]
    #[arg(short = 'X', long, value_name = "METHOD", requires = "url")]
    request: Option<String>,

    /// Header of the request; may be repeated
    #[arg(short = 'H', long, value_name = "NAME: VALUE", requires = "url")]
    header: Vec<String>,

    /// Body of the request, or @FILE; JSON unless a header says otherwise
    #[arg(short = 'd', long, value_name = "BODY|@FILE", requires = "url")]
    data: Option<String>,

    /// End the recording after this time
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "url")]
    max_time: Option<Duration>,

    /// Address of the recording proxy
    #[arg(long, value_name = "HOST:PORT", requires = "upstream")]
    listen: Option<String>,

    /// Where the proxy sends requests: its path goes before theirs
    #[arg(long, value_name = "URL", requires = "listen")]
    upstream: Option<String>,

    /// Leave the bodies of requests out of the recordings
    #[arg(long)]
    omit_bodies: bool,

    /// Take any certificate
    #[arg(short = 'k', long)]
    insecure: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let time = GoDuration::parse(text).map_err(|error| error.to_string())?;
    if time.0 > 0 { Ok(time.to_std()) } else { Err("want a time above 0".to_owned()) }
}

/// Records.
///
/// # Errors
/// Nobody answers, or a file cannot be written.
pub(super) fn run(args: &RecordArgs, quiet: bool) -> Result<ExitCode> {
    let keep_bodies = !args.omit_bodies;
    if let (Some(listen), Some(upstream)) = (&args.listen, &args.upstream) {
        let folder = args.output.clone().unwrap_or_else(|| PathBuf::from("recordings"));
        let proxy = proxy::Settings { upstream: http_url(upstream)?, folder, keep_bodies, quiet };
        proxy::serve(proxy, listen, &args.network(String::new())?)?;
        return Ok(ExitCode::OK);
    }
    let Some(url) = &args.url else { bail!("want a URL, or --listen and --upstream") };
    let request = one::Request {
        url: http_url(url)?,
        method: args.request.clone(),
        headers: args.header.iter().map(|line| header(line)).collect::<Result<_>>()?,
        body: args.body()?,
        max_time: args.max_time,
    };
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("recording.{EXTENSION}")));
    one::record(request, &file, keep_bodies, quiet, &args.network(crate::k6::USER_AGENT.to_owned())?)?;
    Ok(ExitCode::OK)
}

impl RecordArgs {
    fn body(&self) -> Result<Option<Bytes>> {
        let Some(data) = &self.data else { return Ok(None) };
        Ok(Some(match data.strip_prefix('@') {
            Some(file) => {
                std::fs::read(file).with_context(|| format!("cannot read the body from {file}"))?.into()
            }
            None => data.clone().into(),
        }))
    }

    fn network(&self, user_agent: String) -> Result<std::sync::Arc<Shared>, NetError> {
        let tls = Tls { insecure_skip_verify: self.insecure, ..Tls::default() };
        Shared::new(Config { tls, user_agent, proxies: Proxies::from_env(&super::env), ..Config::default() })
    }
}

/// A URL; `localhost:8080/x` is one of http.
pub(super) fn http_url(text: &str) -> Result<Url> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).with_context(|| format!("{text} is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("{text}: want a URL of http or https");
    }
    Ok(url)
}

/// `NAME: VALUE`.
pub(super) fn header(line: &str) -> Result<(String, String)> {
    let (name, value) = line.split_once(':').with_context(|| format!("--header {line}: want NAME: VALUE"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn args(line: &str) -> Result<RecordArgs, clap::Error> {
        let command = RecordArgs::augment_args(Command::new("record"));
        let matches = command.try_get_matches_from(line.split(' '))?;
        RecordArgs::from_arg_matches(&matches)
    }

    #[test]
    fn one_url_or_a_proxy() {
        assert!(args("record http://a.test -d {} -k -o x.ssestream").is_ok());
        assert!(args("record --listen :9000 --upstream http://a.test -o dir").is_ok());
        for line in
            ["record", "record --listen :9000", "record http://a.test --listen :9000 --upstream b.test"]
        {
            assert!(args(line).is_err(), "{line}");
        }
    }

    #[test]
    fn urls_and_headers() {
        assert_eq!(http_url("localhost:80/x").unwrap().as_str(), "http://localhost/x");
        assert!(
            format!("{:#}", http_url("ftp://a.test").unwrap_err()).contains("want a URL of http or https")
        );
        assert_eq!(header("A: b:c ").unwrap(), ("A".to_owned(), "b:c".to_owned()));
        assert!(header("A").is_err());
    }
}
