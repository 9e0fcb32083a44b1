import { run } from './cases.js'

export default async function () {
  await run((line) => console.log(JSON.stringify(line)))
}
