//! Selections: finding, reading, callbacks and forms.

use super::check;

/// What the selection tables are about.
const PAGE: &str = r#"<!doctype html><html lang="en"><head><title>A title</title></head><body>
<h1 id="top" class="big  red" data-test="x" data-num-a="123" data-num-b="1.50" data-user-id="7" data-yes="true" data-no="false" data-opts='{"id":[1]}' data-bad="{" data-empty="" data-null="null">Lorem &amp; ipsum</h1>
<div id="a"><p id="p1">One <b>bold</b></p>text<!--note--><p id="p2">Two</p><p id="p3" class="red">Three</p><i id="i1">four</i></div>
<form id="f"><input id="t" name="t" value="v &amp; w"><input name="empty"><input id="none">
<input type="checkbox" name="c1" checked="checked"><input type="checkbox" name="c2" value="two" checked>
<input type="radio" name="r" value="r1" checked="checked"><input type="submit" name="s" value="go">
<input name="off" value="1" disabled="disabled"><input name="on" value="2" disabled><input type="file" name="file">
<select id="s1" name="s1"><option value="1">a</option><option id="o2" selected>b &lt;</option></select>
<select id="s2" name="s2" multiple><option>a</option><option selected>b</option><option value="C" selected>c</option></select>
<textarea id="area" name="area">some text</textarea><button id="btn" name="btn">press</button>
<input name="t" value="again"></form>
</body></html>"#;

