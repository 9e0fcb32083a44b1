//! Where a debugger attaches to a run: Node's endpoints, and the Chrome DevTools Protocol over a
//! WebSocket. What it debugs with is [`crate::js::debug`].

mod breakpoints;
mod dispatch;
mod http;
mod listen;
mod message;
mod node;
mod session;

use std::io::Write as _;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use tokio::sync::watch;

use crate::js::debug::Debugger;
use crate::log;
pub use listen::Listen;

/// Where debuggers find out how to attach.
const HELP: &str = "see docs/debugging.md";

/// What all requests and sessions need.
struct Target {
    debugger: Arc<Debugger>,
    /// The last part of the WebSocket's address, which nobody can guess.
    id: String,
    /// As on the command line.
    script: String,
    /// `true` when the run is over.
    over: watch::Receiver<bool>,
}

/// The server for one run; it ends when this is dropped.
pub struct Inspector {
    debugger: Arc<Debugger>,
    over: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Inspector {
    /// Listens on a thread of its own, and says where on standard error.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start(listen: &Listen, script: &str) -> Result<Self> {
        let listener = listen.bind()?;
        let bound = listener.local_addr().context("the debugger's socket has no address")?;
        listener.set_nonblocking(true).context("the debugger's socket")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no I/O for the debugger: the limit of open files may be too low (see ulimit -n)")?;
        let debugger = Arc::new(Debugger::new(listen.breaks));
        let (over, is_over) = watch::channel(false);
        let id = random_id();
        // In Node's words: editors look for this line.
        let text = format!("Debugger listening on ws://{bound}/{id}\nFor help, {HELP}\n");
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        if !bound.ip().to_canonical().is_loopback() {
            log::warn(format!(
                "The debugger on {bound} can be reached from other machines: whoever attaches can run anything that \
                 the script could; --inspect=127.0.0.1:{} keeps it to this one",
                bound.port()
            ));
        }
        log::warn(
            "Under --inspect the script runs slowly, all its VUs on one thread: the figures of this run are no \
             measurements",
        );
        let target = Target { debugger: debugger.clone(), id, script: script.to_owned(), over: is_over };
        let thread = std::thread::Builder::new()
            .name("inspector".to_owned())
            .spawn(move || {
                runtime.block_on(http::serve(listener, Arc::new(target)));
            })
            .context("could not start the debugger's thread")?;
        Ok(Self { debugger, over, thread: Some(thread) })
    }

    /// What scripts are debugged with.
    pub fn debugger(&self) -> Arc<Debugger> {
        self.debugger.clone()
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.over.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A UUID of random bits.
fn random_id() -> String {
    let bits: u128 = rand::random();
    let text = format!("{bits:032x}");
    format!("{}-{}-4{}-a{}-{}", &text[..8], &text[8..12], &text[13..16], &text[17..20], &text[20..])
}
