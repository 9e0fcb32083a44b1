//! ssek: a load generator for streaming HTTP services that runs k6 scripts.
//!
//! The layers, of which each imports only those before it; those in braces do not see each other:
//! `k6`, `log`, {`metrics`, `net`, `executor`, `mock`}, `llm`, `options`, `js`, `vu`, `modules`, `summary`,
//! `record`, `report`, `output`, `run`, `bench`, `cmd`. `tests/architecture.rs` holds this.

pub mod bench; // load on LLM servers without a script
pub mod cmd; // one file per subcommand
pub mod executor; // when iterations start
pub mod js; // the engine, embedded
pub mod k6; // what k6 decides: names, numbers, wording
pub mod llm; // calls of language models
pub mod log; // log lines in k6's format
pub mod metrics; // samples and what is made of them
pub mod mock; // the embedded LLM server
pub mod modules; // what scripts import
pub mod net; // sockets to facts
pub mod options; // what was typed, and what it means
pub mod output; // samples out, while running
pub mod record; // what a run leaves behind, as a value and as a file
pub mod report; // the HTML page of a record, and of a run that goes on
pub mod run; // a test run: clock, threads, stop signal
pub mod summary; // the end-of-test result and its faces
pub mod vu; // the hot path
