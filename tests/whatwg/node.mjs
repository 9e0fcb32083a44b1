import { run } from './cases.js'

await run((line) => console.log(JSON.stringify(line)))
