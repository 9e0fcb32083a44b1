//! ssek's own state as a record keeps it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::summary::client::{Client, Cpu};
use crate::summary::verdict::{Evidence, Verdict};

/// [`Client`] in JSON. Shares are from 0 to 1, times in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientLine {
    /// How long it was watched.
    time: f64,
    cores: f64,
    cpu_peak: f64,
    cpu_mean: f64,
    cpu_sustained: f64,
    machine_cpu_peak: Option<f64>,
    lag_count: u64,
    lag_p99: f64,
    lag_max: f64,
    first_event: Option<f64>,
    /// `too short`, `trustworthy` or `suspect`.
    verdict: String,
    reasons: Vec<String>,
}

impl From<&Client> for ClientLine {
    fn from(client: &Client) -> Self {
        let Evidence { cpu, lag_count, lag_p99, lag_max, first_event } = client.evidence;
        let (verdict, reasons) = match &client.verdict {
            Verdict::TooShort => ("too short", Vec::new()),
            Verdict::Trustworthy => ("trustworthy", Vec::new()),
            Verdict::Suspect(reasons) => ("suspect", reasons.clone()),
        };
        Self {
            time: cpu.time.as_secs_f64() * 1e3,
            cores: cpu.cores,
            cpu_peak: cpu.peak,
            cpu_mean: cpu.mean,
            cpu_sustained: cpu.sustained,
            machine_cpu_peak: cpu.machine_peak,
            lag_count,
            lag_p99,
            lag_max,
            first_event,
            verdict: verdict.to_owned(),
            reasons,
        }
    }
}

impl ClientLine {
    /// The state; `None` for a time that is none, or a verdict that nobody gives.
    pub fn read(self) -> Option<Client> {
        let time = Duration::try_from_secs_f64(self.time / 1e3).ok()?;
        let verdict = match &*self.verdict {
            "too short" => Verdict::TooShort,
            "trustworthy" => Verdict::Trustworthy,
            "suspect" => Verdict::Suspect(self.reasons),
            _ => return None,
        };
        let cpu = Cpu {
            time,
            cores: self.cores,
            peak: self.cpu_peak,
            mean: self.cpu_mean,
            sustained: self.cpu_sustained,
            machine_peak: self.machine_cpu_peak,
        };
        let Self { lag_count, lag_p99, lag_max, first_event, .. } = self;
        Some(Client { evidence: Evidence { cpu, lag_count, lag_p99, lag_max, first_event }, verdict })
    }
}

/// The state of the machines of several runs: the worst of each figure, and every reason for doubt once.
pub fn merged(clients: Vec<Option<Client>>) -> Option<Client> {
    let mut clients = clients.into_iter().flatten();
    let mut worst = clients.next()?;
    for client in clients {
        let (a, b) = (&mut worst.evidence, client.evidence);
        a.cpu.time = a.cpu.time.max(b.cpu.time);
        a.cpu.cores = a.cpu.cores.max(b.cpu.cores);
        a.cpu.peak = a.cpu.peak.max(b.cpu.peak);
        a.cpu.mean = a.cpu.mean.max(b.cpu.mean);
        a.cpu.sustained = a.cpu.sustained.max(b.cpu.sustained);
        let machine = [a.cpu.machine_peak, b.cpu.machine_peak];
        a.cpu.machine_peak = machine.into_iter().flatten().reduce(f64::max);
        a.lag_count += b.lag_count;
        a.lag_p99 = a.lag_p99.max(b.lag_p99);
        a.lag_max = a.lag_max.max(b.lag_max);
        a.first_event = [a.first_event, b.first_event].into_iter().flatten().reduce(f64::min);
        worst.verdict = match (worst.verdict, client.verdict) {
            (Verdict::Suspect(mut reasons), Verdict::Suspect(more)) => {
                let fresh: Vec<_> = more.into_iter().filter(|reason| !reasons.contains(reason)).collect();
                reasons.extend(fresh);
                Verdict::Suspect(reasons)
            }
            (suspect @ Verdict::Suspect(_), _) | (_, suspect @ Verdict::Suspect(_)) => suspect,
            (Verdict::TooShort, _) | (_, Verdict::TooShort) => Verdict::TooShort,
            _ => Verdict::Trustworthy,
        };
    }
    Some(worst)
}
