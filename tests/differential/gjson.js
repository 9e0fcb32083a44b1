// GJSON paths.

import { Random, outcome, plain } from './random.js'

const KEYS = ['a', 'b', 'c', 'ab', 'a.b', 'n', '0', 'k*', 'x|y', 'é']

function value(r, depth) {
  switch (r.below(depth > 0 ? 11 : 6)) {
    case 0: return null
    case 1: return r.oneIn(2)
    case 2: case 3: return r.of([0, 1, 2, 3, -1, 1.5, 10, 1e3])
    case 4: case 5: return r.of(['', 'a', 'b', 'ab', 'abc', '1', '"q"', 'null', 'é"\\', 'true'])
    case 6: case 7: return r.list(4, () => value(r, depth - 1))
    case 8: {
      // What queries are made for: a list of objects that are alike.
      return r.list(4, () => ({ a: r.below(4), n: r.of(['a', 'ab', 'b']), c: value(r, depth - 1) }))
    }
    default: {
      const object = {}
      for (const key of r.list(4, () => r.of(KEYS))) object[key] = value(r, depth - 1)
      return object
    }
  }
}

const name = r => r.of(['a', 'a', 'b', 'c', 'n', 'ab', 'a\\.b', 'k\\*', '*', 'a*', '?b', '?', '0', '1', '2', 'é', 'x\\|y', 'zz'])

function query(r) {
  const path = r.of(['', 'a', 'n', 'c', 'c.0', 'a.b'])
  const op = r.of(['', '=', '==', '!=', '<', '<=', '>', '>=', '%', '!%'])
  if (op === '') return path || 'a'
  return path + op + r.of(['1', '2', '1.5', '"a"', '"ab"', '"a*"', 'true', 'false', 'null', '"?"', '"b"'])
}

function modifier(r) {
  return r.of([
    '@reverse', '@keys', '@values', '@this', '@valid', '@flatten', '@flatten:{"deep":true}', '@ugly', '@fromstr',
    '@join', '@group', '@pretty',
  ])
}

function step(r) {
  switch (r.below(12)) {
    case 0: return '#'
    case 1: return `#(${query(r)})`
    case 2: return `#(${query(r)})#`
    case 3: return modifier(r)
    case 4: return r.oneIn(2) ? `{${r.list(2, () => multi(r, true)).join(',')}}` : `[${r.list(3, () => multi(r, false)).join(',')}]`
    default: return name(r)
  }
}

function multi(r, named) {
  const path = r.oneIn(5) ? r.of(['!"x"', '!5', '!true', '!{"q":1}']) : r.oneIn(3) ? `${name(r)}.${name(r)}` : r.of(['a', 'b', 'c', 'n', 'ab', '0'])
  return named && (r.oneIn(2) || path.startsWith('!')) ? `"k${r.below(1000)}":${path}` : path
}

function path(r) {
  if (r.oneIn(40)) return r.of(['!"x"', '!5', '!{"a":1}.a', '..#', '..0', '..0.a', '@this', ''])
  let path = step(r)
  for (let n = r.below(4); n > 0; n--) path += r.of(['.', '.', '.', '|']) + step(r)
  return path
}

export function run(api, seed, count, print) {
  for (let n = 0; n < count; ) {
    const r = new Random(seed + n)
    const json = JSON.stringify(value(r, 4), undefined, r.of([undefined, undefined, 1]))
    const find = api.document(json)
    for (let paths = 10; paths > 0 && n < count; paths--, n++) {
      const given = path(r)
      print(`${n} ${plain(given)} in ${plain(json)} ${outcome(() => show(find(given)))}`)
    }
  }
}

/** With sorted keys, for in some engines they have no order. */
function show(found) {
  const sorted = value => {
    if (Array.isArray(value)) return value.map(sorted)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]))
  }
  return found === undefined ? undefined : JSON.stringify(sorted(found))
}
