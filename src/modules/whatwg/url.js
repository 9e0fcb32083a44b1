// URL and URLSearchParams, by https://url.spec.whatwg.org.
(host) => {
  'use strict'

  const HREF = 0, ORIGIN = 1, PROTOCOL = 2, USERNAME = 3, PASSWORD = 4, HOST = 5, HOSTNAME = 6, PORT = 7
  const PATHNAME = 8, SEARCH = 9, HASH = 10

  const text = (value) => `${value}`.toWellFormed()
  const need = (count, given, what) => {
    if (given < count) throw new TypeError(`${what} needs ${count} argument${count > 1 ? 's' : ''}, but has ${given}`)
  }
  // Lets a URL fill, and hear of changes to, its searchParams.
  let fill, listen

  class URLSearchParams {
    // Names and values in turn.
    #list = []
    #changed = undefined

    static {
      fill = (params, query) => { params.#list = host.decode(query) }
      listen = (params, changed) => { params.#changed = changed }
    }

    constructor(init = '') {
      if (init === null || (typeof init !== 'object' && typeof init !== 'function')) {
        const query = text(init)
        this.#list = host.decode(query.startsWith('?') ? query.slice(1) : query)
      } else if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const [name, value, ...more] = pair
          if (more.length > 0 || [...pair].length !== 2) {
            throw new TypeError('each pair given to URLSearchParams must have a name and a value')
          }
          this.#list.push(text(name), text(value))
        }
      } else {
        const fields = new Map()
        for (const key of Reflect.ownKeys(init)) {
          if (Object.getOwnPropertyDescriptor(init, key)?.enumerable) fields.set(text(key), text(init[key]))
        }
        for (const [name, value] of fields) this.#list.push(name, value)
      }
    }

    get size() { return this.#list.length / 2 }

    append(name, value) {
      need(2, arguments.length, 'append')
      this.#list.push(text(name), text(value))
      this.#tell()
    }
    delete(name, value) {
      need(1, arguments.length, 'delete')
      const [key, only] = [text(name), value === undefined ? undefined : text(value)]
      this.#keep((n, v) => n !== key || (only !== undefined && v !== only))
      this.#tell()
    }
    get(name) {
      need(1, arguments.length, 'get')
      const at = this.#find(text(name))
      return at < 0 ? null : this.#list[at + 1]
    }
    getAll(name) {
      need(1, arguments.length, 'getAll')
      const key = text(name)
      return this.#list.filter((_, at) => at % 2 === 1 && this.#list[at - 1] === key)
    }
    has(name, value) {
      need(1, arguments.length, 'has')
      const key = text(name)
      if (value === undefined) return this.#find(key) >= 0
      return this.getAll(key).includes(text(value))
    }
    set(name, value) {
      need(2, arguments.length, 'set')
      const [key, one] = [text(name), text(value)]
      const at = this.#find(key)
      if (at < 0) this.#list.push(key, one)
      else {
        this.#list[at + 1] = one
        let isFirst = true
        this.#keep((n) => {
          const stays = n !== key || isFirst
          if (n === key) isFirst = false
          return stays
        })
      }
      this.#tell()
    }
    sort() {
      const pairs = [...this]
      pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      this.#list = pairs.flat()
      this.#tell()
    }
    forEach(callback, self = undefined) {
      need(1, arguments.length, 'forEach')
      if (typeof callback !== 'function') throw new TypeError('forEach needs a function')
      for (const [name, value] of this) callback.call(self, value, name, this)
    }
    *entries() { for (let at = 0; at < this.#list.length; at += 2) yield [this.#list[at], this.#list[at + 1]] }
    *keys() { for (let at = 0; at < this.#list.length; at += 2) yield this.#list[at] }
    *values() { for (let at = 1; at < this.#list.length; at += 2) yield this.#list[at] }
    toString() { return host.encode(this.#list) }

    #find(key) {
      for (let at = 0; at < this.#list.length; at += 2) if (this.#list[at] === key) return at
      return -1
    }
    #keep(stays) {
      const kept = []
      for (let at = 0; at < this.#list.length; at += 2) {
        if (stays(this.#list[at], this.#list[at + 1])) kept.push(this.#list[at], this.#list[at + 1])
      }
      this.#list = kept
    }
    #tell() { if (this.#changed !== undefined) this.#changed(this.toString()) }
  }
  Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
    value: URLSearchParams.prototype.entries, writable: true, configurable: true,
  })
  Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: 'URLSearchParams', configurable: true })

  class URL {
    #parts
    #params = undefined

    constructor(url, base = undefined) {
      need(1, arguments.length, 'URL')
      const [given, from] = [text(url), base === undefined ? undefined : text(base)]
      this.#parts = host.parse(given, from)
      if (this.#parts === undefined) {
        const error = new TypeError(`Invalid URL: ${given}${from === undefined ? '' : ` with the base ${from}`}`)
        error.code = 'ERR_INVALID_URL'
        error.input = given
        throw error
      }
    }

    static canParse(url, base = undefined) {
      need(1, arguments.length, 'canParse')
      return host.parse(text(url), base === undefined ? undefined : text(base)) !== undefined
    }
    static parse(url, base = undefined) {
      need(1, arguments.length, 'parse')
      return URL.canParse(url, base) ? new URL(url, base) : null
    }

    get href() { return this.#parts[HREF] }
    set href(value) {
      const parts = host.change(this.#parts[HREF], 'href', text(value))
      if (parts === undefined) throw new TypeError(`Invalid URL: ${text(value)}`)
      this.#parts = parts
      this.#refill()
    }
    get origin() { return this.#parts[ORIGIN] }
    get protocol() { return this.#parts[PROTOCOL] }
    set protocol(value) { this.#change('protocol', value) }
    get username() { return this.#parts[USERNAME] }
    set username(value) { this.#change('username', value) }
    get password() { return this.#parts[PASSWORD] }
    set password(value) { this.#change('password', value) }
    get host() { return this.#parts[HOST] }
    set host(value) { this.#change('host', value) }
    get hostname() { return this.#parts[HOSTNAME] }
    set hostname(value) { this.#change('hostname', value) }
    get port() { return this.#parts[PORT] }
    set port(value) { this.#change('port', value) }
    get pathname() { return this.#parts[PATHNAME] }
    set pathname(value) { this.#change('pathname', value) }
    get search() { return this.#parts[SEARCH] }
    set search(value) {
      this.#change('search', value)
      this.#refill()
    }
    get searchParams() {
      if (this.#params === undefined) {
        this.#params = new URLSearchParams(this.#parts[SEARCH])
        listen(this.#params, (query) => this.#change('search', query))
      }
      return this.#params
    }
    get hash() { return this.#parts[HASH] }
    set hash(value) { this.#change('hash', value) }
    toString() { return this.#parts[HREF] }
    toJSON() { return this.#parts[HREF] }

    #change(part, value) { this.#parts = host.change(this.#parts[HREF], part, text(value)) }
    #refill() { if (this.#params !== undefined) fill(this.#params, this.#parts[SEARCH].slice(1)) }
  }
  Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true })

  return { URL, URLSearchParams }
}
