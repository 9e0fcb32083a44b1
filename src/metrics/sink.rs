//! One sink per kind of metric: where samples end up.

/// The aggregate of a metric's samples. To be written.
#[derive(Clone, Debug)]
pub struct Sink;
