//! `--out web-dashboard`: the report's page while the run goes on, served to browsers.
//!
//! The output's thread gathers and renders, once for all viewers; another one serves. Neither waits for the other
//! nor for a viewer: who is too slow misses what is new and gets everything anew.

mod address;
mod checks;
mod guard;
mod news;
mod server;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::report::Report;
use super::{End, Output, OutputContext, OutputKind};
use crate::log;
use crate::metrics::{Definition, Registry, Sample, Timestamp};
use crate::record::{Collector, Of, Origin, Record};
use crate::report::{About, Board, about};

use checks::Checks;
use news::News;
use server::Server;
use settings::Settings;

/// The output's name, with which its description begins.
pub const NAME: &str = "web-dashboard";

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: NAME, open };

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let settings = Settings::read(arg, context.env)?;
    let report = settings.export.as_deref().map(|path| Report::new(path, context)).transpose()?;
    let news = Arc::new(News::default());
    let server = match settings.port {
        Some(port) => Some(Server::start(&settings.host, port, news.clone()).with_context(|| {
            format!(
                "the web dashboard cannot listen on {}:{port}; K6_WEB_DASHBOARD_PORT=0 takes a free port",
                settings.host
            )
        })?),
        None => None,
    };
    if let Some(server) = server.as_ref().filter(|_| settings.open) {
        address::open(&server.url());
    }
    context.origin.traces.want(crate::record::recorder::REQUESTS);
    Ok(Box::new(Dashboard {
        started: Instant::now(),
        collector: Collector::new(Timestamp::now(), context.definitions),
        definitions: context.definitions.to_vec(),
        origin: context.origin.clone(),
        checks: Checks::default(),
        period: settings.period,
        news,
        server,
        report,
    }))
}

struct Dashboard {
    started: Instant,
    collector: Collector,
    definitions: Vec<Definition>,
    origin: Origin,
    checks: Checks,
    period: Duration,
    news: Arc<News>,
    server: Option<Server>,
    report: Option<Report>,
}

impl Output for Dashboard {
    fn describe(&self) -> String {
        match &self.server {
            Some(server) => format!("{NAME} {}", server.url()),
            None => format!("{NAME} (not served)"),
        }
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        if let Some(report) = &mut self.report {
            report.write(batch, registry)?;
        }
        self.collector.add(batch, registry);
        self.checks.add(batch, registry);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.tell(None);
        Ok(())
    }

    fn interval(&self) -> Duration {
        self.period
    }

    fn conclude(&mut self, end: &End) -> Result<()> {
        self.tell(Some(end));
        match &mut self.report {
            Some(report) => report.conclude(end),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.finish();
        }
        match &mut self.report {
            Some(report) => report.finish(),
            None => Ok(()),
        }
    }
}

impl Dashboard {
    /// Puts what came in since the last time on the page.
    fn tell(&mut self, end: Option<&End>) {
        if self.server.is_none() {
            return;
        }
        let collected = self.collector.drain();
        let mut facts = self.about(collected.start);
        if let Some(end) = end {
            let snapshot = &end.summary.snapshot;
            facts.duration = snapshot.duration.as_secs_f64();
            facts.exit_code = Some(end.exit_code.0);
            facts.thresholds = about::thresholds(snapshot);
            facts.checks.clone_from(&snapshot.checks);
            facts.client.clone_from(&end.summary.client);
        }
        self.news.add(collected, |board| {
            if end.is_none() {
                facts.thresholds = self.thresholds(board);
            }
            facts
        });
    }

    fn about(&self, start: i64) -> About {
        let mut meta = self.origin.meta.clone();
        meta.start = start;
        let mut record = Record { meta, requests: self.origin.traces.sample(), ..Record::default() };
        self.origin.scrub.record(&mut record);
        About {
            tick: 0,
            meta: record.meta,
            duration: self.started.elapsed().as_secs_f64(),
            exit_code: None,
            thresholds: Vec::new(),
            checks: self.checks.snapshot(),
            client: None,
            requests: record.requests,
        }
    }

    /// The thresholds by what came in so far.
    fn thresholds(&self, board: &Board) -> Vec<(String, String, bool)> {
        let mut found = Vec::new();
        for definition in &self.definitions {
            let suffix = definition.selector.suffix.as_ref();
            let of = suffix.map_or(Of::All, |tags| Of::Selector(tags.clone()));
            let lane = board.lane(&definition.metric.name, &of);
            let name = match suffix {
                Some(tags) => format!("{}{{{tags}}}", definition.metric.name),
                None => definition.metric.name.to_string(),
            };
            let sink = lane.map(|lane| lane.total.sink());
            for (spec, threshold) in &definition.thresholds {
                let ok = sink.as_ref().is_none_or(|sink| threshold.eval(sink, self.started.elapsed()));
                found.push((name.clone(), spec.source.clone(), ok));
            }
        }
        found
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            log::debug("the web dashboard is closed");
            server.finish();
        }
    }
}
