//! Secrets that a server is asked for: once for each key, whichever VU needs it first.
//!
//! A thread of its own sends the requests, since VUs that wait for the same one may be on several threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use super::Secret;
use crate::k6::quote::quote;
use crate::log::{self, Level};
use crate::net::client::{Client, Config};
use crate::net::proxy::Proxies;
use crate::net::{self, Call, fetch};
use crate::options::secret_source::UrlSource;

/// k6's limit, in bytes.
const MAX_SECRET: usize = 24 * 1024;

/// What everybody who asked for a key waits for.
type Asked = Shared<BoxFuture<'static, Secret>>;

/// A server, and what it has been asked for.
pub(super) struct Server {
    settings: UrlSource,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    /// Failed ones are asked for again.
    asked: HashMap<String, Asked>,
    /// The thread, once it was needed.
    thread: Option<mpsc::UnboundedSender<Order>>,
}

struct Order {
    key: String,
    answer: oneshot::Sender<Secret>,
}

impl Server {
    pub fn new(settings: UrlSource) -> Self {
        Self { settings, desk: Mutex::default() }
    }

    /// The secret of a key, as soon as it is there.
    ///
    /// # Errors
    ///
    /// There is no thread to ask.
    pub fn get(&self, key: &str) -> Result<Asked, String> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = desk.asked.get(key)
            && !matches!(asked.peek(), Some(Err(_)))
        {
            return Ok(asked.clone());
        }
        let thread = match &desk.thread {
            Some(thread) => thread.clone(),
            None => desk.thread.insert(start(&self.settings)?).clone(),
        };
        let (answer, answered) = oneshot::channel();
        let gone = || "the thread that asks for secrets is gone".to_owned();
        thread.send(Order { key: key.to_owned(), answer }).map_err(|_| gone())?;
        let asked = answered.map(move |got| got.unwrap_or_else(|_| Err(gone()))).boxed().shared();
        desk.asked.insert(key.to_owned(), asked.clone());
        Ok(asked)
    }
}

/// Starts the thread; it ends with the channel.
fn start(settings: &UrlSource) -> Result<mpsc::UnboundedSender<Order>, String> {
    let (sender, orders) = mpsc::unbounded_channel();
    let env = |name: &str| std::env::var(name).ok();
    let config = Config { proxies: Proxies::from_env(&env), no_connection_reuse: true, ..Config::default() };
    let shared = net::Shared::new(config).map_err(|error| error.message())?;
    let settings = Arc::new(settings.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no I/O to ask for it: {error}"))?;
    std::thread::Builder::new()
        .name("secrets".to_owned())
        .spawn(move || {
            let client = Client::new(&shared, 0);
            runtime.block_on(serve(&settings, &client, orders));
        })
        .map_err(|error| format!("no thread to ask for it: {error}"))?;
    Ok(sender)
}

/// Answers one order after the other: secrets are few, and what is limited to a few requests a second gains nothing
/// from more at once.
async fn serve(settings: &UrlSource, client: &Client, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut limit = Limit::new(settings);
    while let Some(Order { key, answer }) = orders.recv().await {
        tokio::time::sleep_until(limit.take(Instant::now()).into()).await;
        // Whoever asked may be gone.
        let _ = answer.send(ask(settings, client, &key).await);
    }
}

/// A bucket of turns: `burst` of them at once, and then one each 60 s / `requests_per_minute`.
struct Limit {
    gap: Duration,
    /// How far turns may be ahead of one each gap.
    ahead: Duration,
    /// When the next turn were due at one each gap.
    due: Option<Instant>,
}

impl Limit {
    fn new(settings: &UrlSource) -> Self {
        let gap = Duration::from_secs(60) / settings.requests_per_minute.max(1);
        Self { gap, ahead: gap.saturating_mul(settings.burst.saturating_sub(1)), due: None }
    }

    /// When the next request may be sent, now being `now`: the generic cell rate algorithm.
    fn take(&mut self, now: Instant) -> Instant {
        let due = self.due.map_or(now, |due| due.max(now));
        self.due = Some(due + self.gap);
        due.checked_sub(self.ahead).map_or(now, |earliest| earliest.max(now))
    }
}

/// Asks until there is an answer, or no use in asking again.
async fn ask(settings: &UrlSource, client: &Client, key: &str) -> Secret {
    let mut wait = settings.retry_backoff;
    for left in (0..=settings.max_retries).rev() {
        match attempt(settings, client, key).await {
            Err(Refusal { text, is_passing: true }) if left > 0 => {
                let fields = [("error", text.as_str()), ("key", key)];
                log::emit(Level::Debug, "could not fetch a secret, trying again", &fields);
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2);
            }
            Err(refusal) => return Err(refusal.text),
            Ok(secret) => return Ok(secret),
        }
    }
    Err("it was never asked".to_owned())
}

