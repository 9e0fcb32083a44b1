//! A run of the binary that is watched, talked to and stopped while it goes on.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a line or the end may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has come out of the process up to now.
#[derive(Default)]
struct Heard {
    /// Of stdout and of stderr, apart: a line of one must not cut a line of the other in two.
    text: Mutex<[String; 2]>,
    more: Condvar,
}

/// A process that is killed when this is dropped.
pub struct Running {
    child: Child,
    pub folder: tempfile::TempDir,
    heard: Arc<Heard>,
    listeners: Vec<JoinHandle<()>>,
}

/// `ssek` with these arguments, in a folder with `script.js` alone, without the caller's environment.
pub fn command(args: &[&str], script: &str) -> (Command, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script.js"), script).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssek"));
    command.args(args).current_dir(&folder).env_clear().env("HOME", folder.path());
    (command, folder)
}

impl Running {
    /// Starts `ssek run ARGS script.js`.
    pub fn start(args: &[&str], script: &str) -> Self {
        let args: Vec<_> = ["run"].iter().chain(args).chain(&["script.js"]).copied().collect();
        Self::of(command(&args, script))
    }

    /// Starts a command in its folder.
    pub fn of((mut command, folder): (Command, tempfile::TempDir)) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let heard = Arc::<Heard>::default();
        let listeners = vec![
            listen(child.stdout.take().unwrap(), 0, heard.clone()),
            listen(child.stderr.take().unwrap(), 1, heard.clone()),
        ];
        Self { child, folder, heard, listeners }
    }

    /// Waits until stdout and stderr hold a text so many times; returns all they hold.
    pub fn wait_for(&self, text: &str, times: usize) -> String {
        let until = Instant::now() + PATIENCE;
        let mut heard = self.heard.text.lock().unwrap();
        while heard.concat().matches(text).count() < times {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {text:?} in:\n{}", heard.concat());
            heard = self.heard.more.wait_timeout(heard, left.min(Duration::from_secs(1))).unwrap().0;
        }
        heard.concat()
    }

    /// Where the REST API listens; the run needs `-v`.
    pub fn api(&self) -> SocketAddr {
        let text = self.wait_for("the REST API listens on http://", 1);
        let at = text.split("the REST API listens on http://").nth(1).unwrap();
        let port: u16 = at.split('"').next().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    pub fn signal(&self, signal: libc::c_int) {
        let pid = libc::pid_t::try_from(self.child.id()).unwrap();
        // SAFETY: signals a child that was not waited for, so the id is still its own.
        unsafe { libc::kill(pid, signal) };
    }

    /// Waits for the end; returns the exit code, and stdout and stderr in one text.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let code = wait(&mut self.child);
        self.listeners.drain(..).for_each(|listener| listener.join().unwrap());
        (code, self.heard.text.lock().unwrap().concat())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit code of a process that ends in time.
pub fn wait(child: &mut Child) -> Option<i32> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("the process hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn listen(mut from: impl Read + Send + 'static, stream: usize, heard: Arc<Heard>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 {
                return;
            }
            heard.text.lock().unwrap()[stream].push_str(&String::from_utf8_lossy(&buffer[..read]));
            heard.more.notify_all();
        }
    })
}
