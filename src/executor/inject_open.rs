//! `inject-open`: open shapes one after the other, with pauses between them.

use serde_json::Value;

use super::base::shown;
use super::injection::{self, Piece};
use super::open_shape::{OpenShape, OpenStep, Part};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "inject-open";

/// As typed.
#[derive(Clone, Debug, Default)]
pub struct InjectOpen {
    pub steps: Option<Vec<OpenStep>>,
}

impl InjectOpen {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { steps: fields.take("steps")? })
    }

    fn steps(&self) -> &[OpenStep] {
        self.steps.as_deref().unwrap_or_default()
    }
}

impl OpenShape for InjectOpen {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        if self.steps().is_empty() {
            return vec!["at least one of `steps` has to be specified".to_owned()];
        }
        let number = |(number, step): (usize, &OpenStep)| {
            let problems = step.0.problems();
            (!problems.is_empty())
                .then(|| format!("step {} ({}): {}", number + 1, step.0.name(), problems.join(", ")))
        };
        self.steps().iter().enumerate().filter_map(number).collect()
    }

    fn describe(&self, part: &Part) -> String {
        let pieces = self.pieces();
        format!(
            "{} users over {} in {} steps",
            part.users(injection::users(&pieces)),
            GoDuration::from(injection::duration(&pieces)),
            self.steps().len()
        )
    }

    fn pieces(&self) -> Vec<Piece> {
        self.steps().iter().flat_map(|step| step.0.pieces()).collect()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("steps", shown(&self.steps))]
    }
}
