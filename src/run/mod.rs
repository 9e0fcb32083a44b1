//! A test run: the only place with the clock, the threads and the stop signal.

pub mod progress;
