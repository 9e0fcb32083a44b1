//! A call that is over, and whose tokens may have yet to be counted.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::counting;
use super::reply::Reply;
use super::report::Report;
use super::slo::Slo;
use super::tokens::{self, Counter, Tokens};

/// The end of a call. Its report is whole once its tokens are counted.
#[derive(Debug)]
pub struct Ended {
    /// While it is not counted, without the reply, and with estimates for tokens that the server did not tell.
    report: Report,
    uncounted: Option<Box<Uncounted>>,
}

/// What is to be counted, and what depends on it.
#[derive(Clone, Debug)]
pub(super) struct Uncounted {
    pub counter: Counter,
    /// Those of the question that are to be counted.
    pub asked: Vec<String>,
    pub keep_text: bool,
    pub slo: Option<Arc<Slo>>,
    /// When the answer had ended.
    pub since: Instant,
    /// Of the report.
    reply: Arc<Reply>,
}

impl Uncounted {
    pub fn new(counter: Counter, asked: Vec<String>, keep_text: bool, slo: Option<Arc<Slo>>) -> Self {
        Self { counter, asked, keep_text, slo, since: Instant::now(), reply: Arc::default() }
    }
}

impl Ended {
    /// A report of which nothing is left to be counted.
    pub(super) fn whole(report: Report) -> Self {
        Self { report, uncounted: None }
    }

    /// A report of which something is.
    pub(super) fn uncounted(mut report: Report, mut uncounted: Uncounted) -> Self {
        uncounted.reply = Arc::new(std::mem::take(&mut report.reply));
        Self { report, uncounted: Some(Box::new(uncounted)) }
    }

    /// Whether nothing is left to be counted.
    pub fn is_counted(&self) -> bool {
        self.uncounted.is_none()
    }

    /// All but the tokens, the reply, and whether objectives were met: those may be still to come.
    pub fn so_far(&self) -> &Report {
        &self.report
    }

    /// What the model answered; while it is not counted, with its texts.
    pub fn reply(&self) -> &Reply {
        self.uncounted.as_ref().map_or(&self.report.reply, |uncounted| &uncounted.reply)
    }

    /// Has the threads of the [`counting::Pool`] count, and waits for it: other calls of this thread go on. May be
    /// dropped meanwhile, and called again.
    pub async fn count(&mut self) {
        let Some(uncounted) = &self.uncounted else { return };
        let (tell, told) = oneshot::channel();
        let (work, usage) = (uncounted.clone(), self.report.usage);
        let pool = counting::pool();
        pool.hand_over(pool.place().await, move || {
            let tokens = tokens::tokens(&work.counter, &work.asked, &work.reply, usage);
            drop(work);
            // Nobody waits for a call that was cut off.
            let _ = tell.send(tokens);
        });
        // A tokenizer that panicked leaves the estimates.
        let tokens = told.await.unwrap_or(self.report.tokens);
        self.counted(tokens);
    }

    /// Counts here and now: for threads that have nothing else to do.
    pub fn count_here(&mut self) {
        if let Some(uncounted) = &self.uncounted {
            let Uncounted { counter, asked, reply, .. } = &**uncounted;
            let tokens = tokens::tokens(counter, asked, reply, self.report.usage);
            self.counted(tokens);
        }
    }

    fn counted(&mut self, tokens: Tokens) {
        self.report.tokens = tokens;
        if let Some(uncounted) = &self.uncounted {
            counting::pool().waited(uncounted.since);
        }
        self.settle();
    }

    /// Puts the reply back, and judges.
    fn settle(&mut self) {
        let Some(uncounted) = self.uncounted.take() else { return };
        let Uncounted { keep_text, slo, reply, .. } = *uncounted;
        let mut reply = Arc::unwrap_or_clone(reply);
        if !keep_text {
            // They were there to be counted.
            reply.drop_texts();
        }
        self.report.reply = reply;
        self.report.good = slo.map(|slo| slo.is_met(&self.report));
    }

    /// The report; what was not counted is what the server said, or estimated.
    pub fn into_report(mut self) -> Report {
        self.settle();
        self.report
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::llm::marks::{Arrivals, Marks};
    use crate::llm::tokens::{Source, Tokenizer};
    use crate::llm::usage::Usage;
    use crate::net::Outcome;

    fn ended(tokenizer: Tokenizer, keep_text: bool) -> Ended {
        let text = "Hello, world!".to_owned();
        let reply = Reply { bytes: text.len(), text, ..Reply::default() };
        let asked = vec!["Hello, world!".to_owned()];
        let tokens = tokens::tokens(&Counter::default(), &asked, &reply, Usage::default());
        let slo = Some(Arc::new(Slo::parse("ttft<1s").unwrap()));
        let report = Report {
            outcome: Outcome::Ok,
            error: String::new(),
            status: 200,
            marks: Marks::starting(Instant::now()),
            arrivals: Arrivals::default(),
            events: 1,
            reply,
            usage: Usage::default(),
            tokens,
            protocol: "openai-chat",
            terminated: true,
            attempts: Vec::new(),
            good: None,
        };
        Ended::uncounted(report, Uncounted::new(tokenizer.for_model(""), asked, keep_text, slo))
    }

    #[test]
    fn counts_are_the_same_wherever_they_are_made() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for keep_text in [true, false] {
            let (mut there, mut here) =
                (ended(Tokenizer::Cl100k, keep_text), ended(Tokenizer::Cl100k, keep_text));
            assert_eq!((there.is_counted(), there.reply().text.as_str()), (false, "Hello, world!"));
            runtime.block_on(there.count());
            here.count_here();
            assert!(there.is_counted() && here.is_counted());
            for report in [there.into_report(), here.into_report()] {
                let (prompt, completion) = (report.tokens.prompt, report.tokens.completion);
                assert_eq!((prompt.count, completion.count), (10, 4));
                assert_eq!((prompt.source, completion.source), (Source::Tokenizer, Source::Tokenizer));
                assert_eq!((report.reply.text.is_empty(), report.reply.bytes), (!keep_text, 13));
                assert!(report.good.is_some());
            }
        }
        let cut_off = ended(Tokenizer::Cl100k, false).into_report();
        assert_eq!(
            (cut_off.tokens.completion.count, cut_off.tokens.completion.source),
            (4, Source::Estimate)
        );
        assert!(cut_off.reply.text.is_empty() && cut_off.good.is_some());
    }

    #[test]
    fn a_count_that_takes_long_delays_no_other_stream() {
        static OTHER_WAS_READ: AtomicBool = AtomicBool::new(false);
        let slow = Tokenizer::Made(|_| {
            // Were this the thread that reads, there would be no end to it.
            let longest = Instant::now() + Duration::from_secs(20);
            while !OTHER_WAS_READ.load(Ordering::Acquire) {
                assert!(Instant::now() < longest, "the other stream waits for the count");
                std::thread::yield_now();
            }
            7
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut first = ended(slow, false);
            let other = async {
                tokio::task::yield_now().await;
                OTHER_WAS_READ.store(true, Ordering::Release);
            };
            tokio::join!(first.count(), other);
            assert_eq!(first.into_report().tokens.completion.count, 7);
        });
    }
}
