//! Log lines in k6's format. To be written.

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// Writes one line with its fields to wherever the settings say.
pub fn emit(level: Level, message: &str, fields: &[(&str, &str)]) {
    eprintln!("{level:?} {message} {fields:?}");
}

pub fn debug(message: &str) {
    emit(Level::Debug, message, &[]);
}

pub fn info(message: &str) {
    emit(Level::Info, message, &[]);
}

pub fn warn(message: &str) {
    emit(Level::Warning, message, &[]);
}

pub fn error(message: &str) {
    emit(Level::Error, message, &[]);
}
