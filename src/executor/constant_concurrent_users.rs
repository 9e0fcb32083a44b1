//! `constant-concurrent-users`: so many users at any time.

use serde_json::Value;

use super::base::{self, shown};
use super::closed_shape::{self, ClosedShape};
use super::open_shape;
use super::stage::Stage;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "constant-concurrent-users";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConstantConcurrentUsers {
    pub users: Option<i64>,
    pub duration: Option<GoDuration>,
}

impl ConstantConcurrentUsers {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { users: fields.take("users")?, duration: fields.take("duration")? })
    }

    fn users(&self) -> i64 {
        self.users.unwrap_or(0)
    }
}

impl ClosedShape for ConstantConcurrentUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        open_shape::check_users(self.users, &mut problems);
        base::check_time(self.duration, "duration", &mut problems);
        problems
    }

    fn describe(&self, scale: &dyn Fn(i64) -> u32) -> String {
        format!("{} concurrent users for {}", scale(self.users()), self.duration.unwrap_or_default())
    }

    fn stages(&self) -> Vec<Stage> {
        closed_shape::from_to(self.users(), self.users(), self.duration.unwrap_or_default()).to_vec()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("users", shown(&self.users)), ("duration", shown(&self.duration))]
    }
}
