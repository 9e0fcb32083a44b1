//! What the script's threads and the client's thread share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};

use super::breakpoint::{Breakpoint, Exceptions, Plan};
use super::pause::{Answer, Ask, Step, What};
use super::script::{Place, Script};

/// What a client is told without asking. Values are the parameters of the protocol's events.
#[derive(Debug)]
pub enum Event {
    ScriptParsed(Arc<Script>),
    /// A breakpoint, by its id, got a place in a file, by its id.
    BreakpointResolved(String, u32, Place),
    Paused(Value),
    Resumed,
    Console(Value),
    Exception(Value),
}

/// The debugger of one run.
#[derive(Debug)]
pub struct Debugger {
    scripts: Mutex<Vec<Arc<Script>>>,
    /// How many points there are.
    points: AtomicU32,
    settings: Mutex<Settings>,
    plan: Mutex<Arc<Plan>>,
    /// Changes with the plan.
    generation: AtomicU64,
    /// Whether hooks have more to do than to look at the plan.
    attention: AtomicBool,
    pause_wanted: AtomicBool,
    asks: Mutex<VecDeque<Ask>>,
    asked: Notify,
    paused: watch::Sender<bool>,
    clock: Mutex<PauseClock>,
    client: Mutex<Option<UnboundedSender<Event>>>,
    /// Whether the client wants to know of `console.*` and exceptions.
    listens: AtomicBool,
    /// Whether the script must wait for a client's word before its first line.
    waits: AtomicBool,
    /// Whether the main script pauses at its first statement.
    breaks: AtomicBool,
    contexts: AtomicU32,
    /// How many pauses there have been.
    pauses: AtomicU64,
}

#[derive(Debug, Default)]
struct Settings {
    enabled: bool,
    inactive: bool,
    skips_all: bool,
    exceptions: Exceptions,
    breakpoints: Vec<Breakpoint>,
}

#[derive(Debug, Default)]
struct PauseClock {
    since: Option<Instant>,
    total: Duration,
}

impl Debugger {
    /// A debugger without a client. `waits`: the script starts only when a client says so, and pauses
    /// at its first statement.
    pub fn new(waits: bool) -> Self {
        Self {
            scripts: Mutex::default(),
            points: AtomicU32::new(0),
            settings: Mutex::default(),
            plan: Mutex::default(),
            generation: AtomicU64::new(0),
            attention: AtomicBool::new(false),
            pause_wanted: AtomicBool::new(false),
            asks: Mutex::default(),
            asked: Notify::new(),
            paused: watch::Sender::new(false),
            clock: Mutex::default(),
            client: Mutex::default(),
            listens: AtomicBool::new(false),
            waits: AtomicBool::new(waits),
            breaks: AtomicBool::new(waits),
            contexts: AtomicU32::new(0),
            pauses: AtomicU64::new(0),
        }
    }

    // Files.

    /// The files that were loaded.
    pub fn scripts(&self) -> Vec<Arc<Script>> {
        lock(&self.scripts).clone()
    }

    /// A file by its id.
    pub fn script(&self, id: u32) -> Option<Arc<Script>> {
        lock(&self.scripts).get(id.checked_sub(1)? as usize).cloned()
    }

    /// The file that a point is in.
    pub(super) fn script_of(&self, point: u32) -> Option<Arc<Script>> {
        lock(&self.scripts).iter().find(|script| script.point(point).is_some()).cloned()
    }

    /// Takes numbers for so many points; returns the first.
    pub(super) fn number_points(&self, count: u32) -> u32 {
        self.points.fetch_add(count, Ordering::Relaxed)
    }

    pub(super) fn add_script(&self, make: impl FnOnce(u32) -> Arc<Script>) {
        let mut scripts = lock(&self.scripts);
        let script = make(scripts.len() as u32 + 1);
        scripts.push(script.clone());
        drop(scripts);
        self.tell(Event::ScriptParsed(script.clone()));
        let mut settings = lock(&self.settings);
        let mut resolved = Vec::new();
        for breakpoint in &mut settings.breakpoints {
            let place = breakpoint.bind(&script);
            resolved.extend(place.map(|place| (breakpoint.id.clone(), place)));
        }
        self.publish(&settings);
        drop(settings);
        for (id, place) in resolved {
            self.tell(Event::BreakpointResolved(id, script.id, place));
        }
    }

    // The client.

    /// Takes a client on; `None` while there is one already. It ends with [`Self::detach`].
    pub fn attach(&self) -> Option<UnboundedReceiver<Event>> {
        let mut client = lock(&self.client);
        if client.as_ref().is_some_and(|client| !client.is_closed()) {
            return None;
        }
        let (tell, told) = unbounded_channel();
        *client = Some(tell);
        Some(told)
    }

    /// Forgets the client and all that it asked for; a script that is paused goes on.
    pub fn detach(&self) {
        *lock(&self.client) = None;
        self.listens.store(false, Ordering::Relaxed);
        self.pause_wanted.store(false, Ordering::SeqCst);
        self.change(|settings| *settings = Settings::default());
        lock(&self.asks).clear();
        if self.is_paused() {
            drop(self.ask(What::Resume(Step::Continue)));
        }
        self.look();
    }

    pub(super) fn tell(&self, event: Event) {
        if let Some(client) = &*lock(&self.client) {
            let _ = client.send(event);
        }
    }

    /// Whether the client wants to know of `console.*` and of exceptions.
    pub fn set_listens(&self, listens: bool) {
        self.listens.store(listens, Ordering::Relaxed);
    }

    pub(super) fn listens(&self) -> bool {
        self.listens.load(Ordering::Relaxed)
    }

    // Where to pause.

