//! Latency by percentile, for a plot on HDR histograms' axis.

use serde::Serialize;

use super::board::Board;
use super::rounded::Rounded;
use crate::metrics::packed::PackedTrend;

/// One line of the plot.
#[derive(Clone, Debug, Serialize)]
pub struct Distribution {
    pub metric: &'static str,
    /// 1 / (1 - p), with p from 0 to 1, and the value in milliseconds: 10 is p90, 1000 is p99.9.
    pub points: Vec<(Rounded, Rounded)>,
}

/// What has a line; of each row the first that there is.
const METRICS: &[&[&str]] = &[
    &["llm_time_to_first_token", "sse_time_to_first_event"],
    &["llm_time_per_output_token"],
    &["llm_inter_token_latency", "sse_event_gap"],
    &["llm_request_duration", "sse_stream_duration", "http_req_duration"],
    &["http_req_waiting"],
    &["grpc_req_duration"],
    &["ws_session_duration"],
    &["iteration_duration"],
];

/// How many lines can be told apart.
const MOST: usize = 6;

/// Points for each step to a tenth of the values.
const PER_DECADE: f64 = 20.0;

impl Distribution {
    /// The lines of a board.
    pub fn of(board: &Board) -> Vec<Self> {
        let line = |metrics: &&[&'static str]| {
            metrics.iter().find_map(|metric| {
                let trend = board.whole(metric)?.total.trend().filter(|trend| trend.count() > 0)?;
                Some(Self { metric, points: points(trend) })
            })
        };
        METRICS.iter().filter_map(line).take(MOST).collect()
    }
}

/// From the smallest value to the place of the last but one: beyond, there is nothing to tell apart.
fn points(trend: &PackedTrend) -> Vec<(Rounded, Rounded)> {
    let last = (trend.count() as f64).max(10.0);
    let steps = (last.log10() * PER_DECADE).floor() as u32;
    (0..=steps)
        .map(|step| {
            let x = 10_f64.powf(f64::from(step) / PER_DECADE);
            // A logarithmic axis has no zero.
            let value = trend.percentile(100.0 * (1.0 - 1.0 / x)).max(1e-3);
            (Rounded(x), Rounded(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::packed::TrendTally;

    #[test]
    fn each_decade_is_ten_times_rarer() {
        let mut tally = TrendTally::default();
        (1..=1000).for_each(|value| tally.add(f64::from(value)));
        let points = points(&tally.pack());
        assert_eq!((points.len(), points[0].1.0), (61, 1.0));
        let at = |x: f64| points.iter().find(|(place, _)| (place.0 - x).abs() < 1e-9).unwrap().1.0;
        assert!((at(10.0) - 900.1).abs() < 1.0 && (at(1000.0) - 999.0).abs() < 1.0);
    }
}
