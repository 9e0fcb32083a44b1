// Globals, and modules that need no server.
import { check, fail, group, randomSeed, sleep } from 'k6'
import crypt from 'k6/crypto'
import x509 from 'k6/crypto/x509'
import { SharedArray } from 'k6/data'
import enc from 'k6/encoding'
import exec from 'k6/execution'
import csv from 'k6/experimental/csv'
import fs from 'k6/experimental/fs'
import * as streams from 'k6/experimental/streams'
import { Counter, Gauge, Rate, Trend } from 'k6/metrics'
import secrets from 'k6/secrets'
import timers from 'k6/timers'
import { is, methods, section, thrown } from './rows.js'

const counter = new Counter('my_counter')
const gauge = new Gauge('my_gauge')
const rate = new Rate('my_rate')
const trend = new Trend('my_trend', true)
const shared = new SharedArray('shared', () => [{ a: 1 }, { a: 2 }])
const initial = { opened: open('./data.csv'), binary: open('./data.csv', 'b'), required: require('k6/encoding') }
const file = await fs.open('./data.csv')
const parsed = await csv.parse(file, { skipFirstLine: true })
const parser = new csv.Parser(await fs.open('./data.csv'), { skipFirstLine: true })
const certificate = open('./certificate.pem')
const load = (name) => thrown(() => require(name))
const absent = {}
for (const name of ['k6/browser', 'k6/experimental/browser', 'k6/experimental/grpc', 'k6/experimental/redis',
  'k6/experimental/timers', 'k6/experimental/tracing', 'k6/experimental/webcrypto', 'k6/x/faker', 'ssek/other']) absent[name] = load(name)

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
const after = (set, ...args) => new Promise((resolve) => { set((...given) => resolve(given), 1, ...args) })

section('Globals', {
  'console.log': () => is(typeof console.log, 'function'),
  'console.debug': () => is(typeof console.debug, 'function'),
  'console.info': () => is(typeof console.info, 'function'),
  'console.warn': () => is(typeof console.warn, 'function'),
  'console.error': () => is(typeof console.error, 'function'),
  __ENV: () => is(__ENV.OWN, 'value'),
  __VU: () => is(__VU, 1),
  __ITER: () => is(__ITER, 0),
  open: () => is([initial.opened.split('\n')[0], initial.binary instanceof ArrayBuffer], ['name,age', true]),
  require: () => is(typeof initial.required.b64encode, 'function'),
  'module, exports': () => is(thrown(() => module), 'ReferenceError: module is not defined'),
  global: () => is(global === globalThis, true),
  setTimeout: async () => is(await after(setTimeout, 'x'), ['x']),
  clearTimeout: () => is(clearTimeout(setTimeout(() => { throw new Error('fired') }, 1)) === undefined, true),
  setInterval: async () => is(await new Promise((resolve) => { let n = 0; const id = setInterval(() => { if (++n === 2) { clearInterval(id); resolve(n) } }, 1) }), 2),
  clearInterval: () => is(typeof clearInterval, 'function'),
  'crypto.getRandomValues': () => is(crypto.getRandomValues(new Uint8Array(4)).length, 4),
  'crypto.randomUUID': () => is(crypto.randomUUID().length, 36),
  TextEncoder: () => is(Array.from(new TextEncoder().encode('é')), [195, 169]),
  TextDecoder: () => is(new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])), 'A'),
  GoError: () => is(thrown(() => fail('why')), 'GoError: why'),
  'import.meta.resolve': () => is(import.meta.resolve('k6/http'), 'k6/http'),
  'Date.prototype.toLocaleString': () => is(new Date(2024, 0, 9, 5, 4, 3).toLocaleString(), '01/09/2024, 05:04:03'),
  'String.prototype.localeCompare': () => is(['b', 'ä', 'A', 'a'].sort((a, b) => a.localeCompare(b)), ['a', 'A', 'ä', 'b']),
  Intl: () => thrown(() => new Intl.NumberFormat()),
  'Date.parse': () => is([Date.parse('2024-01-09T00:00:00Z'), Number.isNaN(Date.parse('9 January 2024'))], [1704758400000, true]),
  'recursion without end': () => is(thrown(() => { const f = () => f() + 1; f() }).startsWith('RangeError'), true),
})

