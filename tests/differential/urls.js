// Percent-encoding: the engine's functions, forms, and what goes over the wire.

import { Random, outcome, plain } from './random.js'

const FUNCTIONS = { encodeURIComponent, encodeURI, decodeURIComponent, decodeURI, escape, unescape }

/** Text with a good deal of percent signs. */
function escaped(r) {
  const pieces = ['%', '%2', '%20', '%E9', '%C3%A9', '%c3%A', '%F0%9F%98%80', '%ED%A0%80', '%F8', '%C0%80', '%u00e9', '%uD83D', '%u12', '%23', '%2F', '+', 'a']
  return r.list(5, () => (r.oneIn(3) ? r.text(3) : r.of(pieces))).join('')
}

function fields(r) {
  const form = {}
  const one = () => r.of([() => r.text(), () => r.text(), () => r.below(100000) / 8, () => true, () => null])()
  for (const key of r.list(5, () => (r.oneIn(2) ? r.word() : r.text(5)))) form[key] = r.oneIn(4) ? r.list(3, one) : one()
  return form
}

export function run(api, seed, count, print) {
  const names = Object.keys(FUNCTIONS)
  for (let n = 0; n < count; n++) {
    const r = new Random(seed + n)
    if (r.oneIn(4)) {
      const form = fields(r)
      print(`${n} form ${plain(JSON.stringify(form))} ${outcome(() => api.form(form))}`)
    } else {
      const name = r.of(names)
      const given = r.oneIn(2) ? escaped(r) : r.text(12)
      print(`${n} ${name} ${plain(given)} ${outcome(() => FUNCTIONS[name](given))}`)
    }
  }
}
