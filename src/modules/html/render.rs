//! A document back as text, with the escapes that Go's renderer writes.

use super::document::{Document, Element, Kind, NodeId};

/// Tags that have no end tag.
const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "keygen", "link", "meta", "param", "source",
    "track", "wbr",
];

/// The text of a node's children; `None` if an element that must be empty is not, which foreign content can be.
pub fn inner(document: &Document, top: NodeId) -> Option<String> {
    let mut out = String::new();
    let Some(mut id) = document.node(top).first_child else { return Some(out) };
    loop {
        open(document, id, &mut out)?;
        let node = document.node(id);
        if let Some(child) = node.first_child {
            id = child;
            continue;
        }
        loop {
            if !close(document, id, &mut out) {
                return Some(out);
            }
            let node = document.node(id);
            if let Some(next) = node.next {
                id = next;
                break;
            }
            match node.parent {
                Some(parent) if parent != top => id = parent,
                _ => return Some(out),
            }
        }
    }
}

/// Writes what stands before a node's children.
fn open(document: &Document, id: NodeId, out: &mut String) -> Option<()> {
    let node = document.node(id);
    match &node.kind {
        Kind::Document => {}
        Kind::Text(text) if is_literal(document, node.parent) => out.push_str(text),
        Kind::Text(text) => escape(text, out),
        Kind::Comment(text) => comment(text, out),
        Kind::Doctype { name, public, system } => doctype(name, public, system, out),
        Kind::Element(element) => {
            tag(element, out);
            if VOID.contains(&element.tag()) {
                out.push_str("/>");
                return node.first_child.is_none().then_some(());
            }
            out.push('>');
            // The parser drops a newline here; one that is meant must be written twice.
            let first = node.first_child.and_then(|child| document.own_text(child));
            if first.is_some_and(|text| text.starts_with('\n'))
                && matches!(element.tag(), "pre" | "listing" | "textarea")
            {
                out.push('\n');
            }
        }
    }
    Some(())
}

/// Writes what stands after a node's children; `false` if nothing may follow.
fn close(document: &Document, id: NodeId, out: &mut String) -> bool {
    let Some(element) = document.element(id) else { return true };
    if element.tag() == "plaintext" && is_literal(document, Some(id)) {
        return false;
    }
    if !VOID.contains(&element.tag()) {
        out.push_str("</");
        out.push_str(element.tag());
        out.push('>');
    }
    true
}

fn tag(element: &Element, out: &mut String) {
    out.push('<');
    out.push_str(element.tag());
    for attribute in &element.attributes {
        out.push(' ');
        if let Some(prefix) = attribute.name.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
            out.push_str(prefix);
            out.push(':');
        }
        out.push_str(&attribute.name.local);
        out.push_str("=\"");
        escape(&attribute.value, out);
        out.push('"');
    }
}

/// Whether text in an element stands as it is.
fn is_literal(document: &Document, parent: Option<NodeId>) -> bool {
    let Some((id, element)) = parent.and_then(|id| Some((id, document.element(id)?))) else { return false };
    let names = ["iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "xmp"];
    if !element.namespace().is_empty() || !names.contains(&element.tag()) {
        return false;
    }
    let foreign = document.ancestors(id).filter_map(|id| document.element(id));
    let mut foreign = foreign.filter(|element| !element.namespace().is_empty());
    foreign.next().is_none_or(may_hold_html)
}

/// Whether a foreign element's content is HTML again.
fn may_hold_html(element: &Element) -> bool {
    match (element.namespace(), element.tag()) {
        ("svg", "desc" | "foreignObject" | "title") => true,
        ("math", "annotation-xml") => element.attribute("encoding").is_some_and(|encoding| {
            encoding.value.eq_ignore_ascii_case("text/html")
                || encoding.value.eq_ignore_ascii_case("application/xhtml+xml")
        }),
        _ => false,
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

/// A `>` is escaped only where it could end the comment.
fn comment(text: &str, out: &mut String) {
    out.push_str("<!--");
    let mut before = None;
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '>' if matches!(before, None | Some('!' | '-')) => out.push_str("&gt;"),
            c => out.push(c),
        }
        before = Some(c);
    }
    out.push_str("-->");
}

fn doctype(name: &str, public: &str, system: &str, out: &mut String) {
    let quoted = |text: &str| {
        let quote = if text.contains('"') { '\'' } else { '"' };
        format!(" {quote}{}{quote}", text.replace('>', "&gt;"))
    };
    out.push_str("<!DOCTYPE ");
    escape(name, out);
    if !public.is_empty() {
        out.push_str(" PUBLIC");
        out.push_str(&quoted(public));
    } else if !system.is_empty() {
        out.push_str(" SYSTEM");
    }
    if !system.is_empty() {
        out.push_str(&quoted(system));
    }
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes_it() {
        for (text, body) in [
            ("<p a='x\"y' b>1 < 2 & 'q'</p>", r#"<p a="x&#34;y" b="">1 &lt; 2 &amp; &#39;q&#39;</p>"#),
            ("<br><img src=a>x", r#"<br/><img src="a"/>x"#),
            ("x<script>a < b && c</script><i>&lt;</i>", "x<script>a < b && c</script><i>&lt;</i>"),
            ("<pre>\n\nx</pre>", "<pre>\n\nx</pre>"),
            ("x<!--a->b--c>-->", "x<!--a-&gt;b--c>-->"),
            (
                "<svg xlink:href='#a' viewBox=1><linearGradient/></svg>",
                r##"<svg xlink:href="#a" viewBox="1"><linearGradient></linearGradient></svg>"##,
            ),
            ("a<plaintext>b</p>", "a<plaintext>b</p>"),
        ] {
            let document = Document::parse(text).unwrap();
            let body_id = document.tree(Document::ROOT).find(|id| document.name(*id) == "body").unwrap();
            let shown = inner(&document, body_id).unwrap();
            assert_eq!(shown, body, "{text}");
        }
    }

    #[test]
    fn whole_documents() {
        let text = "<!DOCTYPE html PUBLIC \"-//W3C//DTD\" \"http://x/y.dtd\"><title>a</title>";
        let document = Document::parse(text).unwrap();
        assert_eq!(
            inner(&document, Document::ROOT).unwrap(),
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD\" \"http://x/y.dtd\"><html><head><title>a</title></head><body></body></html>"
        );
    }
}
