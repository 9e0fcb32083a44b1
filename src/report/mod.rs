//! The HTML page of a record: one file that needs nothing else, drawn by the browser.
//!
//! A [`Board`] holds a run in bins of time, whether the run is over or goes on; [`data`] makes of it what the
//! page reads, and [`page`] puts that into the page.

pub mod about;
pub mod board;
pub mod data;
mod distribution;
mod gaps;
mod lines;
mod outcomes;
pub mod page;
pub mod path;
mod rounded;
mod sampled;
mod statistics;

pub use about::About;
pub use board::Board;
pub use data::{Data, Part};
pub use path::default_path;

use crate::record::Record;

/// The report of a run: a whole HTML page.
pub fn html(record: &Record) -> String {
    let board = Board::of(record);
    page::render(&Data::of(record, &board))
}
