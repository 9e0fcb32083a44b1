//! Temporary.

use super::Sources;

pub struct Factory {
    pub url: String,
    pub code: String,
    pub requests: Vec<Request>,
}

pub enum Request {
    Builtin { name: String, namespace_only: bool },
    Module(usize),
}

impl Factory {
    pub fn path(&self) -> String {
        self.url.clone()
    }
}

pub fn plan(sources: &Sources) -> Result<Vec<Factory>, String> {
    if std::env::var_os("SSEK_SHARE").is_none() {
        return Err("off".into());
    }
    let file = sources.load(sources.main(), "").map_err(|e| e.to_string())?;
    let (mut head, mut params, mut body, mut tail) = (String::new(), Vec::new(), String::new(), Vec::new());
    let mut requests = Vec::new();
    for line in file.code.lines() {
        let line = line.trim_end_matches(';');
        if let Some(rest) = line.strip_prefix("import ") {
            let (what, from) = rest.split_once(" from ").unwrap_or_default();
            let p = format!("$m{}", requests.len());
            let what = if what.starts_with('{') { what.replace(" as ", ":") } else { format!("{{default:{what}}}") };
            head.push_str(&format!("const {what}={p};"));
            params.push(p);
            let name = from.trim_matches(['\'', '"']).to_owned();
            requests.push(Request::Builtin { name, namespace_only: false });
            body.push('\n');
            continue;
        }
        let mut line = line.to_owned();
        if let Some(rest) = line.strip_prefix("export default ") {
            line = format!("const $d={rest}");
            tail.push("default:$d".to_owned());
        } else if let Some(rest) = line.strip_prefix("export ") {
            let name: String = rest.split([' ', '(', '=']).nth(1).unwrap_or_default().into();
            tail.push(name);
            line = rest.to_owned();
        }
        body.push_str(&line);
        body.push('\n');
    }
    let code = format!("(function({}){{\"use strict\";{head}{body};return {{{}}}}})", params.join(","), tail.join(","));
    Ok(vec![Factory { url: file.url.clone(), code, requests }])
}