const { subtle } = crypto
const aes = () => subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt', 'decrypt'])
const iv = new Uint8Array(12)
const pair = () => subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const ES = { name: 'ECDSA', hash: 'SHA-256' }
const secretOf = () => subtle.importKey('raw', new Uint8Array([1]), 'PBKDF2', false, ['deriveBits', 'deriveKey'])
const KDF = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(8), iterations: 10 }
section('crypto.subtle', {
  digest: async () => is(hex(await subtle.digest('SHA-1', new Uint8Array(0))).slice(0, 8), 'da39a3ee'),
  generateKey: async () => is((await aes()).type, 'secret'),
  importKey: async () => is((await secretOf()).algorithm.name, 'PBKDF2'),
  exportKey: async () => is((await subtle.exportKey('jwk', await aes())).kty, 'oct'),
  encrypt: async () => is((await subtle.encrypt({ name: 'AES-GCM', iv }, await aes(), new Uint8Array(3))).byteLength, 19),
  decrypt: async () => {
    const key = await aes()
    const closed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array([7]))
    return is(hex(await subtle.decrypt({ name: 'AES-GCM', iv }, key, closed)), '07')
  },
  sign: async () => is((await subtle.sign(ES, (await pair()).privateKey, new Uint8Array(1))).byteLength, 64),
  verify: async () => {
    const keys = await pair()
    return is(await subtle.verify(ES, keys.publicKey, await subtle.sign(ES, keys.privateKey, new Uint8Array(1)), new Uint8Array(1)), true)
  },
  deriveBits: async () => is((await subtle.deriveBits(KDF, await secretOf(), 128)).byteLength, 16),
  deriveKey: async () => is((await subtle.deriveKey(KDF, await secretOf(), { name: 'AES-GCM', length: 256 }, true, ['encrypt'])).type, 'secret'),
  wrapKey: async () => { try { await subtle.wrapKey() } catch (e) { return String(e) } },
  unwrapKey: async () => { try { await subtle.unwrapKey() } catch (e) { return String(e) } },
  CryptoKey: async () => is((await aes()) instanceof crypto.CryptoKey, true),
  'HKDF, AES-KW, Ed25519, X25519': async () => { try { await subtle.generateKey('Ed25519', true, ['sign']) } catch (e) { return String(e) } },
})

section('k6', {
  check: () => is([check(1, { one: (v) => v === 1 }), check(1, { two: (v) => v === 2 })], [true, false]),
  fail: () => is(thrown(() => fail('reason')), 'GoError: reason'),
  group: () => is(group('mine', () => 5), 5),
  randomSeed: () => { randomSeed(5); const first = Math.random(); randomSeed(5); return is(Math.random(), first) },
  sleep: () => { const start = Date.now(); sleep(0.01); return is(Date.now() - start >= 9, true) },
})

section('k6/metrics', {
  Counter: () => is([counter.add(1), counter.name], [true, 'my_counter']),
  Gauge: () => is(gauge.add(2, { own: 'tag' }), true),
  Rate: () => is(rate.add(true), true),
  Trend: () => is(trend.add(5.5), true),
})

section('k6/execution', {
  'instance.iterationsCompleted': () => is(exec.instance.iterationsCompleted, 0),
  'instance.iterationsInterrupted': () => is(exec.instance.iterationsInterrupted, 0),
  'instance.vusActive': () => is(exec.instance.vusActive, 1),
  'instance.vusInitialized': () => is(exec.instance.vusInitialized, 1),
  'instance.currentTestRunDuration': () => is(exec.instance.currentTestRunDuration > 0, true),
  'scenario.name': () => is(exec.scenario.name, 'default'),
  'scenario.executor': () => is(exec.scenario.executor, 'per-vu-iterations'),
  'scenario.startTime': () => is(Math.abs(Date.now() - exec.scenario.startTime) < 60000, true),
  'scenario.progress': () => is(typeof exec.scenario.progress, 'number'),
  'scenario.iterationInInstance': () => is(exec.scenario.iterationInInstance, 0),
  'scenario.iterationInTest': () => is(exec.scenario.iterationInTest, 0),
  'vu.idInInstance': () => is(exec.vu.idInInstance, 1),
  'vu.idInTest': () => is(exec.vu.idInTest, 1),
  'vu.iterationInInstance': () => is(exec.vu.iterationInInstance, 0),
  'vu.iterationInScenario': () => is(exec.vu.iterationInScenario, 0),
  'vu.metrics.tags': () => { exec.vu.metrics.tags.own = 1; return is(exec.vu.metrics.tags.own, '1') },
  'vu.tags': () => { exec.vu.tags.other = 'x'; return is(exec.vu.metrics.tags.other, 'x') },
  'vu.metrics.metadata': () => { exec.vu.metrics.metadata.m = 'y'; return is(exec.vu.metrics.metadata.m, 'y') },
  'test.abort': () => is(typeof exec.test.abort, 'function'),
  'test.fail': () => is(typeof exec.test.fail, 'function'),
  'test.options': () => is(exec.test.options.scenarios.default.executor, 'per-vu-iterations'),
})

section('k6/data', {
  SharedArray: () => is([shared.length, shared[1].a, shared.map((x) => x.a), shared[0] === shared[0]], [2, 2, [1, 2], false]),
})

