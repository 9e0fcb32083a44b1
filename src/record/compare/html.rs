//! A comparison as a page of its own, for browsers and for what CI keeps.

use super::text::{change, probability, value, word};
use super::{Comparison, Row, Verdict};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;\
color:#1b1f24;background:#fff}h1{font-size:1.3rem}table{border-collapse:collapse;width:100%;\
font-variant-numeric:tabular-nums}th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #d8dee4}\
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}.worse{color:#b42318;font-weight:600}\
.better{color:#18794e;font-weight:600}.changed{color:#9a6700}.same{color:#8c959f}.wide{overflow-x:auto}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}\
.worse{color:#ff7b72}.better{color:#56d364}.changed{color:#e3b341}}";

/// The page; it needs nothing from elsewhere.
pub fn page(comparison: &Comparison) -> String {
    let (base, head) = (safe(&comparison.base), safe(&comparison.head));
    let notes: String = comparison.notes.iter().map(|note| format!("<li>{}</li>", safe(note))).collect();
    let rows: String = comparison.rows.iter().map(row).collect();
    let bounds: String = comparison
        .bounds
        .iter()
        .map(|judged| {
            let (class, mark) = if judged.failed { ("worse", "✗") } else { ("better", "✓") };
            format!(
                "<li><span class=\"{class}\">{mark}</span> <code>{}</code>: {} → {} ({}, p {})</li>",
                safe(&judged.bound.source),
                safe(&value(&judged.row, judged.row.base)),
                safe(&value(&judged.row, judged.row.head)),
                safe(&change(&judged.row)),
                safe(&probability(judged.row.p)),
            )
        })
        .collect();
    let (worse, better) = comparison.counts();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{base} → {head}</title><style>{STYLE}</style></head><body>\
         <h1>{base} → {head}</h1><p>{worse} of {} figures worse, {better} better.</p>\
         <ul>{bounds}</ul><ul>{notes}</ul><div class=\"wide\"><table><thead><tr><th>metric</th><th></th><th>base</th>\
         <th>head</th><th>change</th><th>p</th><th></th></tr></thead><tbody>{rows}</tbody></table></div>\
         </body></html>\n",
        comparison.rows.len()
    )
}

fn row(row: &Row) -> String {
    let class = match row.verdict {
        Verdict::Same => "same",
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Changed => "changed",
    };
    let cells = [
        row.metric.clone(),
        row.figure.to_string(),
        value(row, row.base),
        value(row, row.head),
        change(row),
        probability(row.p),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", safe(cell))).collect();
    format!("<tr>{cells}<td class=\"{class}\">{}</td></tr>", word(row.verdict))
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
