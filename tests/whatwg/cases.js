// What the web's globals do, a line for each case. It runs in ssek and in Node alike; `node.out` is what Node says.

const shown = (value) => {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `${value.constructor.name}(${[...new Uint8Array(value.buffer ?? value)]})`
  if (value instanceof Map) return `Map${shown([...value])}`
  if (value instanceof Set) return `Set${shown([...value])}`
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value === 'bigint') return `${value}n`
  if (value === undefined || Object.is(value, -0)) return Object.is(value, -0) ? '-0' : 'undefined'
  if (Array.isArray(value)) return `[${value.map(shown)}]`
  return typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? value : String(value)
}

const URLS = [
  'http://example.com', 'HTTP://EXAMPLE.com:80/a/../b/./c?q#f', 'https://user:pa%20ss@host:8443/p?x=1&x=2#frag',
  'http://[::1]:3000/x', 'http://[2001:db8::0:1]/', 'http://1.2.3/', 'http://0x7f.1/', 'ftp://h/%7Efoo/../bar',
  'file:///C:/x/../y', 'mailto:a@b.c', 'data:text/plain,hi there?x#y', 'javascript:alert(1)', 'http://ex ample.com',
  'http://', '//x', 'x', '', 'http://a:b', 'http://a:99999', 'http://münchen.de/straße?ü=ö', 'http://a/%zz?%zz',
  'http://a/\ud800', '  http://trim.me \n', 'http://a\\b\\c', 'ws://h:80/', 'wss://h:443/s', 'http://a@b@c/',
  'blob:https://x.y/id', 'http://a?b?c', 'http://a#b#c', 'http://a/b|c^d`e{f}"<>', 'non-special://h:80/p', 'http://a..b/',
  'http://%41.com', 'http://a%00b', 'https://例え.jp/', 'http://h/?a=%F0%9F%98%80', 'http://user@/', 'about:blank',
]
const RELATIVE = ['', '.', '..', '../../../x', 'y', '/y', '//other/y', '?q', '#h', 'http:x', './a/../b', 'https://z', '\\w', '%2e%2e/x', ';p', '/a//b']
const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']
const ASSIGN = [
  ['protocol', 'https'], ['protocol', 'ftp:'], ['protocol', 'x'], ['username', 'me@'], ['username', ''], ['password', 'a:b'],
  ['host', 'h2:81'], ['host', 'h3'], ['host', 'a b'], ['hostname', 'h4:99'], ['hostname', '[::2]'], ['port', '8080'],
  ['port', '80'], ['port', ''], ['port', '99x'], ['port', 'x'], ['port', '70000'], ['pathname', 'a b/../c'], ['pathname', ''],
  ['search', 'a=b c'], ['search', ''], ['search', '?'], ['hash', 'x y'], ['hash', '#'], ['hash', ''], ['href', 'http://new/'],
]
const QUERIES = [
  '', '?', 'a=1&b=2', '?a=1&a=2&a=3', 'a', '=x', '&&a=&', 'a=b=c', 'a+b=c%20d', '%zz=%', 'ü=ö', '%F0%9F%98%80=%FF', 'a=\ud800',
  "x=!'()*~-._&y=*", '__proto__=1&constructor=2', 'b=1&a=2&c=0&a=1', 'a%00=b',
]
const BASE64 = ['', 'YQ==', 'YQ=', 'YQ', 'Y', 'YWI=', 'YWJj', ' Y W\nJ j ', 'YR==', '====', '=', 'YW=J', '_-8=', '+/8=', 'YWJjZA===', 'ab\u00e9c']
const BINARY = ['', 'a', 'ab', 'abc', '\u00ff\u00fe\u0000', '\u0100', 'ü', '€']

