// fetch, Headers, Request, Response and FormData, by https://fetch.spec.whatwg.org, as far as a load test has use for them.
(host) => {
  'use strict'

  const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
  const UPPER = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']
  const REDIRECTS = [301, 302, 303, 307, 308]
  const NULL_BODY = [101, 103, 204, 205, 304]
  // Parameters of k6's requests that `init` may have, too.
  const PARAMS = ['auth', 'compression', 'cookies', 'jar', 'responseCallback', 'tags', 'timeout']

  const text = (value) => `${value}`.toWellFormed()
  const tag = (Class, name) => {
    Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true })
  }
  const iterable = (Class) => {
    Object.defineProperty(Class.prototype, Symbol.iterator, {
      value: Class.prototype.entries, writable: true, configurable: true,
    })
  }

  const headerName = (name) => {
    const shown = text(name)
    if (!TOKEN.test(shown)) throw new TypeError(`"${shown}" is no name of a header`)
    return shown.toLowerCase()
  }
  const headerValue = (value) => {
    const shown = text(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
    if (/[\0\n\r]/.test(shown)) throw new TypeError('the value of a header must not have line ends or zeros in it')
    return shown
  }

  class Headers {
    // Names to lists of values.
    #map = new Map()

    constructor(init = undefined) {
      if (init === undefined) return
      if (init === null || typeof init !== 'object') throw new TypeError('Headers are made of an object or of pairs')
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const both = [...pair]
          if (both.length !== 2) throw new TypeError('each pair given to Headers must have a name and a value')
          this.append(both[0], both[1])
        }
      } else for (const name of Object.keys(init)) this.append(name, init[name])
    }

    append(name, value) {
      const [key, one] = [headerName(name), headerValue(value)]
      const known = this.#map.get(key)
      if (known === undefined) this.#map.set(key, [one])
      else known.push(one)
    }
    delete(name) { this.#map.delete(headerName(name)) }
    get(name) {
      const known = this.#map.get(headerName(name))
      return known === undefined ? null : known.join(', ')
    }
    getSetCookie() { return [...(this.#map.get('set-cookie') ?? [])] }
    has(name) { return this.#map.has(headerName(name)) }
    set(name, value) { this.#map.set(headerName(name), [headerValue(value)]) }
    forEach(callback, self = undefined) {
      if (typeof callback !== 'function') throw new TypeError('forEach needs a function')
      for (const [name, value] of this) callback.call(self, value, name, this)
    }
    *entries() {
      for (const name of [...this.#map.keys()].sort()) {
        const values = this.#map.get(name)
        if (name === 'set-cookie') for (const value of values) yield [name, value]
        else yield [name, values.join(', ')]
      }
    }
    *keys() { for (const [name] of this.entries()) yield name }
    *values() { for (const [, value] of this.entries()) yield value }
  }
  iterable(Headers)
  tag(Headers, 'Headers')

  class FormData {
    #list = []

    constructor(form = undefined) {
      if (form !== undefined) throw new TypeError('FormData is made of nothing: there are no forms here')
    }

    append(name, value, filename = undefined) { this.#list.push([text(name), part(value, filename)]) }
    delete(name) { this.#list = this.#list.filter(([known]) => known !== text(name)) }
    get(name) { return this.#list.find(([known]) => known === text(name))?.[1] ?? null }
    getAll(name) { return this.#list.filter(([known]) => known === text(name)).map(([, value]) => value) }
    has(name) { return this.#list.some(([known]) => known === text(name)) }
    set(name, value, filename = undefined) {
      const [key, one] = [text(name), part(value, filename)]
      const at = this.#list.findIndex(([known]) => known === key)
      if (at < 0) this.#list.push([key, one])
      else {
        this.#list[at] = [key, one]
        this.#list = this.#list.filter(([known], index) => known !== key || index === at)
      }
    }
    forEach(callback, self = undefined) { for (const [name, value] of this) callback.call(self, value, name, this) }
    *entries() { for (const [name, value] of this.#list) yield [name, value] }
    *keys() { for (const [name] of this.#list) yield name }
    *values() { for (const [, value] of this.#list) yield value }
  }
  iterable(FormData)
  tag(FormData, 'FormData')

  // A text, or the file that a value of http.file or a Blob is.
  const part = (value, filename) => {
    if (host.isFile(value)) return filename === undefined ? value : host.file(value.data, text(filename), value.content_type)
    const blob = host.blobBytes(value)
    if (blob !== undefined) return host.file(blob, filename === undefined ? 'blob' : text(filename), value.type || undefined)
    return text(value)
  }

  const isBinary = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value)

  // What is sent for a value, and the type that goes with it.
  const extract = (value) => {
    if (value === null || value === undefined) return [null, null]
    if (typeof value === 'string') return [value.toWellFormed(), 'text/plain;charset=UTF-8']
    if (isBinary(value)) return [host.copy(value), null]
    if (value instanceof host.need('URLSearchParams')) {
      return [String(value), 'application/x-www-form-urlencoded;charset=UTF-8']
    }
    if (value instanceof FormData) return host.multipart([...value])
    const blob = host.blobBytes(value)
    if (blob !== undefined) return [blob, value.type || null]
    const shown = text(value)
    if (/^\[object .*\]$/.test(shown)) {
      throw new TypeError('a body is a string, binary data, a URLSearchParams, a FormData or a Blob; use JSON.stringify(value)')
    }
    return [shown, 'text/plain;charset=UTF-8']
  }

  class Body {
    #content
    #used = false
    #type

    constructor(content) { this.#content = content }

    get bodyUsed() { return this.#used }
    get body() {
      if (this.#content === null) return null
      throw new TypeError('a body is read as a whole here: use text(), json(), arrayBuffer() or bytes(); to read a stream as it comes, import ssek/sse')
    }
    async text() { return host.text(this.#take()) }
    async json() { return JSON.parse(host.text(this.#take())) }
    async arrayBuffer() { return host.copy(this.#take()) }
    async bytes() { return new Uint8Array(host.copy(this.#take())) }

    #take() {
      if (this.#used) throw new TypeError('Body is unusable: Body has already been read')
      if (this.#content === null) return ''
      this.#used = true
      return this.#content
    }
    // The content, for a copy of the object.
    static share(body) {
      if (body.#used) throw new TypeError('Body is unusable: Body has already been read')
      return body.#content
    }
    static use(body) { return body.#take() }
  }
  const { share, use } = Body
  delete Body.share
  delete Body.use

  const typed = (headers, type) => {
    if (type !== null && !headers.has('content-type')) headers.append('content-type', type)
  }
  // What fetch reads of a request.
  let inside

  class Request extends Body {
    #state

    static { inside = (request) => request.#state }

    constructor(input, init = undefined) {
      const given = init ?? {}
      const from = input instanceof Request ? input : undefined
      const base = from === undefined ? {} : from.#state
      const method = given.method === undefined ? base.method ?? 'GET' : text(given.method)
      if (!TOKEN.test(method)) throw new TypeError(`"${method}" is no HTTP method`)
      const upper = method.toUpperCase()
      const state = {
        method: UPPER.includes(upper) ? upper : method,
        headers: new Headers(given.headers ?? base.headers),
        redirect: given.redirect ?? base.redirect ?? 'follow',
        signal: given.signal === undefined ? base.signal : given.signal ?? undefined,
        params: { ...base.params },
        target: base.target,
        url: base.url,
      }
      if (from === undefined) {
        const URL = host.need('URL')
        const isTemplate = host.isTemplate(input)
        const shown = isTemplate ? input.url : text(input)
        // Samples are named by what the script wrote.
        state.target = isTemplate ? input : shown
        state.url = new URL(shown).href
      }
      if (!['follow', 'error', 'manual'].includes(state.redirect)) {
        throw new TypeError(`redirect must be "follow", "error" or "manual", not "${state.redirect}"`)
      }
      if (state.signal !== undefined && !(state.signal instanceof host.need('AbortSignal'))) {
        throw new TypeError('signal must be an AbortSignal')
      }
      for (const name of PARAMS) if (given[name] !== undefined) state.params[name] = given[name]

      const hasOwn = given.body !== undefined && given.body !== null
      if ((hasOwn || (from !== undefined && share(from) !== null)) && ['GET', 'HEAD'].includes(state.method)) {
        throw new TypeError(`a ${state.method} request must not have a body`)
      }
      const [content, type] = hasOwn ? extract(given.body) : [from === undefined ? null : share(from), null]
      typed(state.headers, type)
      super(content)
      if (from !== undefined && !hasOwn && content !== null) use(from)
      this.#state = state
    }

    get method() { return this.#state.method }
    get url() { return this.#state.url }
    get headers() { return this.#state.headers }
    get redirect() { return this.#state.redirect }
    get signal() {
      if (this.#state.signal === undefined) this.#state.signal = new (host.need('AbortController'))().signal
      return this.#state.signal
    }
    clone() {
      const { method, headers, redirect, signal, params, target } = this.#state
      const content = share(this)
      return new Request(target, { ...params, method, headers, redirect, signal, body: content ?? undefined })
    }
  }
  tag(Request, 'Request')

  // Only this file makes responses to requests.
  const OWN = {}

  class Response extends Body {
    #state

    constructor(body = null, init = undefined) {
      if (body === OWN) {
        super(init.content)
        this.#state = init
        return
      }
      const given = init ?? {}
      const status = given.status === undefined ? 200 : Number(given.status)
      if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
        throw new RangeError(`the status of a Response must be a number from 200 to 599, not ${given.status}`)
      }
      const [content, type] = extract(body)
      if (content !== null && NULL_BODY.includes(status)) throw new TypeError(`a response with status ${status} has no body`)
      super(content)
      const headers = new Headers(given.headers)
      typed(headers, type)
      this.#state = { type: 'default', status, statusText: text(given.statusText ?? ''), headers, url: '', redirected: false }
    }

    static json(data, init = undefined) {
      const shown = JSON.stringify(data)
      if (shown === undefined) throw new TypeError('the value has no form in JSON')
      const headers = new Headers(init?.headers)
      typed(headers, 'application/json')
      return new Response(shown, { ...init, headers })
    }

    get type() { return this.#state.type }
    get url() { return this.#state.url }
    get redirected() { return this.#state.redirected }
    get status() { return this.#state.status }
    get ok() { return this.#state.status >= 200 && this.#state.status <= 299 }
    get statusText() { return this.#state.statusText }
    get headers() { return this.#state.headers }
    clone() { return new Response(OWN, { ...this.#state, headers: new Headers(this.#state.headers), content: share(this) }) }
  }
  tag(Response, 'Response')

  const failed = (why, cause) => new TypeError(`fetch failed: ${why}`, cause === undefined ? undefined : { cause })

  async function fetch(input, init = undefined) {
    const request = new Request(input, init)
    const { method, target, url, redirect, signal, params } = inside(request)
    signal?.throwIfAborted()
    const content = share(request)
    const all = {
      ...params,
      headers: Object.fromEntries(request.headers),
      redirects: redirect === 'follow' ? host.maxRedirects() : 0,
      responseType: 'binary',
      throw: true,
    }
    const [answer, cancel] = host.send(method, target, content, all)
    signal?.addEventListener('abort', cancel)
    let response
    try {
      response = await answer
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw failed(error.message, error)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    const { status } = response
    const headers = new Headers()
    for (const [name, value] of host.headers(response)) headers.append(name, value)
    if (redirect !== 'manual' && REDIRECTS.includes(status) && headers.has('location')) {
      throw failed(redirect === 'error' ? `${url} redirects` : `${url} redirects too often`)
    }
    const last = new (host.need('URL'))(response.url)
    last.hash = ''
    const first = new (host.need('URL'))(url)
    first.hash = ''
    return new Response(OWN, {
      type: 'basic',
      status,
      statusText: response.status_text.replace(/^\d+ ?/, ''),
      headers,
      url: last.href,
      redirected: last.href !== first.href,
      content: response.body,
    })
  }

  return { fetch, Headers, Request, Response, FormData }
}
