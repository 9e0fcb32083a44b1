//! `hosts`, `blacklistIPs` and `blockHostnames`, as JSON and as text; `--local-ips`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::value::Text;
use crate::k6::json::{Json, Mismatch};
use crate::net::hosts::{Cidr, HostPattern, Target};
use crate::net::local_ips::LocalIps;

/// What is a string in JSON and is read from comma-separated text.
trait Address: FromStr<Err = String> + fmt::Display {}
impl Address for Target {}
impl Address for Cidr {}
impl Address for HostPattern {}

impl<T: Address> Json for T {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let wrong = |error| Mismatch::new(value, format!("is not valid: {error}"));
        String::from_json(value)?.map(|text| text.parse().map_err(wrong)).transpose()
    }

    fn to_json(&self) -> Value {
        self.to_string().into()
    }
}

impl<T: Address> Text for Vec<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').filter(|part| !part.is_empty()).map(str::parse).collect()
    }
}

impl Text for LocalIps {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms() {
        let list = json!(["10.0.0.0/8", "::/0"]);
        let read = Vec::<Cidr>::from_json(&list).unwrap().unwrap();
        assert_eq!(Vec::<Cidr>::from_text("10.0.0.0/8,::/0"), Ok(read.clone()));
        assert_eq!(read.to_json(), list);
        let error = Vec::<HostPattern>::from_json(&json!(["a*b"])).unwrap_err().to_string();
        assert!(error.contains("0 is not valid: invalid hostname pattern 'a*b'"), "{error}");
    }
}
