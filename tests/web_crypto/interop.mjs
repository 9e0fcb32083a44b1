// Keys and messages of every algorithm of Web Crypto: made by one implementation, checked by another. It runs in ssek
// and in Node alike.

const HASHES = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']
const CURVES = ['P-256', 'P-384', 'P-521']
const message = new Uint8Array(100).map((_, i) => i * 7)
const bytes = (length) => new Uint8Array(length).map((_, i) => 255 - i)
const hex = (data) => Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, '0')).join('')
const unhex = (text) => new Uint8Array((text.match(/../g) || []).map((byte) => parseInt(byte, 16)))

const product = (as, bs, make) => as.flatMap((a) => bs.map((b) => make(a, b)))
const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }

const SIGN = [
  ...HASHES.map((hash) => ({ key: { name: 'HMAC', hash }, use: 'HMAC', fixed: true })),
  { key: { name: 'HMAC', hash: 'SHA-256', length: 1096 }, use: 'HMAC', fixed: true },
  ...product(CURVES, HASHES, (namedCurve, hash) => ({ key: { name: 'ECDSA', namedCurve }, use: { name: 'ECDSA', hash } })),
  ...HASHES.map((hash) => ({ key: { name: 'RSASSA-PKCS1-v1_5', hash, ...RSA }, use: 'RSASSA-PKCS1-v1_5', fixed: true })),
  ...HASHES.map((hash, i) => ({ key: { name: 'RSA-PSS', hash, ...RSA }, use: { name: 'RSA-PSS', saltLength: i * 16 } })),
].map((one) => ({ ...one, act: 'sign', usages: ['sign', 'verify'] }))

const MODES = [
  { name: 'AES-CBC', iv: bytes(16) },
  { name: 'AES-CTR', counter: bytes(16), length: 64 },
  { name: 'AES-CTR', counter: bytes(16), length: 3 },
  { name: 'AES-CTR', counter: new Uint8Array(16).fill(255), length: 128 },
  { name: 'AES-GCM', iv: bytes(12) },
  { name: 'AES-GCM', iv: bytes(12), additionalData: message, tagLength: 96 },
  { name: 'AES-GCM', iv: bytes(37), additionalData: bytes(3), tagLength: 128 },
]
const ENCRYPT = [
  ...product(MODES, [128, 192, 256], (use, length) => ({ key: { name: use.name, length }, use, fixed: true })),
  ...HASHES.map((hash, i) => ({ key: { name: 'RSA-OAEP', hash, ...RSA }, use: { name: 'RSA-OAEP', label: bytes(i) } })),
].map((one) => ({ ...one, act: 'encrypt', usages: ['encrypt', 'decrypt'] }))

const CASES = [...SIGN, ...ENCRYPT]
const short = (one) => (one.key.name === 'RSA-OAEP' ? message.slice(0, 60) : message)

async function exported(subtle, key) {
  const formats = {}
  for (const format of ['raw', 'spki', 'pkcs8', 'jwk']) {
    try {
      const data = await subtle.exportKey(format, key)
      formats[format] = format === 'jwk' ? data : hex(data)
    } catch { /* keys of this kind do not have the format */ }
  }
  return formats
}

const usable = (usages, isPrivate) => usages.filter((usage) => (
  ['sign', 'decrypt', 'deriveBits'].includes(usage) === isPrivate && !(usage === 'deriveBits' && !isPrivate)))

/** The key in every form that it has, and what was made with it, for each case. */
export async function make(subtle) {
  const rsa = await subtle.generateKey({ name: 'RSA-PSS', hash: 'SHA-256', ...RSA }, true, ['sign', 'verify'])
  const pkcs8 = await subtle.exportKey('pkcs8', rsa.privateKey)
  const spki = await subtle.exportKey('spki', rsa.publicKey)
  const made = { cases: [], ecdh: [] }
  for (const { key, use, act, usages, ...one } of CASES) {
    const keys = !key.modulusLength ? await subtle.generateKey(key, true, usages) : {
      privateKey: await subtle.importKey('pkcs8', pkcs8, key, true, usable(usages, true)),
      publicKey: await subtle.importKey('spki', spki, key, true, usable(usages, false)),
    }
    const acting = act === 'sign' ? keys.privateKey : keys.publicKey
    const result = await subtle[act](use, acting || keys, short({ key, ...one }))
    made.cases.push({
      secret: keys.publicKey ? null : await exported(subtle, keys),
      private: keys.publicKey ? await exported(subtle, keys.privateKey) : null,
      public: keys.publicKey ? await exported(subtle, keys.publicKey) : null,
      result: hex(result),
    })
  }
  for (const namedCurve of CURVES) {
    const [own, other] = [await pair(subtle, namedCurve), await pair(subtle, namedCurve)]
    const bits = await subtle.deriveBits({ name: 'ECDH', public: other.publicKey }, own.privateKey, null)
    made.ecdh.push({
      private: await exported(subtle, own.privateKey), public: await exported(subtle, other.publicKey), bits: hex(bits),
    })
  }
  made.fixed = await fixed(subtle)
  return made
}

