// The head of the page: how it went, in one look.

function card(label, value, ...notes) {
  const small = notes.filter(Boolean).map((note) => element('small', {}, note));
  return element('div', { class: 'card' }, element('span', {}, label), element('b', {}, value), small);
}

/** How the test ended: what decides its exit code. */
function verdictCard() {
  const { thresholds, checks, client, exit } = DATA.verdict;
  const passed = thresholds.filter((one) => one.ok).length;
  const told = thresholds.length > 0 && say('thresholds.passed', passed, thresholds.length);
  const checked = checks.length > 0 && say('checks.passed', percent(checkShare()));
  if (DATA.live && exit === null) {
    return card(say('summary'), say('running'), span(DATA.meta.duration), told, checked, element('span', { id: 'connection', class: 'bad' }));
  }
  const good = exit === 0;
  const word = exit === null ? 'incomplete' : good ? 'passed' : 'failed';
  const made = card(
    say('summary'),
    `${good ? '✓' : '✗'} ${say(word)}`,
    told,
    checked,
    client && element('span', client.verdict === 'suspect' ? { class: 'bad', title: client.notes.join('\n') } : {}, `${say('client')}: ${say(client.verdict)}`),
    exit > 0 && say('exit', exit),
  );
  made.classList.add('verdict', good ? 'good' : 'bad');
  return made;
}

function checkShare() {
  const sum = (key) => DATA.verdict.checks.reduce((all, one) => all + one[key], 0);
  return sum('passes') / (sum('passes') + sum('fails'));
}

/** The median of a trend, and how slow the slowest are. */
function trendCard(label, row) {
  if (!row) return null;
  return card(`${label}, ${say('median')}`, figure(row.p50, row.contains), `p95 ${figure(row.p95, row.contains)} · p99 ${figure(row.p99, row.contains)}`);
}

function cardsSection() {
  const requests = firstWith(REQUESTS, totalOf);
  const amount = requests && (requests.kind === 'counter' ? requests.sum : requests.count);
  const seconds = DATA.meta.duration || 1;
  const [users, tokens, failed, dropped] = ['vus', 'llm_completion_tokens_total', 'http_req_failed', 'dropped_iterations'].map(totalOf);
  const iterations = totalOf('iterations');
  const streams = successOfStreams();
  const first = firstWith(FIRST, totalOf);
  const response = firstWith(RESPONSE, totalOf);
  return element(
    'div',
    { class: 'cards', id: 'summary' },
    verdictCard(),
    requests && card(say('requests'), number(amount), say('requests.rate', number(amount / seconds, 3))),
    streams ?? (failed && failed.total > 0 ? card(say('success'), percent(1 - failed.trues / failed.total), say('failures', number(failed.trues))) : null),
    first && trendCard(first.metric === FIRST[0] ? 'TTFT' : say('first'), first),
    trendCard('TPOT', totalOf('llm_time_per_output_token')),
    tokens && card(say('tokens'), `${number(tokens.sum / seconds, 3)} tok/s`, `${say('total')} ${number(tokens.sum)}`),
    trendCard(say('response'), response),
    users && card(say('users'), number(users.max), say('users.max')),
    iterations && card(say('iterations'), number(iterations.sum), dropped?.sum > 0 && say('dropped', number(dropped.sum))),
  );
}

/** Of streams, the share that ended well; those that were cut off by the end are not counted. */
function successOfStreams() {
  const metric = ['llm_requests', 'sse_streams'].find(totalOf);
  const rows = DATA.statistics.filter((row) => row.metric === metric && row.tag === 'outcome' && row.value !== 'interrupted');
  const all = rows.reduce((sum, row) => sum + row.sum, 0);
  const good = rows.find((row) => row.value === 'ok')?.sum ?? 0;
  return all > 0 ? card(say('success'), percent(good / all), say('failures', number(all - good))) : null;
}
