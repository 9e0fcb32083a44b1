// A sample of requests, each a bar: grey until the response head, then a mark for each event.

const ROWS_AT_ONCE = 25;
const ROW_HEIGHT = 18;

const ORDERS = {
  start: (a, b) => a.start - b.start,
  duration: (a, b) => lengthOf(b) - lengthOf(a),
  first: (a, b) => (b.events[0] ?? 0) - (a.events[0] ?? 0),
  gap: (a, b) => longestGap(b) - longestGap(a),
};

/** Of a request in milliseconds, up to whatever came last. */
function lengthOf(request) {
  return Math.max(0, ...request.marks.map(([, at]) => at), request.events[request.events.length - 1] ?? 0);
}

const longestGap = ({ gaps }) => Math.max(0, ...gaps);

function waterfallSection() {
  const requests = DATA.requests;
  if (requests.length === 0) return DATA.live ? element('section', { id: 'waterfall' }) : null;
  const rows = element('div', { class: 'waterfall' });
  const more = element('button', { type: 'button', onclick: () => { state.rows += ROWS_AT_ONCE; fill(); } }, say('more'));
  const fill = () => {
    const longest = Math.max(...requests.map(lengthOf), 1);
    const sorted = [...requests].sort(ORDERS[state.order]).slice(0, state.rows);
    rows.replaceChildren(...sorted.map((request) => row(request, longest)), scale(longest));
    more.hidden = sorted.length >= requests.length;
    paintRows();
  };
  const orders = Object.keys(ORDERS).map((order) => [order, say(`order.${order}`)]);
  const made = section(
    'waterfall',
    element('p', { class: 'hint' }, say('waterfall.help', requests.length)),
    element('div', { class: 'bar' }, choice(say('waterfall.order'), orders, state.order, (order) => { state.order = order; fill(); }), gapLegend()),
    element('div', { class: 'panel' }, rows),
    more,
  );
  later.push(fill);
  return made;
}

/** One request: what it is, and its bar. */
function row(request, longest) {
  const canvas = element('canvas', { height: ROW_HEIGHT });
  canvas.paint = () => paintRow(canvas, request, longest);
  const bad = request.outcome && request.outcome !== 'ok';
  const name = element('span', { class: 'name', title: request.name }, request.name);
  const what = bad ? element('b', { class: 'bad' }, say(request.outcome)) : null;
  const length = element('span', { class: 'length' }, milliseconds(lengthOf(request)));
  return element('div', { class: 'request', title: describe(request) }, element('div', { class: 'label' }, name, what), canvas, length);
}

/** What hovering over a request says. */
function describe(request) {
  const parts = [
    request.name,
    `${clock(request.start / 1000)} · VU ${request.vu}${request.scenario ? ` · ${request.scenario}` : ''}`,
    `${say('status')} ${request.status} · ${say('outcome')} ${request.outcome ?? '–'}`,
    ...request.phases.filter(([, ms]) => ms > 0).map(([name, ms]) => `${say(name)}: ${milliseconds(ms)}`),
    ...request.marks.map(([name, at]) => `${say(name)}: ${milliseconds(at)}`),
  ];
  if (request.events.length > 0) {
    parts.push(`${say('events')}: ${request.count} · ${say('gap')} ${say('max')} ${milliseconds(longestGap(request))}`);
  }
  if (request.tokens) parts.push(`${say('tokens')}: ${number(request.tokens)}`);
  return parts.join('\n');
}

function paintRow(canvas, request, longest) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(ROW_HEIGHT * ratio);
  const ctx = canvas.getContext('2d');
  ctx.scale(ratio, ratio);
  const x = (ms) => (ms / longest) * (width - 2);
  const fill = (from, to, style, top = 4, height = ROW_HEIGHT - 8) => {
    ctx.fillStyle = style;
    ctx.fillRect(x(from), top, Math.max(1, x(to) - x(from)), height);
  };
  const end = lengthOf(request);
  const head = request.marks.find(([name]) => name === 'headers')?.[1] ?? end;
  fill(0, end, colour('track'), ROW_HEIGHT / 2 - 1, 2);
  fill(0, Math.min(head, end), colour('wait'));
  if (request.events.length === 0 && end > head) fill(head, end, colour('heat'));
  let before = head;
  request.events.forEach((at, place) => {
    ctx.fillStyle = gapColour(request.gaps[place]);
    ctx.fillRect(x(at) - 0.5, 2, Math.max(1.5, Math.min(3, x(at) - x(before) - 1)), ROW_HEIGHT - 4);
    before = at;
  });
}

/** The lengths of gaps, in milliseconds, at which the colour changes. */
const GAP_STEPS = [20, 50, 100, 250, 1000];

function gapColour(gap) {
  const step = GAP_STEPS.findIndex((limit) => gap <= limit);
  return colour(`g${step < 0 ? GAP_STEPS.length + 1 : step + 1}`);
}

function gapLegend() {
  const texts = GAP_STEPS.map((limit) => `≤ ${milliseconds(limit)}`).concat(`> ${milliseconds(GAP_STEPS[GAP_STEPS.length - 1])}`);
  const steps = texts.map((text, place) => element('span', {}, element('i', { class: `swatch g${place + 1}` }), text));
  return element('div', { class: 'legend' }, element('span', {}, say('gap')), steps);
}

/** The times below the bars. */
function scale(longest) {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => element('span', {}, milliseconds(longest * share)));
  return element('div', { class: 'request scale' }, element('div', { class: 'label' }), element('div', { class: 'marks' }, marks), element('span', { class: 'length' }));
}

function paintRows() {
  for (const canvas of document.querySelectorAll('.waterfall canvas')) canvas.paint();
}
