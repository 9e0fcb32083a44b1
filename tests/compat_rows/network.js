// Modules that talk to a server.
import http from 'k6/http'
import grpc from 'k6/net/grpc'
import { Blob, WebSocket } from 'k6/websockets'
import ws from 'k6/ws'
import sse from 'k6/x/sse'
import llm from 'ssek/llm'
import * as own from 'ssek/sse'
import { is, methods, section, thrown } from './rows.js'

const { H, W } = __ENV
const experimental = require('k6/experimental/websockets')
const client = new grpc.Client()
client.load([__ENV.PROTOS], 'echo.proto')
const echo = (...args) => http.request(...args).json()
const sent = (params, body = null) => echo('POST', `${H}/echo`, body, params)

section('k6/http', {
  get: () => is(http.get(`${H}/echo`).json().method, 'GET'),
  head: () => is(http.head(`${H}/echo`).body, ''),
  post: () => is(http.post(`${H}/echo`, { b: [1, 2], a: 'x y' }).json().body, 'a=x+y&b=1&b=2'),
  put: () => is(http.put(`${H}/echo`, 'x').json().method, 'PUT'),
  patch: () => is(http.patch(`${H}/echo`, 'x').json().method, 'PATCH'),
  del: () => is(http.del(`${H}/echo`).json().method, 'DELETE'),
  options: () => is(http.options(`${H}/echo`).json().method, 'OPTIONS'),
  request: () => is(http.request('OWN', `${H}/echo`).json().method, 'OWN'),
  asyncRequest: async () => is((await http.asyncRequest('GET', `${H}/echo`)).status, 200),
  batch: () => is(http.batch([`${H}/echo`, ['POST', `${H}/echo`, 'x'], { method: 'PUT', url: `${H}/echo` }]).map((r) => r.json().method), ['GET', 'POST', 'PUT']),
  url: () => is(http.url`${H}/${1}`.name, '${}/${}'),
  file: () => is(http.post(`${H}/echo`, { f: http.file('data', 'n.txt') }).json().body.includes('filename="n.txt"'), true),
  cookieJar: () => { http.cookieJar().set(H, 'c', 'v'); return is(http.cookieJar().cookiesForURL(H).c, ['v']) },
  CookieJar: () => { const jar = new http.CookieJar(); jar.set(H, 'own', '1'); return is(sent({ jar }).headers.cookie, 'own=1') },
  'CookieJar.set': () => is(new http.CookieJar().set(H, 'a', 'b', { path: '/x' }), true),
  'CookieJar.cookiesForURL': () => is(new http.CookieJar().cookiesForURL(H), {}),
  'CookieJar.clear': () => { const jar = new http.CookieJar(); jar.set(H, 'a', 'b'); jar.clear(H); return is(jar.cookiesForURL(H), {}) },
  'CookieJar.delete': () => { const jar = new http.CookieJar(); jar.set(H, 'a', 'b'); jar.delete(H, 'a'); return is(jar.cookiesForURL(H), {}) },
  expectedStatuses: () => is(thrown(() => http.expectedStatuses()), 'GoError: no arguments'),
  setResponseCallback: () => { http.setResponseCallback(http.expectedStatuses({ min: 200, max: 399 })); return true },
  'TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3': () => is([http.TLS_1_0, http.TLS_1_3], ['tls1.0', 'tls1.3']),
  'OCSP_STATUS_…, OCSP_REASON_…': () => is([http.OCSP_STATUS_GOOD, http.OCSP_REASON_UNSPECIFIED], ['good', 'unspecified']),
})