const pair = (subtle, namedCurve) => subtle.generateKey({ name: 'ECDH', namedCurve }, true, ['deriveBits'])

/** What is the same everywhere. */
async function fixed(subtle) {
  const results = []
  for (const hash of HASHES) {
    results.push(hex(await subtle.digest(hash, message)), hex(await subtle.digest({ name: hash.toLowerCase() }, bytes(0))))
    const base = await subtle.importKey('raw', message, 'PBKDF2', false, ['deriveBits', 'deriveKey'])
    const derivation = { name: 'PBKDF2', hash, salt: bytes(9), iterations: 3 }
    results.push(hex(await subtle.deriveBits(derivation, base, 1000)))
    for (const to of [{ name: 'AES-GCM', length: 192 }, { name: 'HMAC', hash }, { name: 'HMAC', hash, length: 160 }]) {
      const usages = to.hash ? ['sign'] : ['encrypt', 'decrypt']
      const key = await subtle.deriveKey({ ...derivation, iterations: 1200 }, base, to, true, usages)
      results.push(hex(await subtle.exportKey('raw', key)), JSON.stringify([key.type, key.extractable, key.usages]))
    }
  }
  return results
}

const sorted = (key) => (typeof key === 'string' ? key : JSON.stringify(Object.entries(key).sort()))

/** What is wrong with what another implementation made: nothing, if all goes well. */
export async function check(subtle, made) {
  const wrong = []
  const imported = async (where, forms, algorithm, usages) => {
    const keys = []
    for (const [format, data] of Object.entries(forms)) {
      const key = await subtle.importKey(format, format === 'jwk' ? data : unhex(data), algorithm, true, usages)
      keys.push(key)
      const again = await exported(subtle, key)
      for (const [format, data] of Object.entries(forms)) {
        if (sorted(again[format]) !== sorted(data)) wrong.push(`${where}: ${format} is ${sorted(again[format])}`)
      }
    }
    return keys
  }
  for (const [i, { key, use, act, usages, fixed, ...one }] of CASES.entries()) {
    const where = JSON.stringify([key, use])
    const { secret, private: hidden, public: open, result } = made.cases[i]
    const data = short({ key, ...one })
    const privates = await imported(where, hidden || secret, key, hidden ? usable(usages, true) : usages)
    const publics = open ? await imported(where, open, key, usable(usages, false)) : privates
    if (privates.length < 2 || publics.length < 2) wrong.push(`${where}: only ${privates.length} forms`)
    for (const key of act === 'sign' ? publics : privates) {
      const fine = act === 'sign'
        ? await subtle.verify(use, key, unhex(result), data)
        : hex(await subtle.decrypt(use, key, unhex(result))) === hex(data)
      if (!fine) wrong.push(`${where}: the ${act} result is wrong`)
      const altered = unhex(result)
      altered[altered.length - 1] ^= 1
      const passes = act === 'sign' && await subtle.verify(use, key, altered, data)
      if (passes) wrong.push(`${where}: an altered signature is right`)
    }
    if (!fixed) continue
    for (const key of act === 'sign' ? privates : publics) {
      if (hex(await subtle[act](use, key, data)) !== result) wrong.push(`${where}: ${act} gives something else`)
    }
  }
  for (const [i, namedCurve] of CURVES.entries()) {
    const { private: hidden, public: open, bits } = made.ecdh[i]
    const algorithm = { name: 'ECDH', namedCurve }
    const privates = await imported(namedCurve, hidden, algorithm, ['deriveBits'])
    const publics = await imported(namedCurve, open, algorithm, [])
    for (const own of privates) for (const other of publics) {
      const shared = hex(await subtle.deriveBits({ name: 'ECDH', public: other }, own, null))
      if (shared !== bits) wrong.push(`${namedCurve}: the shared bits are ${shared}`)
    }
  }
  const own = await fixed(subtle)
  made.fixed.forEach((want, i) => own[i] === want || wrong.push(`fixed result ${i} is ${own[i]}, not ${want}`))
  return wrong
}
