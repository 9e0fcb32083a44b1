//! The messages of Prometheus' remote write protocol, version 1.0 (`prometheus.WriteRequest`), and their packing.
//!
//! Field numbers are those of `prompb/remote.proto` and `prompb/types.proto` of Prometheus.

use bytes::Bytes;
use prost::Message;

/// The value that ends a series: Prometheus' stale marker, a NaN of its own.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

#[derive(Clone, PartialEq, Message)]
pub struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Value>,
    #[prost(message, repeated, tag = "4")]
    pub histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `prometheus.Sample`
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    #[prost(double, tag = "1")]
    pub value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
}

/// A native histogram with counts that are whole numbers.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    pub count: Option<u64>,
    #[prost(double, tag = "3")]
    pub sum: f64,
    #[prost(sint32, tag = "4")]
    pub schema: i32,
    #[prost(double, tag = "5")]
    pub zero_threshold: f64,
    #[prost(uint64, optional, tag = "6")]
    pub zero_count: Option<u64>,
    #[prost(message, repeated, tag = "8")]
    pub negative_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "9")]
    pub negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "11")]
    pub positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    pub positive_deltas: Vec<i64>,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "15")]
    pub timestamp: i64,
}

/// `prometheus.BucketSpan`: neighbouring buckets.
#[derive(Clone, PartialEq, Message)]
pub struct Span {
    /// Empty buckets since the end of the span before; of the first one, the index of its first bucket.
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    #[prost(uint32, tag = "2")]
    pub length: u32,
}

impl WriteRequest {
    /// The body of a request: the message in Snappy's block format.
    pub fn packed(&self) -> Result<Bytes, snap::Error> {
        Ok(snap::raw::Encoder::new().compress_vec(&self.encode_to_vec())?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_protocol() {
        let label = Label { name: "a".to_owned(), value: "b".to_owned() };
        let value = Value { value: 1.0, timestamp: 300 };
        let series = TimeSeries { labels: vec![label], samples: vec![value], histograms: Vec::new() };
        let request = WriteRequest { timeseries: vec![series] };
        let body = snap::raw::Decoder::new().decompress_vec(&request.packed().unwrap()).unwrap();
        let want = [
            &[0x0a, 22, 0x0a, 6, 0x0a, 1, b'a', 0x12, 1, b'b', 0x12, 12, 0x09][..],
            &1.0_f64.to_le_bytes(),
            &[0x10, 0xac, 0x02],
        ];
        assert_eq!(body, want.concat());
        assert!(STALE.is_nan());
    }
}
