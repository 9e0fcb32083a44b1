//! What every element has.

use super::check;

#[test]
fn nodes() {
    let page = r#"<html><head></head><body><h1 id="top">x</h1><empty></empty><q>same</q><q>same</q>pre<div id="d" class="c1  c2" lang="en">
in<h2 class="c2">y</h2><svg id="svg" xlink:href="z"><circle/></svg><!--note--><a id="a" href="x">z</a>last</div>post</body></html>"#;
    check(
        page,
        &[
            ("doc.find('#top').get(0).nodeName()", r#""h1""#),
            (
                "doc.find('#d').get(0).childNodes().map((n) => n.nodeName() + n.nodeType())",
                r##"["#text3","h21","svg1","#comment8","a1","#text3"]"##,
            ),
            (
                "doc.find('#d').get(0).childNodes().map((n) => n.nodeValue())",
                r#"["\nin",null,null,"",null,"last"]"#,
            ),
            ("doc.find('#d').get(0).children().map((n) => n.nodeName())", r#"["h2","svg","a"]"#),
            ("doc.find('#d').get(0).childElementCount()", "3"),
            ("doc.find('#d').get(0).firstChild().textContent()", r#""\nin""#),
            ("doc.find('#d').get(0).lastChild().textContent()", r#""last""#),
            ("doc.find('#d').get(0).firstElementChild().textContent()", r#""y""#),
            ("doc.find('#d').get(0).lastElementChild().id()", r#""a""#),
            ("doc.find('#d').get(0).previousSibling().nodeValue()", r#""pre""#),
            ("doc.find('#d').get(0).nextSibling().nodeValue()", r#""post""#),
            ("doc.find('#d').get(0).previousElementSibling().nodeName()", r#""q""#),
            ("doc.find('#top').get(0).nextElementSibling().nodeName()", r#""empty""#),
            ("doc.find('#d').get(0).nextElementSibling()", "undefined"),
            ("doc.find('#top').get(0).previousSibling()", "undefined"),
            ("doc.find('empty').get(0).firstChild()", "undefined"),
            ("doc.find('empty').get(0).firstElementChild()", "undefined"),
            ("doc.find('#d').get(0).parentElement().nodeName()", r#""body""#),
            ("doc.find('html').get(0).parentElement()", "undefined"),
            ("doc.find('html').get(0).parentNode().nodeName()", r##""#document""##),
            ("doc.find('html').get(0).parentNode().nodeType()", "9"),
            ("doc.find('#d').get(0).ownerDocument().nodeName()", r##""#document""##),
            ("doc.find('#d').get(0).innerHTML().slice(0, 24)", r#""\nin<h2 class=\"c2\">y</h2>""#),
            ("doc.find('#top').get(0).toString()", r#""[object html.Node]""#),
            ("`${doc.find('#top').get(0).firstChild()}`", r##""[object #text]""##),
            ("doc.find('#d').get(0).classList()", r#"["c1","c2"]"#),
            ("doc.find('#top').get(0).classList()", "[]"),
            ("doc.find('#d').get(0).className()", r#""c1  c2""#),
            ("doc.find('#top').get(0).className()", "undefined"),
            ("[doc.find('#d').get(0).lang(), doc.find('#top').get(0).lang()]", r#"["en",null]"#),
            ("[doc.find('#d').get(0).id(), doc.find('q').get(0).id()]", r#"["d",""]"#),
            (
                "[doc.find('#d').get(0).getAttribute('lang'), doc.find('#d').get(0).getAttribute('x')]",
                r#"["en",null]"#,
            ),
            (
                "[doc.find('#d').get(0).hasAttribute('lang'), doc.find('#d').get(0).hasAttribute('x')]",
                "[true,false]",
            ),
            ("[doc.find('#d').get(0).hasAttributes(), doc.find('q').get(0).hasAttributes()]", "[true,false]"),
            (
                "[doc.find('#d').get(0).hasChildNodes(), doc.find('empty').get(0).hasChildNodes()]",
                "[true,false]",
            ),
            ("Object.keys(doc.find('#d').get(0).attributes())", r#"["id","class","lang"]"#),
            (
                "{ const a = doc.find('#d').get(0).attributes().lang; return [a.name, a.value, a.localName(), a.prefix(), a.namespaceURI(), a.owner_element.id()] }",
                r#"["lang","en","lang","","http://www.w3.org/1999/xhtml","d"]"#,
            ),
            (
                "{ const a = doc.find('svg').get(0).getAttributeNode('href'); return [a.name, a.prefix(), a.value] }",
                r#"["href","xlink","z"]"#,
            ),
            ("doc.find('#d').get(0).getAttributeNode('x')", "undefined"),
            (
                "[doc.find('svg').get(0).namespaceURI(), doc.find('h1').get(0).namespaceURI()]",
                r#"["http://www.w3.org/2000/svg","http://www.w3.org/1999/xhtml"]"#,
            ),
            (
                "[doc.find('svg').get(0).isDefaultNamespace(), doc.find('h1').get(0).isDefaultNamespace()]",
                "[false,true]",
            ),
            ("doc.find('#d').get(0).contains(doc.find('h2').get(0))", "true"),
            ("doc.find('#d').get(0).contains(doc.find('#d').get(0))", "false"),
            ("doc.find('q').get(0).isSameNode(doc.find('q').get(0))", "true"),
            ("doc.find('q').get(0).isSameNode(doc.find('q').get(1))", "false"),
            ("doc.find('q').get(0).isEqualNode(doc.find('q').get(1))", "true"),
            ("doc.find('q').get(0).isEqualNode(doc.find('h1').get(0))", "false"),
            ("doc.find('q').get(0).isSameNode(7)", "false"),
            ("doc.find('body').get(0).querySelector('h2').textContent()", r#""y""#),
            ("doc.find('body').get(0).querySelector('video')", "undefined"),
            ("doc.find('body').get(0).querySelectorAll('q').length", "2"),
            ("doc.find('body').get(0).getElementsByTagName('q').length", "2"),
            (
                "doc.find('body').get(0).getElementsByClassName('c2').map((e) => e.nodeName())",
                r#"["div","h2"]"#,
            ),
            ("[doc.find('#d').get(0).matches('div.c2'), doc.find('#d').get(0).matches('p')]", "[true,false]"),
            ("doc.find('#d').get(0).selection().find('h2').text()", r#""y""#),
            ("doc.find('#d').get(0).id.call({})", r#""TypeError: this is no Element of k6/html""#),
            ("doc.find.call({}, 'a')", r#""TypeError: this is no Selection of k6/html""#),
            ("parseHTML('<p>'.repeat(5)).find('p').size()", "5"),
            (
                "parseHTML('<b>'.repeat(99999))",
                r#""GoError: html: open stack of elements exceeds 512 nodes""#,
            ),
            ("parseHTML('').html()", r#""<html><head></head><body></body></html>""#),
        ],
    );
}
