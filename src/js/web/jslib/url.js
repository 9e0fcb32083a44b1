// Stands in for https://jslib.k6.io/url: URL and URLSearchParams, written for ssek from the WHATWG standard.
// Host names stay as they are but for their case: there is no IDNA here.

const PORTS = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
const SETS = {
  path: ' "#<>?`{}',
  query: ' "#<>\'',
  fragment: ' "<>`',
  user: ' "#<>?`{}/:;=@[\\]^|',
};

const hex = (byte) => `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;

function escaped(text, set) {
  let out = '';
  for (const letter of text) {
    const code = letter.codePointAt(0);
    if (code > 0x7e) for (const byte of new TextEncoder().encode(letter)) out += hex(byte);
    else out += code < 0x20 || set.includes(letter) ? hex(code) : letter;
  }
  return out;
}

function formEscaped(text) {
  let out = '';
  for (const letter of String(text)) {
    if (/[A-Za-z0-9*\-._]/.test(letter)) out += letter;
    else if (letter === ' ') out += '+';
    else for (const byte of new TextEncoder().encode(letter)) out += hex(byte);
  }
  return out;
}

function formUnescaped(text) {
  const bytes = [];
  const source = new TextEncoder().encode(text);
  for (let at = 0; at < source.length; at += 1) {
    const digits = String.fromCharCode(source[at + 1] || 0, source[at + 2] || 0);
    if (source[at] === 0x2b) bytes.push(0x20);
    else if (source[at] === 0x25 && /^[0-9A-Fa-f]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else bytes.push(source[at]);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const pairsOf = (query) =>
  query.split('&').filter((part) => part !== '').map((part) => {
    const at = part.indexOf('=');
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    return [formUnescaped(name), formUnescaped(value)];
  });

export class URLSearchParams {
  #pairs = [];
  #changed = () => {};

  constructor(init = '', changed = undefined) {
    if (typeof changed === 'function') this.#changed = changed;
    if (init === null || typeof init !== 'object') {
      const text = String(init);
      this.#pairs = pairsOf(text.startsWith('?') ? text.slice(1) : text);
    } else if (typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        const [...both] = pair;
        if (both.length !== 2) throw new TypeError('each pair of URLSearchParams needs a name and a value');
        this.#pairs.push([String(both[0]), String(both[1])]);
      }
    } else {
      for (const name of Object.keys(init)) this.#pairs.push([name, String(init[name])]);
    }
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([String(name), String(value)]);
    this.#changed();
  }

  delete(name, value) {
    this.#pairs = this.#pairs.filter(
      (pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value)),
    );
    this.#changed();
  }

  get(name) {
    const found = this.#pairs.find((pair) => pair[0] === String(name));
    return found ? found[1] : null;
  }

  getAll(name) {
    return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]);
  }

  has(name, value) {
    return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value)));
  }

  set(name, value) {
    const first = this.#pairs.findIndex((pair) => pair[0] === String(name));
    if (first < 0) this.#pairs.push([String(name), String(value)]);
    else {
      this.#pairs[first][1] = String(value);
      this.#pairs = this.#pairs.filter((pair, at) => at <= first || pair[0] !== String(name));
    }
    this.#changed();
  }

  sort() {
    this.#pairs.sort((a, b) => (a[0] === b[0] ? 0 : a[0] < b[0] ? -1 : 1));
    this.#changed();
  }

  forEach(callback, self) {
    for (const [name, value] of this.#pairs) callback.call(self, value, name, this);
  }

  *entries() {
    for (const [name, value] of this.#pairs) yield [name, value];
  }

  *keys() {
    for (const [name] of this.#pairs) yield name;
  }

  *values() {
    for (const [, value] of this.#pairs) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${formEscaped(name)}=${formEscaped(value)}`).join('&');
  }

  /** Takes the pairs of a query that the URL was given anew. */
  _replace(query) {
    this.#pairs = pairsOf(query);
  }
}

function pathOf(text, isSpecial) {
  const parts = (isSpecial ? text.replace(/\\/g, '/') : text).split('/');
  const out = [];
  parts.forEach((part, at) => {
    const isLast = at === parts.length - 1;
    const plain = part.replace(/%2e/gi, '.');
    if (plain === '..') {
      if (out.length > 1) out.pop();
      if (isLast) out.push('');
    } else if (plain === '.') {
      if (isLast) out.push('');
    } else out.push(escaped(part, SETS.path));
  });
  if (out.length === 1 && out[0] === '') out.push('');
  return out.join('/');
}

