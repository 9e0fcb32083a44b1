// Stands in for https://jslib.k6.io/k6chaijs: describe() and Chai's expect(), written for ssek from the
// documentation. Each expectation within describe() is a check.

import { check, group } from 'k6';

const config = {
  aggregateChecks: true,
  logFailures: false,
  truncateMsgThreshold: 300,
  truncateVariableThreshold: 100,
  includeStack: false,
  showDiff: false,
  truncateThreshold: 40,
};

/** What an expectation that is not met throws. */
export class AssertionError extends Error {
  constructor(message, details = {}) {
    super(message);
    this.name = 'AssertionError';
    this.actual = details.actual;
    this.expected = details.expected;
  }
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length)} (truncated)` : text);

function kindOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object') return typeof value;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return name === 'Object' ? 'object' : name;
}

function inspect(value, depth = 2) {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `[Function${value.name ? `: ${value.name}` : ''}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Error) return `[${value}]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) {
    return depth < 0 ? '[Array]' : value.length === 0 ? '[]' : `[ ${value.map((one) => inspect(one, depth - 1)).join(', ')} ]`;
  }
  if (value instanceof Map) return `Map{${Array.from(value, ([k, v]) => `${inspect(k)} => ${inspect(v)}`).join(', ')}}`;
  if (value instanceof Set) return `Set{${Array.from(value, (one) => inspect(one)).join(', ')}}`;
  if (depth < 0) return '[Object]';
  const members = Object.keys(value).map((key) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`}: ${inspect(value[key], depth - 1)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

export function deepEqual(a, b, seen = []) {
  if (Object.is(a, b) || (a === b && a === 0)) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (kindOf(a) !== kindOf(b)) return false;
  if (seen.some(([left, right]) => left === a && right === b)) return true;
  const path = [...seen, [a, b]];
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Error) return a === b;
  if (a instanceof Set) return a.size === b.size && Array.from(a).every((one) => Array.from(b).some((two) => deepEqual(one, two, path)));
  if (a instanceof Map) {
    return a.size === b.size && Array.from(a).every(([k, v]) => Array.from(b).some(([k2, v2]) => deepEqual(k, k2, path) && deepEqual(v, v2, path)));
  }
  if (a instanceof ArrayBuffer) return deepEqual(new Uint8Array(a), new Uint8Array(b), path);
  if (Array.isArray(a) || ArrayBuffer.isView(a)) {
    if (a.length !== b.length) return false;
    for (let at = 0; at < a.length; at += 1) if (!deepEqual(a[at], b[at], path)) return false;
    return true;
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key], path));
}

/** The value at a path such as a.b[1]. */
function nested(value, path) {
  let at = value;
  for (const part of String(path).replace(/\[(\d+)\]/g, '.$1').split('.').filter((name) => name !== '')) {
    if (at === null || at === undefined || !(part in Object(at))) return { exists: false };
    at = at[part];
  }
  return { exists: true, value: at };
}

const CHAINS = ['to', 'be', 'been', 'is', 'and', 'has', 'have', 'with', 'that', 'which', 'at', 'of', 'same', 'but', 'does', 'still', 'also'];
const FLAGS = { not: 'negate', deep: 'deep', nested: 'nested', own: 'own', ordered: 'ordered', any: 'any', all: 'all' };

// Only read. Under its plain name, scripts that import this could not share a realm.
const PROTOTYPE = ['proto', 'type'].join('');

/** State of the describe() that runs, if one does. */
let running = null;

