import { humanizeValue, jUnit, textSummary } from 'https://jslib.k6.io/k6-summary/0.1.0/index.js';
import { check } from 'k6';

const data = {
  options: { summaryTrendStats: ['avg', 'max'], summaryTimeUnit: '' },
  state: { testRunDurationMs: 2000 },
  root_group: {
    name: '', path: '', groups: [{ name: 'g', groups: [], checks: [{ name: 'bad', passes: 1, fails: 2 }] }],
    checks: [{ name: 'good', passes: 3, fails: 0 }],
  },
  metrics: {
    http_reqs: { type: 'counter', contains: 'default', values: { count: 6, rate: 3 } },
    http_req_waiting: { type: 'trend', contains: 'time', values: { avg: 1, max: 1 } },
    http_req_duration: {
      type: 'trend', contains: 'time', values: { avg: 60.687, max: 1500 }, thresholds: { 'max<1000': { ok: false } },
    },
    'http_req_duration{a:b}': { type: 'trend', contains: 'time', values: { avg: 0.5, max: 61000 } },
    checks: { type: 'rate', contains: 'default', values: { rate: 0.66, passes: 4, fails: 2 } },
    mine: { type: 'gauge', contains: 'default', values: { value: 2, min: 1, max: 5 } },
    data_sent: { type: 'counter', contains: 'data', values: { count: 1280, rate: 640 } },
    vus: { type: 'gauge', contains: 'default', values: { value: 1, min: 1, max: 1 } },
  },
};

const want = `
  █ THRESHOLDS 

    http_req_duration
    ✗ 'max<1000' max=1.5s


  █ TOTAL RESULTS 

    checks_total.......: 6      3/s
    checks_succeeded...: 66.66% 4 out of 6
    checks_failed......: 33.33% 2 out of 6

    ✓ good
    ✗ bad
      ↳  33% — ✓ 1 / ✗ 2

    CUSTOM
    mine................: 2      min=1 max=5

    HTTP
    http_req_duration...: avg=60.68ms max=1.5s
      { a:b }...........: avg=500µs   max=1m1s
    http_reqs...........: 6      3/s

    EXECUTION
    vus.................: 1      min=1 max=1

    NETWORK
    data_sent...........: 1.3 kB 640 B/s
`;

export default function () {
  check(1, { 'a check': (n) => n === 1 });
  const lines = (text) => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '');
  const got = lines(textSummary(data, { indent: ' ', enableColors: false }));
  lines(want).forEach((line, at) => {
    if (got[at] !== line) throw new Error(`line ${at}: ${got[at]} is not ${line}`);
  });
  if (!textSummary(data, { enableColors: true }).includes('\x1b[32m✓ good\x1b[0m')) throw new Error('no colours');
  for (const [value, metric, unit, text] of [
    [0.666666, { type: 'rate' }, undefined, '66.66%'],
    [1500, { type: 'trend', contains: 'time' }, 's', '1.50s'],
    [0.0005, { type: 'trend', contains: 'time' }, '', '500ns'],
    [355, { type: 'counter', contains: 'data' }, '', '355 B'],
    [2.5, { type: 'gauge', contains: 'default' }, '', '2.5'],
  ]) {
    if (humanizeValue(value, metric, unit) !== text) throw new Error(`${humanizeValue(value, metric, unit)} is not ${text}`);
  }
  const xml = jUnit(data, { name: 'mine' });
  if (!xml.includes('<testsuite name="mine" tests="1" failures="1">') || !xml.includes('name="http_req_duration - max&lt;1000"')) {
    throw new Error(xml);
  }
}

export function handleSummary(real) {
  const text = textSummary(real, { indent: ' ', enableColors: false });
  return { stdout: text.includes('✓ a check') ? 'all as documented\n' : text };
}
