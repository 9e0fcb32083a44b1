//! `nothing-for`: a pause between two steps of an `inject-open`.

use serde_json::Value;

use super::base::{self, shown};
use super::injection::Piece;
use super::open_shape::{OpenShape, Part};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "nothing-for";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NothingFor {
    pub duration: Option<GoDuration>,
}

impl NothingFor {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { duration: fields.take("duration")? })
    }
}

impl OpenShape for NothingFor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, _: &Part) -> String {
        format!("nobody for {}", self.duration.unwrap_or_default())
    }

    fn pieces(&self) -> Vec<Piece> {
        vec![Piece::Pause(self.duration.unwrap_or_default().to_std())]
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("duration", shown(&self.duration))]
    }
}
