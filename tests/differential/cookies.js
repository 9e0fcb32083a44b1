// Cookies: what a jar keeps of what servers and scripts set, and what it sends where.

import { Random, outcome, plain } from './random.js'

const HOSTS = ['a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'ba.test', '127.0.0.1']
const PATHS = ['/', '/p', '/p/', '/p/q', '/pq', '/p/q/r', '/P']
const DOMAINS = ['a.test', '.a.test', 'x.a.test', 'A.TEST', 'test', 'b.test', '127.0.0.1', '', '.', '..a.test', 'a.test.', 'a..test']
const DATES = ['Wed, 21 Oct 2015 07:28:00 GMT', 'Wed, 21 Oct 2099 07:28:00 GMT', 'Wed, 21-Oct-2099 07:28:00 GMT', 'Wed, 21 Oct 2099 07:28:00 UTC', 'soon', '0', '']

const url = r => `${r.of(['http', 'http', 'https'])}://${r.of(HOSTS)}${r.of(PATHS)}`

function setCookie(r) {
  const name = r.of(['a', 'b', 'c', 'D', 'a-b', '__Host-x', 'a b', 'é', ''])
  const value = r.of(['1', '2', '', '"quoted"', '"', 'a b', 'a,b', 'x=y', 'é', 'a"b', ' 3 ', 'a\\b', '""'])
  const attribute = () => r.of([
    () => `Path=${r.of([...PATHS, '', 'p', '"/p"'])}`,
    () => `Domain=${r.of(DOMAINS)}`,
    () => `Expires=${r.of(DATES)}`,
    () => `Max-Age=${r.of(['0', '-1', '100', '+5', '05', '1.5', 'x', '', '99999999999'])}`,
    () => 'Secure',
    () => 'HttpOnly',
    () => r.of(['SameSite=Lax', 'samesite', 'Other', 'path', 'DOMAIN = b.test', 'secure=1', '', ' ']),
  ])()
  return [r.oneIn(30) ? r.of([name, value]) : `${name}=${value}`, ...r.list(3, attribute)].join(r.of(['; ', ';', ' ; ']))
}

function options(r) {
  const options = {}
  if (r.oneIn(3)) options.domain = r.of(DOMAINS)
  if (r.oneIn(3)) options.path = r.of(PATHS)
  if (r.oneIn(4)) options.max_age = r.of([-1, 0, 100])
  if (r.oneIn(5)) options.expires = r.of(DATES.slice(0, 2))
  if (r.oneIn(4)) options.secure = true
  return options
}

export function run(api, seed, count, print) {
  for (let n = 0; n < count; ) {
    const r = new Random(seed + n)
    const jar = api.jar()
    const story = []
    for (let steps = 1 + r.below(4); steps > 0; steps--) {
      if (r.oneIn(3)) {
        const given = [url(r), r.of(['a', 'b', 'c']), r.of(['1', '2', 'x y', '']), options(r)]
        story.push(`set ${JSON.stringify(given)} ${outcome(() => String(jar.set(...given)))}`)
      } else {
        const at = url(r).replace('https', 'http')
        const lines = Array.from({ length: 1 + r.below(3) }, () => setCookie(r))
        story.push(`${at} ${JSON.stringify(lines)} shows ${outcome(() => JSON.stringify(api.answer(jar, at, lines)))}`)
      }
    }
    print(`${n} ${plain(story.join(' then '))}`)
    for (let queries = 4; queries > 0 && n < count; queries--, n++) {
      const at = url(r)
      if (r.oneIn(20)) jar.delete(at, 'a')
      if (r.oneIn(30)) jar.clear(at)
      print(`${n} ${at} gets ${outcome(() => JSON.stringify(Object.entries(jar.cookiesForURL(at)).sort()))}`)
    }
  }
}
