//! `at-once-users`: so many users come at the same moment.

use serde_json::Value;

use super::base::{self, shown};
use super::injection::Piece;
use super::open_shape::{self, OpenShape, Part};
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "at-once-users";

/// As typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtOnceUsers {
    pub users: Option<i64>,
}

impl AtOnceUsers {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self { users: fields.take("users")? })
    }

    fn users(&self) -> u64 {
        base::count(self.users.unwrap_or(0))
    }
}

impl OpenShape for AtOnceUsers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        open_shape::check_users(self.users, &mut problems);
        problems
    }

    fn describe(&self, part: &Part) -> String {
        format!("{} users at once", part.users(self.users()))
    }

    fn pieces(&self) -> Vec<Piece> {
        vec![Piece::Burst(self.users())]
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("users", shown(&self.users))]
    }
}
