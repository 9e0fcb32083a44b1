// AbortController, AbortSignal and DOMException, by https://dom.spec.whatwg.org and https://webidl.spec.whatwg.org.
(host) => {
  'use strict'

  // Only this file makes signals.
  const OWN = {}
  // Lets a controller, and the signals that depend on it, abort a signal.
  let abort, follow

  const CODES = [
    'IndexSizeError', '', 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', '',
    'NoModificationAllowedError', 'NotFoundError', 'NotSupportedError', 'InUseAttributeError', 'InvalidStateError',
    'SyntaxError', 'InvalidModificationError', 'NamespaceError', 'InvalidAccessError', '', 'TypeMismatchError',
    'SecurityError', 'NetworkError', 'AbortError', 'URLMismatchError', 'QuotaExceededError', 'TimeoutError',
    'InvalidNodeTypeError', 'DataCloneError',
  ]

  class DOMException extends Error {
    #name
    constructor(message = '', options = 'Error') {
      super(String(message))
      const isNamed = typeof options === 'object' && options !== null
      const name = isNamed ? options.name : options
      this.#name = name === undefined ? 'Error' : String(name)
      if (isNamed && 'cause' in options) {
        Object.defineProperty(this, 'cause', { value: options.cause, writable: true, configurable: true })
      }
    }
    get name() { return this.#name }
    get code() { return CODES.indexOf(this.#name || '-') + 1 }
  }
  Object.defineProperty(DOMException.prototype, Symbol.toStringTag, { value: 'DOMException', configurable: true })

  class AbortSignal {
    #aborted = false
    #reason
    #listeners = []
    #handler = null
    // Signals made of this one by `any`.
    #dependents = []
    // When it aborts by itself, on the clock of `performance.now()`.
    #deadline = Infinity

    static {
      abort = (signal, reason) => signal.#abort(reason)
      follow = (source, dependent) => { source.#dependents.push(dependent) }
    }

    constructor(own) {
      if (own !== OWN) throw new TypeError('Illegal constructor: use new AbortController() or AbortSignal.timeout()')
    }

    static abort(reason) {
      const signal = new AbortSignal(OWN)
      signal.#abort(reason)
      return signal
    }

    static timeout(milliseconds) {
      const delay = Number(milliseconds)
      if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
        throw new TypeError('AbortSignal.timeout needs a number of milliseconds that is not negative')
      }
      const signal = new AbortSignal(OWN)
      signal.#deadline = host.now() + delay
      host.later(() => signal.#expire(), delay)
      return signal
    }

    static any(signals) {
      const sources = [...signals]
      for (const source of sources) {
        if (!(source instanceof AbortSignal)) throw new TypeError('AbortSignal.any needs signals')
      }
      const signal = new AbortSignal(OWN)
      const first = sources.find((source) => source.aborted)
      if (first !== undefined) signal.#abort(first.reason)
      else {
        for (const source of sources) {
          follow(source, signal)
          if (source.#deadline < signal.#deadline) signal.#deadline = source.#deadline
        }
      }
      return signal
    }

    // Also true where the time is over and the script, at work, has let no timer run.
    get aborted() {
      if (!this.#aborted && host.now() >= this.#deadline) this.#expire()
      return this.#aborted
    }
    get reason() { return this.aborted ? this.#reason : undefined }
    throwIfAborted() { if (this.aborted) throw this.#reason }

    get onabort() { return this.#handler }
    set onabort(handler) { this.#handler = typeof handler === 'function' ? handler : null }

    addEventListener(type, listener, options) {
      if (String(type) !== 'abort' || listener === null || listener === undefined) return
      if (this.#listeners.some((known) => known.listener === listener)) return
      this.#listeners.push({ listener, once: typeof options === 'object' && options !== null && !!options.once })
    }
    removeEventListener(type, listener) {
      if (String(type) !== 'abort') return
      this.#listeners = this.#listeners.filter((known) => known.listener !== listener)
    }
    dispatchEvent(event) {
      if (event.type === 'abort') this.#tell(event)
      return true
    }

    #expire() { this.#abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')) }

    #abort(reason) {
      if (this.#aborted) return
      this.#aborted = true
      this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason
      this.#tell({ type: 'abort', target: this, currentTarget: this, timeStamp: host.now() })
      for (const dependent of this.#dependents) dependent.#abort(this.#reason)
      this.#dependents = []
    }

    // All are told; then the first exception goes on.
    #tell(event) {
      const errors = []
      const call = (listener) => {
        try {
          if (typeof listener === 'function') listener.call(this, event)
          else listener.handleEvent(event)
        } catch (error) { errors.push(error) }
      }
      if (this.#handler !== null) call(this.#handler)
      for (const { listener, once } of [...this.#listeners]) {
        if (once) this.removeEventListener('abort', listener)
        call(listener)
      }
      if (errors.length > 0) throw errors[0]
    }
  }
  Object.defineProperty(AbortSignal.prototype, Symbol.toStringTag, { value: 'AbortSignal', configurable: true })

  class AbortController {
    #signal = new AbortSignal(OWN)
    get signal() { return this.#signal }
    abort(reason) { abort(this.#signal, reason) }
  }
  Object.defineProperty(AbortController.prototype, Symbol.toStringTag, { value: 'AbortController', configurable: true })

  return { AbortController, AbortSignal, DOMException }
}
