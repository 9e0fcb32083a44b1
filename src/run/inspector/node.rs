//! What VS Code's debugger asks of Node's global `process`.
//!
//! It asks with expressions, again and again for seconds, before it lets the script start. Scripts have no
//! `process`, so the answers are given here.

use serde_json::{Value, json};

/// The result of such an expression; none for any other.
pub fn answer(expression: &str) -> Option<Value> {
    if expression.starts_with("typeof process === 'undefined' || process.pid === undefined ?") {
        let value = json!({
            "processId": std::process::id(),
            "nodeVersion": format!("ssek/{}", env!("CARGO_PKG_VERSION")),
            "architecture": std::env::consts::ARCH,
        });
        return Some(json!({ "result": { "type": "object", "value": value } }));
    }
    // Variables for processes that the script might start: it starts none.
    let is_environment = expression.starts_with("typeof Deno==='object'?'deno':typeof process==='undefined'")
        || expression.starts_with("typeof process==='undefined'||process.pid===undefined?");
    is_environment.then(|| json!({ "result": { "type": "undefined" } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_process() {
        let asked =
            "typeof process === 'undefined' || process.pid === undefined ? 'process not defined' : ({})";
        let answered = answer(asked).unwrap();
        assert_eq!(answered["result"]["value"]["processId"], std::process::id());
        assert!(answer("typeof Deno==='object'?'deno':typeof process==='undefined'||1").is_some());
        assert!(answer("typeof process").is_none());
    }
}
