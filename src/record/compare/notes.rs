//! What makes two records hard to compare.

use crate::record::Record;
use crate::summary::client::Client;

/// One sentence for each thing that a reader should know before the figures.
pub fn notes(base: &Record, head: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    let (a, b) = (&base.meta, &head.meta);
    if (&a.host.cpus, &a.host.memory, &a.host.arch) != (&b.host.cpus, &b.host.memory, &b.host.arch) {
        notes.push(format!(
            "they were made on different machines ({} CPUs {}, {} CPUs {})",
            a.host.cpus, a.host.arch, b.host.cpus, b.host.arch
        ));
    }
    if a.target != b.target {
        notes.push(format!("they are about different targets ({}, {})", a.target, b.target));
    }
    if a.models != b.models {
        notes.push(format!("different models answered ({}, {})", a.models.join(" "), b.models.join(" ")));
    }
    if a.ssek != b.ssek {
        notes.push(format!("they were made by different versions of ssek ({}, {})", a.ssek, b.ssek));
    }
    for (which, record) in [("base", base), ("head", head)] {
        if let Some(client) = record.client.as_ref().filter(|client| client.is_suspect()) {
            notes.push(format!("ssek was too busy in {which}: {}", Client::reason(client)));
        }
        if !record.complete {
            notes.push(format!("{which} broke off before its end"));
        }
        if record.missing > 0 {
            notes.push(format!(
                "{which} lacks {} samples, which came too fast for the record",
                record.missing
            ));
        }
    }
    notes
}
