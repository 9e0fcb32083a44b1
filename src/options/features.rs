//! Feature flags: behaviour of k6's that is off unless asked for by name.

use std::collections::BTreeMap;

/// One flag, as `ssek features` lists it.
pub struct Feature {
    pub name: &'static str,
    /// How settled it is.
    pub lifecycle: &'static str,
    pub description: &'static str,
}

/// The flags of the k6 version whose behaviour scripts see.
pub const FEATURES: [Feature; 3] = [
    Feature {
        name: "freeze-env",
        lifecycle: "Experimental",
        description: "Freeze __ENV object to prevent modifications from JS code",
    },
    Feature {
        name: "merge-run-tags",
        lifecycle: "Experimental",
        description: "Merge run tags across config layers instead of replacing",
    },
    Feature {
        name: "native-histograms",
        lifecycle: "Experimental",
        description: "Use native histograms for trend metrics",
    },
];

/// The flags that are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Scripts cannot change `__ENV`.
    pub freeze_env: bool,
    /// The `tags` of all levels count, not only those of the highest.
    pub merge_run_tags: bool,
    /// For outputs that can send trends as histograms.
    pub native_histograms: bool,
}

impl Features {
    /// The flags of these names, and the names that are none.
    pub fn of(names: &[String]) -> (Self, Vec<String>) {
        let (mut features, mut unknown) = (Self::default(), Vec::new());
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            match name {
                "freeze-env" => features.freeze_env = true,
                "merge-run-tags" => features.merge_run_tags = true,
                "native-histograms" => features.native_histograms = true,
                name => unknown.push(name.to_owned()),
            }
        }
        (features, unknown)
    }

    /// The tags that every sample of the run gets, so that results tell what was on.
    pub fn tags(self) -> BTreeMap<String, String> {
        let on = [self.freeze_env, self.merge_run_tags, self.native_histograms];
        let tag = |feature: &Feature| format!("k6_feature_{}", feature.name.replace('-', "_"));
        let active = FEATURES.iter().zip(on).filter(|(_, on)| *on);
        active.map(|(feature, _)| (tag(feature), "true".to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_switches_one_flag_on() {
        for feature in &FEATURES {
            let (features, unknown) = Features::of(&[format!(" {}", feature.name)]);
            assert!(unknown.is_empty());
            let tags: Vec<_> = features.tags().into_iter().collect();
            let want = format!("k6_feature_{}", feature.name.replace('-', "_"));
            assert_eq!(tags, [(want, "true".to_owned())]);
        }
        assert_eq!(
            Features::of(&["x".to_owned(), String::new()]),
            (Features::default(), vec!["x".to_owned()])
        );
    }
}
