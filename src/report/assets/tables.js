// Tables: thresholds, checks, statistics, and what the test was.

/** A table whose columns are `{title, of, text?, sort?}`; texts stand left, figures right. */
function table(columns, rows, rowClass) {
  const head = element('tr', {}, columns.map((column) => element('th', { scope: 'col', class: column.text && 'text' }, column.title)));
  const body = rows.map((row) => {
    const cells = columns.map((column) => element('td', { class: column.text && 'text' }, column.of(row)));
    return element('tr', { class: rowClass?.(row) }, cells);
  });
  return element('div', { class: 'panel scroll' }, element('table', {}, element('thead', {}, head), element('tbody', {}, body)));
}

const tick = (ok) => element('span', { class: ok ? 'tick good' : 'tick bad' }, ok ? '✓' : '✗');

/** What decides whether the test has passed. */
function verdictsSection() {
  return element('div', { class: 'two', id: 'verdicts' }, thresholdsSection(), checksSection());
}

function thresholdsSection() {
  const { thresholds } = DATA.verdict;
  if (thresholds.length === 0) return section('thresholds', element('p', { class: 'hint' }, say('thresholds.none')));
  return section('thresholds', table([
    { title: '', text: true, of: (one) => tick(one.ok) },
    { title: say('metric'), text: true, of: (one) => element('code', {}, one.metric) },
    { title: say('thresholds'), text: true, of: (one) => element('code', {}, one.source) },
  ], thresholds, (one) => (one.ok ? null : 'failed')));
}

function checksSection() {
  const { checks } = DATA.verdict;
  if (checks.length === 0) return null;
  const all = (one) => one.passes + one.fails;
  return section('checks', table([
    { title: '', text: true, of: (one) => tick(one.fails === 0) },
    { title: say('checks'), text: true, of: (one) => one.name },
    { title: say('tag.group'), text: true, of: (one) => [one.scenario, ...one.group.split('::')].filter(Boolean).join(' › ') },
    { title: say('rate'), of: (one) => percent(one.passes / all(one)) },
    { title: say('passed'), of: (one) => number(one.passes) },
    { title: say('failed'), of: (one) => number(one.fails) },
  ], checks, (one) => (one.fails === 0 ? null : 'failed')));
}

const TREND_COLUMNS = ['mean', 'min', 'p50', 'p90', 'p95', 'p99', 'p999', 'max', 'sd'];

function statisticsSection() {
  const tags = [...new Set(DATA.statistics.map((row) => row.tag))];
  const options = tags.map((tag) => [tag, LABELS.en[`tag.${tag}`] ? say(`tag.${tag}`) : tag]);
  if (!tags.includes(state.tag)) state.tag = '';
  const body = element('div', {});
  const fill = () => body.replaceChildren(...statisticsTables());
  const find = element('input', { type: 'search', placeholder: say('filter'), 'aria-label': say('filter'), value: state.find, oninput: () => { state.find = find.value; fill(); } });
  fill();
  return section(
    'statistics',
    element('div', { class: 'bar' }, choice(say('statistics.of'), options, state.tag, (tag) => { state.tag = tag; fill(); }), find),
    body,
  );
}

function statisticsTables() {
  const wanted = state.find.toLowerCase();
  const rows = DATA.statistics.filter((row) => row.tag === state.tag && `${row.metric} ${row.value}`.toLowerCase().includes(wanted));
  const name = [{ title: say('metric'), text: true, of: (row) => element('code', {}, row.metric) }];
  if (state.tag !== '') name.push({ title: state.tag, text: true, of: (row) => row.value || '–' });
  const columnTitle = { p999: 'p99.9', sd: 'σ' };
  const trends = rows.filter((row) => row.kind === 'trend');
  const others = rows.filter((row) => row.kind !== 'trend');
  if (rows.length === 0) return [element('p', { class: 'hint' }, say('nothing'))];
  const made = [];
  if (trends.length > 0) {
    const columns = TREND_COLUMNS.map((key) => ({ title: columnTitle[key] ?? (/^p\d/.test(key) ? key : say(key)), of: (row) => figure(row[key], row.contains) }));
    made.push(element('h3', {}, say('statistics.trends')), table([...name, { title: say('count'), of: (row) => number(row.count) }, ...columns], trends));
  }
  if (others.length > 0) {
    made.push(element('h3', {}, say('statistics.counts')), table([...name, ...COUNT_COLUMNS()], others));
  }
  return made;
}

/** A counter has a total and a rate, a rate a share, a gauge its last value and its extremes. */
const COUNT_COLUMNS = () => [
  { title: say('total'), of: (row) => (row.kind === 'counter' ? figure(row.sum, row.contains) : row.kind === 'rate' ? number(row.total) : '') },
  { title: say('per second'), of: (row) => (row.kind === 'counter' ? figure(row.sum / (DATA.meta.duration || 1), row.contains) : '') },
  { title: say('rate'), of: (row) => (row.kind === 'rate' && row.total > 0 ? percent(row.trues / row.total) : '') },
  { title: say('value'), of: (row) => (row.kind === 'gauge' ? figure(row.last, row.contains) : '') },
  { title: say('min'), of: (row) => (row.kind === 'gauge' ? figure(row.min, row.contains) : '') },
  { title: say('max'), of: (row) => (row.kind === 'gauge' ? figure(row.max, row.contains) : '') },
];

function environmentSection() {
  const { meta, verdict } = DATA;
  const rows = [
    [say('script'), meta.script],
    [say('model'), meta.model],
    [say('started'), moment(meta.start)],
    [say('duration'), span(meta.duration)],
    [say('command'), meta.command],
    [say('host'), meta.host],
    [say('version'), `ssek ${meta.ssek}`],
    [say('client'), verdict.client && [say(verdict.client.verdict), ...verdict.client.notes].join(' · ')],
    ...meta.details,
  ].filter(([, value]) => value);
  return section('environment', element('div', { class: 'panel scroll' }, element('dl', {}, rows.map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]))));
}
