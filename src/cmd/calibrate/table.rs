//! How the result is shown.

use serde_json::{Value, json};

use super::ladder::{Ladder, Row, Step};
use super::trial::Times;

/// The table with its heading, a line for each limit.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!("{:>10} | {:>8} | {:>10} | {:>5}\n", "lag p99 <=", "streams", "events/s", "CPU");
    text.push_str("-----------+----------+------------+------\n");
    for row in rows {
        let limit = format!("{} ms", row.limit);
        let (streams, events, cpu) = match row.step {
            Some(step) => {
                let more = if row.is_open { "+" } else { "" };
                let streams = format!("{}{more}", thousands(f64::from(step.streams)));
                (streams, thousands(step.events_per_second), format!("{:.0} %", step.cpu * 100.0))
            }
            None => ("none".to_owned(), "-".to_owned(), "-".to_owned()),
        };
        text.push_str(&format!("{limit:>10} | {streams:>8} | {events:>10} | {cpu:>5}\n"));
    }
    text
}

/// A measurement as a line of progress.
pub fn line(step: &Step) -> String {
    let Step { streams, events_per_second, lag, cpu } = *step;
    let streams = thousands(f64::from(streams));
    if lag.is_infinite() {
        return format!("{streams:>7} streams: too much, not all events came in time");
    }
    let (events, cpu) = (thousands(events_per_second), cpu * 100.0);
    format!("{streams:>7} streams: {events:>8} events/s, lag p99 {lag:>6.2} ms, CPU {cpu:>3.0} %")
}

/// The same for programs. Times are in milliseconds, shares from 0 to 1; `null` is a limit that even
/// the smallest load passed, or a lag beyond measure.
pub fn value(ladder: &Ladder, times: &Times, notes: &[String]) -> Value {
    let lag = |lag: f64| lag.is_finite().then_some(lag);
    let steps: Vec<_> = ladder
        .steps()
        .map(|step| {
            json!({
                "streams": step.streams,
                "events_per_second": step.events_per_second.round(),
                "lag_p99": lag(step.lag),
                "cpu": step.cpu,
            })
        })
        .collect();
    let limits: Vec<_> = ladder
        .rows()
        .iter()
        .map(|row| {
            json!({
                "lag_p99": row.limit,
                "streams": row.step.map(|step| step.streams),
                "events_per_second": row.step.map(|step| step.events_per_second.round()),
                "cpu": row.step.map(|step| step.cpu),
                "room_for_more": row.is_open,
            })
        })
        .collect();
    json!({ "pace": times.pace.as_secs_f64() * 1e3, "limits": limits, "steps": steps, "notes": notes })
}

/// `12,345`
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up() {
        let step = |streams, lag| Step { streams, events_per_second: 12_345.6, lag, cpu: 0.414 };
        let rows = [
            Row { limit: 1.0, step: None, is_open: false },
            Row { limit: 5.0, step: Some(step(240, 4.0)), is_open: false },
            Row { limit: 20.0, step: Some(step(1200, 9.0)), is_open: true },
        ];
        let expected = "\
lag p99 <= |  streams |   events/s |   CPU
-----------+----------+------------+------
      1 ms |     none |          - |     -
      5 ms |      240 |     12,346 |  41 %
     20 ms |   1,200+ |     12,346 |  41 %
";
        assert_eq!(table(&rows), expected);
        assert!(line(&step(16, f64::INFINITY)).ends_with("too much, not all events came in time"));
        assert_eq!(line(&step(16, 0.5)), "     16 streams:   12,346 events/s, lag p99   0.50 ms, CPU  41 %");
    }

    #[test]
    fn thousands_have_commas() {
        for (number, text) in [(0.0, "0"), (999.4, "999"), (1000.0, "1,000"), (1_234_567.0, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
