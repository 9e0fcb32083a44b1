//! `k6/html` from a script: each expression of a table with what k6 gives for it, as JSON.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;
mod kinds; // what elements have by their tag
mod nodes; // what every element has
mod responses; // html(), submitForm(), clickLink()
#[path = "../support/http_script.rs"]
mod script;
mod selections;
#[path = "../support/slow_server.rs"]
mod support;

use binary::ssek;

/// Evaluates every expression, with `doc`, in one iteration and in init code; each must give its JSON.
fn check(page: &str, table: &[(&str, &str)]) {
    let mut script = format!(
        "import html, {{ parseHTML }} from 'k6/html'\nconst page = {}\n\
         const show = (make) => {{\n  let shown\n  try {{ shown = make(html.parseHTML(page)) }} catch (e) {{ shown = String(e) }}\n\
         \n  return shown === undefined ? 'undefined' : JSON.stringify(shown)\n}}\nconst texts = (s) => s.toArray().map((e) => e.text())\n\
         const ids = (s) => s.get().map((e) => e.id() || e.nodeName()).join(' ')\nconst makes = [\n",
        serde_json::to_string(page).unwrap()
    );
    for (expression, _) in table {
        script.push_str(&format!("  (doc) => {expression},\n"));
    }
    script.push_str("]\nconst early = makes.map(show)\nexport default function () {\n");
    script.push_str("  makes.map(show).forEach((text, i) => console.log(text === early[i] ? text : 'differs in init code'))\n}\n");
    let mut run =
        ssek(&["run", "-q", "-i", "1", "--log-format", "raw", "script.js"]).file("script.js", &script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let shown: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(shown.len(), table.len(), "{}", outcome.stderr);
    let wrong: Vec<String> = table
        .iter()
        .zip(shown)
        .filter(|((_, expected), shown)| expected != shown)
        .map(|((expression, expected), shown)| format!("{expression}\n  gives {shown}\n  not   {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
