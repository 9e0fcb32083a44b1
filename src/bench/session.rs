//! One measurement: metrics engine, outputs and threads for a schedule, from the first request to the last sample.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::Receiver;
use tokio::sync::watch;

use super::asking::Asking;
use super::breakdown;
use super::counting::Counting;
use super::crew::Crew;
use super::live::Live;
use super::schedule::{SCENARIO, Schedule};
use super::stage::Stage;
use super::tally::Figures;
use super::workload::Workload;
use crate::js::Sources;
use crate::k6::exit_code::Failure;
use crate::llm::counting;
use crate::log;
use crate::metrics::engine::{Engine, FinalResult};
use crate::metrics::left_out::LeftOut;
use crate::metrics::{ThresholdSpec, Timestamp};
use crate::options::runtime::SummaryMode;
use crate::options::{self, Resolved, RuntimeOptions, Scenario, Scenarios, Sources as Layers};
use crate::output::End;
use crate::run::api::{Listen, Server, Surface};
use crate::run::course::Course;
use crate::run::signals::Listener;
use crate::run::stop::StopSignal;
use crate::run::{self, client, ending, load, ready};
use crate::summary::client::Client;
use crate::summary::{Summary, SummaryOptions};
use crate::vu::{Stop, Test};

/// What all measurements of a command have in common.
pub struct Settings {
    /// Options of the network, of tags and of the summary. The shape of the load in them does not count.
    pub layers: Layers,
    pub runtime: RuntimeOptions,
    pub workload: Arc<Workload>,
    pub asking: Arc<Asking>,
    /// Metrics, with selectors, and what must hold for them.
    pub thresholds: Vec<(String, ThresholdSpec)>,
    pub threads: usize,
    /// Where the REST API listens, if there is to be one.
    pub api: Option<Listen>,
    /// Listens from the first measurement to the last, and between them.
    pub signals: Listener,
}

/// What a measurement came to.
pub struct Measured {
    pub test: Arc<Test>,
    pub resolved: Resolved,
    pub result: FinalResult,
    pub figures: Figures,
    /// ssek's own state meanwhile.
    pub client: Option<Client>,
    /// Why it ended before its time.
    pub stopped: Option<Stop>,
    /// How many requests, or conversations, went on at each second's end, while more could start.
    pub active: Vec<u32>,
    /// What outputs were told in the end.
    pub end: Arc<End>,
    /// From the first start to the end of the last request.
    pub elapsed: Duration,
    /// Whether counting tokens fell behind, in a sentence.
    pub uncounted: Option<String>,
}

impl Settings {
    /// The options, with the schedule as the only scenario.
    ///
    /// # Errors
    /// An option is bad.
    pub fn resolve(&self, schedule: &Schedule) -> Result<Resolved, Failure> {
        let mut layers = self.layers.clone();
        for layer in [&mut layers.file, &mut layers.environment, &mut layers.flags] {
            (layer.vus, layer.duration, layer.iterations) = (None, None, None);
            (layer.stages, layer.scenarios, layer.stop_after) = (None, None, None);
        }
        let scenario = [(SCENARIO.to_owned(), schedule.executor.clone())];
        layers.flags.scenarios = Some(Scenarios(scenario.into()));
        let mut resolved = options::resolve(layers)?;
        let common = schedule.executor.common();
        resolved.options.scenarios = vec![Scenario {
            name: SCENARIO.to_owned(),
            start_time: common.start_time(),
            exec: common.exec().to_owned(),
            env: BTreeMap::new(),
            tags: BTreeMap::new(),
            trace: schedule.trace.clone(),
            executor: schedule.executor.clone(),
        }];
        for (metric, threshold) in &self.thresholds {
            resolved.options.thresholds.push((metric.clone(), vec![threshold.clone()]));
        }
        Ok(resolved)
    }