function urls(log) {
  for (const text of URLS) log('URL', JSON.stringify(text), () => PARTS.map((part) => new URL(text)[part]))
  for (const base of ['http://h/p/q?r#s', 'mailto:x', 'file:///a/b', 'http://u:p@h:1/a/b/c']) {
    for (const text of RELATIVE) log('join', base, text, () => new URL(text, base).href)
  }
  for (const start of ['http://u:p@h:8/p?q#f', 'mailto:x', 'file:///p', 'https://h/']) {
    for (const [part, value] of ASSIGN) log('set', start, part, value, () => { const url = new URL(start); url[part] = value; return url.href })
  }
  log('params are live', () => {
    const url = new URL('http://h/?a=1')
    const params = url.searchParams
    params.append('b', 'x y')
    const first = url.href
    url.search = '?c=3'
    const second = [...params].join()
    params.delete('c')
    return [first, second, url.href, url.searchParams === params, JSON.stringify({ url })]
  })
  log('href sets params', () => { const url = new URL('http://h/?a=1'); const { searchParams } = url; url.href = 'http://i/?z=9'; return [String(searchParams)] })
  log('static', () => [URL.canParse('x'), URL.canParse('x', 'http://h'), String(new URL('http://h')), Object.prototype.toString.call(new URL('http://h'))])
  log('no URL', () => { try { new URL('nope') } catch (e) { return [e instanceof TypeError, e.code, e.input] } })
  log('bad href', () => { const url = new URL('http://h'); try { url.href = 'nope' } catch (e) { return [e.name, url.href] } })
}

function params(log) {
  for (const text of QUERIES) log('query', JSON.stringify(text), () => { const p = new URLSearchParams(text); return [String(p), JSON.stringify([...p]), p.size] })
  const p = () => new URLSearchParams('b=1&a=2&c=0&a=1&b=3')
  const change = (what, act) => log(what, () => { const made = p(); const result = act(made); return [result, String(made)] })
  change('get', (x) => [x.get('a'), x.get('z'), x.getAll('a'), x.getAll('z')])
  change('has', (x) => [x.has('a'), x.has('z'), x.has('a', '1'), x.has('a', '9'), x.has('a', undefined)])
  change('append', (x) => x.append('d', 5))
  change('delete', (x) => x.delete('a'))
  change('delete one', (x) => x.delete('a', '1'))
  change('set', (x) => x.set('a', null))
  change('set new', (x) => x.set('q', undefined))
  change('sort', (x) => x.sort())
  change('forEach', (x) => { const seen = []; x.forEach((v, k, all) => seen.push(k + v + (all === x))); return seen })
  change('keys', (x) => [[...x.keys()], [...x.values()], [...x.entries()].length])
  change('while it changes', (x) => { const seen = []; for (const [k] of x) { seen.push(k); if (k === 'a') x.delete('b') } return seen })
  log('of a record', () => String(new URLSearchParams({ a: 1, b: [1, 2], c: null, ü: undefined })))
  log('of pairs', () => String(new URLSearchParams([['a', 1], ['a', 2]])))
  log('of a map', () => String(new URLSearchParams(new Map([['x', 'y']]))))
  log('of another', () => String(new URLSearchParams(p())))
  for (const bad of [[['a']], [['a', 'b', 'c']], [1], undefined, 5]) log('of', shown(bad), () => String(new URLSearchParams(bad)))
  log('no arguments', () => { try { p().append('a') } catch (e) { return e.name } })
}

function base64(log) {
  for (const text of BASE64) log('atob', JSON.stringify(text), () => { try { return JSON.stringify(atob(text)) } catch (e) { return [e.name, e.code, e instanceof DOMException] } })
  for (const text of BINARY) log('btoa', JSON.stringify(text), () => { try { return btoa(text) } catch (e) { return [e.name, e.code] } })
  log('others', () => [btoa(12), btoa(null), atob(' '), btoa(btoa('x'))])
}