section('k6/http: parameters', {
  headers: () => is(sent({ headers: { 'X-Own': 5 } }).headers['x-own'], '5'),
  cookies: () => is(sent({ cookies: { a: 'b' }, jar: new http.CookieJar() }).headers.cookie, 'a=b'),
  jar: () => is(sent({ jar: new http.CookieJar() }).headers.cookie, undefined),
  tags: () => is(http.get(`${H}/echo`, { tags: { own: 1 } }).status, 200),
  timeout: () => is(http.get(`${H}/slow`, { timeout: 50 }).error_code, 1050),
  redirects: () => is(http.get(`${H}/away`, { redirects: 0 }).status, 302),
  'auth: "digest"': () => is(http.get(H.replace('//', '//u:p@') + '/echo', { auth: 'digest' }).json().headers.authorization, undefined),
  'auth: "ntlm"': () => http.get(`${H}/echo`, { auth: 'ntlm' }).error,
  compression: () => is(sent({ compression: 'gzip' }, 'x').headers['content-encoding'], 'gzip'),
  responseType: () => is(http.get(`${H}/echo`, { responseType: 'binary' }).body instanceof ArrayBuffer, true),
  responseCallback: () => is(http.get(`${H}/missing`, { responseCallback: http.expectedStatuses(404) }).status, 404),
  throw: () => is(thrown(() => http.get(`${H}/slow`, { timeout: 50, throw: true })).includes('request timeout'), true),
})

const FIELDS = {
  remote_ip: (r) => r.remote_ip === '127.0.0.1', remote_port: (r) => r.remote_port > 0, url: (r) => r.url === `${H}/page`,
  status: (r) => r.status === 200, status_text: (r) => r.status_text === '200 OK', proto: (r) => r.proto === 'HTTP/1.1',
  headers: (r) => r.headers['Content-Type'] === 'text/html', cookies: (r) => r.cookies.c[0].value === '1',
  body: (r) => r.body.includes('<form'), timings: (r) => r.timings.duration > 0, tls_version: (r) => r.tls_version === '',
  tls_cipher_suite: (r) => r.tls_cipher_suite === '', ocsp: (r) => r.ocsp.status === '', error: (r) => r.error === '',
  error_code: (r) => r.error_code === 0, request: (r) => r.request.method === 'GET',
}
section('k6/http: responses', {
  ...Object.fromEntries(Object.keys(FIELDS).map((name) => [name, () => FIELDS[name](http.get(`${H}/page`))])),
  json: () => is([http.get(`${H}/json`).json('a.1.b'), http.get(`${H}/json`).json().a[0]], [2, 1]),
  html: () => is(http.get(`${H}/page`).html('a').text(), 'link'),
  submitForm: () => is(http.get(`${H}/page`).submitForm({ fields: { own: 'x' } }).json().body, 'own=x'),
  clickLink: () => is(http.get(`${H}/page`).clickLink().json().method, 'GET'),
})

const connected = (act) => { let seen; const res = ws.connect(`${W}/echo`, (s) => { seen = act(s); s.on('open', () => s.close()) }); return res.status === 101 && seen }
section('k6/ws', {
  connect: () => connected(() => true),
  'Socket.on': () => { let seen; ws.connect(`${W}/echo`, (s) => { s.on('open', () => s.send('hi')); s.on('message', (m) => { seen = m; s.close() }) }); return is(seen, 'hi') },
  'Socket.send': () => connected((s) => typeof s.send === 'function'),
  'Socket.sendBinary': () => connected((s) => typeof s.sendBinary === 'function'),
  'Socket.ping': () => { let n = 0; ws.connect(`${W}/echo`, (s) => { s.on('open', () => s.ping()); s.on('pong', () => { n++; s.close() }) }); return is(n, 1) },
  'Socket.close': () => connected((s) => typeof s.close === 'function'),
  'Socket.setTimeout': () => { let n = 0; ws.connect(`${W}/echo`, (s) => { s.setTimeout(() => { n++; s.close() }, 1) }); return is(n, 1) },
  'Socket.setInterval': () => { let n = 0; ws.connect(`${W}/echo`, (s) => { s.setInterval(() => { if (++n === 2) s.close() }, 1) }); return is(n, 2) },
})

