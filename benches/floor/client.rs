//! Opens the streams, reads them to the end, and says what it saw.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::epoll::Epoll;
use super::reply::Reply;

type Result<T> = std::result::Result<T, String>;

/// What to do.
pub struct Plan {
    address: String,
    request: Vec<u8>,
    streams: usize,
    /// Streams that each connection carries, one after the other.
    rounds: usize,
    /// A round begins for all when the one before has ended for all.
    lockstep: bool,
    /// The first streams begin evenly over this time.
    spread: Duration,
    /// Ends after this time, whether the streams have or not: for idle ones.
    hold: Option<Duration>,
}

struct Stream {
    socket: TcpStream,
    reply: Reply,
    begun: Instant,
    rounds_left: usize,
}

/// What was seen.
#[derive(Default)]
struct Seen {
    events: u64,
    /// Milliseconds from before the connection or the request to the read with the first event.
    first: Vec<f64>,
}

impl Plan {
    pub fn read(args: &[String]) -> Result<Self> {
        let [address, target, settings @ ..] = args else {
            return Err("want ADDRESS TARGET [key=value]…".into());
        };
        let (mut streams, mut rounds, mut lockstep) = (1, 1, false);
        let (mut spread, mut hold, mut body) = (Duration::ZERO, None, "");
        for setting in settings {
            let (key, value) = setting.split_once('=').ok_or("want key=value")?;
            let number = || value.parse::<usize>().map_err(|_| format!("{setting}: want a whole number"));
            match key {
                "streams" => streams = number()?.max(1),
                "rounds" => rounds = number()?.max(1),
                "lockstep" => lockstep = number()? != 0,
                "spread" => spread = Duration::from_millis(number()? as u64),
                "hold" => hold = Some(Duration::from_millis(number()? as u64)),
                "body" => body = value,
                _ => return Err(format!("{key}: no such setting")),
            }
        }
        let method = if body.is_empty() { "GET" } else { "POST" };
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let request = request.into_bytes();
        Ok(Self { address: address.clone(), request, streams, rounds, lockstep, spread, hold })
    }

    /// When stream `i` begins, after the start.
    fn offset(&self, i: usize) -> Duration {
        self.spread.mul_f64(i as f64 / self.streams as f64)
    }
}

/// Does it, and returns the report: a JSON object on one line.
pub fn run(plan: &Plan) -> Result<String> {
    let text = |error: std::io::Error| error.to_string();
    let idle = resident_kb();
    let start = Instant::now();
    let mut epoll = Epoll::new(1024).map_err(text)?;
    let mut streams: Vec<Stream> = Vec::with_capacity(plan.streams);
    let mut buffer = vec![0; 64 << 10];
    let mut seen = Seen::default();
    let (mut ended, mut in_round, mut resident) = (0, 0, 0);
    while ended < plan.streams {
        while streams.len() < plan.streams && start.elapsed() >= plan.offset(streams.len()) {
            let begun = Instant::now();
            let socket = TcpStream::connect(&plan.address).map_err(text)?;
            socket.set_nodelay(true).map_err(text)?;
            let mut stream = Stream { socket, reply: Reply::default(), begun, rounds_left: plan.rounds };
            stream.begin(plan, begun)?;
            epoll.add(&stream.socket, streams.len() as u64).map_err(text)?;
            streams.push(stream);
            if streams.len() == plan.streams {
                resident = resident_kb();
            }
        }
        let mut patience = Duration::from_secs(1);
        if streams.len() < plan.streams {
            patience = plan.offset(streams.len()).saturating_sub(start.elapsed());
        } else if let Some(hold) = plan.hold {
            if start.elapsed() >= plan.spread + hold {
                break;
            }
            patience = hold.min(Duration::from_millis(100));
        }
        for ready in epoll.wait(patience).map_err(text)?.to_vec() {
            let stream = &mut streams[ready.token as usize];
            if !stream.read(&mut buffer, &mut seen)? {
                continue;
            }
            if stream.rounds_left == 0 {
                epoll.remove(&stream.socket).map_err(text)?;
                ended += 1;
            } else if !plan.lockstep {
                stream.begin(plan, Instant::now())?;
            }
            in_round += 1;
        }
        if plan.lockstep && in_round == plan.streams && ended == 0 {
            in_round = 0;
            for stream in &mut streams {
                stream.begin(plan, Instant::now())?;
            }
        }
    }
    Ok(report(plan, &mut seen, start.elapsed(), resident.saturating_sub(idle)))
}

impl Stream {
    fn begin(&mut self, plan: &Plan, begun: Instant) -> Result<()> {
        self.begun = begun;
        self.reply = Reply::default();
        self.rounds_left -= 1;
        // Requests are small: the socket takes them whole.
        self.socket
            .set_nonblocking(false)
            .and_then(|()| self.socket.write_all(&plan.request))
            .map_err(|error| format!("writing a request: {error}"))?;
        self.socket.set_nonblocking(true).map_err(|error| error.to_string())
    }

    /// Reads what is there; whether that ends the answer.
    fn read(&mut self, buffer: &mut [u8], seen: &mut Seen) -> Result<bool> {
        let count = match self.socket.read(buffer) {
            Ok(0) => return Err("the server closed a connection".into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(format!("reading: {error}")),
        };
        let before = self.reply.events;
        self.reply.feed(&buffer[..count])?;
        if before == 0 && self.reply.events > 0 {
            seen.first.push(self.begun.elapsed().as_secs_f64() * 1e3);
        }
        seen.events += self.reply.events - before;
        Ok(self.reply.is_complete())
    }
}

fn report(plan: &Plan, seen: &mut Seen, wall: Duration, grown_kb: u64) -> String {
    seen.first.sort_by(f64::total_cmp);
    let count = seen.first.len();
    let at = |quantile: f64| match count {
        0 => 0.0,
        _ => seen.first[((count as f64 * quantile).ceil() as usize).clamp(1, count) - 1],
    };
    let mean = seen.first.iter().sum::<f64>() / count.max(1) as f64;
    format!(
        "{{\"events\":{},\"streams\":{},\"cpu_s\":{:.6},\"wall_s\":{:.3},\"kb_per_stream\":{:.2},\
         \"ttft_ms\":{{\"mean\":{mean:.3},\"p50\":{:.3},\"p99\":{:.3},\"max\":{:.3}}}}}",
        seen.events,
        plan.streams * plan.rounds,
        cpu_seconds(),
        wall.as_secs_f64(),
        grown_kb as f64 / plan.streams as f64,
        at(0.5),
        at(0.99),
        at(1.0),
    )
}

/// What this thread, the only one, has run.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
