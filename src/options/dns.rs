//! The `dns` option: `{ ttl, select, policy }`, or `ttl=5m,select=random,policy=preferIPv4`.

use std::time::Duration;

use serde_json::{Value, json};

use super::value::Text;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};
use crate::net::dns::{Dns, Policy, Select};

/// The settings as typed. Levels merge field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsLayer {
    /// As typed; known to be readable.
    pub ttl: Option<String>,
    pub select: Option<Select>,
    pub policy: Option<Policy>,
}

const SELECTS: [(&str, Select); 3] =
    [("first", Select::First), ("random", Select::Random), ("roundRobin", Select::RoundRobin)];
const POLICIES: [(&str, Policy); 5] = [
    ("preferIPv4", Policy::PreferIpv4),
    ("preferIPv6", Policy::PreferIpv6),
    ("onlyIPv4", Policy::OnlyIpv4),
    ("onlyIPv6", Policy::OnlyIpv6),
    ("any", Policy::Any),
];

impl DnsLayer {
    /// The settings, with k6's defaults for what is unset.
    pub fn settled(&self) -> Dns {
        let Dns { ttl, select, policy } = Dns::default();
        Dns {
            ttl: self.ttl.as_deref().and_then(|ttl| parse_ttl(ttl).ok()).unwrap_or(ttl),
            select: self.select.unwrap_or(select),
            policy: self.policy.unwrap_or(policy),
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "ttl" => {
                parse_ttl(value)?;
                self.ttl = Some(value.to_owned());
            }
            "select" => self.select = Some(named(&SELECTS, key, value)?),
            "policy" => self.policy = Some(named(&POLICIES, key, value)?),
            _ => return Err(format!("unknown key '{key}', allowed are: ttl, select, policy")),
        }
        Ok(())
    }
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    if text == "inf" {
        return Ok(Duration::MAX);
    }
    match GoDuration::parse(text) {
        Ok(ttl) if ttl.0 >= 0 => Ok(ttl.to_std()),
        _ => Err(format!("invalid ttl '{text}', allowed are: inf, 0, durations such as 5m")),
    }
}

fn named<T: Copy>(names: &[(&str, T)], key: &str, value: &str) -> Result<T, String> {
    let found = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
    found.map(|(_, known)| *known).ok_or_else(|| {
        let allowed: Vec<_> = names.iter().map(|(name, _)| *name).collect();
        format!("invalid {key} '{value}', allowed are: {}", allowed.join(", "))
    })
}

fn name_of<T: Copy + PartialEq>(names: &[(&'static str, T)], value: Option<T>) -> Option<&'static str> {
    value.and_then(|value| names.iter().find(|(_, known)| *known == value)).map(|(name, _)| *name)
}

impl Text for DnsLayer {
    fn from_text(text: &str) -> Result<Self, String> {
        let mut dns = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("'{part}' is not KEY=VALUE"))?;
            dns.set(key.trim(), value.trim())?;
        }
        Ok(dns)
    }
}

impl Json for DnsLayer {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let wrong = |message| Mismatch::new(value, format!("is not valid: {message}"));
        match value {
            Value::Null => return Ok(None),
            Value::String(text) => return Self::from_text(text).map(Some).map_err(wrong),
            _ => {}
        }
        let mut dns = Self::default();
        let mut fields = Fields::of(value)?;
        for key in ["ttl", "select", "policy"] {
            match fields.take::<Value>(key)? {
                None => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(Value::String(text)) => dns.set(key, &text).map_err(wrong)?,
                Some(Value::Number(number)) if key == "ttl" => {
                    dns.set(key, &number.to_string()).map_err(wrong)?
                }
                Some(other) => return Err(Mismatch::new(&other, "must be a string").at(key)),
            }
        }
        match fields.unknown().next() {
            Some(field) => Err(wrong(format!("unknown key '{field}', allowed are: ttl, select, policy"))),
            None => Ok(Some(dns)),
        }
    }

    fn to_json(&self) -> Value {
        let (select, policy) = (name_of(&SELECTS, self.select), name_of(&POLICIES, self.policy));
        json!({ "ttl": self.ttl, "select": select, "policy": policy })
    }

    fn unset() -> Value {
        Self::default().to_json()
    }

    fn over(self, lower: Self) -> Self {
        Self {
            ttl: self.ttl.or(lower.ttl),
            select: self.select.or(lower.select),
            policy: self.policy.or(lower.policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_agree_and_merge() {
        let text = DnsLayer::from_text("ttl=1m,select=roundRobin").unwrap();
        let json = DnsLayer::from_json(&json!({"ttl": "1m", "select": "roundrobin"})).unwrap().unwrap();
        assert_eq!(text, json);
        let merged = DnsLayer::from_text("ttl=inf,policy=any").unwrap().over(text).settled();
        assert_eq!(merged, Dns { ttl: Duration::MAX, select: Select::RoundRobin, policy: Policy::Any });
        assert!(DnsLayer::from_text("policy=both").unwrap_err().contains("allowed are: preferIPv4"));
        assert_eq!(DnsLayer::unset().to_string(), r#"{"ttl":null,"select":null,"policy":null}"#);
    }
}
