//! Selectors against a document.

use super::css_parser::parse;
use super::document::Document;

const PAGE: &str = r#"<html lang="en-GB"><head><title>T</title><link href="l"></head><body>
<div id="a" class="x y" data-n="Foo Bar"><p class="x">One <b>bold</b></p><!--c--><p>Two</p><span>Three</span></div>
<ul id="u"><li>1</li><li class="y">2</li><li>3</li><li>4</li><li lang="de">5</li></ul>
<form id="f"><fieldset id="fs" disabled><legend><input id="i0"></legend><input id="i1"></fieldset>
<input id="i2" type="checkbox" checked><select id="s"><option selected id="o1">o</option></select>
<input id="i3" disabled><button id="b1"></button><textarea id="t1"></textarea></form>
<p id="e"> </p><a id="k" href="http://x/y.pdf">L</a><a id="n" rel="a-b">M</a>
</body></html>"#;

/// The IDs, or else the texts, of what a selector finds.
fn found(selector: &str) -> Option<String> {
    let document = Document::parse(PAGE).unwrap();
    let group = parse(selector)?;
    let nodes = document.tree(Document::ROOT).filter(|id| group.matches(&document, *id));
    let shown = nodes.map(|id| match document.attribute(id, "id") {
        Some(id) => format!("#{id}"),
        None => document.text(id).trim().to_owned(),
    });
    Some(shown.collect::<Vec<_>>().join(" "))
}

#[test]
fn selectors() {
    for (selector, expected) in [
        ("#a", "#a"),
        ("DIV", "#a"),
        (".x", "#a One bold"),
        ("p.x, span", "One bold Three"),
        ("#a > p", "One bold Two"),
        ("#a b", "bold"),
        ("body div p b", "bold"),
        ("p + p", "Two"),
        ("p ~ span", "Three"),
        (".x + p ~ span", "Three"),
        ("li:nth-child(odd)", "1 3 5"),
        ("li:nth-child( 2n )", "2 4"),
        ("li:nth-child(-n+2)", "1 2"),
        ("li:nth-child(3)", "3"),
        ("li:nth-last-child(2)", "4"),
        ("li:nth-child(n + 4)", "4 5"),
        ("li:first-child", "1"),
        ("li:last-child", "5"),
        ("#a p:last-of-type", "Two"),
        ("#a > :nth-of-type(2)", "Two"),
        ("span:only-of-type", "Three"),
        ("b:only-child", "bold"),
        ("li:not(.y):not([lang])", "1 3 4"),
        ("div:has(b)", "#a"),
        ("div:haschild(b)", ""),
        ("p:contains(\"TWO\")", "Two"),
        ("p:containsOwn(bold)", ""),
        ("p:matches(^T.o$)", "Two"),
        ("b:matchesOwn(b.*d)", "bold"),
        ("[data-n]", "#a"),
        ("[data-n='Foo Bar']", "#a"),
        ("[data-n='foo bar']", ""),
        ("[data-n='foo bar' i]", "#a"),
        ("[data-n~=Bar]", "#a"),
        ("[data-n^=Foo]", "#a"),
        ("[href$='.pdf']", "#k"),
        ("[href*='//x']", "#k"),
        ("[rel|=a]", "#n"),
        ("a[rel!=a-b]", "#k"),
        ("[href#=(p.f)]", "#k"),
        ("li:lang(de)", "5"),
        ("a:link", "#k"),
        (":root > head > title", "T"),
        ("form :disabled", "#fs #i1 #i3"),
        ("form :input:enabled", "#i0 #i2 #s #b1 #t1"),
        (":checked", "#i2 #o1"),
        ("p:empty", "#e"),
        ("a:hover", ""),
        ("li.\\79", "2"),
        ("* > li.y/* a comment */", "2"),
        ("body  >  ul", "#u"),
    ] {
        assert_eq!(found(selector).as_deref(), Some(expected), "{selector}");
    }
}

#[test]
fn no_selectors() {
    for selector in [
        "",
        "#",
        ".",
        "..a",
        "[",
        "[a",
        "[a=",
        "[a=b",
        "[a%=b]",
        "a >",
        "> a",
        "a,",
        ",a",
        ":nope",
        "::before",
        "p::first-line",
        ":not(",
        ":not()",
        ":nth-child()",
        ":nth-child(x)",
        ":nth-child(2",
        "a$",
        "1a",
        "[a=1]",
        ":contains()",
        "[a#=(]",
        "p)",
    ] {
        assert_eq!(found(selector), None, "{selector}");
    }
    assert!(parse(&":not(".repeat(100_000)).is_none());
    assert!(parse(&"a ".repeat(100_000)).is_none());
}

#[test]
fn long_chains_take_no_exponential_time() {
    let text = "<div>".repeat(400);
    let document = Document::parse(&text).unwrap();
    let group = parse(&format!("section {} div", "div ".repeat(50))).unwrap();
    assert!(!document.tree(Document::ROOT).any(|id| group.matches(&document, id)));
}
