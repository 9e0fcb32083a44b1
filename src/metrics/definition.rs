//! The `thresholds` option, checked against the metrics there are.

use std::sync::Arc;

use super::selector::{EXPECTED_RESPONSES, Selector};
use super::threshold::{Threshold, ThresholdError, ThresholdSpec, supported};
use super::{Metric, Registry};
use crate::k6::SystemTag;
use crate::k6::system_tag::SystemTags;
use crate::log::{self, Level};

/// One entry of the `thresholds` option, or a sub-metric without thresholds.
#[derive(Clone, Debug)]
pub struct Definition {
    pub selector: Selector,
    pub metric: Arc<Metric>,
    /// In the order of the script.
    pub thresholds: Vec<(ThresholdSpec, Threshold)>,
}

impl Definition {
    /// Reads the key of an entry alone, as `--no-thresholds` does: the sub-metric is still made.
    pub fn without_thresholds(name: &str, registry: &Registry) -> Result<Self, ThresholdError> {
        let selector = Selector::parse(name)?;
        let metric =
            registry.find(&selector.metric).ok_or_else(|| ThresholdError::NoMetric(name.to_owned()))?;
        Ok(Self { selector, metric, thresholds: Vec::new() })
    }

    /// Reads an entry. Custom metrics must have been registered before.
    pub fn resolve(name: &str, specs: &[ThresholdSpec], registry: &Registry) -> Result<Self, ThresholdError> {
        let parsed: Vec<_> =
            specs.iter().map(|spec| Threshold::parse(&spec.source)).collect::<Result<_, _>>()?;
        let mut definition = Self::without_thresholds(name, registry)?;
        let kind = definition.metric.kind;
        if let Some(at) = parsed.iter().position(|threshold| !threshold.fits(kind)) {
            return Err(ThresholdError::Unsupported {
                source_text: specs[at].source.clone(),
                metric: name.to_owned(),
                method: parsed[at].method(),
                kind: kind.name(),
                supported: supported(kind),
            });
        }
        definition.thresholds = specs.iter().cloned().zip(parsed).collect();
        Ok(definition)
    }
}

/// All sub-metrics and thresholds of a run: the entries of the `thresholds` option, and the
/// sub-metric that is always there while its system tag is on.
///
/// With `evaluate` off (`--no-thresholds`) expressions are not looked at, and entries that cannot
/// be read are passed over with a warning.
pub fn definitions(
    thresholds: &[(String, Vec<ThresholdSpec>)],
    evaluate: bool,
    system_tags: SystemTags,
    registry: &Registry,
) -> Result<Vec<Definition>, ThresholdError> {
    let mut definitions = Vec::new();
    for (name, specs) in thresholds {
        // Tags have no secrets either: what the name singles out stays the same.
        let name = &*log::hide(name);
        let definition = if evaluate {
            Definition::resolve(name, specs, registry)?
        } else {
            match Definition::without_thresholds(name, registry) {
                Ok(definition) => definition,
                Err(error) => {
                    let message = format!("Invalid metric '{name}' in threshold definitions");
                    log::emit(Level::Warn, &message, &[("error", &error.to_string())]);
                    continue;
                }
            }
        };
        warn_about_metadata(name, &definition.selector);
        definitions.push(definition);
    }
    if system_tags.has(SystemTag::ExpectedResponse) {
        definitions.push(Definition::without_thresholds(EXPECTED_RESPONSES, registry)?);
    }
    Ok(definitions)
}

/// `vu` and `iter` are metadata of samples, which no sub-metric can match.
fn warn_about_metadata(name: &str, selector: &Selector) {
    for (key, _) in &selector.tags {
        if [SystemTag::Vu, SystemTag::Iter].iter().any(|tag| tag.name() == &**key) {
            log::warn(format!(
                "The threshold on '{name}' will see no samples: '{key}' is metadata, not a tag; set a tag of your own on the requests instead"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_k6s() {
        let registry = Registry::new();
        for (name, source, want) in [
            (
                "http_req_duration",
                "p(95) <",
                r#"failed parsing threshold expression "p(95) <"; reason: malformed threshold expression"#,
            ),
            (
                "checks",
                "rate 5",
                r#"failed parsing threshold expression "rate 5"; reason: malformed threshold expression"#,
            ),
            (
                "checks",
                "foo>5",
                r#"failed parsing threshold expression's "foo>5" left hand side; reason: failed parsing method from expression"#,
            ),
            (
                "http_req_duration",
                "p(101)<5",
                r#"failed parsing threshold expression's "p(101)<5" left hand side; reason: malformed percentile value, provide a number between 0 and 100"#,
            ),
            (
                "checks",
                "rate>x",
                r#"failed parsing threshold expression's "rate>x" right hand side; reason: "x" is not a number"#,
            ),
            (
                "iterations",
                "p(95)>5",
                r#"invalid threshold "p(95)>5" applied on metric iterations; reason: unsupported aggregation method p on metric of type counter. supported aggregation methods for this metric are: count, rate"#,
            ),
            ("nope", "avg<1", r#"invalid threshold defined on nope; reason: no metric name "nope" found"#),
            (
                "checks{",
                "rate>1",
                "unable to validate threshold expressions; reason: parsing metric name failed; reason: unmatched opening/close curly brace",
            ),
        ] {
            let spec = ThresholdSpec { source: source.to_owned(), ..ThresholdSpec::default() };
            let error = Definition::resolve(name, &[spec], &registry).unwrap_err();
            assert_eq!(error.to_string(), want);
        }
    }

    #[test]
    fn without_evaluation_sub_metrics_remain() {
        let registry = Registry::new();
        let entry = |name: &str, source: &str| {
            let spec = ThresholdSpec { source: source.to_owned(), ..ThresholdSpec::default() };
            (name.to_owned(), vec![spec])
        };
        let entries = [entry("checks{a:b}", "not one"), entry("nope", "rate>1"), entry("vus", "value<9")];
        let shown = |system_tags| {
            let definitions = definitions(&entries, false, system_tags, &registry).unwrap();
            assert!(definitions.iter().all(|d| d.thresholds.is_empty()));
            let names = definitions.iter().map(|d| format!("{} {:?}", d.metric.name, d.selector.suffix));
            names.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(shown(SystemTags::NONE), r#"checks Some("a:b"), vus None"#);
        assert_eq!(
            shown(SystemTags::DEFAULT),
            r#"checks Some("a:b"), vus None, http_req_duration Some("expected_response:true")"#
        );
        assert!(definitions(&entries, true, SystemTags::NONE, &registry).is_err());
    }
}
