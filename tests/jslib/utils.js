import {
  check, findBetween, getCurrentStageIndex, normalDistributionStages, randomIntBetween, randomItem, randomString,
  tagWithCurrentStageIndex, tagWithCurrentStageProfile, uuidv4,
} from 'https://jslib.k6.io/k6-utils/1.6.0/index.js';
import exec from 'k6/execution';

export const options = {
  scenarios: { s: { executor: 'ramping-vus', startVUs: 1, stages: [{ duration: '200ms', target: 2 }, { duration: '1s', target: 1 }], gracefulStop: '5s' } },
};

function same(got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(want)}`);
}

export default async function () {
  if (exec.scenario.iterationInTest > 0) return new Promise((done) => setTimeout(done, 300));
  const seen = {};
  for (let at = 0; at < 200; at += 1) seen[randomIntBetween(2, 4)] = true;
  same(Object.keys(seen), ['2', '3', '4']);
  same(randomItem(['x']), 'x');
  same(randomString(3, 'a'), 'aaa');
  same(/^[a-z]{12}$/.test(randomString(12)), true);
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  same([uuid.test(uuidv4()), uuid.test(uuidv4(true))], [true, true]);
  same(findBetween('<a>1</a><a>2</a>', '<a>', '</a>'), '1');
  same(findBetween('<a>1</a><a>2</a>', '<a>', '</a>', true), ['1', '2']);
  same(findBetween('x', '<a>', '</a>'), null);
  const stages = normalDistributionStages(10, 60, 4);
  same(stages.map((stage) => stage.target), [1, 6, 10, 6, 1, 0]);
  same(stages.map((stage) => stage.duration), ['10s', '10s', '10s', '10s', '10s', '10s']);
  same(check(1, { one: (value) => value === 1 }), true);
  same(await check(Promise.resolve(2), { two: async (value) => value === 2 }), true);
  same(await check(2, { three: async (value) => value === 3 }, { a: 'b' }), false);
  same(getCurrentStageIndex(), 0);
  tagWithCurrentStageIndex();
  tagWithCurrentStageProfile();
  same([exec.vu.tags.stage, exec.vu.tags.stage_profile], ['0', 'ramp-up']);
  console.log('all as documented');
}
