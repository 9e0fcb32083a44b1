// Stands in for https://jslib.k6.io/expect and https://jslib.k6.io/functional: written for ssek from the
// documentation.

import { check, group } from 'k6';

/** Ends the body of a describe() whose expectation failed. */
class Failed extends Error {}

const shown = (value) => {
  if (typeof value === 'string' || typeof value === 'function') return String(value);
  const text = JSON.stringify(value);
  return text === undefined ? String(value) : text;
};

/** Expectations of one describe(); those behind one that failed are not looked at. */
function expectations(state, tags) {
  const judge = (name, isMet) => {
    const passed = tags ? check(null, { [name]: isMet }, tags) : check(null, { [name]: isMet });
    if (!passed) {
      state.success = false;
      throw new Failed(name);
    }
  };
  const about = (value) => {
    let alias = shown(value);
    const chain = {
      as: (name) => {
        alias = name;
        return chain;
      },
      and: (next) => about(next),
    };
    const method = (name, text, isMet) => {
      chain[name] = (...expected) => {
        judge(`${alias} ${text(...expected)}`, isMet(...expected));
        return chain;
      };
    };
    method('toEqual', (expected) => `is ${shown(expected)}.`, (expected) => value === expected);
    method('toBeGreaterThan', (bound) => `is greater than ${bound}.`, (bound) => value > bound);
    method('toBeGreaterThanOrEqual', (bound) => `is greater or equal to ${bound}.`, (bound) => value >= bound);
    method('toBeLessThan', (bound) => `is less than ${bound}.`, (bound) => value < bound);
    method('toBeLessThanOrEqual', (bound) => `is less or equal to ${bound}.`, (bound) => value <= bound);
    method('toBeBetween', (from, to) => `is between ${from} - ${to}.`, (from, to) => value >= from && value <= to);
    method('toBeTruthy', () => 'is truthy.', () => Boolean(value));
    method('toBeFalsy', () => 'is falsy.', () => !value);
    method('toInclude', (part) => `includes ${shown(part)}.`, (part) => Boolean(value) && value.includes(part));
    method('toMatch', (pattern) => `matches ${pattern}.`, (pattern) => new RegExp(pattern).test(value));
    chain.toHaveValidJson = () => {
      let isValid = true;
      try {
        value.json();
      } catch (_) {
        isValid = false;
      }
      judge(`${value && value.url ? value.url : alias} has valid json response`, isValid);
      return chain;
    };
    return chain;
  };
  return about;
}

/** Runs a body of expectations in a group of that name; gives whether all of them were met. */
export function describe(name, body) {
  const state = { success: true };
  let tags;
  const context = {
    expect: (value) => expectations(state, tags)(value),
    and: (value) => expectations(state, tags)(value),
    addTags: (more) => {
      tags = { ...tags, ...more };
    },
  };
  group(name, () => {
    try {
      body(context);
    } catch (error) {
      if (error instanceof Failed) return;
      state.success = false;
      check(null, { [`Exception raised "${error && error.message ? error.message : error}"`]: false });
      console.error(error && error.stack ? `${error}\n${error.stack}` : error);
    }
  });
  return state.success;
}

/** An expectation outside of describe(): one that fails ends the iteration. */
export function expect(value) {
  return expectations({ success: true })(value);
}
