//! Go durations. To be written.
