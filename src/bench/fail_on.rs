//! `--fail-on 'p95(ttft)>1s'`: a threshold said the other way round.

use crate::k6::builtin;
use crate::k6::duration::GoDuration;
use crate::metrics::ThresholdSpec;

/// Short names of metrics: what they stand for, and the aggregation where none is given.
const NAMES: &[(&str, &str, &str)] = &[
    ("ttft", "llm_time_to_first_token", "avg"),
    ("ttvt", "llm_time_to_first_visible_token", "avg"),
    ("tpot", "llm_time_per_output_token", "avg"),
    ("itl", "llm_inter_token_latency", "avg"),
    ("e2e", "llm_request_duration", "avg"),
    ("latency", "llm_request_duration", "avg"),
    ("duration", "llm_request_duration", "avg"),
    ("ttfb", "http_req_waiting", "avg"),
    ("tps", "llm_output_tokens_per_second", "avg"),
    ("goodput", "llm_goodput", "rate"),
    ("errors", "http_req_failed", "rate"),
    ("error_rate", "http_req_failed", "rate"),
];

/// Comparisons and what must hold for them not to.
const OPPOSITES: [(&str, &str); 6] =
    [(">=", "<"), ("<=", ">"), ("==", "!="), ("!=", "=="), (">", "<="), ("<", ">=")];

/// The threshold, as a metric with its selector and an expression, that is crossed when `text` is true.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<(String, ThresholdSpec), String> {
    let form = || {
        format!(
            "'{text}' is none; write FIGURE(METRIC)>LIMIT, such as 'p95(ttft)>1s' or 'error_rate>1%', with the \
             metric's name or one of {}",
            names()
        )
    };
    // Behind the braces of a selector.
    let from = text.rfind(['}', ')']).unwrap_or(0);
    let (at, sign, opposite) = OPPOSITES
        .iter()
        .filter_map(|(sign, opposite)| text[from..].find(sign).map(|at| (at + from, *sign, *opposite)))
        .min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())))
        .ok_or_else(form)?;
    let (left, right) = (text[..at].trim(), text[at + sign.len()..].trim());
    let (figure, inside) = match left.split_once('(') {
        Some((figure, rest)) if !figure.contains('{') => {
            (Some(figure.trim()), rest.strip_suffix(')').ok_or_else(form)?.trim())
        }
        _ => (None, left),
    };
    let (name, selector) = match inside.find('{') {
        Some(at) => (inside[..at].trim(), &inside[at..]),
        None => (inside, ""),
    };
    if name.is_empty() {
        return Err(form());
    }
    if !is_known(name) {
        return Err(format!(
            "'{text}': there is no metric {name:?}; there are {} and all llm_*, sse_* and http_* ones",
            names()
        ));
    }
    let (metric, usual) = match NAMES.iter().find(|(short, ..)| *short == name) {
        Some((_, metric, usual)) => (*metric, Some(*usual)),
        None => (name, None),
    };
    let figure = match figure.or(usual) {
        Some("mean") => "avg".to_owned(),
        Some("median") => "med".to_owned(),
        Some(figure) => match figure.strip_prefix('p').map(str::parse::<f64>) {
            Some(Ok(rank)) => format!("p({rank})"),
            _ => figure.to_owned(),
        },
        None => return Err(form()),
    };
    let limit = limit(right).ok_or_else(|| {
        format!(
            "'{text}': {right:?} is no limit; write a time such as 500ms, a share such as 1%, or a number"
        )
    })?;
    let spec = ThresholdSpec { source: format!("{figure}{opposite}{limit}"), ..ThresholdSpec::default() };
    Ok((format!("{metric}{selector}"), spec))
}

fn names() -> String {
    NAMES.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
}

/// Whether a metric has this name, or stands behind this short one.
fn is_known(name: &str) -> bool {
    let all = [builtin::ALL, builtin::LLM, builtin::STREAMING, builtin::SCHEDULED];
    let own = [&builtin::SSE_EVENT, &builtin::SCHEDULE_DELAY, &builtin::CLIENT_LAG];
    NAMES.iter().any(|(short, ..)| *short == name)
        || all.iter().any(|metrics| metrics.iter().any(|metric| metric.name == name))
        || own.iter().any(|metric| metric.name == name)
}

/// `1s` in milliseconds, `5%` as a share, or a number.
fn limit(text: &str) -> Option<f64> {
    if let Some(percent) = text.strip_suffix('%') {
        return Some(percent.trim().parse::<f64>().ok()? / 100.0);
    }
    let number = text.parse().ok();
    number.or_else(|| Some(GoDuration::parse_go(text).ok()?.to_std().as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opposite_must_hold() {
        for (text, metric, source) in [
            ("p95(ttft)>1s", "llm_time_to_first_token", "p(95)<=1000"),
            ("p99.9(tpot) >= 50ms", "llm_time_per_output_token", "p(99.9)<50"),
            ("error_rate>1%", "http_req_failed", "rate<=0.01"),
            ("goodput<0.95", "llm_goodput", "rate>=0.95"),
            ("mean(e2e)>5s", "llm_request_duration", "avg<=5000"),
            ("max(llm_tail{turn:1,x:a>b})>3", "llm_tail{turn:1,x:a>b}", "max<=3"),
            ("count(llm_requests{outcome:truncated})>0", "llm_requests{outcome:truncated}", "count<=0"),
            ("count(dropped_iterations)!=0", "dropped_iterations", "count==0"),
        ] {
            let (name, spec) = parse(text).unwrap();
            assert_eq!((name.as_str(), spec.source.as_str()), (metric, source), "{text}");
        }
        for bad in ["", "p95(ttft)", "p95(ttft>1s", "ttft>soon", "llm_tail>5", ">5", "p95()>1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        for (bad, want) in [("p95(foo)>1s", "no metric \"foo\""), ("ttft>1parsec", "\"1parsec\" is no limit")]
        {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
    }
}
