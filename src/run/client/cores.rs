//! How many cores this process may use: its affinity, and the quota of its control groups.

use std::path::{Path, PathBuf};

/// In cores; a quota makes it a fraction, so that half a core used up is 100 %.
pub(super) fn usable() -> f64 {
    // Heeds the affinity, and quotas rounded to whole cores, at least one.
    let whole = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    quota(&read).map_or(whole, |quota| quota.min(whole))
}

/// The least quota of the control group and those around it; `None` without any.
fn quota(read: &dyn Fn(&Path) -> Option<String>) -> Option<f64> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    let group_of = |line: &str| -> Option<(bool, PathBuf)> {
        // `0::/a/b` in version 2, `4:cpu,cpuacct:/a/b` in version 1: cgroups(7).
        let (number, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let root = match (number, controllers) {
            ("0", "") => "/sys/fs/cgroup",
            (_, names) if names.split(',').any(|name| name == "cpu") => "/sys/fs/cgroup/cpu",
            _ => return None,
        };
        Some((controllers.is_empty(), Path::new(root).join(path.trim_start_matches('/'))))
    };
    let quotas = groups.lines().filter_map(group_of).flat_map(|(unified, path)| {
        let around = path.ancestors().take_while(|path| path.starts_with("/sys/fs/cgroup"));
        around.map(move |path| (unified, path.to_owned())).collect::<Vec<_>>()
    });
    let quotas = quotas.filter_map(|(unified, path)| match unified {
        true => unified_quota(&read(&path.join("cpu.max"))?),
        false => {
            let number = |name: &str| read(&path.join(name))?.trim().parse::<f64>().ok();
            ratio(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)
        }
    });
    quotas.min_by(f64::total_cmp)
}

/// Cores of a `cpu.max`: `150000 100000`, or `max 100000` for none.
fn unified_quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    ratio(quota.parse().ok()?, period.parse().ok()?)
}

/// A quota of -1 is none.
fn ratio(quota: f64, period: f64) -> Option<f64> {
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and what stands there.
    type Files = &'static [(&'static str, &'static str)];

    #[test]
    fn the_narrowest_quota_counts() {
        let cases: [(Files, Option<f64>); 6] = [
            (&[], None),
            (&[("/proc/self/cgroup", "0::/\n")], None),
            (&[("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/cpu.max", "max 100000\n")], None),
            (
                &[
                    ("/proc/self/cgroup", "0::/pod/run\n"),
                    ("/sys/fs/cgroup/pod/run/cpu.max", "150000 100000\n"),
                    ("/sys/fs/cgroup/pod/cpu.max", "50000 100000\n"),
                ],
                Some(0.5),
            ),
            (
                &[
                    ("/proc/self/cgroup", "5:cpu,cpuacct:/box\n3:memory:/box\n"),
                    ("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n"),
                    ("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n"),
                    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "125000\n"),
                    ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
                ],
                Some(1.25),
            ),
            (&[("/proc/self/cgroup", "nonsense\n0:\n"), ("/sys/fs/cgroup/cpu.max", "1")], None),
        ];
        for (files, want) in cases {
            let read = |path: &Path| {
                let found = files.iter().find(|(name, _)| Path::new(name) == path)?;
                Some(found.1.to_owned())
            };
            assert_eq!(quota(&read), want, "{files:?}");
        }
    }

    #[test]
    fn there_is_something_to_use() {
        assert!(usable() > 0.0);
    }
}