#[test]
fn finding() {
    check(
        PAGE,
        &[
            ("ids(doc.find('p'))", r#""p1 p2 p3""#),
            ("ids(doc.find('p, b, #a'))", r#""a p1 b p2 p3""#),
            ("ids(doc.find('#a').find('.red'))", r#""p3""#),
            ("doc.find('p[').size()", "0"),
            ("doc.find('p:nope').size()", "0"),
            ("ids(doc.find('#a').find(doc.find('.red')))", r#""p3""#),
            ("ids(doc.find(doc.find('i').get(0)))", r#""i1""#),
            ("doc.find(5)", r#""GoError: invalid argument, cannot use a 'int64' as a selector""#),
            ("doc.find(null)", r#""GoError: invalid argument, cannot use a '<nil>' as a selector""#),
            (
                "doc.find({})",
                r#""GoError: invalid argument, cannot use a 'map[string]interface {}' as a selector""#,
            ),
            ("ids(doc.single('p'))", r#""p1""#),
            ("doc.single('video').size()", "0"),
            ("ids(doc.find('i').add('p'))", r#""i1 p1 p2 p3""#),
            ("ids(doc.find('i').add(doc.find('b')))", r#""i1 b""#),
            ("ids(doc.find('i').add(doc.find('b').get(0)))", r#""i1 b""#),
            ("doc.find('i').add(parseHTML('<i>').find('i')).size()", "1"),
            ("ids(doc.find('#a').children())", r#""p1 p2 p3 i1""#),
            ("ids(doc.find('#a').children('.red'))", r#""p3""#),
            ("ids(doc.find('#a').contents())", r##""p1 #text #comment p2 p3 i1""##),
            ("ids(doc.find('b').closest('div, p'))", r#""p1""#),
            ("ids(doc.find('b').closest('b'))", r#""b""#),
            ("ids(doc.find('b, i').closest(doc.find('#a')))", r#""a""#),
            ("ids(doc.find('b').closest(doc.find('#a').get(0)))", r#""a""#),
            ("ids(doc.find('div, form, p').has('b'))", r#""a p1""#),
            ("ids(doc.find('div, p').has(doc.find('b')))", r#""a p1""#),
            ("ids(doc.find('div, p').has(doc.find('b').get(0)))", r#""a p1""#),
            ("ids(doc.find('b, i').parent())", r#""p1 a""#),
            ("ids(doc.find('b, i').parent('div'))", r#""a""#),
            ("ids(doc.find('html').parent())", r#""""#),
            ("ids(doc.find('b').parents())", r#""p1 a body html""#),
            ("ids(doc.find('b').parents('div, html'))", r#""a html""#),
            ("ids(doc.find('b').parentsUntil('body'))", r#""p1 a""#),
            ("ids(doc.find('b').parentsUntil(doc.find('#a')))", r#""p1""#),
            ("ids(doc.find('b').parentsUntil('body', 'div'))", r#""a""#),
            ("ids(doc.find('b').parentsUntil())", r#""p1 a body html""#),
            ("ids(doc.find('#p2').siblings())", r#""p1 p3 i1""#),
            ("ids(doc.find('#p2').siblings('p'))", r#""p1 p3""#),
            ("ids(doc.find('#p1, #p2').next())", r#""p2 p3""#),
            ("ids(doc.find('#p1, #p2').next('.red'))", r#""p3""#),
            ("ids(doc.find('#p2').nextAll())", r#""p3 i1""#),
            ("ids(doc.find('#p1').nextAll('p'))", r#""p2 p3""#),
            ("ids(doc.find('#p1').nextUntil('i'))", r#""p2 p3""#),
            ("ids(doc.find('#p1').nextUntil(doc.find('i'), '.red'))", r#""p3""#),
            ("ids(doc.find('#p1').nextUntil(null, 'p'))", r#""p2 p3""#),
            (
                "doc.find('#p1').nextUntil(7)",
                r#""GoError: invalid argument, cannot use a 'int64' as a selector""#,
            ),
            ("ids(doc.find('#p3').prev())", r#""p2""#),
            ("ids(doc.find('i').prevAll())", r#""p3 p2 p1""#),
            ("ids(doc.find('i').prevUntil('#p1'))", r#""p3 p2""#),
            ("ids(doc.find('i').prevUntil('#p1', '.red'))", r#""p3""#),
            ("ids(doc.find('p').first())", r#""p1""#),
            ("ids(doc.find('p').last())", r#""p3""#),
            ("[0, 2, 3, -1, -3, -4].map((i) => ids(doc.find('p').eq(i)))", r#"["p1","p3","","p3","p1",""]"#),
            ("ids(doc.find('p').slice(1))", r#""p2 p3""#),
            ("ids(doc.find('p').slice(0, 2))", r#""p1 p2""#),
            ("ids(doc.find('p').slice(-2, -1))", r#""p2""#),
            ("ids(doc.find('p').slice(1, 99))", r#""p2 p3""#),
            ("ids(doc.find('#a').children().filter('p').end())", r#""p1 p2 p3 i1""#),
            ("doc.end().size()", "0"),
        ],
    );
}

#[test]
fn reading() {
    check(
        PAGE,
        &[
            ("doc.find('h1').text()", r#""Lorem & ipsum""#),
            ("doc.find('p').text()", r#""One boldTwoThree""#),
            ("doc.find('video').text()", r#""""#),
            ("doc.find('h1').html()", r#""Lorem &amp; ipsum""#),
            (
                "doc.find('#a').html().slice(0, 60)",
                r#""<p id=\"p1\">One <b>bold</b></p>text<!--note--><p id=\"p2\">Two<""#,
            ),
            ("doc.find('video').html()", r#""""#),
            ("doc.find('h1').attr('id')", r#""top""#),
            ("doc.find('h1').attr('no')", "undefined"),
            ("doc.find('h1').attr('no', 5)", "5"),
            ("doc.find('video').attr('id')", "undefined"),
            ("doc.find('p').size()", "3"),
            ("doc.url", r#""""#),
            ("doc.find('h1').data('test')", r#""x""#),
            ("doc.find('h1').data('numA')", "123"),
            ("doc.find('h1').data('num-b')", r#""1.50""#),
            ("doc.find('h1').data('userId')", "7"),
            ("doc.find('h1').data('opts').id[0]", "1"),
            ("doc.find('h1').data('empty')", "undefined"),
            (
                "doc.find('h1').data()",
                r#"{"test":"x","numA":123,"numB":"1.50","userID":7,"yes":true,"no":false,"opts":{"id":[1]},"bad":"{"}"#,
            ),
            ("doc.find('b').data()", "undefined"),
            ("doc.find('p').data()", "{}"),
            (
                "['#t', '#none', '[name=c1]', '[name=c2]', '#btn', '#area', '#o2', '#s1', '#s2', '#a', 'video'].map((s) => doc.find(s).val())",
                r#"["v & w","","on","two","","some text","b &lt;","b &lt;",["b","C"],null,null]"#,
            ),
            ("doc.find('p').index()", "0"),
            ("doc.find('#p3').index()", "2"),
            ("doc.find('#p3').index('p')", "2"),
            ("doc.find('p').index(doc.find('#p2'))", "1"),
            ("doc.find('p').index(doc.find('#p2').get(0))", "1"),
            ("[doc.find('p').index('i'), doc.find('p').index(5), doc.find('video').index()]", "[-1,-1,-1]"),
            ("doc.find('p').index(parseHTML('<p>').find('p'))", "-1"),
            (
                "[0, 2, -1, -2, -3, 3].map((i) => { const e = doc.find('p').get(i); return e && e.id() })",
                r#"["p1","p3","p3","p2",null,null]"#,
            ),
            ("doc.find('p').get().length", "3"),
            ("texts(doc.find('p'))", r#"["One bold","Two","Three"]"#),
            ("Array.isArray(doc.find('p').toArray()) && Array.isArray(doc.find('p').get())", "true"),
        ],
    );
}

#[test]
fn callbacks() {
    check(
        PAGE,
        &[
            (
                "{ const seen = []; doc.find('p').each((i, e) => seen.push(i + e.id())); return seen }",
                r#"["0p1","1p2","2p3"]"#,
            ),
            ("doc.find('p').each(() => {}).size()", "3"),
            ("doc.find('p').each('x')", r#""GoError: the argument to each() must be a function""#),
            (
                "doc.find('p').each(() => { throw new Error('mine') })",
                r#""GoError: the function passed to each() failed: Error: mine""#,
            ),
            ("doc.find('p').map((i, s) => i + s.text())", r#"["0One bold","1Two","2Three"]"#),
            ("doc.find('p').map((i) => { if (i === 1) throw new Error('x'); return i })", "[0,2]"),
            ("doc.find('video').map((i) => i)", "[]"),
            ("doc.find('p').map()", r#""GoError: the argument to map() must be a function""#),
            ("ids(doc.find('p').filter('.red'))", r#""p3""#),
            ("ids(doc.find('p').filter(doc.find('#p2')))", r#""p2""#),
            ("ids(doc.find('p').filter((i, s) => i > 0 && s.is('p')))", r#""p2 p3""#),
            (
                "doc.find('p').filter(7)",
                r#""GoError: the argument to filter() must be a function, a selector or a selection""#,
            ),
            ("doc.find('p').filter(() => { throw new TypeError('mine') })", r#""TypeError: mine""#),
            (
                "[doc.find('p').is('.red'), doc.find('p').is('div'), doc.find('video').is('*')]",
                "[true,false,false]",
            ),
            ("doc.find('p').is(doc.find('.red'))", "true"),
            ("doc.find('p').is((i, s) => s.text() === 'Two')", "true"),
            (
                "doc.find('p').is()",
                r#""GoError: the argument to is() must be a function, a selector or a selection""#,
            ),
            ("ids(doc.find('p').not('.red'))", r#""p1 p2""#),
            ("ids(doc.find('p').not(doc.find('#p1')))", r#""p2 p3""#),
            ("ids(doc.find('p').not(doc.find('#p1').get(0)))", r#""p2 p3""#),
            ("ids(doc.find('p').not((i) => i === 0))", r#""p2 p3""#),
            ("ids(doc.find('p').not('p['))", r#""p1 p2 p3""#),
        ],
    );
}

#[test]
fn forms() {
    check(
        PAGE,
        &[
            (
                "doc.find('form').serializeArray().map((f) => f.name + '=' + f.value).join(';')",
                r#""t=v & w;empty=;c1=on;r=r1;on=2;s1=b &lt;;s2=b,C;area=some text;t=again""#,
            ),
            ("doc.find('input').serializeArray().length", "6"),
            ("doc.find('#f').serializeObject().s2", r#"["b","C"]"#),
            ("doc.find('#f').serializeObject().t", r#""again""#),
            (
                "doc.find('#f').serialize()",
                r#""area=some+text&c1=on&empty=&on=2&r=r1&s1=b+%26lt%3B&s2=b&s2=C&t=again""#,
            ),
            ("doc.find('p').serialize()", r#""""#),
        ],
    );
}
