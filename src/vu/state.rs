//! The one handle that host modules see of their VU: tags, samples, client, time.

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsString};
use tokio::runtime::Runtime;

use super::lag::Observed;
use super::mates::Mates;
use super::samples::Samples;
use super::{OpenResources, ScenarioRun, Test, fiber};
use crate::js::interrupt::Interrupt;
use crate::js::{EventLoop, go_error};
use crate::k6::SystemTag;
use crate::k6::builtin::Builtin;
use crate::metrics::{MetricId, SeriesId, TagSet, TagSetId, Timestamp};
use crate::net::client::Client;
use crate::net::{CookieJar, SharedJar};

/// What a VU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Init,
    Setup,
    Iterations,
    Teardown,
    Summary,
}

/// One VU's state, found by host functions with [`State::of`].
pub struct State {
    pub test: Arc<Test>,
    /// From one; zero for the VUs of init, setup, teardown and handleSummary.
    pub id: u32,
    pub interrupt: Arc<Interrupt>,
    pub samples: Samples,
    /// What the present call opened and has not closed.
    pub open: OpenResources,
    pub phase: Cell<Phase>,
    /// The number of this VU's current iteration over all scenarios, from zero.
    pub iteration: Cell<u64>,
    /// The same, within the scenario.
    pub iteration_in_scenario: Cell<u64>,
    /// The number of the current iteration, unique over the scenario's VUs in this process.
    pub scenario_iteration: Cell<u64>,
    /// When the current iteration was due, in an open model.
    pub scheduled: Cell<Option<Instant>>,
    /// How late it started, where that is measured.
    pub(super) delay: Cell<Option<Duration>>,
    /// Whether the script of this VU ended the test: that iteration is measured, as in k6.
    pub aborted: Cell<bool>,
    /// Whether a request of the current iteration failed, for `stopAfter`.
    pub request_failed: Cell<bool>,
    /// Bytes on the wire since the last iteration's end.
    pub bytes_sent: Cell<u64>,
    pub bytes_received: Cell<u64>,
    /// For `client_lag`.
    pub(super) observed: Observed,
    /// Whether a connection of this VU speaks HTTP/2, which has a task of its own.
    pub(super) multiplexed: Cell<bool>,
    scenario: RefCell<Option<Arc<ScenarioRun>>>,
    pub(super) event_loop: Rc<EventLoop>,
    pub(super) runtime: OnceCell<Runtime>,
    client: RefCell<Option<Rc<Client>>>,
    jar: RefCell<Option<SharedJar>>,
    env_object: RefCell<Option<JsObject>>,
    tags: RefCell<TagSet>,
    /// The number of `tags`, until they change.
    tags_id: Cell<Option<TagSetId>>,
    mates: Rc<Mates>,
    /// Work that left garbage behind and is not told to the thread yet.
    garbage: Cell<u32>,
}

/// How the engine finds the state: a context's data are found by type.
struct Handle(Rc<State>);

impl State {
    pub fn new(
        test: Arc<Test>,
        id: u32,
        interrupt: Arc<Interrupt>,
        event_loop: Rc<EventLoop>,
        mates: Rc<Mates>,
    ) -> Self {
        Self {
            test,
            id,
            interrupt,
            samples: Samples::new(mates.samples.clone()),
            open: OpenResources::default(),
            phase: Cell::new(Phase::Init),
            iteration: Cell::new(0),
            iteration_in_scenario: Cell::new(0),
            scenario_iteration: Cell::new(0),
            scheduled: Cell::new(None),
            delay: Cell::new(None),
            aborted: Cell::new(false),
            request_failed: Cell::new(false),
            bytes_sent: Cell::new(0),
            bytes_received: Cell::new(0),
            observed: Observed::default(),
            multiplexed: Cell::new(false),
            scenario: RefCell::default(),
            event_loop,
            runtime: OnceCell::new(),
            client: RefCell::default(),
            jar: RefCell::default(),
            env_object: RefCell::default(),
            tags: RefCell::default(),
            tags_id: Cell::new(None),
            garbage: Cell::default(),
            mates,
        }
    }

