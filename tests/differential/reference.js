// The cases with Node's own functions and, for what Node lacks, with the rules written down once more.
// node reference.js AREA SEED COUNT

import { writeFileSync } from 'node:fs'
import { gjson } from './reference-gjson.js'
import { Jar, parse } from './reference-cookies.js'

const [, , area, seed, count] = process.argv
const { run } = await import(`./${area}.js`)

const formEscape = text =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase()).replace(/%20/g, '+')

const api = {
  form(fields) {
    const bytes = text => Buffer.from(text.toWellFormed())
    const shown = value => (value === null ? '' : String(value))
    const keys = Object.keys(fields).sort((a, b) => Buffer.compare(bytes(a), bytes(b)))
    return keys.flatMap(key => [fields[key]].flat().map(value => `${formEscape(key)}=${formEscape(shown(value))}`)).join('&')
  },
  document: json => path => gjson(json, path),
  jar: () => new Jar(),
  answer(jar, url, lines) {
    // Lines go over the wire as headers.
    const cookies = lines.map(line => parse(line.trim())).filter(cookie => cookie !== null)
    cookies.forEach(cookie => jar.insert(new URL(url), cookie))
    const shown = c => [c.name, c.value, c.domain, c.path, c.httpOnly, c.secure, c.maxAge, c.expires > 0 ? c.expires : 'none']
    return cookies.map(shown).map(c => c.join('|')).sort()
  },
}

const lines = []
run(api, Number(seed), Number(count), line => lines.push(line))
writeFileSync(1, lines.join('\n') + '\n')