async function abort(log) {
  const said = (signal) => { const seen = []; signal.addEventListener('abort', (e) => seen.push(e.type + (e.target === signal))); return seen }
  log('controller', () => {
    const c = new AbortController(); const seen = said(c.signal); let on = 0
    c.signal.onabort = () => on++
    const before = [c.signal.aborted, c.signal.reason]
    c.abort(); c.abort('again')
    return [before, c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof DOMException, c.signal.reason.message, seen, on]
  })
  log('reason', () => { const c = new AbortController(); c.abort('why'); try { c.signal.throwIfAborted() } catch (e) { return [e, c.signal.reason] } })
  log('abort()', () => [AbortSignal.abort().aborted, AbortSignal.abort(5).reason])
  log('any', () => {
    const [a, b] = [new AbortController(), new AbortController()]
    const any = AbortSignal.any([a.signal, b.signal]); const seen = said(any)
    b.abort('b'); a.abort('a')
    return [any.reason, seen, AbortSignal.any([]).aborted, AbortSignal.any([AbortSignal.abort('x')]).reason]
  })
  log('once and removed', () => {
    const c = new AbortController(); let n = 0; const f = () => n++
    c.signal.addEventListener('abort', f); c.signal.addEventListener('abort', f); c.signal.removeEventListener('abort', f)
    c.signal.addEventListener('abort', { handleEvent() { n += 10 } }, { once: true })
    c.abort()
    return n
  })
  log('illegal', () => { try { new AbortSignal() } catch (e) { return e.name } })
  const signal = AbortSignal.timeout(5)
  const before = signal.aborted
  const seen = said(signal)
  await new Promise((resolve) => { setTimeout(resolve, 60) })
  log('timeout', () => [before, signal.aborted, signal.reason.name, signal.reason.code, seen])
  log('DOMException', () => {
    const e = new DOMException('m', 'NotFoundError')
    return [String(e), e.code, e instanceof Error, new DOMException().name, new DOMException('x', 'Own').code, Object.prototype.toString.call(e)]
  })
}

function clone(log) {
  const same = (what, value) => log('clone', what, () => shown(structuredClone(value)))
  for (const value of [1, -0, NaN, 'x', true, null, undefined, 10n, [1, , 3], { a: { b: [1] } }, new Map([[{ k: 1 }, new Set([1, 'a'])]]),
    new Date(5), new Uint16Array([1, 2, 3]).subarray(1), new Uint8Array([7]).buffer, new Error('e'), new TypeError('t')]) same(shown(value), value)
  log('regexp', () => { const r = structuredClone(/a(b)/gi); return [r.source, r.flags, r.lastIndex] })
  log('date', () => structuredClone(new Date(1e12)).toISOString())
  log('boxed', () => { const s = structuredClone(Object('text')); return [typeof s, s.valueOf(), s instanceof String] })
  log('cycle', () => { const a = { list: [] }; a.self = a; a.list.push(a); const b = structuredClone(a); return [b !== a, b.self === b, b.list[0] === b] })
  log('identity', () => { const x = {}; const y = structuredClone([x, x]); return [y[0] === y[1], y[0] !== x] })
  log('prototypes go', () => { class A { constructor() { this.x = 1 } get y() { return 2 } } const a = structuredClone(new A()); return [a.constructor === Object, shown(a)] })
  log('getters are read', () => shown(structuredClone({ get x() { return 3 } })))
  log('hidden go', () => shown(structuredClone(Object.defineProperty({ a: 1 }, 'b', { value: 2 }))))
  log('__proto__', () => { const o = structuredClone(JSON.parse('{"__proto__":1}')); return [Object.keys(o), Object.getPrototypeOf(o) === Object.prototype] })
  log('views share', () => { const b = new ArrayBuffer(4); const [x, y] = structuredClone([new Uint8Array(b), new Uint8Array(b)]); x[0] = 9; return y[0] })
  log('array props', () => { const a = [1]; a.extra = 'x'; return [structuredClone(a).extra, structuredClone(a).length] })
  log('deep', () => { let v = 0; for (let i = 0; i < 3000; i++) v = [v]; let n = 0; for (let c = structuredClone(v); Array.isArray(c); c = c[0]) n++; return n })
  log('transfer', () => { const b = new ArrayBuffer(8); const c = structuredClone({ b }, { transfer: [b] }); return [b.byteLength, c.b.byteLength] })
  for (const [what, bad] of [['function', () => {}], ['symbol', Symbol('s')], ['promise', Promise.resolve()], ['weak', new WeakMap()], ['within', { a: [() => {}] }]]) {
    log('refused', what, () => { try { structuredClone(bad) } catch (e) { return [e.name, e.code] } })
  }
}