    /// Whether the client debugs; without, nothing pauses.
    pub fn enable(&self, enabled: bool) {
        self.change(|settings| match enabled {
            true => settings.enabled = true,
            false => *settings = Settings::default(),
        });
    }

    /// Whether breakpoints count.
    pub fn set_active(&self, active: bool) {
        self.change(|settings| settings.inactive = !active);
    }

    /// Whether nothing pauses for the time being.
    pub fn set_skips_all(&self, skips: bool) {
        self.change(|settings| settings.skips_all = skips);
    }

    /// Which exceptions pause.
    pub fn set_exceptions(&self, exceptions: Exceptions) {
        self.change(|settings| settings.exceptions = exceptions);
    }

    /// Sets a breakpoint and returns the files and places that it has now; `None` if there is one with
    /// its id.
    pub fn set_breakpoint(&self, mut breakpoint: Breakpoint) -> Option<Vec<(u32, Place)>> {
        let scripts = self.scripts();
        let mut settings = lock(&self.settings);
        if settings.breakpoints.iter().any(|known| known.id == breakpoint.id) {
            return None;
        }
        for script in &scripts {
            breakpoint.bind(script);
        }
        let places = breakpoint.bound.iter().map(|(_, script, place)| (*script, *place)).collect();
        settings.breakpoints.push(breakpoint);
        self.publish(&settings);
        Some(places)
    }

    /// Takes a breakpoint away; unknown ids are passed over.
    pub fn remove_breakpoint(&self, id: &str) {
        self.change(|settings| settings.breakpoints.retain(|breakpoint| breakpoint.id != id));
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = lock(&self.settings);
        change(&mut settings);
        self.publish(&settings);
    }

    fn publish(&self, settings: &Settings) {
        let mut plan = Plan {
            enabled: settings.enabled,
            skips_all: settings.skips_all,
            exceptions: settings.exceptions,
            ..Plan::default()
        };
        for breakpoint in settings.breakpoints.iter().filter(|_| !settings.inactive) {
            for (point, ..) in &breakpoint.bound {
                let hits = plan.points.entry(*point).or_default();
                hits.push((breakpoint.id.clone(), breakpoint.condition.clone()));
            }
        }
        *lock(&self.plan) = Arc::new(plan);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Grows with each change of the plan.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        lock(&self.plan).clone()
    }

    // Pauses.

    /// Has the script pause at the next statement.
    pub fn pause(&self) {
        self.pause_wanted.store(true, Ordering::SeqCst);
        self.look();
    }

    /// Whether somebody wants a pause; nobody does any more.
    pub(super) fn takes_pause(&self) -> bool {
        let wanted = self.pause_wanted.swap(false, Ordering::SeqCst);
        self.look();
        wanted
    }

    /// Whether the script is paused.
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Marks the script as paused; `false` if it is already.
    pub(super) fn begin_pause(&self) -> bool {
        let begun = self.paused.send_if_modified(|paused| !std::mem::replace(paused, true));
        if begun {
            self.pauses.fetch_add(1, Ordering::SeqCst);
            lock(&self.clock).since = Some(Instant::now());
            self.look();
        }
        begun
    }

    /// How many pauses there have been, the present one included.
    pub(super) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Relaxed)
    }

    pub(super) fn end_pause(&self) {
        let mut clock = lock(&self.clock);
        let paused = clock.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        clock.total += paused;
        drop(clock);
        self.paused.send_replace(false);
        self.look();
    }

    /// Ready when the script is not paused.
    pub(super) async fn resumed(&self) {
        // The sender is in `self`.
        let _ = self.paused.subscribe().wait_for(|paused| !paused).await;
    }

    /// How long the script has been paused in all, the present pause included.
    pub fn paused_for(&self) -> Duration {
        let clock = lock(&self.clock);
        clock.total + clock.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    // The script's start.

    /// Whether the script still has to wait for a client's word.
    pub fn waits(&self) -> bool {
        self.waits.load(Ordering::SeqCst)
    }

    /// Lets a script start that waits for it.
    pub fn start(&self) {
        self.waits.store(false, Ordering::SeqCst);
        self.asked.notify_one();
    }

    /// Whether the main script is yet to pause at its first statement.
    pub(super) fn is_first_break_due(&self) -> bool {
        self.breaks.load(Ordering::Relaxed)
    }

    /// That pause has come.
    pub(super) fn takes_first_break(&self) {
        self.breaks.store(false, Ordering::Relaxed);
    }

    pub(super) fn number_context(&self) -> u32 {
        self.contexts.fetch_add(1, Ordering::Relaxed) + 1
    }

    // Questions to the script's thread.

    /// Asks the script's thread something. It answers while it is paused, or before its next statement.
    pub fn ask(&self, what: What) -> tokio::sync::oneshot::Receiver<Answer> {
        let (ask, answer) = Ask::new(what);
        lock(&self.asks).push_back(ask);
        self.look();
        self.asked.notify_one();
        answer
    }

    /// The next question that somebody still wants an answer to.
    pub(super) fn take_ask(&self) -> Option<Ask> {
        let mut asks = lock(&self.asks);
        loop {
            let ask = asks.pop_front()?;
            if ask.is_wanted() {
                return Some(ask);
            }
        }
    }

    /// Ready when there may be a question, or a word to start.
    pub(super) async fn asked(&self) {
        if lock(&self.asks).is_empty() {
            self.asked.notified().await;
        }
    }

    /// Whether hooks have more to do than to look at the plan.
    pub(super) fn wants_attention(&self) -> bool {
        self.attention.load(Ordering::Relaxed)
    }

    /// Finds out what [`Self::wants_attention`] says.
    pub(super) fn look(&self) {
        let asks = lock(&self.asks);
        let wanted = self.pause_wanted.load(Ordering::SeqCst) || self.is_paused() || !asks.is_empty();
        self.attention.store(wanted, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
