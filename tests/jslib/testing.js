import { expect } from 'https://jslib.k6.io/k6-testing/0.5.0/index.js';

export default function () {
  expect(200).toBe(200);
  expect(200).not.toBe(201);
  expect({ a: [1, { b: undefined }] }).toEqual({ a: [1, {}] });
  expect(0.1 + 0.2).toBeCloseTo(0.3, 5);
  expect('x').toBeDefined();
  expect(undefined).toBeUndefined();
  expect(null).toBeNull();
  expect(NaN).toBeNaN();
  expect(1).toBeTruthy();
  expect(0).toBeFalsy();
  expect(3).toBeGreaterThan(2);
  expect(3).toBeGreaterThanOrEqual(3);
  expect(3).toBeLessThan(4);
  expect(3).toBeLessThanOrEqual(3);
  expect(new TypeError('x')).toBeInstanceOf(Error);
  expect('hello').toContain('ell');
  expect([1, 2]).toContain(2);
  expect(new Set([{ a: 1 }])).toContainEqual({ a: 1 });
  expect('mango').toHaveLength(5);
  expect({ a: { b: [5] } }).toHaveProperty('a.b[0]', 5);
  expect({ a: 1 }).not.toHaveProperty('b');
  let message;
  try {
    expect.configure({ soft: true, softMode: 'throw' })(1, 'the count').toBe(2);
  } catch (error) {
    message = error.message;
  }
  if (message !== 'the count: expect(received).toBe(2): received 1') throw new Error(message);
  console.log('all as documented');
}
