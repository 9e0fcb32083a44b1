//! Ctrl-C and the system's other requests to end, one after the other.

use anyhow::{Context as _, Result};

/// What asked the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, or Ctrl-C of a console.
    Interrupt,
    /// SIGTERM; on Windows Ctrl-Break, a console window that closes, or the end of the session.
    Terminate,
}

impl Signal {
    /// Its name in logs and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Terminate => "terminated",
        }
    }
}

/// From when it is made until it is dropped, signals no longer end the process by themselves.
pub struct Interrupts(system::Interrupts);

impl Interrupts {
    /// # Errors
    ///
    /// The system does not let the process listen for signals.
    pub fn new() -> Result<Self> {
        system::Interrupts::new().map(Self).context("could not listen for signals")
    }

    /// Blocks until the next signal; `None` once [`Closer::close`] was called.
    pub fn wait(&mut self) -> Option<Signal> {
        self.0.wait()
    }

    /// Ends the waiting from another thread.
    pub fn closer(&self) -> Closer {
        Closer(self.0.closer())
    }
}

/// See [`Interrupts::closer`].
pub struct Closer(system::Closer);

impl Closer {
    /// From now on [`Interrupts::wait`] returns `None`.
    pub fn close(&self) {
        self.0.close();
    }
}

#[cfg(unix)]
mod system {
    use std::io;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::{Handle, Signals};

    use super::Signal;

    pub struct Interrupts(Signals);

    impl Interrupts {
        pub fn new() -> io::Result<Self> {
            Signals::new([SIGINT, SIGTERM]).map(Self)
        }

        pub fn wait(&mut self) -> Option<Signal> {
            let signal = self.0.forever().next()?;
            Some(if signal == SIGINT { Signal::Interrupt } else { Signal::Terminate })
        }

        pub fn closer(&self) -> Closer {
            Closer(self.0.handle())
        }
    }

    pub struct Closer(Handle);

    impl Closer {
        pub fn close(&self) {
            self.0.close();
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::sync::Arc;

    use tokio::runtime::{Builder, Runtime};
    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlShutdown};
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    use tokio::sync::Notify;

    use super::Signal;

    pub struct Interrupts {
        runtime: Runtime,
        listeners: (CtrlC, CtrlBreak, CtrlClose, CtrlShutdown),
        closed: Arc<Notify>,
    }

    impl Interrupts {
        pub fn new() -> io::Result<Self> {
            let runtime = Builder::new_current_thread().build()?;
            let listeners = {
                let _inside = runtime.enter();
                (ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?)
            };
            Ok(Self { runtime, listeners, closed: Arc::default() })
        }

        pub fn wait(&mut self) -> Option<Signal> {
            let (interrupt, r#break, close, shutdown) = &mut self.listeners;
            self.runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => Some(Signal::Interrupt),
                    _ = r#break.recv() => Some(Signal::Terminate),
                    _ = close.recv() => Some(Signal::Terminate),
                    _ = shutdown.recv() => Some(Signal::Terminate),
                    () = self.closed.notified() => None,
                }
            })
        }

        pub fn closer(&self) -> Closer {
            Closer(self.closed.clone())
        }
    }

    pub struct Closer(Arc<Notify>);

    impl Closer {
        pub fn close(&self) {
            // Kept for a listener that is not waiting just now.
            self.0.notify_one();
        }
    }
}
