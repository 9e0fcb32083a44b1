// The WHATWG's streams without bytes, pipes and tees. Names and steps are those of the standard, where it has them:
// https://streams.spec.whatwg.org
(() => {
  'use strict'

  // What stands behind an object: set by its class, which alone can look.
  let readableOf, readerOf, writableOf
  // Only this file makes controllers.
  const OWN = {}
  // Stands in the queue of a writable stream for its end.
  const CLOSE = {}

  const deferred = () => {
    const made = { pending: true }
    made.promise = new Promise((resolve, reject) => {
      made.resolve = (value) => { made.pending = false; resolve(value) }
      made.reject = (reason) => { made.pending = false; reject(reason) }
    })
    return made
  }
  // Nobody need listen to a promise that fails.
  const unheard = (promise) => { promise.then(undefined, () => {}); return promise }
  const resolved = (value) => { const made = deferred(); made.resolve(value); return made }
  const rejected = (reason) => { const made = deferred(); made.reject(reason); unheard(made.promise); return made }
  const attempt = (call) => new Promise((resolve) => resolve(call()))

  const method = (object, name) => {
    const found = object[name]
    if (found === undefined) return undefined
    if (typeof found !== 'function') throw new TypeError(`${name} must be a function`)
    return (...args) => found.apply(object, args)
  }
  const dictionary = (value, name) => {
    if (value === undefined || value === null) return {}
    if (typeof value !== 'object' && typeof value !== 'function') throw new TypeError(`${name} must be an object`)
    return value
  }
  const markOf = (strategy, otherwise) => {
    if (strategy.highWaterMark === undefined) return otherwise
    const mark = Number(strategy.highWaterMark)
    if (!(mark >= 0)) throw new RangeError('highWaterMark must be a number that is not negative')
    return mark
  }
  const sizeOf = (strategy) => {
    const { size } = strategy
    if (size === undefined) return () => 1
    if (typeof size !== 'function') throw new TypeError('size must be a function')
    return (chunk) => size(chunk)
  }

  // Chunks with their sizes.
  class Queue {
    constructor() { this.clear() }
    clear() { this.entries = []; this.first = 0; this.total = 0 }
    get isEmpty() { return this.first === this.entries.length }
    push(chunk, given) {
      const size = Number(given)
      if (!(size >= 0 && size < Infinity)) throw new RangeError('the size of a chunk must be a number that is not negative')
      this.entries.push({ chunk, size })
      this.total += size
    }
    peek() { return this.entries[this.first].chunk }
    shift() {
      const { chunk, size } = this.entries[this.first]
      this.entries[this.first++] = undefined
      this.total = Math.max(0, this.total - size)
      if (this.isEmpty) this.clear()
      else if (this.first > 64 && this.first * 2 > this.entries.length) {
        this.entries = this.entries.slice(this.first)
        this.first = 0
      }
      return chunk
    }
  }

  class CountQueuingStrategy {
    #highWaterMark
    constructor(init) {
      const { highWaterMark } = dictionary(init, 'the argument')
      if (highWaterMark === undefined) throw new TypeError('a CountQueuingStrategy needs a highWaterMark')
      this.#highWaterMark = Number(highWaterMark)
    }
    get highWaterMark() { return this.#highWaterMark }
    get size() { return one }
  }
  const one = () => 1

  // ---- readable ----

  const close = (stream) => {
    stream.state = 'closed'
    const { reader } = stream
    if (reader === undefined) return
    const requests = reader.requests
    reader.requests = []
    reader.closed.resolve(undefined)
    requests.forEach((request) => request.resolve({ value: undefined, done: true }))
  }
  const fail = (controller, reason) => {
    const { stream } = controller
    if (stream.state !== 'readable') return
    controller.queue.clear()
    forget(controller)
    stream.state = 'errored'
    stream.error = reason
    const { reader } = stream
    if (reader === undefined) return
    const requests = reader.requests
    reader.requests = []
    reader.closed.reject(reason)
    unheard(reader.closed.promise)
    requests.forEach((request) => request.reject(reason))
  }
  // What is over calls the script no more, and keeps nothing of it alive.
  const forget = (controller) => { controller.pull = controller.cancel = controller.size = undefined }
  const takesMore = (controller) => !controller.closeRequested && controller.stream.state === 'readable'
  const desired = (controller) => {
    const { state } = controller.stream
    if (state === 'errored') return null
    return state === 'closed' ? 0 : controller.mark - controller.queue.total
  }
  const pullIfNeeded = (controller) => {
    const { reader } = controller.stream
    const isAsked = reader !== undefined && reader.requests.length > 0
    if (!takesMore(controller) || !controller.started || !(isAsked || desired(controller) > 0)) return
    if (controller.pulling) {
      controller.pullAgain = true
      return
    }
    if (controller.pull === undefined) return
    controller.pulling = true
    attempt(() => controller.pull(controller.object)).then(
      () => {
        controller.pulling = false
        if (!controller.pullAgain) return
        controller.pullAgain = false
        pullIfNeeded(controller)
      },
      (reason) => fail(controller, reason),
    )
  }
  const cancel = (stream, reason) => {
    stream.disturbed = true
    if (stream.state === 'closed') return Promise.resolve(undefined)
    if (stream.state === 'errored') return Promise.reject(stream.error)
    const { controller } = stream
    close(stream)
    controller.queue.clear()
    const called = controller.cancel
    forget(controller)
    return called === undefined ? Promise.resolve(undefined) : attempt(() => called(reason)).then(() => undefined)
  }
  const read = (reader) => {
    const { stream } = reader
    if (stream === undefined) return Promise.reject(new TypeError('the reader was released'))
    stream.disturbed = true
    if (stream.state === 'closed') return Promise.resolve({ value: undefined, done: true })
    if (stream.state === 'errored') return Promise.reject(stream.error)
    const { controller } = stream
    if (!controller.queue.isEmpty) {
      const value = controller.queue.shift()
      if (controller.closeRequested && controller.queue.isEmpty) {
        forget(controller)
        close(stream)
      } else {
        pullIfNeeded(controller)
      }
      return Promise.resolve({ value, done: false })
    }
    const request = deferred()
    reader.requests.push(request)
    pullIfNeeded(controller)
    return request.promise
  }
  const release = (reader) => {
    const { stream } = reader
    if (stream === undefined) return
    const reason = new TypeError('the reader was released')
    if (stream.state === 'readable') {
      reader.closed.reject(reason)
      unheard(reader.closed.promise)
    } else {
      reader.closed = rejected(reason)
    }
    stream.reader = reader.stream = undefined
    const requests = reader.requests
    reader.requests = []
    requests.forEach((request) => request.reject(reason))
  }

  class ReadableStreamDefaultController {
    #own
    constructor(key, own) {
      if (key !== OWN) throw new TypeError('only a stream makes its controller')
      this.#own = own
    }
    get desiredSize() { return desired(this.#own) }
    close() {
      const own = this.#own
      if (!takesMore(own)) throw new TypeError('the stream is closed, or was told to close')
      own.closeRequested = true
      if (!own.queue.isEmpty) return
      forget(own)
      close(own.stream)
    }
    enqueue(chunk) {
      const own = this.#own
      if (!takesMore(own)) throw new TypeError('the stream takes no more chunks')
      const { reader } = own.stream
      if (reader !== undefined && reader.requests.length > 0) {
        reader.requests.shift().resolve({ value: chunk, done: false })
      } else {
        try {
          own.queue.push(chunk, own.size(chunk))
        } catch (error) {
          fail(own, error)
          throw error
        }
      }
      pullIfNeeded(own)
    }
    error(reason) { fail(this.#own, reason) }
  }

  class ReadableStreamDefaultReader {
    #own
    static { readerOf = (object) => object.#own }
    constructor(readable) {
      const stream = readableOf(readable)
      if (stream.reader !== undefined) throw new TypeError('the stream is locked to a reader')
      const closed = stream.state === 'errored' ? rejected(stream.error) : deferred()
      if (stream.state === 'closed') closed.resolve(undefined)
      this.#own = stream.reader = { stream, closed, requests: [] }
    }
    get closed() { return this.#own.closed.promise }
    cancel(reason) {
      const { stream } = this.#own
      return stream === undefined ? Promise.reject(new TypeError('the reader was released')) : cancel(stream, reason)
    }
    read() { return read(this.#own) }
    releaseLock() { release(this.#own) }
  }

  class ReadableStream {
    #own
    static { readableOf = (object) => object.#own }
    constructor(underlyingSource, queuingStrategy) {
      const source = dictionary(underlyingSource, 'the source')
      const strategy = dictionary(queuingStrategy, 'the strategy')
      const { type } = source
      if (type !== undefined) {
        if (String(type) !== 'bytes') throw new TypeError(`${String(type)} is no type of a source`)
        throw new RangeError('byte streams are not supported')
      }
      const stream = { state: 'readable', error: undefined, reader: undefined, disturbed: false }
      const controller = {
        stream,
        queue: new Queue(),
        started: false,
        closeRequested: false,
        pulling: false,
        pullAgain: false,
        size: sizeOf(strategy),
        mark: markOf(strategy, 1),
        cancel: method(source, 'cancel'),
        pull: method(source, 'pull'),
      }
      const start = method(source, 'start')
      controller.object = new ReadableStreamDefaultController(OWN, controller)
      stream.controller = controller
      this.#own = stream
      const started = start === undefined ? undefined : start(controller.object)
      Promise.resolve(started).then(
        () => {
          controller.started = true
          pullIfNeeded(controller)
        },
        (reason) => fail(controller, reason),
      )
    }
    get locked() { return this.#own.reader !== undefined }
    cancel(reason) {
      const own = this.#own
      if (own.reader !== undefined) return Promise.reject(new TypeError('the stream is locked to a reader'))
      return cancel(own, reason)
    }
    getReader(options) {
      const { mode } = dictionary(options, 'the options')
      if (mode !== undefined) {
        if (String(mode) !== 'byob') throw new TypeError(`${String(mode)} is no mode of a reader`)
        throw new TypeError('byte streams are not supported, so there are no BYOB readers')
      }
      return new ReadableStreamDefaultReader(this)
    }
    values(options) {
      const keeps = Boolean(dictionary(options, 'the options').preventCancel)
      const reader = readerOf(this.getReader())
      let isOver = false
      let last = Promise.resolve(undefined)
      const step = async () => {
        if (isOver) return { value: undefined, done: true }
        try {
          const result = await read(reader)
          if (!result.done) return result
        } catch (error) {
          isOver = true
          release(reader)
          throw error
        }
        isOver = true
        release(reader)
        return { value: undefined, done: true }
      }
      const end = async (value) => {
        if (!isOver) {
          isOver = true
          const { stream } = reader
          const done = keeps ? undefined : cancel(stream, value)
          release(reader)
          await done
        }
        return { value, done: true }
      }
      // One after the other, whether the one before failed or not.
      const inTurn = (next) => (value) => {
        last = last.then(() => next(value), () => next(value))
        return last
      }
      return { next: inTurn(step), return: inTurn(end), [Symbol.asyncIterator]() { return this } }
    }
    [Symbol.asyncIterator](options) { return this.values(options) }
  }

  // ---- writable ----

  const isClosing = (stream) => stream.closeRequest !== undefined || stream.closeInFlight !== undefined
  const room = (controller) => controller.mark - controller.queue.total
  const forgetSink = (controller) => {
    controller.write = controller.close = controller.abort = controller.size = undefined
  }
  const setBackpressure = (stream, backpressure) => {
    const { writer } = stream
    if (writer !== undefined && backpressure !== stream.backpressure) {
      if (backpressure) writer.ready = deferred()
      else writer.ready.resolve(undefined)
    }
    stream.backpressure = backpressure
  }
  const breakPromise = (writer, name, reason) => {
    if (writer[name].pending) {
      writer[name].reject(reason)
      unheard(writer[name].promise)
    } else {
      writer[name] = rejected(reason)
    }
  }
  const startErroring = (stream, reason) => {
    stream.state = 'erroring'
    stream.error = reason
    if (stream.writer !== undefined) breakPromise(stream.writer, 'ready', reason)
    const isBusy = stream.writeInFlight !== undefined || stream.closeInFlight !== undefined
    if (!isBusy && stream.controller.started) finishErroring(stream)
  }
  const rejectClosed = (stream) => {
    if (stream.closeRequest !== undefined) {
      stream.closeRequest.reject(stream.error)
      stream.closeRequest = undefined
    }
    if (stream.writer !== undefined) breakPromise(stream.writer, 'closed', stream.error)
  }
  const finishErroring = (stream) => {
    const { controller, pendingAbort } = stream
    stream.state = 'errored'
    controller.queue.clear()
    const requests = stream.requests
    stream.requests = []
    requests.forEach((request) => request.reject(stream.error))
    stream.pendingAbort = undefined
    if (pendingAbort === undefined) return rejectClosed(stream)
    if (pendingAbort.wasErroring) {
      pendingAbort.done.reject(stream.error)
      return rejectClosed(stream)
    }
    const { abort } = controller
    forgetSink(controller)
    attempt(() => abort && abort(pendingAbort.reason)).then(
      () => {
        pendingAbort.done.resolve(undefined)
        rejectClosed(stream)
      },
      (reason) => {
        pendingAbort.done.reject(reason)
        rejectClosed(stream)
      },
    )
  }
  const reject = (stream, reason) => {
    if (stream.state === 'writable') startErroring(stream, reason)
    else finishErroring(stream)
  }
  const breakOff = (controller, reason) => {
    if (controller.stream.state !== 'writable') return
    forgetSinkButAbort(controller)
    startErroring(controller.stream, reason)
  }
  const forgetSinkButAbort = (controller) => { controller.write = controller.close = controller.size = undefined }
  const advance = (controller) => {
    const { stream, queue } = controller
    if (!controller.started || stream.writeInFlight !== undefined) return
    if (stream.state === 'erroring') return finishErroring(stream)
    if (queue.isEmpty) return
    if (queue.peek() === CLOSE) writeEnd(controller)
    else writeChunk(controller)
  }
  const writeEnd = (controller) => {
    const { stream, queue, close } = controller
    stream.closeInFlight = stream.closeRequest
    stream.closeRequest = undefined
    queue.shift()
    const closing = attempt(() => close && close())
    forgetSink(controller)
    closing.then(
      () => {
        stream.closeInFlight.resolve(undefined)
        stream.closeInFlight = undefined
        if (stream.state === 'erroring') {
          stream.error = undefined
          if (stream.pendingAbort !== undefined) stream.pendingAbort.done.resolve(undefined)
          stream.pendingAbort = undefined
        }
        stream.state = 'closed'
        if (stream.writer !== undefined) stream.writer.closed.resolve(undefined)
      },
      (reason) => {
        stream.closeInFlight.reject(reason)
        stream.closeInFlight = undefined
        if (stream.pendingAbort !== undefined) stream.pendingAbort.done.reject(reason)
        stream.pendingAbort = undefined
        reject(stream, reason)
      },
    )
  }
  const writeChunk = (controller) => {
    const { stream, queue, write } = controller
    stream.writeInFlight = stream.requests.shift()
    attempt(() => write && write(queue.peek(), controller.object)).then(
      () => {
        stream.writeInFlight.resolve(undefined)
        stream.writeInFlight = undefined
        queue.shift()
        if (!isClosing(stream) && stream.state === 'writable') setBackpressure(stream, room(controller) <= 0)
        advance(controller)
      },
      (reason) => {
        if (stream.state === 'writable') forgetSinkButAbort(controller)
        stream.writeInFlight.reject(reason)
        stream.writeInFlight = undefined
        reject(stream, reason)
      },
    )
  }
  const abort = (stream, reason) => {
    if (stream.state === 'closed' || stream.state === 'errored') return Promise.resolve(undefined)
    if (stream.pendingAbort !== undefined) return stream.pendingAbort.done.promise
    const wasErroring = stream.state === 'erroring'
    const done = deferred()
    stream.pendingAbort = { done, wasErroring, reason: wasErroring ? undefined : reason }
    if (!wasErroring) startErroring(stream, reason)
    return done.promise
  }
  const closeWritable = (stream) => {
    if (stream.state === 'closed' || stream.state === 'errored') {
      return Promise.reject(new TypeError('the stream is closed or errored'))
    }
    if (isClosing(stream)) return Promise.reject(new TypeError('the stream was told to close'))
    const request = deferred()
    stream.closeRequest = request
    const { writer, controller } = stream
    if (writer !== undefined && stream.backpressure && stream.state === 'writable') writer.ready.resolve(undefined)
    controller.queue.push(CLOSE, 0)
    advance(controller)
    return request.promise
  }
  const write = (writer, chunk) => {
    const { stream } = writer
    if (stream === undefined) return Promise.reject(new TypeError('the writer was released'))
    const { controller } = stream
    let size = 1
    try {
      if (controller.size !== undefined) size = controller.size(chunk)
    } catch (error) {
      breakOff(controller, error)
    }
    if (writer.stream !== stream) return Promise.reject(new TypeError('the writer was released'))
    if (stream.state === 'errored') return Promise.reject(stream.error)
    if (isClosing(stream) || stream.state === 'closed') return Promise.reject(new TypeError('the stream is closed, or was told to close'))
    if (stream.state === 'erroring') return Promise.reject(stream.error)
    const request = deferred()
    stream.requests.push(request)
    try {
      controller.queue.push(chunk, size)
    } catch (error) {
      breakOff(controller, error)
      return request.promise
    }
    if (!isClosing(stream) && stream.state === 'writable') setBackpressure(stream, room(controller) <= 0)
    advance(controller)
    return request.promise
  }

  class WritableStreamDefaultController {
    #own
    constructor(key, own) {
      if (key !== OWN) throw new TypeError('only a stream makes its controller')
      this.#own = own
    }
    error(reason) { breakOff(this.#own, reason) }
  }

  class WritableStreamDefaultWriter {
    #own
    constructor(writable) {
      const stream = writableOf(writable)
      if (stream.writer !== undefined) throw new TypeError('the stream is locked to a writer')
      const { state, error } = stream
      const isFull = state === 'writable' && !isClosing(stream) && stream.backpressure
      const isBroken = state === 'erroring' || state === 'errored'
      const ready = isBroken ? rejected(error) : isFull ? deferred() : resolved(undefined)
      const closed = state === 'errored' ? rejected(error) : state === 'closed' ? resolved(undefined) : deferred()
      this.#own = stream.writer = { stream, ready, closed }
    }
    get closed() { return this.#own.closed.promise }
    get ready() { return this.#own.ready.promise }
    get desiredSize() {
      const { stream } = this.#own
      if (stream === undefined) throw new TypeError('the writer was released')
      if (stream.state === 'errored' || stream.state === 'erroring') return null
      return stream.state === 'closed' ? 0 : room(stream.controller)
    }
    abort(reason) {
      const { stream } = this.#own
      return stream === undefined ? Promise.reject(new TypeError('the writer was released')) : abort(stream, reason)
    }
    close() {
      const { stream } = this.#own
      return stream === undefined ? Promise.reject(new TypeError('the writer was released')) : closeWritable(stream)
    }
    write(chunk) { return write(this.#own, chunk) }
    releaseLock() {
      const own = this.#own
      if (own.stream === undefined) return
      const reason = new TypeError('the writer was released')
      breakPromise(own, 'ready', reason)
      breakPromise(own, 'closed', reason)
      own.stream.writer = own.stream = undefined
    }
  }

  class WritableStream {
    #own
    static { writableOf = (object) => object.#own }
    constructor(underlyingSink, queuingStrategy) {
      const sink = dictionary(underlyingSink, 'the sink')
      const strategy = dictionary(queuingStrategy, 'the strategy')
      if (sink.type !== undefined) throw new RangeError('a sink has no type')
      const stream = {
        state: 'writable',
        error: undefined,
        writer: undefined,
        requests: [],
        writeInFlight: undefined,
        closeRequest: undefined,
        closeInFlight: undefined,
        pendingAbort: undefined,
        backpressure: false,
      }
      const controller = {
        stream,
        queue: new Queue(),
        started: false,
        size: sizeOf(strategy),
        mark: markOf(strategy, 1),
        write: method(sink, 'write'),
        close: method(sink, 'close'),
        abort: method(sink, 'abort'),
      }
      const start = method(sink, 'start')
      controller.object = new WritableStreamDefaultController(OWN, controller)
      stream.controller = controller
      this.#own = stream
      setBackpressure(stream, room(controller) <= 0)
      const started = start === undefined ? undefined : start(controller.object)
      Promise.resolve(started).then(
        () => {
          controller.started = true
          advance(controller)
        },
        (reason) => {
          controller.started = true
          reject(stream, reason)
        },
      )
    }
    get locked() { return this.#own.writer !== undefined }
    abort(reason) {
      const own = this.#own
      if (own.writer !== undefined) return Promise.reject(new TypeError('the stream is locked to a writer'))
      return abort(own, reason)
    }
    close() {
      const own = this.#own
      if (own.writer !== undefined) return Promise.reject(new TypeError('the stream is locked to a writer'))
      return closeWritable(own)
    }
    getWriter() { return new WritableStreamDefaultWriter(this) }
  }

  const exports = {
    ReadableStream,
    ReadableStreamDefaultReader,
    CountQueuingStrategy,
    WritableStream,
    WritableStreamDefaultWriter,
  }
  const classes = [...Object.values(exports), ReadableStreamDefaultController, WritableStreamDefaultController]
  for (const known of classes) {
    Object.defineProperty(known.prototype, Symbol.toStringTag, { value: known.name, configurable: true })
  }
  return exports
})()