async function messages(log) {
  const h = () => new Headers([['X-A', ' 1 '], ['x-a', '2'], ['B', 'b']])
  log('headers', () => [[...h()].join('|'), h().get('X-a'), h().get('z'), h().has('b'), [...h().keys()]])
  log('headers change', () => { const x = h(); x.set('x-a', '3'); x.delete('b'); x.append('c', 'd'); return [[...x].join('|')] })
  log('cookies', () => { const x = new Headers(); x.append('set-cookie', 'a=1'); x.append('Set-Cookie', 'b=2'); return [x.getSetCookie(), x.get('set-cookie'), [...x].length] })
  log('of a record', () => [...new Headers({ 'Content-Type': 'x', n: 5 })].join('|'))
  for (const [n, v] of [['a b', 'x'], ['', 'x'], ['a', 'x\ny'], ['ü', 'x']]) log('bad header', JSON.stringify([n, v]), () => { try { new Headers([[n, v]]); return 'fine' } catch (e) { return e.name } })
  log('request', () => {
    const r = new Request('http://h/p?q#f', { method: 'post', body: 'text', headers: { a: 'b' } })
    return [r.method, r.url, [...r.headers].join('|'), r.redirect, r.bodyUsed, r.signal.aborted, new Request('http://h', { method: 'patch' }).method]
  })
  for (const [what, make] of [
    ['GET with a body', () => new Request('http://h', { body: 'x' })], ['no URL', () => new Request('nope')],
    ['bad method', () => new Request('http://h', { method: 'a b' })], ['bad status', () => new Response('', { status: 99 })],
    ['204 with a body', () => new Response('x', { status: 204 })], ['bad redirect', () => new Request('http://h', { redirect: 'x' })],
  ]) log('refused', what, () => { try { make(); return 'fine' } catch (e) { return e.name } })
  const kinds = [['string', 'ü'], ['bytes', new Uint8Array([104, 105]).subarray(1)], ['buffer', new Uint8Array([104]).buffer], ['params', new URLSearchParams({ a: 'b c' })], ['null', null], ['number', 5]]
  for (const [what, body] of kinds) {
    const response = new Response(body)
    const [text, type, copy] = [await response.clone().text(), response.headers.get('content-type'), new Uint8Array(await response.clone().arrayBuffer())]
    log('body', what, () => [text, type, shown(copy), response.bodyUsed])
  }
  const json = Response.json({ a: [1] }, { status: 201, statusText: 'Made' })
  const data = await json.json()
  let second = ''
  try { await json.text() } catch (e) { second = e.name }
  log('json', () => [shown(data), json.status, json.statusText, json.ok, json.headers.get('content-type'), json.bodyUsed, second])
  let bad = ''
  try { await new Response('{').json() } catch (e) { bad = e.name }
  log('bad json', () => bad)
  log('bom', () => '')
  const bom = await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])).text()
  log('text', () => JSON.stringify(bom))
  log('form', () => { const f = new FormData(); f.append('a', 1); f.append('a', 2); f.set('b', 'x'); f.set('a', 3); return [[...f].join('|'), f.get('a'), f.get('z'), f.getAll('a'), f.has('b')] })
  const copied = new Request(new Request('http://h', { method: 'PUT', body: 'x', headers: { k: 'v' } }), { headers: { l: 'w' } })
  const body = await copied.text()
  log('request of a request', () => [copied.method, [...copied.headers].join('|'), body])
}

/** Runs every case; `say` gets a line for each. */
export async function run(say) {
  const log = (...all) => {
    const act = all.pop()
    let result
    try { result = shown(act()) } catch (error) { result = `throws ${error.name}` }
    // Lone surrogates are shown in different ways.
    say(`${all.join(' ')} => ${result}`.toWellFormed())
  }
  urls(log)
  params(log)
  base64(log)
  await abort(log)
  clone(log)
  await messages(log)
}