    /// Measures by the schedule. `shows` prints live figures.
    ///
    /// # Errors
    /// An option, an output or a threshold is bad, or the system has no threads left.
    pub fn measure(&self, schedule: &Schedule, live: Live) -> Result<Measured> {
        let resolved = self.resolve(schedule)?;
        let test = self.test(&resolved)?;
        let mut definitions = run::definitions(&test, &resolved, &self.runtime)?;
        let target = self.asking.target.endpoint.template();
        definitions.extend(breakdown::definitions(&self.workload, &test.registry));
        let (outputs, sinks, descriptions) = run::open_outputs(&test, &definitions, &self.runtime, target)?;
        let options = &resolved.options;
        let left_out = Arc::new(LeftOut::new(options.warmup, options.cooldown));
        let engine = run::start_engine(&test, definitions, &self.runtime, sinks, left_out.clone())?;
        test.connect(engine.sender());
        self.signals.stop(&test);
        let stop = StopSignal::start(&test)?;
        let course = Arc::new(Course::new(options.paused));
        let api = self.start_api(&test, &course, &engine, &stop)?;

        let crew = Crew::new(self.threads)?;
        let plan = options.scenarios[0].plan(&options.share, options.seed);
        live.banner(schedule, self, &descriptions);
        let goes = self.is_ready(&test, &course, &stop.receiver(), api.is_some(), live)?;
        course.reach(run::course::Stage::Started);
        engine.start_clock();
        let clock = Timestamp::now();
        test.counters.start();
        let watch = client::Watch::start(&test)?;
        let (cut, is_cut) = watch::channel(false);
        let start = Instant::now();
        left_out.begin(start, options.regular_length());
        let work = (self.workload.clone(), self.asking.clone());
        let stage = Arc::new(Stage::new(test.clone(), work, (plan, schedule), start, is_cut));
        let counted = Counting::start(&stage)?;
        let live = live.start(&stage, engine.observer())?;
        if goes {
            course.reach(run::course::Stage::Running);
            crew.work(&stage, &stop.receiver(), &cut)?;
        }
        let elapsed = start.elapsed();
        left_out.end(Instant::now());
        let cpu = watch.map(client::Watch::stop);
        engine.stop_clock();
        let active = live.stop();
        // They are part of the figures, and not of the time.
        stage.counting.finish(counted);
        let stopped = test.control.reason();
        course.reach(match stopped {
            Some(_) => run::course::Stage::Interrupted,
            None => run::course::Stage::Ended,
        });
        if self.runtime.linger {
            log::info(
                "the benchmark is done; ssek waits for Ctrl+C, as lingering is switched on (K6_LINGER)",
            );
            self.signals.linger(true);
        }
        drop(api);

        let result = engine.finish();
        let (limits, fatal) = (&self.runtime.saturation, self.runtime.fail_on_saturation);
        let client = cpu.and_then(|cpu| Client::of(&result.snapshot, cpu, limits, true));
        let uncounted = counting::take_lateness();
        let figures = stage.tally.figures();
        if figures.done > 0 && figures.ok == 0 && stopped.is_none() {
            test.control.mark_failed();
        }
        let saturated = fatal && client.as_ref().is_some_and(Client::is_suspect);
        let exit_code = ending::exit_code(stopped.as_ref(), &test, &result, None, saturated);
        let end = Arc::new(End {
            script: target.to_owned(),
            summary: summary(&resolved, &result, client.clone()),
            failure: ending::failure(stopped.as_ref(), &test, None),
            exit_code,
            start: Some(clock),
            pages: Arc::default(),
        });
        outputs.into_iter().for_each(|output| output.finish(&end));
        Ok(Measured { test, resolved, result, figures, client, stopped, elapsed, active, end, uncounted })
    }

    fn start_api(
        &self,
        test: &Arc<Test>,
        course: &Arc<Course>,
        engine: &Engine,
        stop: &StopSignal,
    ) -> Result<Option<Server>> {
        let Some(listen) = &self.api else { return Ok(None) };
        let (test, course) = (test.clone(), course.clone());
        Server::start(listen, Surface { test, course, metrics: engine.observer(), stop: stop.receiver() })
    }

    /// Waits until the run is let go, where it is paused, and until the server answers, where that was asked for.
    /// `false` if it was stopped meanwhile.
    fn is_ready(
        &self,
        test: &Test,
        course: &Course,
        stop: &Receiver<()>,
        has_api: bool,
        live: Live,
    ) -> Result<bool> {
        course.reach(run::course::Stage::InitDone);
        let starts =
            ready::wait_for_start(course, stop, has_api, || live.waits("paused: the REST API starts it"));
        let wanted = test.options().and_then(|options| options.wait_for.as_ref());
        match wanted.filter(|_| starts) {
            Some(wanted) => {
                let mut said = String::new();
                ready::wait(wanted, test, stop, |_, reason| {
                    if said != reason {
                        reason.clone_into(&mut said);
                        live.waits(&format!("waiting for {}: {reason}", wanted.url));
                    }
                })
            }
            None => Ok(starts),
        }
    }

    fn test(&self, resolved: &Resolved) -> Result<Arc<Test>> {
        let folder = std::env::current_dir().context("the working directory is gone")?;
        let sources = Sources::new(SCENARIO, Path::new(&folder), Some(String::new()));
        let test = Arc::new(Test::new(Arc::new(sources), |_, _| Ok(None), |_| Ok(()), BTreeMap::new()));
        load::configure(&test, resolved, &self.runtime)?;
        breakdown::register(&test.registry);
        // Nothing else has the name.
        test.lag.prepare(&test);
        run::schedule::prepare(&test, resolved);
        Ok(test)
    }
}

/// The figures as scripts have them, all of them.
fn summary(resolved: &Resolved, result: &FinalResult, client: Option<Client>) -> Summary {
    let options = &resolved.options;
    Summary {
        snapshot: result.snapshot.clone(),
        client,
        options: SummaryOptions {
            trend_stats: options.summary_trend_stats.clone(),
            time_unit: options.summary_time_unit,
            mode: SummaryMode::Full,
            streaming: true,
            schedule: true,
            ..SummaryOptions::default()
        },
    }
}