    /// Makes a state findable in its context.
    pub fn install(self: &Rc<Self>, context: &mut Context) {
        context.insert_data(Handle(self.clone()));
        context.insert_data(self.test.shared_arrays.clone());
    }

    /// The state of the VU that a context belongs to.
    pub fn of(context: &mut Context) -> JsResult<Rc<Self>> {
        match context.get_data::<Handle>() {
            Some(handle) => Ok(handle.0.clone()),
            None => Err(go_error("this function needs a virtual user", context)),
        }
    }

    /// Whether init code runs, in which most host functions refuse to work.
    pub fn in_init(&self) -> bool {
        self.phase.get() == Phase::Init
    }

    /// The VU's number over all processes that run the test.
    pub fn id_in_test(&self) -> u64 {
        let own = u64::from(self.id);
        let place = |own| self.test.options().map_or(own, |options| options.share.stripe().place(own));
        own.checked_sub(1).map_or(0, |own| place(own) + 1)
    }

    /// The scenario that the VU works for.
    pub fn scenario(&self) -> Option<Arc<ScenarioRun>> {
        self.scenario.borrow().clone()
    }

    /// Puts the VU to work for a scenario (or for none): fresh tags, samples on their way.
    pub fn activate(&self, phase: Phase, scenario: Option<Arc<ScenarioRun>>) {
        self.phase.set(phase);
        self.iteration_in_scenario.set(0);
        self.scheduled.set(None);
        if let Some(samples) = self.test.samples().filter(|_| phase != Phase::Summary) {
            self.samples.connect(samples);
        }
        let system = self.test.system_tags();
        let mut tags = self.test.run_tags();
        if let Some(scenario) = &scenario {
            scenario.tags.iter().for_each(|(k, v)| tags.set(k, v));
            if system.has(SystemTag::Scenario) {
                tags.set("scenario", &scenario.name);
            }
        }
        if system.has(SystemTag::Group) {
            let root = match phase {
                Phase::Setup => "::setup",
                Phase::Teardown => "::teardown",
                _ => "",
            };
            tags.set("group", root);
        }
        if system.has(SystemTag::Vu) {
            tags.set_metadata("vu", &self.id.to_string());
        }
        *self.scenario.borrow_mut() = scenario;
        *self.tags.borrow_mut() = tags;
        self.tags_id.set(None);
    }

