//! One piece of work: a question, or a conversation turn by turn.

use std::pin::pin;
use std::time::{Duration, Instant};

use super::local::Local;
use super::recording::{self, Asked};
use super::stage::Stage;
use super::workload::Work;
use crate::k6::builtin;
use crate::k6::duration::milliseconds;
use crate::llm::{Delta, Ended, Ongoing, Report, Request};
use crate::metrics::TagSetId;
use crate::net::{Client, Outcome};

/// Does the work with the connections of the user with this number. `due`: when it should have started, in an open
/// model.
pub async fn run(stage: &Stage, local: &Local, user: (u32, &Client), work: &Work, due: Option<Instant>) {
    let began = Instant::now();
    let (number, client) = user;
    let asking = &*stage.asking;
    let whole = stage.test.registry.tag_set(&local.tags(work.name.as_ref(), 0, 1));
    let delay = due.map(|due| began.saturating_duration_since(due));
    if let Some(delay) = delay {
        local.record(&builtin::SCHEDULE_DELAY, whole, began, milliseconds(delay));
    }
    let mut talk = asking.begin();
    let turns = work.turns.len();
    let mut held = 0;
    for (index, turn) in work.turns.iter().enumerate() {
        if let Some(pause) = asking.pause(work.place, index).filter(|_| index > 0)
            && !stage.pause(pause).await
        {
            break;
        }
        if !stage.may_go_on() {
            break;
        }
        let request = asking.request(&mut talk, turn, number);
        let traced = stage.test.traces.begin();
        let ended = ask(stage, client, &request).await;
        let asked = Asked {
            conversation: work.name.clone(),
            turn: index,
            turns,
            user: number,
            delay: delay.filter(|_| index == 0),
            traced,
        };
        note(stage, ended.so_far());
        let outcome = ended.so_far().outcome;
        let reply = if ended.is_counted() {
            let report = ended.into_report();
            recording::keep(stage, local, &asked, &report);
            report.reply
        } else {
            let reply =
                if asking.target.keep_text { ended.reply().clone() } else { ended.reply().without_texts() };
            stage.counting.hand_over(stage, ended, asked).await;
            reply
        };
        if outcome != Outcome::Ok {
            // What would be asked next assumes an answer to this.
            held += usize::from(index + 1 == turns && outcome != Outcome::Interrupted);
            break;
        }
        held += 1;
        talk.answered(turn, reply);
    }
    if held < turns {
        stage.tally.broken_off();
    } else {
        end(local, whole, began, due);
    }
    let least = stage.test.options().map_or(Duration::ZERO, |options| options.min_iteration_duration);
    let rest = least.saturating_sub(began.elapsed());
    if !rest.is_zero() {
        stage.pause(rest).await;
    }
}

/// Asks, until it is answered or the run is cut off.
async fn ask(stage: &Stage, client: &Client, request: &Request) -> Ended {
    let mut ongoing = Ongoing::new(client, &stage.asking.target, request);
    let mut cut = pin!(stage.cut());
    let mut on = |delta: &Delta, _: Instant| {
        if delta.is_content() {
            stage.tally.piece();
        }
    };
    loop {
        let is_over = tokio::select! {
            biased;
            goes_on = ongoing.next(&mut on) => !goes_on,
            () = &mut cut => {
                ongoing.close(Outcome::Interrupted);
                true
            }
        };
        if is_over {
            return ongoing.finish();
        }
    }
}

fn note(stage: &Stage, report: &Report) {
    let cause = report.attempts.last().and_then(|attempt| attempt.cause.as_ref());
    // Without the URL, in which sessions differ.
    let text = cause.map_or_else(|| report.error.clone(), |cause| cause.message());
    stage.tally.request(report.outcome, report.status, &text);
    if report.is_ok() {
        stage.tally.answer(&report.arrivals);
    }
    stage.tally.retries(report.retries() as u64);
}

/// All turns were held.
fn end(local: &Local, tags: TagSetId, began: Instant, due: Option<Instant>) {
    let now = Instant::now();
    local.record(&builtin::ITERATION_DURATION, tags, now, milliseconds(now - began));
    if let Some(due) = due {
        let since = now.saturating_duration_since(due);
        local.record(&builtin::ITERATION_DURATION_SCHEDULED, tags, now, milliseconds(since));
    }
    local.record(&builtin::ITERATIONS, tags, now, 1.0);
}