section('k6/encoding', {
  b64encode: () => is([enc.b64encode('é?'), enc.b64encode('é?', 'rawurl')], ['w6k/', 'w6k_']),
  b64decode: () => is([enc.b64decode('w6k/', 'std', 's'), enc.b64decode('YQ==').byteLength], ['é?', 1]),
})

const hashes = ['md4', 'md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha512_224', 'sha512_256', 'ripemd160']
const lengths = [32, 32, 40, 64, 96, 128, 56, 64, 40]
section('k6/crypto', {
  ...Object.fromEntries(hashes.map((name, at) => [name, () => is(crypt[name]('x', 'hex').length, lengths[at])])),
  hmac: () => is(crypt.hmac('sha256', 'key', 'x', 'hex').length, 64),
  createHash: () => { const h = crypt.createHash('md5'); h.update('x'); return is(h.digest('hex'), crypt.md5('x', 'hex')) },
  createHMAC: () => { const h = crypt.createHMAC('md5', 'k'); h.update('x'); return is(h.digest('hex'), crypt.hmac('md5', 'k', 'x', 'hex')) },
  randomBytes: () => is(crypt.randomBytes(5).byteLength, 5),
  hexEncode: () => is(crypt.hexEncode(new Uint8Array([1, 255])), '01ff'),
})

section('k6/crypto/x509', {
  parse: () => is(Object.keys(x509.parse(certificate)).includes('publicKey'), true),
  getAltNames: () => is(Array.isArray(x509.getAltNames(certificate)), true),
  getIssuer: () => is(typeof x509.getIssuer(certificate), 'object'),
  getSubject: () => is(typeof x509.getSubject(certificate), 'object'),
})

section('k6/timers', methods(() => timers, ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval']))

section('k6/secrets', {
  get: async () => is(await secrets.get('mine'), 'hidden-value'),
  source: async () => is(await secrets.source('own').get('mine'), 'hidden-value'),
})

section('k6/experimental/fs', {
  open: () => is(file.path.endsWith('data.csv'), true),
  'File.stat': async () => is(await file.stat(), { name: 'data.csv', size: 24 }),
  'File.read': async () => { await file.seek(0, fs.SeekMode.Start); const buffer = new Uint8Array(4); return is([await file.read(buffer), String.fromCharCode(...buffer)], [4, 'name']) },
  'File.seek': async () => is(await file.seek(-3, fs.SeekMode.End), 20),
  SeekMode: () => is([fs.SeekMode.Start, fs.SeekMode.Current, fs.SeekMode.End], [0, 1, 2]),
  FSError: () => String(fs.FSError),
})

section('k6/experimental/csv', {
  parse: () => is([parsed.length, parsed[1][0]], [2, 'bob']),
  Parser: async () => is((await parser.next()).value, ['ann', '30']),
})

section('k6/experimental/streams', {
  ReadableStream: async () => {
    const stream = new streams.ReadableStream({ start(c) { c.enqueue(5); c.close() } })
    return is(await stream.getReader().read(), { value: 5, done: false })
  },
  ReadableStreamDefaultReader: () => is(typeof streams.ReadableStreamDefaultReader, 'function'),
  CountQueuingStrategy: () => is(new streams.CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark, 3),
  WritableStream: () => is(new streams.WritableStream().getWriter().desiredSize, 1),
  WritableStreamDefaultWriter: () => is(typeof streams.WritableStreamDefaultWriter, 'function'),
  'byte streams': () => thrown(() => new streams.ReadableStream({ type: 'bytes' })),
})

section('Modules that are not there', Object.fromEntries(Object.keys(absent).map((name) => [
  name === 'k6/x/faker' ? 'k6/x/… others' : name === 'ssek/other' ? 'ssek/… others' : name, () => absent[name],
])))

section('Beyond k6', {
  fetch: () => is(fetch('nowhere').catch(() => {}) instanceof Promise, true),
  'Headers, Request, Response': () => is([new Headers({ A: 'b' }).get('a'), new Request('http://h').method, new Response('x').status], ['b', 'GET', 200]),
  FormData: () => { const f = new FormData(); f.append('a', 1); return is(f.get('a'), '1') },
  URL: () => is(new URL('../x?y#z', 'http://h/a/b/').href, 'http://h/a/x?y#z'),
  URLSearchParams: () => is(String(new URLSearchParams({ a: 'b c' })), 'a=b+c'),
  'AbortController, AbortSignal': () => { const c = new AbortController(); c.abort(1); return is(AbortSignal.any([c.signal]).reason, 1) },
  DOMException: () => is(new DOMException('m', 'AbortError').code, 20),
  structuredClone: () => is(structuredClone(new Map([[1, { a: 2 }]])).get(1).a, 2),
  'performance.now, performance.timeOrigin': () => is(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 5000, true),
  'atob, btoa': () => is(atob(btoa('x')), 'x'),
  'import()': async () => is((await import('k6/encoding')).b64encode('a'), 'YQ=='),
})
