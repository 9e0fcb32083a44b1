//! The ingest loop. To be written.
