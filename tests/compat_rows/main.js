import './network.js'
import './page.js'
import './plain.js'
import { all } from './rows.js'

export default async function () {
  for (const { section, row, probe } of all) {
    let result
    try { result = await probe() } catch (error) { result = `threw ${error} ${error?.stack}` }
    console.log(JSON.stringify({ section, row, result }))
  }
}
