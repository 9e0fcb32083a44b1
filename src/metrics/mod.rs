//! Samples and what is made of them.

mod breakdown;
pub mod definition;
pub mod engine;
pub mod ingest;
pub mod left_out;
pub mod packed;
pub mod protocols;
pub mod registry;
pub mod sample;
pub mod selector;
pub mod sink;
pub mod snapshot;
pub mod tags;
pub mod threshold;
pub mod trace;
pub mod trend;
pub mod trend_stat;

pub use crate::k6::builtin::{Contains, Kind};
pub use definition::Definition;
pub use engine::BatchSink;
pub use packed::Packed;
pub use registry::{Metric, MetricId, Registry, Series, SeriesId};
pub use sample::{Batch, Sample, Timestamp};
pub use snapshot::Snapshot;
pub use tags::{TagSet, TagSetId};
pub use threshold::ThresholdSpec;
