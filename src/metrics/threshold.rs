//! Thresholds: `p(95)<500`, parsed and evaluated. To be written.