    /// `__ENV` for the present scenario.
    pub fn env(&self) -> BTreeMap<String, String> {
        let mut env = self.test.env.clone();
        if let Some(scenario) = &*self.scenario.borrow() {
            env.extend(scenario.env.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        env
    }

    /// The object behind `__ENV` of a VU that shares its global object; made at first use.
    pub fn env_object(&self, make: impl FnOnce() -> JsObject) -> JsObject {
        self.env_object.borrow_mut().get_or_insert_with(make).clone()
    }

    /// Has `__ENV` made anew: for another scenario, or because the VU ends.
    pub fn forget_env_object(&self) {
        *self.env_object.borrow_mut() = None;
    }

    /// The tags that every sample of this VU gets at present.
    pub fn tags(&self) -> Ref<'_, TagSet> {
        self.tags.borrow()
    }

    /// Changes the tags that every sample gets from now on.
    pub fn change_tags(&self, change: impl FnOnce(&mut TagSet)) {
        change(&mut self.tags.borrow_mut());
        self.tags_id.set(None);
    }

    /// The number of the present tags.
    pub fn tags_id(&self) -> TagSetId {
        if let Some(id) = self.tags_id.get() {
            return id;
        }
        let id = self.test.registry.tag_set(&self.tags.borrow());
        self.tags_id.set(Some(id));
        id
    }

    /// The number of the present tags with changes that only one sample, or a few, get.
    pub fn tags_with(&self, change: impl FnOnce(&mut TagSet)) -> TagSetId {
        // A copy a request: the pairs are reference-counted, their text is not copied.
        let mut tags = self.tags.borrow().clone();
        change(&mut tags);
        self.test.registry.tag_set(&tags)
    }

    /// The series of a metric under tags; a thread asks the registry once.
    pub fn series(&self, metric: MetricId, tags: TagSetId) -> SeriesId {
        self.mates.known.series(&self.test.registry, metric, tags)
    }

    /// The number of a built-in metric.
    pub fn builtin(&self, builtin: &Builtin) -> MetricId {
        self.mates.known.builtin(&self.test.registry, builtin)
    }

    /// Records a value of a built-in metric under tags.
    pub fn record(&self, builtin: &Builtin, tags: TagSetId, at: Instant, value: f64) {
        let metric = self.builtin(builtin);
        self.samples.push(self.series(metric, tags), at, value);
    }

    /// When the current iteration was due, in milliseconds since the Unix epoch; `None` in a closed model.
    pub fn scheduled_ms(&self) -> Option<f64> {
        self.scheduled.get().map(|due| Timestamp::at(due).0 as f64 / 1e6)
    }

    /// The series of a check under the present tags, if it was kept.
    pub fn check_series(&self, name: &JsString) -> Option<SeriesId> {
        self.mates.known.check(self.tags_id(), name)
    }

    /// Keeps the series of a check under the present tags.
    pub fn keep_check_series(&self, name: JsString, series: SeriesId) {
        self.mates.known.keep_check(self.tags_id(), name, series);
    }

    /// Whether a system tag is on.
    pub fn has_tag(&self, tag: SystemTag) -> bool {
        self.test.system_tags().has(tag)
    }

    /// Notes the protocol of a response.
    pub fn saw_proto(&self, proto: &str) {
        if proto == "HTTP/2.0" {
            self.multiplexed.set(true);
        }
    }

    /// Counts bytes for `data_sent` and `data_received`.
    pub fn count_bytes(&self, sent: u64, received: u64) {
        self.bytes_sent.set(self.bytes_sent.get() + sent);
        self.bytes_received.set(self.bytes_received.get() + received);
    }

    /// What the lines of `httpDebug` say about the VU and a request with tags of its `own`; nothing where none are
    /// asked for.
    pub fn debug_fields(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        if self.test.options().is_none_or(|options| options.http_debug.is_none()) {
            return Vec::new();
        }
        let mut tags = self.tags().clone();
        own.iter().for_each(|(key, value)| tags.set(key, value));
        tags.set("vu", &self.id.to_string());
        tags.set("iter", &self.iteration.get().to_string());
        tags.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    /// The VU's own client, made at first use.
    pub fn client(&self) -> Result<Rc<Client>, String> {
        if let Some(client) = &*self.client.borrow() {
            return Ok(client.clone());
        }
        let shared = self.test.network().ok_or("requests need the options, which are not known yet")?;
        // A fiber is polled by its thread's runtime.
        let _inside = if fiber::is_inside() { None } else { Some(self.runtime()?.enter()) };
        let client = Rc::new(Client::new(shared, self.id));
        *self.client.borrow_mut() = Some(client.clone());
        Ok(client)
    }

    /// Closes the VU's idle connections by forgetting its client (`noVUConnectionReuse`).
    pub fn forget_client(&self) {
        *self.client.borrow_mut() = None;
    }

    /// The VU's cookies.
    pub fn jar(&self) -> SharedJar {
        self.jar.borrow_mut().get_or_insert_with(CookieJar::shared).clone()
    }

    /// Gives the VU an empty cookie jar.
    pub fn reset_jar(&self) {
        // Made at first use: most iterations that reset it have no cookies.
        *self.jar.borrow_mut() = None;
    }

    /// The queues of the VU's context.
    pub fn event_loop(&self) -> &Rc<EventLoop> {
        &self.event_loop
    }

    /// Notes that a host call left garbage behind; collects it from time to time.
    pub fn left_garbage(&self, weight: u32) {
        // A collection looks at all that is alive: many open streams must not make each event dear.
        let share = 1 + u32::try_from(self.open.len() / 64).unwrap_or(0);
        let garbage = self.garbage.get() + weight;
        if garbage < share {
            self.garbage.set(garbage);
        } else {
            self.garbage.set(0);
            self.mates.left_garbage(garbage / share);
        }
    }
}
