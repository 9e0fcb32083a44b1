//! The raw floor: what the same streams cost a client that does nothing but read them.
//!
//! One thread, epoll, no JavaScript, no JSON, no samples: streams are read, cut into events and counted.
//! `scripts/bench` sets ssek's figures against it. It needs no crate, so `rustc` alone builds it:
//!
//! ```text
//! floor ADDRESS TARGET streams=N [rounds=R] [lockstep=1] [spread=MS] [hold=MS] [body=JSON]
//! ```
//!
//! Prints one JSON object: `events`, `cpu_s`, `wall_s`, `ttft_ms` (mean, p50, p99, max), `kb_per_stream`.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod epoll;
#[cfg(target_os = "linux")]
mod reply;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match client::Plan::read(&args).and_then(|plan| client::run(&plan)) {
        Ok(report) => {
            println!("{report}");
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("floor: needs Linux (epoll)");
    std::process::exit(1);
}
