//! What was found: lines while it goes on, a table, a sentence, JSON.

use serde_json::{Value, json};

use super::search::{Level, Search, Verdict, interval};
use super::trial::Trial;
use super::{By, Request, named, plot};
use crate::bench::live::spoken;
use crate::bench::session::Settings;
use crate::bench::table::Table;
use crate::k6::duration::GoDuration;
use crate::metrics::Contains;
use crate::summary::number;
use crate::summary::style::Style;

/// What is about to happen.
pub fn banner(request: &Request, settings: &Settings) -> String {
    let target = &settings.asking.target;
    let slo = request.common.call.slo.as_deref().unwrap_or("none: requests must end well");
    format!(
        "\n   server: POST {} ({})\n  prompts: {}\n      slo: {slo}, by {} of the requests\n     load: {} from {} to {}, {} each\n\n",
        target.endpoint.template(),
        spoken(&target.protocol),
        settings.workload.describe(),
        number::percent(request.rules.attain),
        what(request.by),
        number::count(request.rules.from),
        number::count(request.rules.to),
        GoDuration::from(request.step),
    )
}

fn what(by: By) -> &'static str {
    match by {
        By::Concurrency => "users",
        By::Rate => "requests a second",
    }
}

/// A load that was measured once more.
pub fn line(level: &Level, verdict: Verdict, request: &Request) -> String {
    let (good, total) = level.counts();
    let Some(last) = level.trials.last() else { return String::new() };
    format!(
        "{:>8} {}: {:.1} req/s, {:.1} tok/s, TTFT p99 {}, {} of {total} good → {}\n",
        number::count(level.load),
        if request.by == By::Concurrency && level.load == 1.0 { "user" } else { what(request.by) },
        last.requests_per_second,
        last.tokens_per_second,
        time(last.ttft.p99),
        good,
        named(verdict),
    )
}

fn time(milliseconds: f64) -> String {
    number::value(milliseconds, Contains::Time, None)
}

/// The table, the drawing and the answer.
pub fn text(search: &Search, request: &Request, style: Style) -> String {
    let head = [
        "load",
        "runs",
        "req/s",
        "±",
        "tok/s",
        "TTFT p50",
        "TTFT p99",
        "TPOT p50",
        "TPOT p99",
        "e2e p99",
        "good",
        "95 % interval",
        "failed",
        "",
    ];
    let mut table = Table::new(&head, 0);
    for level in search.levels() {
        let (good, total) = level.counts();
        let (low, high) = interval(good, total);
        let failed: u64 = level.trials.iter().map(|trial| trial.failed).sum();
        let mean = |figure: fn(&Trial) -> f64| time(level.mean(figure));
        table.row(vec![
            number::count(level.load),
            level.trials.len().to_string(),
            format!("{:.2}", level.throughput()),
            level
                .spread(|trial| trial.requests_per_second)
                .map_or("-".to_owned(), |half| format!("{half:.2}")),
            format!("{:.1}", level.mean(|trial| trial.tokens_per_second)),
            mean(|trial| trial.ttft.p50),
            mean(|trial| trial.ttft.p99),
            mean(|trial| trial.tpot.p50),
            mean(|trial| trial.tpot.p99),
            mean(|trial| trial.e2e.p99),
            number::percent(good as f64 / total.max(1) as f64),
            format!("{} to {}", number::percent(low), number::percent(high)),
            failed.to_string(),
            named(search.verdict(level)).to_owned(),
        ]);
    }
    let mut text = format!("\n{}\n{}", style.bold("LOADS"), table.render(2, |head| style.faint(head)));
    text.push_str(&format!("\n{}\n{}", style.bold("TIME TO FIRST TOKEN (p99) AGAINST THROUGHPUT"), {
        plot::terminal(&plot::points(search))
    }));
    text.push_str(&format!("\n{}\n", sentence(search, request, style)));
    text
}

fn sentence(search: &Search, request: &Request, style: Style) -> String {
    let what = what(request.by);
    let Some(answer) = search.answer() else {
        return style.red("no load keeps the objectives, not even the least");
    };
    let above = search.levels().iter().find(|level| level.load > answer.load);
    let why = match above.map(|level| (level.load, search.verdict(level))) {
        Some((load, Verdict::Saturated)) => format!("at {} the server is saturated", number::count(load)),
        Some((load, Verdict::Meets)) => format!("{} bring no more throughput", number::count(load)),
        Some((load, _)) => format!("at {} too few requests are good", number::count(load)),
        None => "no higher load was to be tried (--to)".to_owned(),
    };
    let found = format!("{} {what}", number::count(answer.load));
    format!(
        "{} with {:.2} req/s and {:.1} tok/s; {why}",
        style.green(&found),
        answer.throughput(),
        answer.mean(|trial| trial.tokens_per_second)
    )
}

/// The same for programs; times in milliseconds.
pub fn json(search: &Search, request: &Request) -> Value {
    let of_trial = |trial: &Trial| {
        json!({
            "good": trial.good, "total": trial.total, "failed": trial.failed,
            "requests_per_second": trial.requests_per_second, "tokens_per_second": trial.tokens_per_second,
            "ttft": { "p50": trial.ttft.p50, "p99": trial.ttft.p99 },
            "tpot": { "p50": trial.tpot.p50, "p99": trial.tpot.p99 },
            "e2e": { "p50": trial.e2e.p50, "p99": trial.e2e.p99 },
            "queues_up": trial.queues_up, "client_suspect": trial.suspect,
        })
    };
    let of_level = |level: &Level| {
        let (good, total) = level.counts();
        let (low, high) = interval(good, total);
        json!({
            "load": level.load,
            "verdict": named(search.verdict(level)),
            "good_share": good as f64 / total.max(1) as f64,
            "good_share_interval": [low, high],
            "requests_per_second": level.throughput(),
            "requests_per_second_spread": level.spread(|trial| trial.requests_per_second),
            "trials": level.trials.iter().map(of_trial).collect::<Vec<_>>(),
        })
    };
    json!({
        "by": match request.by { By::Concurrency => "concurrency", By::Rate => "rate" },
        "slo": request.common.call.slo,
        "attain": request.rules.attain,
        "answer": search.answer().map(|level| level.load),
        "levels": search.levels().iter().map(of_level).collect::<Vec<_>>(),
    })
}
