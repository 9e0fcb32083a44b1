// Stands in for https://jslib.k6.io/k6-testing: expect() with the assertions that need no browser, written for
// ssek from the documentation.

import exec from 'k6/execution';

const RETRYING = [
  'toBeAttached', 'toBeChecked', 'toBeDisabled', 'toBeEditable', 'toBeEmpty', 'toBeEnabled', 'toBeFocused', 'toBeHidden',
  'toBeInViewport', 'toBeVisible', 'toContainText', 'toHaveAttribute', 'toHaveClass', 'toHaveCount', 'toHaveText',
  'toHaveTitle', 'toHaveURL', 'toHaveValue',
];

function kindOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function shown(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `[Function: ${value.name || 'anonymous'}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Error) return String(value);
  if (value instanceof Map) return `Map(${value.size})`;
  if (value instanceof Set) return `Set(${value.size}) ${shown(Array.from(value))}`;
  try {
    return JSON.stringify(value);
  } catch (_) {
    return `[${kindOf(value)}]`;
  }
}

/** Equal in content; members that are undefined count as absent unless `strict`. */
function equal(a, b, seen = []) {
  if (Object.is(a, b)) return true;
  if (b !== null && typeof b === 'object' && typeof b.asymmetricMatch === 'function') return b.asymmetricMatch(a);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (kindOf(a) !== kindOf(b)) return false;
  if (seen.some(([left, right]) => left === a && right === b)) return true;
  const path = [...seen, [a, b]];
  if (a instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Error) return a.message === b.message;
  if (a instanceof Set) return a.size === b.size && Array.from(a).every((one) => Array.from(b).some((two) => equal(one, two, path)));
  if (a instanceof Map) {
    return a.size === b.size && Array.from(a).every(([k, v]) => Array.from(b).some(([k2, v2]) => equal(k, k2, path) && equal(v, v2, path)));
  }
  if (a instanceof ArrayBuffer) return equal(new Uint8Array(a), new Uint8Array(b), path);
  if (Array.isArray(a) || ArrayBuffer.isView(a)) {
    if (a.length !== b.length) return false;
    for (let at = 0; at < a.length; at += 1) if (!equal(a[at], b[at], path)) return false;
    return true;
  }
  const present = (value) => Object.keys(value).filter((key) => value[key] !== undefined);
  const keys = present(a);
  return keys.length === present(b).length && keys.every((key) => b[key] !== undefined && equal(a[key], b[key], path));
}

function contains(actual, expected, same) {
  if (typeof actual === 'string') return actual.includes(expected);
  const list = actual instanceof Set || Array.isArray(actual) || ArrayBuffer.isView(actual) ? Array.from(actual) : null;
  if (list === null) throw new Error(`toContain needs a string, an array or a set, not ${shown(actual)}`);
  return list.some((one) => same(one, expected));
}

function at(value, path) {
  const parts = Array.isArray(path) ? path : String(path).replace(/\[(\d+)\]/g, '.$1').split('.').filter((part) => part !== '');
  let found = value;
  for (const part of parts) {
    if (found === null || found === undefined || !(part in Object(found))) return { exists: false };
    found = found[part];
  }
  return { exists: true, value: found };
}

/** The assertions: given the actual value and the arguments, whether they hold. */
const MATCHERS = {
  toBe: (actual, expected) => Object.is(actual, expected),
  toEqual: (actual, expected) => equal(actual, expected),
  toBeCloseTo: (actual, expected, digits = 2) =>
    actual === expected || Math.abs(expected - actual) < 10 ** -digits / 2,
  toBeDefined: (actual) => actual !== undefined,
  toBeUndefined: (actual) => actual === undefined,
  toBeNull: (actual) => actual === null,
  toBeNaN: (actual) => Number.isNaN(actual),
  toBeTruthy: (actual) => Boolean(actual),
  toBeFalsy: (actual) => !actual,
  toBeGreaterThan: (actual, bound) => actual > bound,
  toBeGreaterThanOrEqual: (actual, bound) => actual >= bound,
  toBeLessThan: (actual, bound) => actual < bound,
  toBeLessThanOrEqual: (actual, bound) => actual <= bound,
  toBeInstanceOf: (actual, type) => actual instanceof type,
  toContain: (actual, part) => contains(actual, part, (a, b) => a === b),
  toContainEqual: (actual, part) => contains(actual, part, equal),
  toHaveLength: (actual, length) => actual !== null && actual !== undefined && actual.length === length,
  toHaveProperty: (actual, path, ...rest) => {
    const found = at(actual, path);
    return found.exists && (rest.length === 0 || equal(found.value, rest[0]));
  },
  toMatch: (actual, pattern) => (pattern instanceof RegExp ? pattern.test(actual) : String(actual).includes(pattern)),
  toThrow: (actual, wanted) => {
    try {
      actual();
    } catch (error) {
      const message = error && error.message !== undefined ? error.message : String(error);
      if (wanted === undefined) return true;
      if (wanted instanceof RegExp) return wanted.test(message);
      if (typeof wanted === 'function') return error instanceof wanted;
      return message.includes(wanted instanceof Error ? wanted.message : wanted);
    }
    return false;
  },
};

/** What a soft assertion that does not hold throws in the mode `throw`. */
export class AssertionFailedError extends Error {
  constructor(message) {
    super(message);
    this.name = 'AssertionFailedError';
  }
}

function failed(settings, text) {
  if (!settings.soft) {
    exec.test.abort(text);
  } else if (settings.softMode === 'throw') {
    throw new AssertionFailedError(text);
  } else {
    console.error(text);
    exec.test.fail(text);
  }
}

function expectation(actual, message, settings, isNegated) {
  const matchers = {};
  for (const name of Object.keys(MATCHERS)) {
    matchers[name] = (...args) => {
      if (MATCHERS[name](actual, ...args) !== isNegated) return;
      const call = `expect(received)${isNegated ? '.not' : ''}.${name}(${args.map(shown).join(', ')})`;
      const head = message ? `${message}: ` : '';
      failed(settings, `${head}${call}: received ${shown(actual)}`);
    };
  }
  for (const name of RETRYING) {
    matchers[name] = () => {
      throw new Error(`expect(…).${name}() needs k6/browser, which ssek does not have`);
    };
  }
  return matchers;
}

function configured(settings) {
  const make = (soft) => (actual, message) => {
    const own = { ...settings, soft };
    return { ...expectation(actual, message, own, false), not: expectation(actual, message, own, true) };
  };
  const expect = make(false);
  expect.soft = make(true);
  expect.configure = (changes) => {
    const next = configured({ ...settings, ...changes });
    return changes && changes.soft ? Object.assign((actual, message) => next.soft(actual, message), { soft: next.soft, configure: next.configure }) : next;
  };
  return expect;
}

/** An assertion that does not hold ends the test; one of expect.soft() lets it go on and fails it. */
export const expect = configured({ softMode: 'fail' });