function assertion(value, label, flags) {
  const chain = {};
  const same = (a, b) => (flags.deep ? deepEqual(a, b) : a === b);
  const next = (changes, another = value) => assertion(another, label, { ...flags, ...changes });

  const judge = (isMet, text, negated, expected, message) => {
    const passed = flags.negate ? !isMet : isMet;
    const subject = message || label || cut(inspect(value), config.truncateVariableThreshold);
    const name = cut(`expected ${subject} ${flags.negate ? negated : text}`, config.truncateMsgThreshold);
    if (running) check(null, { [name]: passed });
    if (passed) return;
    const full = label ? `${label}: expected ${inspect(value)} ${flags.negate ? negated : text}` : name;
    if (config.logFailures) console.warn(cut(full, config.truncateMsgThreshold));
    throw new AssertionError(full, { actual: value, expected });
  };
  const simple = (isMet, what, expected, message) => judge(isMet, `to ${what}`, `to not ${what}`, expected, message);
  const being = (isMet, what, expected, message) => judge(isMet, `to be ${what}`, `not to be ${what}`, expected, message);

  const lazy = (name, get) => Object.defineProperty(chain, name, { get, configurable: true });
  for (const word of CHAINS) lazy(word, () => chain);
  for (const word of Object.keys(FLAGS)) lazy(word, () => next({ [FLAGS[word]]: word === 'not' ? !flags.negate : true }));

  const property = (name, isMet, what) => lazy(name, () => {
    being(isMet(), what || name);
    return chain;
  });
  property('ok', () => Boolean(value), 'truthy');
  property('true', () => value === true);
  property('false', () => value === false);
  property('null', () => value === null);
  property('undefined', () => value === undefined);
  property('NaN', () => Number.isNaN(value));
  property('finite', () => typeof value === 'number' && Number.isFinite(value), 'a finite number');
  property('empty', () => {
    if (typeof value === 'string' || Array.isArray(value)) return value.length === 0;
    if (value instanceof Map || value instanceof Set) return value.size === 0;
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
      throw new AssertionError(`.empty was passed non-string primitive ${inspect(value)}`);
    }
    return Object.keys(value).length === 0;
  });
  property('arguments', () => kindOf(value) === 'Arguments');
  property('extensible', () => Object.isExtensible(value));
  property('sealed', () => Object.isSealed(value));
  property('frozen', () => Object.isFrozen(value));
  for (const name of ['exist', 'exists']) {
    lazy(name, () => {
      judge(value !== null && value !== undefined, 'to exist', 'to not exist');
      return chain;
    });
  }

  const method = (names, run) => {
    for (const name of names) chain[name] = (...args) => run(...args) || chain;
  };
  method(['equal', 'equals', 'eq'], (other, message) => {
    simple(same(value, other), `${flags.deep ? 'deeply ' : ''}equal ${inspect(other)}`, other, message);
  });
  method(['eql', 'eqls'], (other, message) => simple(deepEqual(value, other), `deeply equal ${inspect(other)}`, other, message));

  const sized = (text) => {
    if (!flags.length) return [value, text];
    const size = value instanceof Map || value instanceof Set ? value.size : value.length;
    return [size, text.replace('be ', 'have a length ')];
  };
  const compare = (names, text, isMet) => method(names, (bound, message) => {
    const [actual, words] = sized(`be ${text} ${inspect(bound)}`);
    judge(isMet(actual, bound), `to ${words}`, `to not ${words}`, bound, message);
  });
  compare(['above', 'gt', 'greaterThan'], 'above', (a, b) => a > b);
  compare(['least', 'gte', 'greaterThanOrEqual'], 'at least', (a, b) => a >= b);
  compare(['below', 'lt', 'lessThan'], 'below', (a, b) => a < b);
  compare(['most', 'lte', 'lessThanOrEqual'], 'at most', (a, b) => a <= b);
  method(['within'], (from, to, message) => {
    const [actual, words] = sized(`be within ${from}..${to}`);
    judge(actual >= from && actual <= to, `to ${words}`, `to not ${words}`, undefined, message);
  });
  method(['closeTo', 'approximately'], (other, delta, message) => {
    being(Math.abs(value - other) <= delta, `close to ${other} +/- ${delta}`, other, message);
  });
  method(['instanceof', 'instanceOf'], (type, message) => {
    being(value instanceof type, `an instance of ${type.name}`, undefined, message);
  });
  method(['match', 'matches'], (pattern, message) => judge(pattern.test(value), `to match ${pattern}`, `not to match ${pattern}`, undefined, message));
  method(['string'], (part, message) => {
    judge(String(value).includes(part), `to contain ${inspect(part)}`, `to not contain ${inspect(part)}`, part, message);
  });
  method(['satisfy', 'satisfies'], (predicate, message) => simple(Boolean(predicate(value)), `satisfy ${inspect(predicate)}`, undefined, message));
  method(['oneOf'], (list, message) => being(list.some((one) => same(value, one)), `one of ${inspect(list)}`, list, message));
  method(['respondTo', 'respondsTo'], (name, message) => {
    const instance = typeof value === 'function' ? value[PROTOTYPE] : undefined;
    simple(typeof (instance || value)[name] === 'function', `respond to ${inspect(name)}`, undefined, message);
  });

  method(['property'], (name, ...rest) => {
    const found = flags.nested ? nested(value, name) : { exists: value !== null && value !== undefined && (flags.own ? Object.hasOwn(Object(value), name) : name in Object(value)), value: Object(value)[name] };
    const kind = `${flags.deep ? 'deep ' : ''}${flags.nested ? 'nested ' : ''}${flags.own ? 'own ' : ''}property ${inspect(name)}`;
    if (rest.length > 0) {
      simple(found.exists && same(found.value, rest[0]), `have ${kind} of ${inspect(rest[0])}`, rest[0], rest[1]);
    } else {
      simple(found.exists, `have ${kind}`);
    }
    return flags.negate ? chain : next({}, found.value);
  });
  method(['ownProperty', 'haveOwnProperty'], (name, ...rest) => next({ own: true }).property(name, ...rest));
  const length = (size, message) => {
    const actual = value instanceof Map || value instanceof Set ? value.size : value && value.length;
    judge(actual === size, `to have a length of ${size}${flags.negate ? '' : ` but got ${actual}`}`, `to not have a length of ${size}`, size, message);
  };
  method(['lengthOf'], length);
  const lengthChain = (size, message) => {
    length(size, message);
    return chain;
  };
  lazy('length', () => Object.assign(lengthChain, { above: next({ length: true }).above, below: next({ length: true }).below, within: next({ length: true }).within }));
  Object.defineProperty(chain, 'lengthOf', {
    value: Object.assign(
      (size, message) => lengthChain(size, message),
      Object.fromEntries(['above', 'gt', 'least', 'gte', 'below', 'lt', 'most', 'lte', 'within'].map((name) => [
        name,
        (...args) => next({ length: true })[name](...args),
      ])),
      { at: { least: (bound) => next({ length: true }).least(bound), most: (bound) => next({ length: true }).most(bound) } },
    ),
    configurable: true,
  });

  const includes = (part, message) => {
    let isMet;
    if (typeof value === 'string') isMet = value.includes(part);
    else if (value instanceof Map) isMet = Array.from(value.values()).some((one) => same(one, part));
    else if (value instanceof Set || Array.isArray(value)) isMet = Array.from(value).some((one) => same(one, part));
    else if (value !== null && typeof value === 'object') {
      isMet = Object.keys(part).every((key) => {
        const found = flags.nested ? nested(value, key) : { exists: flags.own ? Object.hasOwn(value, key) : key in value, value: value[key] };
        return found.exists && same(found.value, part[key]);
      });
    } else isMet = false;
    judge(isMet, `to ${flags.deep ? 'deep ' : ''}include ${inspect(part)}`, `to not ${flags.deep ? 'deep ' : ''}include ${inspect(part)}`, part, message);
    return chain;
  };
  const matchesKeys = (wanted, actual) => {
    const has = (key) => actual.some((one) => same(one, key));
    if (flags.any) return wanted.some(has);
    return wanted.every(has) && (flags.contains || wanted.length === actual.length);
  };
  const keys = (...names) => {
    const first = names[0];
    let wanted = names;
    if (names.length === 1 && Array.isArray(first)) wanted = first;
    else if (names.length === 1 && first !== null && typeof first === 'object') wanted = Object.keys(first);
    const actual = value instanceof Map || value instanceof Set ? Array.from(value.keys()) : Object.keys(value);
    const isText = !(value instanceof Map || value instanceof Set);
    const isMet = matchesKeys(isText ? wanted.map(String) : wanted, actual);
    const list = wanted.map((one) => inspect(one)).join(flags.any ? ', or ' : ', and ');
    const verb = flags.contains ? 'contain' : 'have';
    simple(isMet, `${verb} ${wanted.length > 1 ? 'keys' : 'key'} ${list}`, wanted);
  };
  method(['keys', 'key'], keys);
  const members = (wanted, message) => {
    const isMet = flags.ordered
      ? (flags.contains || wanted.length === value.length) && wanted.every((one, at) => same(one, value[at]))
      : wanted.every((one) => value.some((other) => same(one, other))) && (flags.contains || wanted.length === value.length);
    const kind = `${flags.contains ? 'be a superset of' : `have the same ${flags.ordered ? 'ordered ' : ''}members as`} ${inspect(wanted)}`;
    simple(isMet, kind, wanted, message);
  };
  method(['members'], members);
  for (const name of ['include', 'includes', 'contain', 'contains']) {
    const inner = (key) => (...args) => next({ contains: true })[key](...args);
    const call = (part, message) => includes(part, message);
    Object.assign(call, { keys: inner('keys'), key: inner('key'), members: inner('members'), property: inner('property') });
    for (const word of ['any', 'all', 'deep', 'own', 'nested', 'ordered']) {
      Object.defineProperty(call, word, { get: () => next({ contains: true, [FLAGS[word]]: true }), configurable: true });
    }
    chain[name] = call;
  }
  for (const name of ['a', 'an']) {
    const call = (type, message) => {
      const article = /^[aeiou]/i.test(type) ? 'an' : 'a';
      being(kindOf(value).toLowerCase() === String(type).toLowerCase(), `${article} ${String(type).toLowerCase()}`, undefined, message);
      return chain;
    };
    lazy(name, () => {
      for (const word of ['instanceof', 'instanceOf', 'property', 'string', 'match', 'lengthOf']) {
        if (!Object.hasOwn(call, word)) call[word] = chain[word];
      }
      return call;
    });
  }

  const throwing = (type, pattern, message) => {
    let thrown;
    let isThrown = false;
    try {
      value();
    } catch (error) {
      thrown = error;
      isThrown = true;
    }
    let wanted = pattern;
    let isMet = isThrown;
    if (typeof type === 'function') isMet = isMet && thrown instanceof type;
    else if (type instanceof Error) isMet = isMet && thrown === type;
    else if (type !== undefined) wanted = type;
    const text = thrown && thrown.message !== undefined ? thrown.message : String(thrown);
    if (wanted instanceof RegExp) isMet = isMet && wanted.test(text);
    else if (wanted !== undefined) isMet = isMet && text.includes(wanted);
    const what = typeof type === 'function' ? type.name : wanted === undefined ? 'an error' : `an error including ${inspect(wanted)}`;
    simple(isMet, `throw ${what}`, undefined, message);
    return flags.negate ? chain : next({}, thrown);
  };
  method(['throw', 'throws', 'Throw'], throwing);

  chain.validJsonBody = () => {
    let isValid = true;
    try {
      value.json();
    } catch (_) {
      isValid = false;
    }
    const subject = label || (value && value.url) || 'response';
    judge(isValid, 'to have valid JSON body', 'to not have valid JSON body', undefined, subject);
    return chain;
  };
  return chain;
}

/** Chai's BDD expectation of a value; the second argument is what messages call it. */
export function expect(value, label) {
  return assertion(value, label, {});
}
expect.fail = (message = 'expect.fail()') => {
  throw new AssertionError(message);
};

/** Runs a body of expectations in a group of that name; gives whether all of them were met. */
export function describe(name, body) {
  const outer = running;
  running = { name };
  let success = true;
  try {
    group(name, () => {
      try {
        body();
      } catch (error) {
        success = false;
        if (error instanceof AssertionError) return;
        check(null, { [`Exception raised "${error && error.message ? error.message : error}"`]: false });
        console.error(`Exception raised in test "${name}". Failing the test and continuing.\n${error}\n${(error && error.stack) || ''}`);
      }
    });
  } finally {
    running = outer;
  }
  return success;
}

const chai = { config, expect, AssertionError, util: { inspect, eql: deepEqual } };

export { chai, config };
export default chai;