function hostOf(text, isSpecial) {
  if (text.startsWith('[')) {
    if (!/^\[[0-9A-Fa-f:.]+\]$/.test(text)) throw new TypeError(`Invalid URL: bad host ${text}`);
    return text.toLowerCase();
  }
  let host = text;
  if (isSpecial) {
    try {
      host = decodeURIComponent(text).toLowerCase();
    } catch (_) {
      throw new TypeError(`Invalid URL: bad host ${text}`);
    }
    if (host === '' || /[\s#%/:<>?@[\\\]^|]/.test(host)) throw new TypeError(`Invalid URL: bad host ${text}`);
  }
  return host;
}

function authority(parts, text) {
  const isSpecial = parts.protocol in PORTS;
  const at = text.lastIndexOf('@');
  if (at >= 0) {
    const login = text.slice(0, at);
    const colon = login.indexOf(':');
    parts.username = escaped(colon < 0 ? login : login.slice(0, colon), SETS.user);
    parts.password = colon < 0 ? '' : escaped(login.slice(colon + 1), SETS.user);
  }
  const address = text.slice(at + 1);
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(address);
  if (found === null) throw new TypeError(`Invalid URL: bad host or port ${address}`);
  const port = found[2] ? String(Number(found[2])) : '';
  if (Number(port) > 65535) throw new TypeError(`Invalid URL: bad port ${port}`);
  parts.hostname = parts.protocol === 'file:' && found[1] === '' ? '' : hostOf(found[1], isSpecial);
  parts.port = port === PORTS[parts.protocol] ? '' : port;
}

function parsed(input, base) {
  let text = String(input).replace(/^[\0- ]+|[\0- ]+$/g, '').replace(/[\t\n\r]/g, '');
  const parts = { protocol: '', username: '', password: '', hostname: null, port: '', pathname: '', query: null, fragment: null };
  const hash = text.indexOf('#');
  if (hash >= 0) {
    parts.fragment = escaped(text.slice(hash + 1), SETS.fragment);
    text = text.slice(0, hash);
  }
  const query = text.indexOf('?');
  if (query >= 0) {
    parts.query = escaped(text.slice(query + 1), SETS.query);
    text = text.slice(0, query);
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*:)(.*)$/.exec(text);
  if (scheme !== null) {
    parts.protocol = scheme[1].toLowerCase();
    text = scheme[2];
  } else if (base === undefined) {
    throw new TypeError(`Invalid URL: ${input}`);
  } else {
    parts.protocol = base.protocol;
  }
  const isSpecial = parts.protocol in PORTS;
  const slashed = isSpecial ? text.replace(/\\/g, '/') : text;
  const isAbsolute = scheme !== null && isSpecial && !(base && base.protocol === parts.protocol && !slashed.startsWith('/'));
  if (slashed.startsWith('//') || (isAbsolute && parts.protocol !== 'file:')) {
    const rest = isAbsolute && parts.protocol !== 'file:' ? slashed.replace(/^\/*/, '') : slashed.slice(2);
    const end = rest.indexOf('/');
    authority(parts, end < 0 ? rest : rest.slice(0, end));
    parts.pathname = end < 0 ? (isSpecial ? '/' : '') : pathOf(rest.slice(end), isSpecial);
    return parts;
  }
  if (scheme !== null && !(base && isSpecial && base.protocol === parts.protocol)) {
    if (parts.protocol === 'file:') {
      parts.hostname = '';
      parts.pathname = pathOf(slashed.startsWith('/') ? slashed : `/${slashed}`, true);
    } else {
      parts.pathname = slashed.startsWith('/') ? pathOf(slashed, false) : escaped(slashed, '');
    }
    return parts;
  }
  if (base.hostname === null && !base.pathname.startsWith('/') && !(text === '' && parts.fragment !== null)) {
    throw new TypeError(`Invalid URL: ${input}`);
  }
  for (const name of ['username', 'password', 'hostname', 'port']) parts[name] = base[name];
  if (slashed.startsWith('/')) parts.pathname = pathOf(slashed, isSpecial);
  else if (slashed === '') {
    parts.pathname = base.pathname;
    if (parts.query === null) parts.query = base.query;
  } else {
    parts.pathname = pathOf(base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1) + slashed, isSpecial);
  }
  return parts;
}

export class URL {
  #parts;
  #params;

  constructor(input, base) {
    this.#parts = parsed(input, base === undefined ? undefined : parsed(base));
    this.#params = new URLSearchParams(this.#parts.query || '', () => {
      const query = this.#params.toString();
      this.#parts.query = query === '' ? null : query;
    });
  }

  static canParse(input, base) {
    try {
      return Boolean(new URL(input, base));
    } catch (_) {
      return false;
    }
  }

  get href() {
    const { protocol, username, password, hostname, pathname, query, fragment } = this.#parts;
    const tail = (query === null ? '' : `?${query}`) + (fragment === null ? '' : `#${fragment}`);
    if (hostname === null) return protocol + pathname + tail;
    const login = username !== '' || password !== '' ? `${username}${password === '' ? '' : `:${password}`}@` : '';
    return `${protocol}//${login}${this.host}${pathname}${tail}`;
  }

  set href(input) {
    this.#parts = parsed(input);
    this.#params._replace(this.#parts.query || '');
  }

  get origin() {
    const { protocol } = this.#parts;
    return protocol in PORTS && protocol !== 'file:' ? `${protocol}//${this.host}` : 'null';
  }

  get protocol() {
    return this.#parts.protocol;
  }

  set protocol(value) {
    const protocol = `${String(value).split(':')[0].toLowerCase()}:`;
    if (/^[a-z][a-z0-9+\-.]*:$/.test(protocol) && protocol in PORTS === this.#parts.protocol in PORTS) {
      this.#parts.protocol = protocol;
      if (this.#parts.port === PORTS[protocol]) this.#parts.port = '';
    }
  }

  get username() {
    return this.#parts.username;
  }

  set username(value) {
    if (this.#parts.hostname) this.#parts.username = escaped(String(value), SETS.user);
  }

  get password() {
    return this.#parts.password;
  }

  set password(value) {
    if (this.#parts.hostname) this.#parts.password = escaped(String(value), SETS.user);
  }

  get host() {
    const { hostname, port } = this.#parts;
    return port === '' ? hostname || '' : `${hostname}:${port}`;
  }

  set host(value) {
    const next = { ...this.#parts, port: this.#parts.port };
    try {
      authority(next, String(value).split(/[/?#\\]/)[0].replace(/^.*@/, ''));
    } catch (_) {
      return;
    }
    this.#parts.hostname = next.hostname;
    if (/:\d+$/.test(String(value))) this.#parts.port = next.port;
  }

  get hostname() {
    return this.#parts.hostname || '';
  }

  set hostname(value) {
    if (!/:\d*$/.test(String(value))) this.host = value;
  }

  get port() {
    return this.#parts.port;
  }

  set port(value) {
    const digits = /^\d*/.exec(String(value))[0];
    if (digits === '' && String(value) !== '') return;
    if (Number(digits) > 65535 || !this.#parts.hostname) return;
    const port = digits === '' ? '' : String(Number(digits));
    this.#parts.port = port === PORTS[this.#parts.protocol] ? '' : port;
  }

  get pathname() {
    return this.#parts.pathname;
  }

  set pathname(value) {
    if (this.#parts.hostname === null && !this.#parts.pathname.startsWith('/')) return;
    const path = String(value).replace(/\?/g, '%3F').replace(/#/g, '%23');
    this.#parts.pathname = pathOf(/^[/\\]/.test(path) ? path : `/${path}`, this.#parts.protocol in PORTS);
  }

  get search() {
    return this.#parts.query ? `?${this.#parts.query}` : '';
  }

  set search(value) {
    const query = String(value).replace(/^\?/, '');
    this.#parts.query = query === '' ? null : escaped(query, SETS.query);
    this.#params._replace(query);
  }

  get searchParams() {
    return this.#params;
  }

  get hash() {
    return this.#parts.fragment ? `#${this.#parts.fragment}` : '';
  }

  set hash(value) {
    const fragment = String(value).replace(/^#/, '');
    this.#parts.fragment = fragment === '' ? null : escaped(fragment, SETS.fragment);
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }
}
