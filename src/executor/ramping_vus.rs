//! `ramping-vus`: the number of looping VUs follows stages.

use std::time::Duration;

use serde_json::Value;

use super::base::{self, Base, shown};
use super::stage::{self, Stage};
use super::{Budget, Closed, Executor, Plan, Reservation, Share, Step, reservation};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Mismatch};

/// The name that scripts write.
pub const NAME: &str = "ramping-vus";

/// How long a VU that is ramped down may finish, unless `gracefulRampDown` says otherwise.
const GRACEFUL_RAMP_DOWN: GoDuration = GoDuration::from_secs(30);

/// The most changes of the number of VUs that are planned; each is a step in memory.
const MOST_CHANGES: i64 = 10_000_000;

/// The configuration as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RampingVus {
    pub common: Base,
    pub start_vus: Option<i64>,
    pub stages: Option<Vec<Stage>>,
    pub graceful_ramp_down: Option<GoDuration>,
}

impl RampingVus {
    pub(super) fn read(common: Base, fields: &mut Fields) -> Result<Self, Mismatch> {
        Ok(Self {
            common,
            start_vus: fields.take("startVUs")?,
            stages: fields.take("stages")?,
            graceful_ramp_down: fields.take("gracefulRampDown")?,
        })
    }

    fn start_vus(&self) -> i64 {
        self.start_vus.unwrap_or(1)
    }

    fn stages(&self) -> &[Stage] {
        self.stages.as_deref().unwrap_or_default()
    }

    /// The steps of the VUs that fall to one instance, each at the time that it has in the whole.
    fn share_of_curve(&self, share: &Share) -> Vec<Step> {
        self.common.share_of_curve(curve(self.start_vus(), self.stages()), share)
    }

    fn graceful_ramp_down(&self) -> GoDuration {
        self.graceful_ramp_down.unwrap_or(GRACEFUL_RAMP_DOWN)
    }

    /// What the description says of the ramp-down.
    pub(super) fn ramp_down_fact(&self) -> String {
        format!("gracefulRampDown: {}", self.graceful_ramp_down())
    }
}

/// The steps of a ramp from `start` VUs through the stages.
///
/// k6's arithmetic: going from F to T in D, the VU count u is reached at `end - D·(T-u)/(T-F)` on
/// the way up; on the way down u becomes u-1 at `end - D·(T-u+1)/(T-F)`; so the last change of every
/// stage falls on its end. Quotients are cut to whole nanoseconds.
pub(super) fn curve(start: i64, stages: &[Stage]) -> Vec<Step> {
    let mut steps = vec![Step { at: Duration::ZERO, vus: base::vus(start) }];
    let mut push = |at: i128, vus: i64| {
        let at = Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX));
        let vus = base::vus(vus);
        match steps.last_mut() {
            Some(last) if last.at == at => last.vus = vus,
            Some(last) if last.vus == vus => {}
            _ => steps.push(Step { at, vus }),
        }
    };
    let (mut from, mut end) = (start, 0_i128);
    for (duration, to) in stage::values(stages) {
        // An i64 of nanoseconds, so it fits.
        let duration = duration.as_nanos() as i128;
        end += duration;
        let change = i128::from(to - from);
        if duration == 0 && change != 0 {
            push(end, to);
        } else if change > 0 {
            (from + 1..=to).for_each(|u| push(end - duration * i128::from(to - u) / change, u));
        } else if change < 0 {
            let down = (to + 1..=from).rev();
            down.for_each(|u| push(end - duration * i128::from(to - u + 1) / change, u - 1));
        }
        from = to;
    }
    steps
}

impl Executor for RampingVus {
    fn common(&self) -> &Base {
        &self.common
    }

    fn validate(&self) -> Vec<String> {
        let mut problems = self.common.validate();
        if self.start_vus() < 0 {
            problems.push("the number of start VUs can't be negative".to_owned());
        }
        if stage::highest(self.start_vus(), self.stages()) <= 0 {
            problems.push(
                "either startVUs or one of the stages' target values must be greater than 0".to_owned(),
            );
        }
        stage::check(self.start_vus(), self.stages(), &mut problems);
        let changes = stage::changes(self.start_vus(), self.stages());
        if changes > MOST_CHANGES {
            problems.push(format!(
                "the stages change the number of VUs {changes} times, more than {MOST_CHANGES}"
            ));
        }
        if self.graceful_ramp_down().0 < 0 {
            problems.push("the gracefulRampDown timeout can't be negative".to_owned());
        }
        problems
    }

    fn describe(&self, share: &Share) -> String {
        format!(
            "Up to {} looping VUs for {} over {} stages{}",
            base::share_of_vus(stage::highest(self.start_vus(), self.stages()), share),
            GoDuration::from(stage::total(self.stages())),
            self.stages().len(),
            self.common.describe(&[self.ramp_down_fact()]),
        )
    }

    fn plan(&self, share: &Share) -> Plan {
        Plan::Closed(Closed {
            curve: self.share_of_curve(share),
            budget: Budget::Unlimited,
            duration: stage::total(self.stages()),
            graceful_ramp_down: Some(self.graceful_ramp_down().to_std()),
            pace: self.common.pace(),
            graceful_stop: self.common.graceful_stop(),
        })
    }

    fn reservation(&self, share: &Share) -> Vec<Reservation> {
        let end = stage::total(self.stages()).saturating_add(self.common.graceful_stop());
        reservation::of_ramp(&self.share_of_curve(share), self.graceful_ramp_down().to_std(), end)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("startVUs", shown(&self.start_vus)),
            ("stages", shown(&self.stages)),
            ("gracefulRampDown", shown(&self.graceful_ramp_down)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(list: &[(i64, i64)]) -> Vec<Stage> {
        let stage = |(ms, target): &(i64, i64)| Stage {
            duration: Some(GoDuration::from_millis(*ms as f64)),
            target: Some(*target),
        };
        list.iter().map(stage).collect()
    }

    fn steps(start: i64, list: &[(i64, i64)]) -> Vec<(u128, u32)> {
        curve(start, &stages(list)).iter().map(|step| (step.at.as_millis(), step.vus)).collect()
    }

    #[test]
    fn changes_fall_where_k6_puts_them() {
        for (start, list, want) in [
            (0, &[(2000, 4)][..], &[(0, 0), (500, 1), (1000, 2), (1500, 3), (2000, 4)][..]),
            (3, &[(900, 0)], &[(0, 3), (300, 2), (600, 1), (900, 0)]),
            (1, &[(1000, 1), (0, 3), (1000, 3)], &[(0, 1), (1000, 3)]),
            (1, &[(0, 5)], &[(0, 5)]),
            (2, &[(1000, 3), (1000, 2)], &[(0, 2), (1000, 3), (2000, 2)]),
        ] {
            assert_eq!(steps(start, list), want);
        }
    }

    #[test]
    fn vus_are_held_through_the_ramp_down() {
        let ramp = RampingVus {
            start_vus: Some(0),
            stages: Some(stages(&[(2000, 5), (1000, 5), (1000, 0)])),
            graceful_ramp_down: Some(GoDuration::from_secs(1)),
            ..RampingVus::default()
        };
        let held = ramp.reservation(&Share::whole());
        assert_eq!(held.last(), Some(&Reservation::planned(Duration::from_secs(5), 0)));
        assert_eq!(held.iter().map(|step| step.planned).max(), Some(5));
    }
}
