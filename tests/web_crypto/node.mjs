// Run by Node: `make` writes keys and messages to the standard output; `check` reads those of another implementation
// from the standard input and says what is wrong with them.
import { readFileSync } from 'node:fs'
import { check, make } from './interop.mjs'

const { subtle } = globalThis.crypto
if (process.argv[2] === 'make') {
  console.log(JSON.stringify(await make(subtle)))
} else {
  console.log((await check(subtle, JSON.parse(readFileSync(0, 'utf8')))).join('\n') || 'fine')
}
