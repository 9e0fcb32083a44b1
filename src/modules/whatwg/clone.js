// structuredClone, by https://html.spec.whatwg.org/multipage/structured-data.html. Without recursion, so that a value may be
// nested as deep as memory allows.
(host) => {
  'use strict'

  const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }
  const TypedArray = Object.getPrototypeOf(Uint8Array)

  const refuse = (what) => {
    const DOMException = host.need('DOMException')
    throw new DOMException(`${what} could not be cloned.`, 'DataCloneError')
  }

  function structuredClone(value, options) {
    if (arguments.length === 0) throw new TypeError('structuredClone needs a value')
    const transfer = [...(options?.transfer ?? [])]
    for (const one of transfer) if (!(one instanceof ArrayBuffer)) refuse('A value that is no ArrayBuffer')

    // Copies by what they are copies of, and objects whose parts are still to be copied.
    const copies = new Map()
    const work = []

    const buffer = (source) => copy(source)
    const view = (source, make) => {
      if (ArrayBuffer.isView(source) && source.buffer instanceof ArrayBuffer) return make(buffer(source.buffer))
      return refuse(String(source))
    }
    const shell = (source) => {
      if (Array.isArray(source)) return new Array(source.length)
      if (source instanceof Date) return new Date(source.getTime())
      if (source instanceof RegExp) return new RegExp(source.source, source.flags)
      if (source instanceof Map) return new Map()
      if (source instanceof Set) return new Set()
      if (source instanceof ArrayBuffer) return source.slice(0)
      if (source instanceof DataView) {
        return view(source, (bytes) => new DataView(bytes, source.byteOffset, source.byteLength))
      }
      if (source instanceof TypedArray) {
        const Class = globalThis[source[Symbol.toStringTag]]
        return view(source, (bytes) => new Class(bytes, source.byteOffset, source.length))
      }
      if (source instanceof Error) {
        const Class = Object.hasOwn(ERRORS, source.name) ? ERRORS[source.name] : Error
        const made = new Class(String(source.message))
        Object.defineProperty(made, 'stack', { value: source.stack, writable: true, configurable: true })
        return made
      }
      if (source instanceof Boolean || source instanceof Number || source instanceof String || source instanceof BigInt) {
        return Object(source.valueOf())
      }
      if (source instanceof Promise) return refuse('#<Promise>')
      if (source instanceof WeakMap) return refuse('#<WeakMap>')
      if (source instanceof WeakSet) return refuse('#<WeakSet>')
      if (source instanceof Symbol) return refuse(String(source.description))
      return {}
    }
    const copy = (source) => {
      if (typeof source === 'symbol') return refuse(String(source))
      if (typeof source === 'function') return refuse(String(source))
      if (typeof source !== 'object' || source === null) return source
      const known = copies.get(source)
      if (known !== undefined) return known
      const made = shell(source)
      copies.set(source, made)
      const isWhole = made instanceof Date || made instanceof RegExp || made instanceof ArrayBuffer
        || ArrayBuffer.isView(made) || made instanceof Error || made instanceof Boolean || made instanceof Number
        || made instanceof String || made instanceof BigInt
      if (!isWhole) work.push([source, made])
      return made
    }

    const cloned = copy(value)
    while (work.length > 0) {
      const [source, made] = work.pop()
      if (made instanceof Map) {
        for (const [key, one] of [...source]) made.set(copy(key), copy(one))
      } else if (made instanceof Set) {
        for (const one of [...source]) made.add(copy(one))
      } else {
        for (const key of Object.keys(source)) {
          const one = copy(source[key])
          Object.defineProperty(made, key, { value: one, writable: true, enumerable: true, configurable: true })
        }
      }
    }
    for (const one of transfer) host.detach(one)
    return cloned
  }

  return { structuredClone }
}
