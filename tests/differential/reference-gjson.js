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
  return toJs(get(fromJs(JSON.parse(json)), path))
}

function get(value, path) {
  if (path === '') return NOTHING
  if (path.startsWith('..')) return get([value], path.slice(2))
  const special = /^[@!{[]/.test(path) && begin(value, path)
  if (special) {
    const { made, rest } = special
    return go(made, rest[0] ?? '', rest.slice(1))
  }
  const { name, glob, separator, rest } = component(path, Array.isArray(value))
  if (Array.isArray(value)) return inArray(value, name, separator, rest)
  if (!isObject(value)) return NOTHING
  const keys = [...value.keys()].filter(key => glob.test(key))
  if (separator !== '.' || isPipe(rest)) return go(keys.length ? value.get(keys[0]) : NOTHING, separator, rest)
  // Not the first that matches, but the first in which the rest finds something.
  const nested = keys.map(key => value.get(key)).filter(value => !isPlain(value))
  return firstHit(nested.map(value => [value, rest]))
}

/** What a path finds in the first of several places where it finds something, before what is behind a pipe. */
function firstHit(places) {
  let last
  for (const [value, path] of places) {
    const { inner, outer } = splitFirst(value, path)
    const found = get(value, inner)
    if (found !== NOTHING) return outer === null ? found : get(found, outer)
    last = outer
  }
  return last === undefined || last === null ? NOTHING : get(NOTHING, last)
}

/** A path up to the pipe, or what stands for one, that its last part ends with. */
function splitFirst(value, path) {
  const list = Array.isArray(value)
  if (list && path.startsWith('#')) return { inner: path, outer: null }
  const { name, separator, rest } = component(path, list)
  if (separator === '') return { inner: path, outer: null }
  if (separator === '|' || isPipe(rest)) return { inner: name, outer: rest }
  const found = list ? value[/^\d+$/.test(name) ? Number(name) : -1] : get(value, name)
  // The way ends before the pipe.
  if (found === NOTHING || isPlain(found)) return { inner: path, outer: null }
  const next = splitFirst(found, rest)
  return { inner: `${name}.${next.inner}`, outer: next.outer }
}

const MODIFIERS = ['reverse', 'keys', 'values', 'this', 'valid', 'flatten', 'ugly', 'fromstr', 'tostr', 'join', 'group', 'pretty']
const isPipe = rest => /^[[{]/.test(rest) || (rest[0] === '@' && MODIFIERS.includes(/^@([^.|:]*)/.exec(rest)[1]))

/** Behind a pipe, or what stands for one, Go goes on from nothing, too. */
function go(value, separator, rest, inArray = false) {
  if (separator === '') return value
  if (value !== NOTHING) return get(value, rest)
  return separator === '|' || (!inArray && isPipe(rest)) ? get(NOTHING, rest) : NOTHING
}

/** The first key of a path: to a dot or pipe. For objects, nothing escapes it; for lists, no query encloses it. */
function component(path, list) {
  let source = ''
  let nested = 0
  let quoted = false
  let at = 0
  const query = list && /^#[([]/.test(path)
  for (; at < path.length; at++) {
    const c = path[at]
    if (query) {
      if (c === '"') quoted = !quoted
      else if (!quoted && '(['.includes(c)) nested++
      else if (!quoted && ')]'.includes(c)) nested--
      else if (nested === 0 && '.|'.includes(c)) break
      continue
    }
    if (c === '\\' && !list) source += escape(path[++at])
    else if (c === '.' || c === '|') break
    else source += c === '*' ? '[^]*' : c === '?' ? '[^]' : escape(c)
  }
  return { name: path.slice(0, at), glob: new RegExp(`^${source}$`, 'u'), separator: path[at] ?? '', rest: path.slice(at + 1) }
}

const escape = c => c.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')

function inArray(list, name, separator, rest) {
  if (name === '#') {
    if (separator !== '.') return go(list.length, separator, rest, true)
    return each(list, rest)
  }
  const query = /^#\((.*)\)(#?)$/s.exec(name)
  if (query) {
    const [, condition, all] = query
    const test = conditionOf(condition)
    if (!all) {
      const found = list.find(test)
      if (separator !== '.' || found === NOTHING) return go(found, separator, rest, true)
      const { inner, outer } = splitPipe(rest)
      return outer === null ? get(found, inner) : get(get(found, inner), outer)
    }
    const found = list.filter(test)
    // Go sees the pipe in the rest only when there is an item to ask.
    if (separator === '.' && found.length === 0) return found
    return separator === '.' ? each(found, rest) : go(found, separator, rest, true)
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

/** At the first pipe that neither a query nor, right after `.#`, anything else hides. */
function splitPipe(path) {
  if (path[0] === '{') {
    const end = closing(path, 2, 1)
    return path[end] === '|' ? { inner: path.slice(0, end), outer: path.slice(end + 1) } : { inner: path, outer: null }
  }
  for (let at = 0; at < path.length; at++) {
    const c = path[at]
    if (c === '\\') at++
    else if (c === '|') return { inner: path.slice(0, at), outer: path.slice(at + 1) }
    else if (c === '.' && path[at + 1] === '#') {
      at += 2
      if (path[at] === '(' || path[at] === '[') at = closing(path, at + 1, 1) - 1
    }
  }
  return { inner: path, outer: null }
}

/** Behind the bracket that closes what is open. */
function closing(path, at, nested) {
  for (let quoted = false; at < path.length && nested > 0; at++) {
    const c = path[at]
    if (c === '"') quoted = !quoted
    else if (!quoted && '([{'.includes(c)) nested++
    else if (!quoted && ')]}'.includes(c)) nested--
  }
  return at
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
  // Of values of one name, Go takes the first.
  return { made: path[0] === '{' ? new Map([...found].reverse()) : found.map(([, value]) => value), rest: path.slice(end) }
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
  const values = () => (isObject(value) ? [...value.values()] : Array.isArray(value) ? value : value === NOTHING ? [] : [value])
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
    case '@tostr': return value === NOTHING ? '' : text(value)
    case '@fromstr': return isPlain(value) && typeof value === 'string' ? parse(value) : value === null || value === NOTHING ? NOTHING : parse(String(text(value)))
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

