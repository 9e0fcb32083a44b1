// Stands in for https://jslib.k6.io/k6-utils: written for ssek from the documentation.

import { check as plainCheck } from 'k6';
import exec from 'k6/execution';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const isThenable = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

/** k6's check, which also waits for promises and async functions; then it gives a promise itself. */
export function check(value, sets, tags) {
  if (isThenable(value)) return value.then((settled) => check(settled, sets, tags));
  const results = {};
  const pending = [];
  for (const name of Object.keys(sets)) {
    const result = typeof sets[name] === 'function' ? sets[name](value) : sets[name];
    results[name] = result;
    if (isThenable(result)) pending.push(result.then((settled) => { results[name] = settled; }));
  }
  const judge = () => (tags === undefined ? plainCheck(value, results) : plainCheck(value, results, tags));
  return pending.length > 0 ? Promise.all(pending).then(judge) : judge();
}

/** A whole number from min to max, both included. */
export function randomIntBetween(min, max) {
  return Math.floor(Math.random() * (max - min + 1) + min);
}

export function randomItem(array) {
  return array[Math.floor(Math.random() * array.length)];
}

export function randomString(length, charset = LETTERS) {
  let text = '';
  for (let left = length; left > 0; left -= 1) text += charset[Math.floor(Math.random() * charset.length)];
  return text;
}

/** A random UUID; `secure` takes the bits from the system's source of randomness. */
export function uuidv4(secure = false) {
  if (secure) return crypto.randomUUID();
  let text = '';
  for (let at = 0; at < 36; at += 1) {
    if (at === 8 || at === 13 || at === 18 || at === 23) text += '-';
    else if (at === 14) text += '4';
    else if (at === 19) text += '89ab'[Math.floor(Math.random() * 4)];
    else text += Math.floor(Math.random() * 16).toString(16);
  }
  return text;
}

/** What stands between two texts, or with `repeat` all that does; null if nothing does. */
export function findBetween(content, left, right, repeat = false) {
  const found = [];
  let at = 0;
  for (;;) {
    const start = content.indexOf(left, at);
    const end = start < 0 ? -1 : content.indexOf(right, start + left.length);
    if (end < 0) break;
    const text = content.substring(start + left.length, end);
    if (!repeat) return text;
    found.push(text);
    at = end + right.length;
  }
  return found.length > 0 ? found : null;
}

/** Stages along a bell curve from -2 to 2 sigma, with a sixth of the time before and after it. */
export function normalDistributionStages(maxVUs, durationSeconds, numberOfStages = 10) {
  const edge = Math.ceil(durationSeconds / 6);
  const step = Math.ceil((durationSeconds * 4) / 6 / numberOfStages);
  const target = (index) => {
    const sigmas = -2 + (4 * index) / numberOfStages;
    return Math.round(maxVUs * Math.exp((-sigmas * sigmas) / 2));
  };
  const stages = [{ duration: `${edge}s`, target: target(0) }];
  for (let index = 1; index <= numberOfStages; index += 1) {
    stages.push({ duration: `${step}s`, target: target(index) });
  }
  stages.push({ duration: `${edge}s`, target: 0 });
  return stages;
}

const UNITS = { d: 86400000, h: 3600000, m: 60000, s: 1000, ms: 1, us: 0.001, 'µs': 0.001, ns: 0.000001 };

/** Milliseconds of a duration such as 1m30s; numbers are milliseconds. */
export function parseDuration(text) {
  if (typeof text === 'number') return text;
  if (typeof text !== 'string' || text === '') throw new Error('str is required');
  let sum = 0;
  let rest = text;
  while (rest !== '') {
    const part = /^([0-9]*\.?[0-9]+)(ms|us|µs|ns|d|h|m|s)?/.exec(rest);
    if (part === null) throw new Error(`${text} is not a valid duration`);
    sum += Number(part[1]) * UNITS[part[2] || 'ms'];
    rest = rest.slice(part[0].length);
  }
  return sum;
}

function currentScenario() {
  const name = exec.scenario.name;
  const scenario = exec.test.options.scenarios && exec.test.options.scenarios[name];
  if (!scenario) throw new Error(`the exec.test.options object doesn't contain the current scenario ${name}`);
  if (!scenario.stages) {
    throw new Error(
      'only ramping-vus or ramping-arrival-rate supports stages, it is not possible to get a stage index on other executors.',
    );
  }
  if (scenario.stages.length < 1) throw new Error(`the current scenario ${name} doesn't contain any stage`);
  return scenario;
}

export function getCurrentStageIndex() {
  const { stages } = currentScenario();
  const elapsed = Date.now() - exec.scenario.startTime;
  let end = 0;
  for (let index = 0; index < stages.length; index += 1) {
    end += parseDuration(stages[index].duration);
    if (elapsed < end) return index;
  }
  return stages.length - 1;
}

/** Gives the samples of this VU the tag stage: the running stage's index. */
export function tagWithCurrentStageIndex() {
  exec.vu.tags.stage = getCurrentStageIndex();
}

/** Gives the samples of this VU the tag stage_profile: ramp-up, steady or ramp-down. */
export function tagWithCurrentStageProfile() {
  const scenario = currentScenario();
  const index = getCurrentStageIndex();
  const first = scenario.startVUs !== undefined ? scenario.startVUs : scenario.startRate;
  const before = index > 0 ? scenario.stages[index - 1].target : first || 0;
  const { target } = scenario.stages[index];
  let profile = 'steady';
  if (target > before) profile = 'ramp-up';
  if (target < before) profile = 'ramp-down';
  exec.vu.tags.stage_profile = profile;
}
