//! The page around the data: styles and scripts in one file, under a policy that lets nothing else in.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::data::Data;

/// The styles, in their order.
const STYLES: &[&str] = &[include_str!("assets/uplot.css"), include_str!("assets/page.css")];

/// The library that draws the charts; assets/VERSIONS says which.
const LIBRARY: &str = include_str!("assets/uplot.js");

/// The page's own scripts, in their order: one scope holds them all.
const SCRIPTS: &[&str] = &[
    include_str!("assets/labels.js"),
    include_str!("assets/format.js"),
    include_str!("assets/element.js"),
    include_str!("assets/figures.js"),
    include_str!("assets/chart.js"),
    include_str!("assets/lines.js"),
    include_str!("assets/outcomes.js"),
    include_str!("assets/gaps.js"),
    include_str!("assets/distribution.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/waterfall.js"),
    include_str!("assets/cards.js"),
    include_str!("assets/tables.js"),
    include_str!("assets/live.js"),
    include_str!("assets/page.js"),
];

static STYLE: LazyLock<String> = LazyLock::new(|| STYLES.concat());
static SCRIPT: LazyLock<String> =
    LazyLock::new(|| format!("(() => {{\n'use strict';\n{}}})();\n", SCRIPTS.join("\n")));

/// The whole page.
pub fn render(data: &Data) -> String {
    let data_text = embedded(data);
    // A report needs no connection at all, the dashboard only its own server's.
    let connect = if data.is_live() { "'self'" } else { "'none'" };
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data:; connect-src {connect}; \
         base-uri 'none'; form-action 'none'",
        hash(LIBRARY),
        hash(&SCRIPT),
        hash(&STYLE),
    );
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"ssek\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n\
         <style>{style}</style>\n\
         </head>\n\
         <body>\n\
         <noscript>This page draws its charts with JavaScript.</noscript>\n\
         <script type=\"application/json\" id=\"data\">{data_text}</script>\n\
         <script>{LIBRARY}</script>\n\
         <script>{script}</script>\n\
         </body>\n\
         </html>\n",
        title = escaped(&data.title()),
        style = *STYLE,
        script = *SCRIPT,
    )
}

/// JSON that cannot end the element that holds it, nor open a comment in it: only strings have a `<`.
fn embedded(data: &Data) -> String {
    data.json().replace('<', "\\u003c")
}

/// The source expression of a policy that lets exactly this text in.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Meta, Record};

    /// How many bytes the page may have without its data.
    const MOST_BYTES: usize = 400_000;

    fn page(name: &str) -> String {
        let meta = Meta { name: name.to_owned(), ..Meta::default() };
        super::super::html(&Record { meta, ..Record::default() })
    }

    #[test]
    fn it_is_small_and_loads_nothing() {
        let page = page("a test");
        assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
        for outside in ["src=", "@import", "url(", "fetch(", "import("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn names_do_not_become_markup() {
        let page = page("</script><script>alert(1)</script><!-- \u{2028}");
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("<title>&lt;/script&gt;&lt;script&gt;alert"));
        assert!(page.contains(r"\u003c/script>\u003cscript>alert(1)"));
        assert_eq!(page.matches("</script>").count(), 3);
    }

    #[test]
    fn no_part_ends_the_element_around_it() {
        assert!(!LIBRARY.contains("</script") && !SCRIPT.contains("</script") && !STYLE.contains("</style"));
        assert!(!SCRIPT.contains("<!--") && !LIBRARY.contains("<!--"));
    }
}
