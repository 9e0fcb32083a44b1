//! The error codes 1000–1699. To be written.
