// What the cases ask for, as scripts have it.

import http from 'k6/http'

const SERVER = 'http://a.test/'

export const api = {
  form: fields => http.post(SERVER, fields).body,
  document(json) {
    const response = http.post(SERVER, json)
    return path => response.json(path)
  },
  jar: () => new http.CookieJar(),
  answer(jar, url, lines) {
    const { cookies } = http.post(url, lines.join('\n'), { jar, headers: { 'X-Set': '1' } })
    const shown = c => [c.name, c.value, c.domain, c.path, c.http_only, c.secure, c.max_age, c.expires > 0 ? c.expires : 'none']
    return Object.values(cookies).flat().map(shown).map(c => c.join('|')).sort()
  },
}
