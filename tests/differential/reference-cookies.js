// RFC 6265 with the rules of Go's `net/http` and `net/http/cookiejar`, written from their documentation.

const VALUE = /^[ !#-:<-[\]-~]*$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const DATE = /^(sun|mon|tue|wed|thu|fri|sat), (\d\d)([ -])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\3(\d{4}) (\d\d?:\d\d:\d\d) [A-Z]{3}$/i

const date = text => (DATE.test(text) ? Date.parse(text.replace(/(\d)-(\w+)-(\d)/, '$1 $2 $3').replace(/ [A-Z]{3}$/, ' GMT')) : NaN)
const trim = text => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

export function parse(line) {
  const [first, ...rest] = line.split(';').map(trim)
  const at = first.indexOf('=')
  if (at < 0) return null
  const name = trim(first.slice(0, at))
  const value = first.slice(at + 1).replace(/^"(.*)"$/, '$1')
  if (!TOKEN.test(name) || !VALUE.test(value)) return null
  const cookie = { name, value, domain: '', path: '', httpOnly: false, secure: false, maxAge: 0, expires: NaN }
  for (const attribute of rest) {
    const [key, ...values] = attribute.split('=')
    const value = values.join('=')
    if (!VALUE.test(value)) continue
    switch (key.toLowerCase()) {
      case 'secure': cookie.secure = true; break
      case 'httponly': cookie.httpOnly = true; break
      case 'domain': cookie.domain = value; break
      case 'path': cookie.path = value; break
      case 'expires': cookie.expires = date(value); break
      case 'max-age':
        if (/^[+-]?\d+$/.test(value) && (Number(value) === 0 || value[0] !== '0')) cookie.maxAge = Number(value) > 0 ? Number(value) : -1
    }
  }
  return cookie
}

const isAddress = host => /^[\d.]+$/.test(host)
const isBelow = (host, domain) => host.endsWith('.' + domain) && host.length > domain.length + 1
const site = host => (isAddress(host) ? host : host.split('.').slice(-2).join('.'))

export class Jar {
  constructor() {
    this.cookies = []
  }

  set(url, name, value, { domain = '', path = '', max_age = 0, expires = '', secure = false }) {
    const at = expires === '' ? NaN : date(expires)
    if (expires !== '' && Number.isNaN(at)) throw new Error('no date')
    this.insert(new URL(url), { name, value, domain, path, maxAge: max_age, expires: at, secure })
    return true
  }

  insert(url, { name, value, domain, path, maxAge, expires, secure }) {
    const host = url.hostname
    let hostOnly = domain === '' || isAddress(host)
    if (domain === '') domain = host
    else if (!isAddress(host)) domain = domain.replace(/^\./, '').toLowerCase()
    if (domain === '' || /^\.|\.$/.test(domain) || (domain !== host && (hostOnly || !isBelow(host, domain)))) return
    if (path[0] !== '/') path = url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/'
    const now = Date.now()
    const end = maxAge !== 0 ? now + maxAge * 1000 : Number.isNaN(expires) ? Infinity : expires
    const cookie = { name, value, domain, hostOnly, path, end, secure, site: site(host) }
    const at = this.cookies.findIndex(c => ['name', 'domain', 'path', 'site'].every(key => c[key] === cookie[key]))
    if (end <= now) {
      if (at >= 0) this.cookies.splice(at, 1)
    } else if (at >= 0) this.cookies[at] = cookie
    else this.cookies.push(cookie)
  }

  sent(url) {
    const { hostname: host, pathname, protocol } = new URL(url)
    return this.cookies
      .filter(c => c.site === site(host) && (c.domain === host || (!c.hostOnly && isBelow(host, c.domain))))
      .filter(c => pathname === c.path || (pathname.startsWith(c.path) && (c.path.endsWith('/') || pathname[c.path.length] === '/')))
      .filter(c => protocol === 'https:' || !c.secure)
      .sort((a, b) => b.path.length - a.path.length)
  }

  cookiesForURL(url) {
    const found = {}
    for (const { name, value } of this.sent(url)) (found[name] ??= []).push(value)
    return found
  }

  clear(url) {
    this.sent(url).forEach(({ name }) => this.delete(url, name))
  }

  delete(url, name) {
    this.insert(new URL(url), { name, value: '', domain: '', path: '', maxAge: -1, expires: NaN, secure: false })
  }
}
