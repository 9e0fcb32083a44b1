// GJSON paths, written from their documentation (SYNTAX.md) and checked against Go's.
// Objects are maps, for those keep the order of all keys.

const NOTHING = undefined
const isObject = value => value instanceof Map
const isPlain = value => !isObject(value) && !Array.isArray(value)
const fromJs = value => {
  if (Array.isArray(value)) return value.map(fromJs)
  if (value === null || typeof value !== 'object') return value
  return new Map(Object.entries(value).map(([key, value]) => [key, fromJs(value)]))
}
const toJs = value => {
  if (Array.isArray(value)) return value.map(toJs)
  return isObject(value) ? Object.fromEntries([...value].map(([key, value]) => [key, toJs(value)])) : value
}
const parse = text => {
  try {
    return fromJs(JSON.parse(text))
  } catch {
    return NOTHING
  }
}
const text = value => JSON.stringify(toJs(value))

export function gjson(json, path) {
  const found = get(fromJs(JSON.parse(json)), path)
  // k6 cannot tell null from nothing.
  return found === null ? NOTHING : toJs(found)
}

function get(value, path) {
  if (path === '') return NOTHING
  if (path.startsWith('..')) return get([value], path.slice(2))
  const special = /^[@!{[]/.test(path) && begin(value, path)
  if (special) {
    const { made, rest } = special
    return go(made, rest[0] ?? '', rest.slice(1))
  }
  const { name, glob, separator, rest } = component(path)
  if (Array.isArray(value)) return inArray(value, name, separator, rest)
  if (!isObject(value)) return NOTHING
  const key = [...value.keys()].find(key => glob.test(key))
  return go(key === undefined ? NOTHING : value.get(key), separator, rest)
}

function go(value, separator, rest) {
  return separator === '' || value === NOTHING ? value : get(value, rest)
}

/** The first key of a path: to a dot or pipe that nothing escapes and no brackets enclose. */
function component(path) {
  let source = ''
  let nested = 0
  let quoted = false
  let at = 0
  const query = /^#[([]/.test(path)
  for (; at < path.length; at++) {
    const c = path[at]
    if (query) {
      if (c === '"') quoted = !quoted
      else if (!quoted && '(['.includes(c)) nested++
      else if (!quoted && ')]'.includes(c)) nested--
      else if (nested === 0 && '.|'.includes(c)) break
      continue
    }
    if (c === '\\') source += escape(path[++at])
    else if (c === '.' || c === '|') break
    else source += c === '*' ? '[^]*' : c === '?' ? '[^]' : escape(c)
  }
  return { name: path.slice(0, at), glob: new RegExp(`^${source}$`, 'u'), separator: path[at] ?? '', rest: path.slice(at + 1) }
}

const escape = c => c.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')

function inArray(list, name, separator, rest) {
  if (name === '#') {
    if (separator !== '.') return go(list.length, separator, rest)
    return each(list, rest)
  }
  const query = /^#\((.*)\)(#?)$/s.exec(name)
  if (query) {
    const [, condition, all] = query
    const test = conditionOf(condition)
    if (!all) return go(list.find(test), separator, rest)
    const found = list.filter(test)
    return separator === '.' ? each(found, rest) : go(found, separator, rest)
  }
  const index = /^\d+$/.test(name) ? Number(name) : -1
  return go(list[index], separator, rest)
}

/** The rest of the path, up to a pipe, for each element. */
function each(list, path) {
  const { inner, outer } = splitPipe(path)
  const found = list.map(item => get(item, inner)).filter(value => value !== NOTHING)
  return outer === null ? found : get(found, outer)
}

function splitPipe(path) {
  let nested = 0
  let quoted = false
  for (let at = 0; at < path.length; at++) {
    const c = path[at]
    if (c === '\\') at++
    else if (c === '"') quoted = !quoted
    else if (!quoted && '([{'.includes(c)) nested++
    else if (!quoted && ')]}'.includes(c)) nested--
    else if (!quoted && nested === 0 && c === '|') return { inner: path.slice(0, at), outer: path.slice(at + 1) }
  }
  return { inner: path, outer: null }
}

function conditionOf(condition) {
  const [, path, op, wanted] = /^([^=!<>%]*)(==|=|!=|<=|<|>=|>|!%|%|)(.*)$/s.exec(condition)
  return item => {
    // A plain element has no members; without a path it is asked itself.
    const value = path === '' ? item : get(item, path)
    if (value === NOTHING) return false
    return op === '' ? true : compare(value, op === '=' ? '==' : op, wanted)
  }
}

function compare(value, op, wanted) {
  const by = (a, b) => ({ '==': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b })[op] ?? false
  const right = wanted.startsWith('"') ? wanted.slice(1, -1) : wanted
  if (typeof value === 'string') {
    const glob = new RegExp(`^${[...right].map(c => (c === '*' ? '[^]*' : c === '?' ? '[^]' : escape(c))).join('')}$`, 'u')
    if (op === '%') return glob.test(value)
    if (op === '!%') return !glob.test(value)
    return by(value, right)
  }
  if (typeof value === 'number') return by(value, Number.isNaN(Number(right)) || right === '' ? 0 : Number(right))
  if (value === true) return { '==': right === 'true', '!=': right !== 'true', '>': right === 'false', '>=': true }[op] ?? false
  if (value === false) return { '==': right === 'false', '!=': right !== 'false', '<': right === 'true', '<=': true }[op] ?? false
  return false
}

/** A modifier, literal or multipath at the path's start, and what is left of the path. */
function begin(value, path) {
  if (path[0] === '@') {
    const [name] = /^@[a-z]*(:(\{[^}]*\}|[a-z]+))?/.exec(path)
    return { made: modify(value, name), rest: path.slice(name.length) }
  }
  if (path[0] === '!') {
    const [json] = /^("[^"]*"|\{[^}]*\}|[-+\d.]+|true|false|null)/.exec(path.slice(1)) ?? ['']
    return json && { made: parse(json), rest: path.slice(1 + json.length) }
  }
  let nested = 0
  let end = 0
  do {
    if ('([{'.includes(path[end])) nested++
    if (')]}'.includes(path[end])) nested--
    end++
  } while (nested > 0)
  const parts = split(path.slice(1, end - 1)).map(part => {
    const [, name, inner] = /^(?:("[^"]*"):)?(.*)$/s.exec(part)
    return [name ? JSON.parse(name) : last(inner), get(value, inner)]
  })
  const found = parts.filter(([, value]) => value !== NOTHING)
  return { made: path[0] === '{' ? new Map(found) : found.map(([, value]) => value), rest: path.slice(end) }
}

function split(inner) {
  const parts = ['']
  let nested = 0
  for (const c of inner) {
    if ('([{'.includes(c)) nested++
    if (')]}'.includes(c)) nested--
    if (c === ',' && nested === 0) parts.push('')
    else parts[parts.length - 1] += c
  }
  return parts
}

function last(path) {
  const name = path.replace(/\\./g, '__').length === path.length ? /(?:^|[^\\][.|])((?:\\.|[^.|\\])*)$/s.exec(path)?.[1] ?? path : path
  return /[[\]{}()#|!]/.test(name) ? '_' : name
}

function modify(value, name) {
  const values = () => (isObject(value) ? [...value.values()] : Array.isArray(value) ? value : [value])
  switch (name) {
    case '@this': case '@valid': case '@ugly': case '@pretty': return value
    case '@reverse':
      if (Array.isArray(value)) return [...value].reverse()
      return isObject(value) ? new Map([...value].reverse()) : value
    case '@keys': return isObject(value) ? [...value.keys()] : values().map(() => null)
    case '@values': return values()
    case '@flatten': return Array.isArray(value) ? value.flatMap(v => (Array.isArray(v) ? v : [v])) : value
    case '@flatten:{"deep":true}': return Array.isArray(value) ? value.flat(Infinity) : value
    case '@join': return Array.isArray(value) ? new Map(value.filter(isObject).flatMap(v => [...v])) : value
    case '@tostr': return text(value)
    case '@fromstr': return isPlain(value) && typeof value === 'string' ? parse(value) : value === null ? NOTHING : parse(String(text(value)))
    case '@group': return isObject(value) ? group(value) : NOTHING
  }
  return NOTHING
}

function group(value) {
  const groups = []
  for (const [key, list] of value) {
    if (Array.isArray(list)) list.forEach((item, at) => (groups[at] ??= new Map()).set(key, item))
  }
  return groups
}

