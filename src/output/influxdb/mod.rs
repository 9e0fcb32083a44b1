//! `--out influxdb=http://host:8086/db`: every sample as a point, by version 1 of InfluxDB's interface.

mod config;
mod line;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use tokio::sync::OnceCell;
use url::Url;

use super::delivery::{Carrier, Delivery, Parcel, Trouble};
use super::udp::Packets;
use super::web::{self, Address, Post};
use super::{CACHED_SERIES, Output, OutputContext, OutputKind};
use crate::log;
use crate::metrics::{Registry, Sample, SeriesId};
use crate::net::tls::Tls;
use config::Config;
use line::Line;

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "influxdb", open };

/// Points are sent before the push interval is over when they are so many bytes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

const TIMEOUT: Duration = Duration::from_secs(10);

struct InfluxDb {
    config: Config,
    name: String,
    lines: HashMap<SeriesId, Line>,
    buffer: Vec<u8>,
    /// Points in the buffer.
    points: u64,
    way: Option<Way>,
}

enum Way {
    Http(Delivery),
    Udp(Packets),
}

/// A client that makes the database before it writes to it.
struct Database {
    post: Post,
    create: Url,
    made: OnceCell<()>,
}

impl Carrier for Database {
    async fn send(&self, body: Bytes) -> Result<(), Trouble> {
        self.made
            .get_or_init(|| async {
                if let Err(trouble) = self.post.send_to(self.create.clone(), Vec::new(), Bytes::new()).await {
                    // Most likely it is there and this user may not make any.
                    log::debug(format!("InfluxDB: could not create the database: {}", trouble.text));
                }
            })
            .await;
        self.post.send(body).await.map(drop)
    }
}

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let config = Config::read(arg, context.env)?;
    let name = format!("InfluxDBv1 ({})", web::shown(&config.addr).trim_end_matches('/'));
    let way = if config.addr.scheme() == "udp" {
        let host = config.addr.host_str().unwrap_or_default();
        let address = format!("{host}:{}", config.addr.port().unwrap_or(8089));
        let packets = Packets::to(&address, name.clone(), config.payload_size, u64::MAX);
        Way::Udp(packets.context("the output influxdb")?)
    } else {
        let tls = Tls { insecure_skip_verify: config.insecure, ..Tls::default() };
        let mut headers = vec![("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        let user = config.username.as_ref();
        headers.extend(user.map(|user| ("Authorization".to_owned(), web::basic(user, &config.password))));
        let proxy = context.env;
        let env = |name: &str| match name {
            "HTTP_PROXY" | "HTTPS_PROXY" => crate::k6::env_var("INFLUXDB_PROXY", proxy)
                .filter(|url| !url.is_empty())
                .or_else(|| proxy(name)),
            name => proxy(name),
        };
        let address =
            Address::new(config.write_url(), headers, TIMEOUT, tls, &env).context("the output influxdb")?;
        let create = config.create_url();
        let carrier = move || Database { post: address.client(), create, made: OnceCell::new() };
        Way::Http(Delivery::start(name.clone(), "samples", config.concurrent_writes, carrier)?)
    };
    Ok(Box::new(InfluxDb {
        config,
        name,
        lines: HashMap::new(),
        buffer: Vec::new(),
        points: 0,
        way: Some(way),
    }))
}

impl Output for InfluxDb {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        for sample in batch.iter().filter(|sample| sample.value.is_finite()) {
            if !self.lines.contains_key(&sample.series) {
                let line = Line::new(&registry.describe(sample.series), &self.config.tags_as_fields);
                if self.lines.len() >= CACHED_SERIES {
                    self.lines.clear();
                }
                self.lines.insert(sample.series, line);
            }
            if let Some(line) = self.lines.get(&sample.series) {
                line.append(&mut self.buffer, sample.value, sample.time, self.config.precision);
                self.points += 1;
            }
        }
        if self.buffer.len() >= LARGEST_BODY { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let body = std::mem::take(&mut self.buffer);
        let holds = std::mem::take(&mut self.points);
        match &mut self.way {
            Some(Way::Http(delivery)) if holds > 0 => delivery.put(Parcel { body: body.into(), holds }),
            Some(Way::Udp(packets)) => {
                body.split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .for_each(|line| packets.put(line));
                packets.flush();
            }
            _ => {}
        }
        Ok(())
    }

    fn interval(&self) -> Duration {
        self.config.push_interval
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        match self.way.take() {
            Some(Way::Http(delivery)) => delivery.finish(),
            Some(Way::Udp(mut packets)) => packets.finish(),
            None => {}
        }
        Ok(())
    }
}
