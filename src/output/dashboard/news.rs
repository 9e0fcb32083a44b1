//! What viewers are told: rendered once for all of them.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::broadcast;

use crate::record::Collected;
use crate::report::{About, Board, Data, Part, page};

/// How many messages a viewer may be behind before it gets everything anew.
const BEHIND: usize = 8;

/// A message in the form of event streams, ready to be sent.
pub type Message = Arc<str>;

/// The run as it is shown, and its viewers.
#[derive(Debug)]
pub struct News {
    state: Mutex<State>,
    sender: broadcast::Sender<Message>,
}

#[derive(Debug, Default)]
struct State {
    board: Board,
    about: About,
    /// The whole data as of this tick.
    whole: Option<(u64, Arc<str>)>,
    ended: bool,
}

impl Default for News {
    fn default() -> Self {
        Self { state: Mutex::default(), sender: broadcast::channel(BEHIND).0 }
    }
}

impl News {
    /// Takes in what came since the last time and tells those who watch. `about` says what is not in the figures.
    pub fn add(&self, collected: Collected, about: impl FnOnce(&Board) -> About) {
        let mut state = self.state();
        let width = state.board.width;
        let since = state.board.add(collected.step, collected.series, collected.breakdowns);
        let tick = state.about.tick + 1;
        state.about = About { tick, ..about(&state.board) };
        state.ended = state.about.exit_code.is_some();
        if self.sender.receiver_count() == 0 {
            return;
        }
        let message = if state.ended {
            message("end", tick, &state.whole())
        } else if state.board.width != width {
            message("whole", tick, &state.whole())
        } else {
            let since = since.unwrap_or(state.board.seconds);
            let news = Data::live(&state.about, &state.board, Part::Since(since));
            message("news", tick, &news.json())
        };
        // Fails only where the last viewer has just left.
        let _ = self.sender.send(message);
    }

    /// The page as it is now.
    pub fn page(&self) -> String {
        let state = self.state();
        page::render(&Data::live(&state.about, &state.board, Part::Whole))
    }

    /// What a viewer with the data of a tick is to be told at once, if anything, and what comes later.
    pub fn watch(&self, tick: Option<u64>) -> (Option<Message>, broadcast::Receiver<Message>) {
        let mut state = self.state();
        let later = self.sender.subscribe();
        let now = state.about.tick;
        let known = tick == Some(now) && !state.ended;
        ((!known).then(|| state.message_of_all()), later)
    }

    /// Everything, for a viewer who missed something.
    pub fn whole(&self) -> Message {
        self.state().message_of_all()
    }

    /// How many watch.
    pub fn viewers(&self) -> usize {
        self.sender.receiver_count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl State {
    fn message_of_all(&mut self) -> Message {
        message(if self.ended { "end" } else { "whole" }, self.about.tick, &self.whole())
    }

    fn whole(&mut self) -> Arc<str> {
        let now = self.about.tick;
        match &self.whole {
            Some((tick, text)) if *tick == now => text.clone(),
            _ => {
                let text: Arc<str> = Data::live(&self.about, &self.board, Part::Whole).json().into();
                self.whole = Some((now, text.clone()));
                text
            }
        }
    }
}

/// Whether nothing comes after this one.
pub fn is_end(message: &str) -> bool {
    message.starts_with("event: end\n")
}

/// JSON has no line ends, so one line of data holds it.
fn message(event: &str, tick: u64, json: &str) -> Message {
    format!("event: {event}\nid: {tick}\ndata: {json}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(news: &News, exit_code: Option<u8>) {
        news.add(Collected::default(), |_| About { exit_code, ..About::default() });
    }

    #[test]
    fn who_knows_everything_is_told_what_comes() {
        let news = News::default();
        tell(&news, None);
        let (now, mut later) = news.watch(Some(1));
        assert!(now.is_none() && later.try_recv().is_err());
        let (now, _other) = news.watch(Some(0));
        assert!(now.is_some_and(|text| text.starts_with("event: whole\nid: 1\ndata: {")));
        assert_eq!(news.viewers(), 2);
        tell(&news, None);
        assert!(later.try_recv().is_ok_and(|text| text.starts_with("event: news\nid: 2\n")));
        tell(&news, Some(0));
        assert!(later.try_recv().is_ok_and(|text| text.starts_with("event: end\nid: 3\n")));
        assert!(news.watch(Some(3)).0.is_some_and(|text| is_end(&text)));
    }

    #[test]
    fn a_slow_viewer_is_told_that_it_missed_something() {
        let news = News::default();
        let (_, mut later) = news.watch(None);
        (0..100).for_each(|_| tell(&news, None));
        assert!(matches!(later.try_recv(), Err(broadcast::error::TryRecvError::Lagged(_))));
        assert!(news.whole().starts_with("event: whole\nid: 100\n"));
    }
}
