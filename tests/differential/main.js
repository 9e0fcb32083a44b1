import { api } from './api.js'
import { run as cookies } from './cookies.js'
import { run as gjson } from './gjson.js'
import { run as json } from './json.js'
import { run as urls } from './urls.js'

const hosts = ['*.test', '127.0.0.1'].map(host => [host, __ENV.SERVER])
export const options = { hosts: Object.fromEntries(hosts), iterations: 1, maxRedirects: 0 }

export default function () {
  const areas = { cookies, gjson, json, urls }
  areas[__ENV.AREA](api, Number(__ENV.SEED), Number(__ENV.COUNT), line => console.log(line))
}
