//! What elements have by their tag.

use super::check;

/// `{tag}.{method}()` of the first element with that tag, or selector, as JSON.
fn check_methods(page: &str, table: &[(&str, &str, &str)]) {
    let rows: Vec<_> = table
        .iter()
        .map(|(selector, methods, expected)| {
            let calls =
                methods.split(' ').map(|method| format!("e.{method}()")).collect::<Vec<_>>().join(", ");
            let names =
                "const name = (x) => Array.isArray(x) ? x.map(name) : x && x.id ? x.id() || x.nodeName() : x";
            let body = format!(
                "{{ {names}\n const e = doc.find('{selector}').get(0)\n return [{calls}].map(name) }}"
            );
            (body, format!("[{expected}]"))
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|(body, expected)| (&**body, &**expected)).collect();
    check(page, &rows);
}

#[test]
fn links() {
    let page = r##"<html><head><base target="_self"><link rel="alternate next" href="l.css" media="print" type="text/css" hreflang="en"></head><body>
<a id="rel" href="/p%20q/x?q=1#h%41"></a><a id="plain" href="http://example.com:80"></a><a id="port" href="https://h:444/p/f"></a>
<a id="user" href="http://user:pa%3Ass@h:80" rel="prev next" target="_self" type="rare" accesskey="q" hreflang="en" download="d" referrerpolicy="origin"></a>
<a id="blank">text</a><a id="file" href="file:///a/b"></a><a id="bad" href="http://h:x/"></a><area href="web.address.com">
<map id="m" name="n"><area id="m1"><area id="m2"></map><img id="im" usemap="#m"><object id="ob" usemap="#m"></object><map id="no"></map>
</body></html>"##;
    check_methods(
        page,
        &[
            (
                "#rel",
                "href hash search pathname host origin protocol",
                r##""/p%20q/x?q=1#h%41","#hA","?q=1","/p q/x","","",":""##,
            ),
            (
                "#plain",
                "host hostname port origin pathname",
                r#""example.com","example.com","80","http://example.com:80","""#,
            ),
            ("#port", "host hostname port protocol pathname", r#""h:444","h","444","https","/p/f""#),
            (
                "#user",
                "username password rel relList target type accessKey hrefLang download referrerPolicy",
                r#""user","pa:ss","prev next",["prev","next"],"_self","rare","q","en","d","origin""#,
            ),
            (
                "#blank",
                "href hash host hostname port username password origin pathname protocol search relList text toString referrerPolicy",
                r#""","","","","","","","","",":","",[],"text","","""#,
            ),
            ("#file", "origin", r#""file:///a/b""#),
            ("#bad", "href host", r#""http://h:x/","""#),
            ("area", "href toString", r#""web.address.com","web.address.com""#),
            ("base", "href target", r#""","_self""#),
            (
                "link",
                "href rel relList media type hreflang crossOrigin",
                r#""l.css","alternate next",["alternate","next"],"print","text/css","en",null"#,
            ),
            ("#m", "name areas images", r#""n",["m1","m2"],["im","ob"]"#),
            ("#no", "areas images", "[],[]"),
        ],
    );
    check(
        page,
        &[
            (
                "{ doc.url = 'http://u:p@host:8080/a/b?c'\n return ['#rel', '#blank', 'area', 'base', '#port', '#bad'].map((s) => doc.find(s).get(0).href()) }",
                r##"["http://u:p@host:8080/p%20q/x?q=1#h%41","","http://u:p@host:8080/a/web.address.com","http://u:p@host:8080/a/b?c","https://h:444/p/f",""]"##,
            ),
            ("`${doc.find('area').get(0)}`", r#""web.address.com""#),
        ],
    );
}

#[test]
fn controls() {
    let page = r#"<html><body><form id="f1" action="act" enctype="text/plain" target="_self" method="POST" accept-charset="utf-8" autocomplete="off" name="fn">
<label for="b1" id="l1"></label><button id="b1" name="b1" accesskey="b" autofocus disabled tabindex="3">x<i>y</i></button>
<label id="l3"><button id="b2" type="button" formaction="own" formenctype="multipart/form-data" formmethod="post" formnovalidate formtarget="_top" value="v"></button></label>
<label id="l2" for="b2"></label><fieldset id="fs" name="fsn"><legend id="le" accesskey="k">t</legend><input id="in1" list="dl"><textarea id="ta" rows="2" cols="x" wrap="off"></textarea></fieldset></form>
<form id="f2" method="post"></form><button id="b3" form="f2"></button><button id="b4"></button>
<datalist id="dl"><option id="d1"></option><option id="d2"></option></datalist><input id="in2" type="checkbox" list="dl" checked size="5" maxlength="x" src="a b.png">
<select id="s1" form="f2" multiple size="9"><option id="o1">one</option><option id="o2" disabled label="lab" value="val" selected>two</option><optgroup label="g" disabled><option id="o3" selected>three</option></optgroup></select>
<label><output id="ou" for="x" form="f2">out</output></label><progress id="p1" max="100" value="70"></progress><progress id="p2" max="x"></progress>
<meter min="1" max="9" high="7" low="x"></meter><keygen keytype="EC"></body></html>"#;
    check_methods(
        page,
        &[
            (
                "#f1",
                "action method enctype encoding target name acceptCharset autocomplete noValidate length elements",
                r#""act","get","text/plain","text/plain","_self","fn","utf-8","off",false,5,["b1","b2","fs","in1","ta"]"#,
            ),
            (
                "#f2",
                "method enctype autocomplete length",
                r#""post","application/x-www-form-urlencoded","on",0"#,
            ),
            (
                "#b1",
                "form formAction formEnctype formMethod formNoValidate formTarget labels name value type accessKey autofocus disabled tabIndex",
                r#""f1","act","text/plain","post",false,"_self",["l1"],"b1","x<i>y</i>","submit","b",true,true,3"#,
            ),
            (
                "#b2",
                "formAction formEnctype formMethod formNoValidate formTarget labels value type",
                r#""own","multipart/form-data","post",true,"_top",["l3","l2"],"v","button""#,
            ),
            ("#b3", "form formMethod", r#""f2","post""#),
            ("#b4", "form formMethod labels", r#"null,"get",[]"#),
            ("#l1", "htmlFor control form", r#""b1","b1","f1""#),
            ("#l3", "control", "null"),
            (
                "#fs",
                "type name form elements validity disabled",
                r#""fieldset","fsn","f1",["in1","ta"],null,false"#,
            ),
            ("#le", "form accessKey", r#""f1","k""#),
            ("#in1", "type list form maxLength size checked", r#""text","dl","f1",-1,0,false"#),
            (
                "#in2",
                "type list form maxLength size checked defaultChecked src width",
                r#""checkbox",null,null,-1,5,true,true,"a b.png","""#,
            ),
            (
                "#ta",
                "form type rows cols wrap length autocapitalize readOnly",
                r#""f1","textarea",2,0,"off",0,"sentences",false"#,
            ),
            ("#dl", "options", r#"["d1","d2"]"#),
            (
                "#s1",
                "form length options selectedIndex selectedOptions size type value multiple",
                r#""f2",3,["o1","o2","o3"],1,["o2","o3"],4,"select-multiple","val",true"#,
            ),
            (
                "#o1",
                "disabled form index label text value selected",
                r#"false,"f2",0,"one","one","one",false"#,
            ),
            ("#o2", "disabled index label text value selected", r#"true,1,"lab","two","val",true"#),
            ("#o3", "disabled index", "true,2"),
            ("#d2", "index form", "1,null"),
            ("optgroup", "label disabled", r#""g",true"#),
            (
                "output",
                "value defaultValue htmlFor type form labels",
                r#""out","out","x","output","f2",["label"]"#,
            ),
            ("#p1", "max value position", "100,0.7,0.7"),
            ("#p2", "max value position", "1,0,-1"),
            ("meter", "min max high low optimum", "1,9,7,0,0"),
            ("keygen", "keytype type autofocus", r#""EC","keygen",false"#),
        ],
    );
}

#[test]
fn tables_media_and_the_rest() {
    let page = r#"<html><head><title>tt</title><script id="sc" async src="s.js">code()</script><style></style><meta http-equiv="refresh" content="c" name="n"></head><body>
<table id="t1"><caption id="ca">cap</caption><colgroup><col span="0"></colgroup><thead id="th"><tr id="r1"><td id="c0"></td><th id="c1" colspan="2" scope="row" abbr="ab"></th><td id="c2" rowspan="2" headers="c1"></td></tr></thead>
<tfoot id="tf"><tr></tr><tr id="r2"></tr></tfoot><tbody id="tb"><tr></tr><tr id="r3"></tr></tbody></table>
<video id="v" autoplay muted src="m" crossorigin="anonymous"><track id="k1" kind="captions" src="s" srclang="de" default><track id="k2"></video><audio loop preload="none"></audio>
<canvas width="200"></canvas><ol start="3" reversed><li value="4" type="a"></li></ol><ul type="disc"></ul>
<del cite="c" datetime="d"></del><time datetime="now"></time><iframe src="i" width="10%" allowfullscreen></iframe><embed src="e" type="t"><data value="5"></data>
<img src="p.png" alt="al" width="7" height="x" ismap srcset="ss"><object data="o" typemustmatch><param name="pn" value="pv"></object><pre name="q"></pre></body></html>"#;
    check_methods(
        page,
        &[
            (
                "#t1",
                "caption tHead tFoot tBodies rows sortable",
                r#""ca","th","tf",["tb"],["r1","tr","r2","tr","r3"],false"#,
            ),
            ("#th", "rows", r#"["r1"]"#),
            ("#r1", "cells rowIndex sectionRowIndex", r#"["c0","c1","c2"],0,0"#),
            ("#r2", "rowIndex sectionRowIndex", "2,1"),
            ("#c1", "cellIndex colSpan rowSpan scope abbr sorted", r#"1,2,1,"row","ab",false"#),
            ("#c2", "cellIndex colSpan rowSpan headers", r#"2,1,2,"c1""#),
            ("col", "span", "1"),
            ("title", "text", r#""tt""#),
            ("#sc", "text src async defer noModule type", r#""code()","s.js",true,false,false,"""#),
            ("style", "type media", r#""text/css","""#),
            ("meta", "httpEquiv content name", r#""refresh","c","n""#),
            (
                "#v",
                "autoplay controls loop muted defaultMuted preload src crossOrigin textTracks",
                r#"true,false,false,true,true,"auto","m","anonymous",["k1","k2"]"#,
            ),
            ("audio", "loop preload crossOrigin textTracks", r#"true,"none",null,[]"#),
            ("#k1", "kind src srclang default label", r#""captions","s","de",true,"""#),
            ("#k2", "kind", r#""subtitle""#),
            ("canvas", "width height", "200,150"),
            ("ol", "start reversed type", r#"3,true,"1""#),
            ("li", "value type", r#"4,"a""#),
            ("ul", "type", r#""disc""#),
            ("del", "cite datetime", r#""c","d""#),
            ("time", "datetime", r#""now""#),
            ("iframe", "src width height allowfullscreen referrerPolicy", r#""i","10%","",true,"""#),
            ("embed", "src type", r#""e","t""#),
            ("data", "value", r#""5""#),
            ("img", "src currentSrc alt width height isMap srcset", r#""p.png","p.png","al",7,0,true,"ss""#),
            ("object", "data typeMustMatch useMap form", r#""o",true,"",null"#),
            ("param", "name value", r#""pn","pv""#),
            ("pre", "name value", r#""q","""#),
        ],
    );
}

#[test]
fn elements_with_methods_of_their_own_are_not_compared() {
    check(
        "<p><a>x</a></p>",
        &[
            ("doc.find('a').get(0).isSameNode(doc.find('a').get(0))", "false"),
            ("doc.find('p').get(0).contains(doc.find('a').get(0))", "false"),
            ("doc.find('a').index(doc.find('a').get(0))", "-1"),
            ("doc.find('p').has(doc.find('a').get(0)).size()", "1"),
            ("typeof doc.find('p').get(0).href", r#""undefined""#),
        ],
    );
}