struct Refusal {
    text: String,
    /// Whether another attempt may do better.
    is_passing: bool,
}

async fn attempt(settings: &UrlSource, client: &Client, key: &str) -> Result<String, Refusal> {
    let lasting = |text: String| Refusal { text, is_passing: false };
    let url =
        settings.url_of(key).ok_or_else(|| lasting("the key makes no URL of urlTemplate".to_owned()))?;
    let headers = settings.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let call = Call { headers, timeout: Some(settings.timeout), ..Call::new(settings.method.as_str(), url) };
    let exchange = fetch(client, call).await;
    let last = exchange.last();
    if let Some(error) = &last.error {
        return Err(Refusal { text: error.message(), is_passing: true });
    }
    let status = last.status;
    if status != StatusCode::OK.as_u16() {
        let is_passing = status >= 500 || status == StatusCode::TOO_MANY_REQUESTS.as_u16();
        return Err(Refusal { text: format!("the server answered with status code {status}"), is_passing });
    }
    extract(&exchange.body, settings.response_path.as_deref()).map_err(lasting)
}

/// The secret in an answer. What is wrong is said without showing it.
fn extract(body: &[u8], path: Option<&str>) -> Secret {
    if body.len() > MAX_SECRET {
        return Err(format!("the answer is longer than {MAX_SECRET} bytes"));
    }
    let text = std::str::from_utf8(body).map_err(|_| "the answer is no UTF-8 text".to_owned())?;
    let Some(path) = path else { return Ok(text.to_owned()) };
    if !gjson::valid(text) {
        return Err("the answer is no JSON".to_owned());
    }
    let found = gjson::get(text, path);
    match found.kind() {
        gjson::Kind::String => Ok(found.str().to_owned()),
        _ if !found.exists() => Err(format!("the answer has nothing at responsePath {}", quote(path))),
        _ => Err(format!("what the answer has at responsePath {} is no string", quote(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_each_gap() {
        let settings = UrlSource { requests_per_minute: 60, burst: 2, ..UrlSource::default() };
        let mut limit = Limit::new(&settings);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let given: Vec<_> = [0, 0, 0, 0, 0, 20].map(|now| limit.take(at(now)) - start).to_vec();
        let want: Vec<_> = [0, 0, 1, 2, 3, 20].map(Duration::from_secs).to_vec();
        assert_eq!(given, want);
    }

    #[test]
    fn secrets_in_answers() {
        let json = br#"{"data":{"value":"s\"1","n":5}}"#;
        assert_eq!(extract(json, Some("data.value")).unwrap(), "s\"1");
        assert_eq!(extract(b"all of it\n", None).unwrap(), "all of it\n");
        for (body, path, word) in [
            (&json[..], Some("data.n"), "no string"),
            (json, Some("data.x"), "nothing at responsePath \"data.x\""),
            (b"oops", Some("x"), "no JSON"),
            (b"\xff", None, "no UTF-8"),
            (&[b'a'; MAX_SECRET + 1], None, "longer than"),
        ] {
            assert!(extract(body, path).unwrap_err().contains(word), "{word}");
        }
    }
}
