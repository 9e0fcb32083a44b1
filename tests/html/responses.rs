//! `html()`, `submitForm()` and `clickLink()` of a response.

use super::script::{log, path};
use super::support::{Request, Server, Stream, Then, respond};

const PAGE: &str = r#"<html><head><title>Page</title></head><body><a name="x">no link</a><a id="l1" href="next?a=b c">next</a><a id="l2" href="//other.test/">other</a>
<form id="f1" action="/submit?old=1#top"><input name="b" value="2 &amp; 3"><input name="a" value="1"><select name="m" multiple><option selected>x</option><option selected>y</option></select>
<input type="submit" name="go" value="Go!"><input type="submit" id="other" name="go" value="Other"></form>
<form id="f2" method="post" action="../up"><input type="hidden" name="token" value="t"><input type="text" name="q"><button type="submit">Send</button></form>
<form id="f3" method="put"><input name="z" value="1"></form></body></html>"#;

fn serve(request: &Request, stream: &mut dyn Stream) -> Then {
    match path(request) {
        "/dir/page?x=1" if request.line.starts_with("GET") => {
            respond(stream, "200 OK", "Content-Type: text/html\r\n", PAGE.as_bytes())
        }
        "/none" => respond(stream, "204 No Content", "", b""),
        _ => {
            let kind = request.header("content-type").unwrap_or("-");
            let own = request.header("x-own").unwrap_or("-");
            let body = String::from_utf8_lossy(&request.body);
            let shown = format!("{} {kind} {own} {body}", request.line.trim_end_matches(" HTTP/1.1"));
            respond(stream, "200 OK", "", shown.as_bytes())
        }
    }
}

#[test]
fn pages_links_and_forms() {
    let server = Server::new(serve);
    let script = r#"
        const attempt = (make) => { try { console.log(make()) } catch (e) { console.log(String(e).replace(U, 'U')) } }
        export default function () {
            const res = http.get(U + '/dir/page?x=1')
            const { html } = res
            attempt(() => [html('title').text(), res.html().find('a').size(), res.html('#l1').attr('href')])
            attempt(() => res.html('#l1').get(0).href().replace(U, 'U'))
            attempt(() => res.html('a').url.replace(U, 'U') + ' ' + res.html('#f2').get(0).action().replace(U, 'U'))
            attempt(() => res.clickLink().body)
            attempt(() => res.clickLink({ selector: '#l1', params: { headers: { 'X-Own': 'o' } } }).body)
            attempt(() => res.clickLink({ selector: 'a' }))
            attempt(() => res.clickLink({ selector: '#nope' }))
            attempt(() => res.clickLink(null))
            attempt(() => res.submitForm().body)
            attempt(() => res.submitForm({ formSelector: '#f1', submitSelector: '#other', fields: { a: 'new', extra: 5 }, params: { headers: { 'X-Own': 'o' } } }).body)
            attempt(() => res.submitForm({ formSelector: '#f2', fields: { q: 'a b' } }).body)
            attempt(() => res.submitForm({ formSelector: '#f2', fields: { q: ['1', '2'], token: null } }).body)
            attempt(() => res.submitForm({ formSelector: '#f3' }).body)
            attempt(() => res.submitForm({ formSelector: '#nope' }))
            attempt(() => http.get(U + '/none').html())
            attempt(() => http.get(U + '/none').submitForm())
            res.body = '<p>changed</p>'
            attempt(() => res.html('p').text() + res.html('title').size())
            attempt(() => http.get(U + '/dir/page?x=1', { responseType: 'binary' }).html('title').text())
        }"#;
    let null = "GoError: the body is null so we can't transform it to HTML - this likely was because of a request \
                error getting the response";
    let expected = [
        r#"[ "Page", 3, "next?a=b c" ]"#,
        "U/dir/next?a=b c",
        "U/dir/page?x=1 U/up",
        "GET /dir/next?a=b%20c - - ",
        "GET /dir/next?a=b%20c - o ",
        "GoError: no valid href attribute value found on element 'a' in response 'U/dir/page?x=1'",
        "GoError: no element found for selector '#nope' in response 'U/dir/page?x=1'",
        "TypeError: Cannot convert undefined or null to object",
        // The values of all forms that the selector finds, and of the buttons in them the first.
        "GET /submit?a=1&b=2+%26+3&go=Go%21&m=x%2Cy&q=&token=t&z=1 - - ",
        "GET /submit?a=new&b=2+%26+3&extra=5&go=Other&m=x%2Cy - o ",
        "POST /up application/x-www-form-urlencoded - q=a+b&token=t",
        "POST /up application/x-www-form-urlencoded - q=1&q=2&token=",
        "PUT /dir/page?x=1 application/x-www-form-urlencoded - z=1",
        "GoError: no form found for selector '#nope' in response 'U/dir/page?x=1'",
        null,
        null,
        "changed0",
        "Page",
    ];
    assert_eq!(log(&server, script), expected);
}

#[test]
fn vus_of_a_thread_share_their_methods() {
    let server = Server::new(serve);
    let script = r#"
        import { check } from 'k6'
        import { parseHTML } from 'k6/html'
        export const options = { thresholds: { checks: ['rate==1'] } }
        export default function () {
            const res = http.get(U + '/dir/page?x=1')
            check(res, {
                title: (r) => r.html('title').text() === 'Page',
                link: (r) => r.html('#l1').get(0).href().endsWith('/dir/next?a=b c'),
                own: () => parseHTML(`<p id="${__VU}">`).find('p').get(0).id() === String(__VU),
            })
        }"#;
    let args = ["--vus", "6", "-i", "30", "--threads", "1", "-v"];
    let (_run, outcome) = super::script::run(&server, &args, script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("a realm and a thread of its own"), "{}", outcome.stderr);
}
