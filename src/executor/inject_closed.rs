//! `inject-closed`: closed shapes one after the other.

use serde_json::Value;

use super::base::shown;
use super::closed_shape::{ClosedShape, ClosedStep};
use super::stage::{self, Stage};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "inject-closed";

/// As typed.
#[derive(Clone, Debug, Default)]
pub struct InjectClosed {
    pub steps: Option<Vec<ClosedStep>>,
}

impl InjectClosed {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { steps: fields.take("steps")? })
    }

    fn steps(&self) -> &[ClosedStep] {
        self.steps.as_deref().unwrap_or_default()
    }
}

impl ClosedShape for InjectClosed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        if self.steps().is_empty() {
            return vec!["at least one of `steps` has to be specified".to_owned()];
        }
        let number = |(number, step): (usize, &ClosedStep)| {
            let problems = step.0.problems();
            (!problems.is_empty())
                .then(|| format!("step {} ({}): {}", number + 1, step.0.name(), problems.join(", ")))
        };
        self.steps().iter().enumerate().filter_map(number).collect()
    }

    fn describe(&self, scale: &dyn Fn(i64) -> u32) -> String {
        let stages = self.stages();
        format!(
            "Up to {} concurrent users for {} in {} steps",
            scale(stage::highest(0, &stages)),
            GoDuration::from(stage::total(&stages)),
            self.steps().len()
        )
    }

    fn stages(&self) -> Vec<Stage> {
        self.steps().iter().flat_map(|step| step.0.stages()).collect()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("steps", shown(&self.steps))]
    }
}