const socket = (act) => new Promise((resolve) => {
  const made = new WebSocket(`${W}/echo`)
  made.onopen = () => { Promise.resolve(act(made)).then((value) => { made.close(); resolve(value) }) }
})
section('k6/websockets', {
  WebSocket: () => socket((s) => is(s.readyState, 1)),
  'WebSocket.send': () => socket((s) => new Promise((resolve) => { s.onmessage = (e) => resolve(is(e.data, 'hi')); s.send('hi') })),
  'WebSocket.ping': () => socket((s) => new Promise((resolve) => { s.onpong = () => resolve(true); s.ping() })),
  'WebSocket.close': () => socket((s) => typeof s.close === 'function'),
  'WebSocket.addEventListener': () => socket((s) => new Promise((resolve) => { s.addEventListener('message', (e) => resolve(e.type === 'message')); s.send('x') })),
  'url, readyState, bufferedAmount, extensions, protocol': () => socket((s) => is([s.url.startsWith('ws'), s.bufferedAmount, s.extensions, s.protocol], [true, 0, [], ''])),
  binaryType: () => socket((s) => is(s.binaryType, 'blob')),
  'onopen, onmessage, onerror, onclose, onping, onpong': () => socket((s) => ['onopen', 'onmessage', 'onerror', 'onclose', 'onping', 'onpong'].every((name) => name in s)),
  Blob: async () => is([await new Blob(['a', 'b']).text(), new Blob(['abc'], { type: 'x/y' }).slice(1).size], ['ab', 2]),
  'Blob.stream': () => thrown(() => new Blob(['a']).stream()),
  'k6/experimental/websockets': () => is(typeof experimental.WebSocket, 'function'),
})

const connect = () => client.connect(__ENV.G, { plaintext: true })
section('k6/net/grpc', {
  Client: () => is(typeof client, 'object'),
  'Client.connect': () => is(connect(), true),
  'Client.load': () => is(thrown(() => client.load([], 'x.proto')).includes('load must be called in the init context'), true),
  'Client.loadProtoset': () => is(typeof client.loadProtoset, 'function'),
  'Client.invoke': () => is(thrown(() => client.invoke('no.Such/Method', {})).includes('not found in file descriptors'), true),
  'Client.asyncInvoke': () => is(typeof client.asyncInvoke, 'function'),
  'Client.healthCheck': () => is(typeof client.healthCheck, 'function'),
  'Client.close': () => { client.close(); return is(thrown(() => client.invoke('a.B/c', {})).includes('you must call connect first'), true) },
  Stream: () => is(typeof grpc.Stream, 'function'),
  'Stream.on, Stream.write, Stream.end': () => is(['on', 'write', 'end'].map((name) => typeof grpc.Stream.prototype[name]), ['function', 'function', 'function']),
  'StatusOK … StatusUnauthenticated': () => is([grpc.StatusOK, grpc.StatusUnauthenticated], [0, 16]),
  'HealthCheckUnknown … HealthCheckServing': () => is([grpc.HealthCheckUnknown, grpc.HealthCheckServing], [0, 1]),
})

section('k6/x/sse', {
  open: () => { const seen = []; const res = sse.open(`${H}/events`, (c) => c.on('event', (e) => seen.push(e.data))); return is([res.status, seen], [200, ['one', 'two']]) },
  'Client.on': () => { let n = 0; sse.open(`${H}/events`, (c) => c.on('open', () => n++)); return is(n, 1) },
  'Client.close': () => { const seen = []; sse.open(`${H}/events`, (c) => c.on('event', (e) => { seen.push(e.data); c.close() })); return is(seen.length >= 1, true) },
})

section('ssek/sse', methods(() => own, ['connect']))

const model = new llm.Client({ baseURL: `${H}/v1`, model: 'none' })
section('ssek/llm', {
  Client: () => is(thrown(() => new llm.Client({})).includes('baseURL'), true),
  'Client.chat': () => is(model.chat('hello').status, 200),
  'Client.chatAsync': async () => is((await model.chatAsync('hello')).status, 200),
})
