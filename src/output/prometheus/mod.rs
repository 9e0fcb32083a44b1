//! `--out experimental-prometheus-rw`: sums over the run, pushed by Prometheus' remote write protocol.
//!
//! A push has the series that have changed since the one before. Should one be lost, the next has all of them, so
//! that Prometheus ends with what the summary says.

mod config;
mod histogram;
mod message;
mod series;
mod sigv4;

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;

use super::delivery::{Carrier, Delivery, Parcel, Trouble};
use super::slots::Slots;
use super::web::{self, Address, Post};
use super::{Output, OutputContext, OutputKind};
use crate::log;
use crate::metrics::{Registry, Sample, Timestamp};
use config::Config;
use message::{TimeSeries, WriteRequest};
use series::Measured;
use sigv4::Key;

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "experimental-prometheus-rw", open };

/// How many series a request has at most.
const SERIES_PER_REQUEST: usize = 5_000;

const TIMEOUT: Duration = Duration::from_secs(5);

struct Prometheus {
    config: Config,
    name: String,
    measured: Slots<Measured>,
    delivery: Option<Delivery>,
    /// Pushes that were known to be lost when the last one was made.
    lost: u64,
}

/// A client that signs, if it is to.
struct Write {
    post: Post,
    key: Option<Key>,
}

impl Carrier for Write {
    async fn send(&self, body: Bytes) -> Result<(), Trouble> {
        let url = self.post.url();
        let signed = self.key.as_ref().map(|key| key.headers(url, &body)).unwrap_or_default();
        self.post.send_to(url.clone(), signed, body).await.map(drop)
    }
}

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let names: Vec<_> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let config = Config::read(arg, context.env, &names)?;
    let name = format!("Prometheus remote write ({})", web::shown(&config.url));
    let (url, tls) = (config.url.clone(), config.tls.clone());
    let address = Address::new(url, config.headers.clone(), TIMEOUT, tls, context.env)
        .context("the output experimental-prometheus-rw")?;
    let key = config.key.clone();
    let delivery = Delivery::start(name.clone(), "pushes", 1, move || Write { post: address.client(), key })?;
    Ok(Box::new(Prometheus { config, name, measured: Slots::default(), delivery: Some(delivery), lost: 0 }))
}

impl Output for Prometheus {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        let native = self.config.native_histograms;
        for sample in batch {
            let slot =
                self.measured.of(sample.series, registry, |metric, tags| Measured::new(metric, tags, native));
            if let Some(measured) = slot {
                measured.add(sample.value, sample.time);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let lost = self.delivery.as_ref().map_or(0, Delivery::lost);
        let all = std::mem::replace(&mut self.lost, lost) != lost;
        let stats = &self.config.trend_stats;
        let due = self.measured.iter_mut().filter(|measured| measured.changed || all);
        let series: Vec<_> = due.flat_map(|measured| measured.series(stats)).collect();
        self.push(series)
    }

    fn interval(&self) -> Duration {
        self.config.push_interval
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        if self.config.stale_markers {
            let (stats, now) = (&self.config.trend_stats, Timestamp::now());
            let ends = self.measured.iter_mut().flat_map(|measured| measured.stale(stats, now)).collect();
            self.push(ends)?;
        }
        if let Some(delivery) = self.delivery.take() {
            delivery.finish();
        }
        self.measured.verdict(&self.name).iter().for_each(log::error);
        Ok(())
    }
}

impl Prometheus {
    fn push(&self, mut series: Vec<TimeSeries>) -> Result<()> {
        let Some(delivery) = &self.delivery else { return Ok(()) };
        while !series.is_empty() {
            let rest = series.split_off(series.len().min(SERIES_PER_REQUEST));
            let body = WriteRequest { timeseries: std::mem::replace(&mut series, rest) }.packed()?;
            delivery.put(Parcel { body, holds: 1 });
        }
        Ok(())
    }
}
