//! The tags that the tool itself puts on samples.

/// A tag set by the tool, switched on or off by `systemTags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SystemTag {
    Proto,
    Subproto,
    Status,
    Method,
    Url,
    Name,
    Group,
    Check,
    Error,
    ErrorCode,
    TlsVersion,
    Scenario,
    Service,
    ExpectedResponse,
    Iter,
    Vu,
    OcspStatus,
    Ip,
}

impl SystemTag {
    /// Every tag, in the order of their names' declaration.
    pub const ALL: [Self; 18] = [
        Self::Proto,
        Self::Subproto,
        Self::Status,
        Self::Method,
        Self::Url,
        Self::Name,
        Self::Group,
        Self::Check,
        Self::Error,
        Self::ErrorCode,
        Self::TlsVersion,
        Self::Scenario,
        Self::Service,
        Self::ExpectedResponse,
        Self::Iter,
        Self::Vu,
        Self::OcspStatus,
        Self::Ip,
    ];

    /// The tag's key on a sample.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proto => "proto",
            Self::Subproto => "subproto",
            Self::Status => "status",
            Self::Method => "method",
            Self::Url => "url",
            Self::Name => "name",
            Self::Group => "group",
            Self::Check => "check",
            Self::Error => "error",
            Self::ErrorCode => "error_code",
            Self::TlsVersion => "tls_version",
            Self::Scenario => "scenario",
            Self::Service => "service",
            Self::ExpectedResponse => "expected_response",
            Self::Iter => "iter",
            Self::Vu => "vu",
            Self::OcspStatus => "ocsp_status",
            Self::Ip => "ip",
        }
    }

    /// The tag of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| tag.name() == name)
    }
}

/// A set of system tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemTags(u32);

impl SystemTags {
    /// The set without any tag.
    pub const NONE: Self = Self(0);

    /// What is on unless `systemTags` says otherwise: all but `iter`, `vu`, `ocsp_status` and `ip`.
    pub const DEFAULT: Self = Self((1 << SystemTag::Iter as u8) - 1);

    /// Whether `tag` is in the set.
    pub const fn has(self, tag: SystemTag) -> bool {
        self.0 & (1 << tag as u8) != 0
    }

    /// The set with `tag` added.
    #[must_use]
    pub const fn with(self, tag: SystemTag) -> Self {
        Self(self.0 | (1 << tag as u8))
    }

    /// The set of the tags with these names; unknown names are passed over, as k6 does.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(SystemTag::from_name).fold(Self::NONE, Self::with)
    }

    /// The tags' names in alphabetical order.
    pub fn names(self) -> Vec<&'static str> {
        let mut names: Vec<_> =
            SystemTag::ALL.into_iter().filter(|t| self.has(*t)).map(SystemTag::name).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_k6s() {
        assert_eq!(
            SystemTags::DEFAULT.names().join(","),
            "check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url"
        );
    }

    #[test]
    fn unknown_names_are_dropped() {
        assert_eq!(SystemTags::from_names(["vu", "nope"]), SystemTags::NONE.with(SystemTag::Vu));
    }
}
