import { describe } from 'https://jslib.k6.io/functional/0.0.3/index.js';
import { describe as other } from 'https://jslib.k6.io/expect/0.0.4/index.js';

export const options = { thresholds: { 'checks{check:response status is 200.}': ['rate==0.5'] } };

export default function () {
  const good = describe('holds', (t) => {
    t.expect(200).as('response status').toEqual(200)
      .and({ url: 'https://a.test/', json: () => [] }).toHaveValidJson()
      .and(5).as('number').toBeGreaterThan(4).toBeBetween(5, 6).toBeTruthy()
      .and('abc').toInclude('b');
  });
  let reached = false;
  const bad = other('does not', (t) => {
    t.expect(500).as('response status').toEqual(200);
    reached = true;
  });
  if (!good || bad || reached) throw new Error(`${good} ${bad} ${reached}`);
  console.log('all as documented');
}
