// JSON.stringify and JSON.parse.

import { Random, outcome, plain } from './random.js'

function value(r, depth) {
  switch (r.below(depth > 0 ? 18 : 12)) {
    case 0: return null
    case 1: return r.oneIn(2)
    case 2: return r.of([undefined, () => 1, Symbol('s')])
    case 3: return r.of([new Number(r.number()), new String(r.text()), new Boolean(false)])
    case 4: return r.oneIn(20) ? 12n : new Date(r.bits() * 1000)
    case 5: return { toJSON: key => key + r.word() }
    case 6: case 7: case 8: return r.number()
    case 9: case 10: case 11: return r.text()
    case 12: case 13: case 14: {
      const list = r.list(4, () => value(r, depth - 1))
      if (r.oneIn(10)) list.length += 1
      return list
    }
    default: {
      const object = r.oneIn(10) ? Object.create({ inherited: 1 }) : {}
      for (const key of r.list(4, () => r.oneIn(3) ? r.text(3) : r.of(['a', 'b', '1', '10', '2', '-1', '__proto__', 'toJSONx'])))
        Object.defineProperty(object, key, { value: value(r, depth - 1), enumerable: !r.oneIn(15), configurable: true })
      return object
    }
  }
}

function replacer(r) {
  switch (r.below(6)) {
    case 0: return ['a', 'b', 1, new String('10'), 'a', {}, null]
    case 1: return (key, value) => (key === 'a' ? undefined : value)
    case 2: return function (key, value) { return Array.isArray(this) && typeof value === 'number' ? [key] : value }
    case 3: return r.of([{}, 5, 'x', true])
    default: return undefined
  }
}

const space = r => r.of([undefined, undefined, 0, 1, 3, 11, -1, 2.9, '', '\t', '> ', '0123456789ab', new Number(2), new String('-'), {}])

/** JSON, mostly: what stringify gives, with a character changed here and there. */
function text(r) {
  let text
  try {
    text = JSON.stringify(value(r, 3), undefined, r.of([undefined, 1, '\t'])) ?? 'undefined'
  } catch {
    return '12n'
  }
  for (let n = r.of([0, 0, 1, 1, 2]); n > 0; n--) {
    const at = r.below(text.length + 1)
    const piece = r.of([
      '', '', '"', '\\', '\\u12', '\\ud83d\\ude00', '\\ud83d', '\\x41', '{', '}', '[', ']', ',', ':', '0', '-', '+', '.', 'e',
      'E5', '1e999', '1e-999', '-0', '01', '0x1', 'null', 'true', 'nul', 'NaN', 'Infinity', ' ', '\n', '\r', '\t', '\v', '\u00a0',
      '\ufeff', '\u2028', '\0', "'", '/*', '//', '"__proto__":1,', '"a":1,', '.5', '5.', '1.7976931348623159e308', '9007199254740993',
      '2.2250738585072011e-308', '4.9e-324',
    ])
    text = text.slice(0, at) + piece + text.slice(at + r.below(3))
  }
  return text
}

function reviver(r) {
  switch (r.below(5)) {
    case 0: return (key, value) => (key === 'a' ? undefined : value)
    case 1: return function (key, value) { return typeof value === 'number' ? `${key}:${Object.keys(this).length}` : value }
    default: return undefined
  }
}

export function run(api, seed, count, print) {
  for (let n = 0; n < count; n++) {
    const r = new Random(seed + n)
    if (r.oneIn(2)) {
      const given = value(r, 3)
      print(`${n} stringify ${outcome(() => JSON.stringify(given, replacer(r), space(r)))}`)
    } else {
      const given = text(r)
      const show = parsed => (Object.is(parsed, -0) ? '-0' : JSON.stringify(parsed, (_, v) => (Object.is(v, -0) ? '-0' : v)))
      print(`${n} parse ${plain(given)} ${outcome(() => show(JSON.parse(given, reviver(r))))}`)
    }
  }
}
