//! What CPU time ssek spends, of the cores that it may use, and how busy the whole machine is.

use std::time::{Duration, Instant};

use super::process_time::process_time;
use crate::summary::client::Cpu;

/// The share that was kept up for so many readings in a row is [`Cpu::sustained`].
const SUSTAINED: usize = 3;

/// A reading that comes sooner after the last one says little: the kernel counts in ticks.
const LEAST: Duration = Duration::from_millis(250);

/// Reads the clocks now and then, and keeps the extremes.
pub(super) struct Meter {
    cores: f64,
    start: Reading,
    last: Reading,
    /// The latest shares, as many as [`SUSTAINED`].
    recent: Vec<f64>,
    cpu: Cpu,
}

#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    process: Duration,
    machine: Option<Machine>,
}

impl Reading {
    fn now() -> Self {
        Self { at: Instant::now(), process: process_time(), machine: Machine::now() }
    }
}

impl Meter {
    /// `cores` is what this process may use at most, in cores.
    pub fn start(cores: f64) -> Self {
        let now = Reading::now();
        let cpu = Cpu { cores, ..Cpu::default() };
        Self { cores, start: now, last: now, recent: Vec::new(), cpu }
    }

    /// To be called once a second.
    pub fn read(&mut self) {
        self.take(Reading::now());
    }

    /// The figures, with a last reading.
    pub fn finish(mut self) -> Cpu {
        let now = Reading::now();
        if now.at - self.last.at >= LEAST || self.last.at == self.start.at {
            self.take(now);
        }
        self.cpu.mean = self.share(self.start, now);
        self.cpu.time = now.at - self.start.at;
        self.cpu
    }

    fn take(&mut self, now: Reading) {
        let share = self.share(self.last, now);
        self.cpu.peak = self.cpu.peak.max(share);
        if let (Some(before), Some(after)) = (self.last.machine, now.machine)
            && let Some(busy) = after.busy_since(before)
        {
            self.cpu.machine_peak = Some(self.cpu.machine_peak.map_or(busy, |peak| peak.max(busy)));
        }
        if self.recent.len() == SUSTAINED {
            self.recent.remove(0);
        }
        self.recent.push(share);
        if self.recent.len() == SUSTAINED {
            let kept_up = self.recent.iter().copied().fold(f64::INFINITY, f64::min);
            self.cpu.sustained = self.cpu.sustained.max(kept_up);
        }
        self.last = now;
    }

    fn share(&self, from: Reading, to: Reading) -> f64 {
        let time = (to.at - from.at).as_secs_f64() * self.cores;
        if time > 0.0 { to.process.saturating_sub(from.process).as_secs_f64() / time } else { 0.0 }
    }
}

/// The first line of `/proc/stat`: what all cores did since the machine's start, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Machine {
    busy: u64,
    total: u64,
}

impl Machine {
    /// `None` on systems that do not tell.
    fn now() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    /// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guests are part of
    /// user and nice (proc_stat(5)). Time that the hypervisor stole counts as busy: nobody here had it.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
        if ticks.len() < 4 {
            return None;
        }
        let total: u64 = ticks.iter().sum();
        let idle = ticks[3] + ticks.get(4).unwrap_or(&0);
        Some(Self { busy: total - idle, total })
    }

    fn busy_since(self, before: Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|ticks| *ticks > 0)?;
        // `iowait` may go back a little; so may what is left.
        let busy = self.busy.saturating_sub(before.busy);
        Some((busy as f64 / total as f64).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_line_is_understood() {
        let text = "cpu  100 20 30 1000 50 1 2 7 90 0\ncpu0 1 2 3 4\nintr 5\n";
        let before = Machine::parse(text).unwrap();
        assert_eq!(before, Machine { busy: 160, total: 1210 });
        let after = Machine { busy: 160 + 30, total: 1210 + 40 };
        assert_eq!(after.busy_since(before), Some(0.75));
        assert_eq!(before.busy_since(after), None);
        for bad in ["", "cpu0 1 2 3 4", "cpu  1 2 x 4", "cpu  1 2 3"] {
            assert_eq!(Machine::parse(bad), None, "{bad}");
        }
        // Kernels before 2.6 had four fields.
        assert_eq!(Machine::parse("cpu  1 2 3 4"), Some(Machine { busy: 6, total: 10 }));
    }

    #[test]
    fn peak_mean_and_what_was_kept_up() {
        let start = Instant::now();
        let reading = |seconds: u64, process_ms: u64, busy: u64| Reading {
            at: start + Duration::from_secs(seconds),
            process: Duration::from_millis(process_ms),
            machine: Some(Machine { busy, total: 200 * seconds }),
        };
        let mut meter = Meter {
            cores: 2.0,
            start: reading(0, 0, 0),
            last: reading(0, 0, 0),
            recent: Vec::new(),
            cpu: Cpu { cores: 2.0, ..Cpu::default() },
        };
        for now in [
            reading(1, 1800, 190),
            reading(2, 2000, 200),
            reading(3, 3000, 250),
            reading(4, 4200, 300),
            reading(5, 5000, 350),
        ] {
            meter.take(now);
        }
        let Cpu { peak, sustained, machine_peak, .. } = meter.cpu;
        assert_eq!((peak, sustained, machine_peak), (0.9, 0.4, Some(0.95)));
        let end = reading(5, 5000, 350);
        assert_eq!(meter.share(meter.start, end), 0.5);
    }

    #[test]
    fn time_that_is_spent_shows() {
        let (before, meter) = (process_time(), Meter::start(1.0));
        let mut x = 1_u64;
        while process_time() < before + Duration::from_millis(20) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        let cpu = meter.finish();
        assert!(cpu.mean > 0.0 && cpu.peak >= cpu.mean && cpu.cores == 1.0, "{cpu:?}");
    }
}
