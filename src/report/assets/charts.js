// Which charts there are. The first twelve have the names that users of other tools for LLMs know.

const RESPONSE = ['llm_request_duration', 'sse_stream_duration', 'http_req_duration', 'grpc_req_duration', 'ws_session_duration', 'iteration_duration'];
const REQUESTS = ['http_reqs', 'llm_requests', 'grpc_req_duration', 'ws_sessions', 'iterations'];
const FIRST = ['llm_time_to_first_token', 'sse_time_to_first_event'];

/** A trend under a name of its own. */
function namedTrend(metrics, label) {
  return (id) => {
    const series = firstWith(metrics);
    return series && anyChart(series, id, say(label?.(series.metric) ?? id));
  };
}

/** How many there were by bin: the sum of a counter, the count of a trend. */
const amounts = (series) => (series.kind === 'counter' ? series.sum : series.count);

function rateChart(metrics, unit = '/s') {
  return (id) => {
    const series = firstWith(metrics);
    if (!series) return undefined;
    const figureOf = (value) => (value === null ? '–' : `${figure(value, series.contains)}${unit}`);
    const lines = oneLine(say('per second'), perSecond(amounts(series)));
    return timeChart({ id, title: say(id), note: series.metric, figure: figureOf, lines });
  };
}

function meanChart(metrics) {
  return (id) => {
    const series = firstWith(metrics);
    if (!series) return undefined;
    const lines = oneLine(say('running-mean'), runningMean(series));
    return timeChart({ id, title: say(id), note: series.metric, contains: series.contains, lines });
  };
}

const REQUEST_CHARTS = {
  ttft: namedTrend(FIRST, (metric) => (metric === FIRST[0] ? 'ttft' : 'ttfe')),
  tpot: namedTrend(['llm_time_per_output_token']),
  ttfb: namedTrend(['http_req_waiting']),
  throughput(id) {
    const series = seriesOf('llm_output_tokens_per_second');
    const figureOf = (value) => (value === null ? '–' : `${number(value)} tok/s`);
    return series && timeChart({ id, title: say(id), note: series.metric, figure: figureOf, lines: trendLines(series) });
  },
  response: namedTrend(RESPONSE),
  'request-tokens': namedTrend(['llm_completion_tokens']),
};

const SYSTEM_CHARTS = {
  rps: rateChart(REQUESTS),
  'active-users'(id) {
    const series = seriesOf('vus') ?? seriesOf('vus', '');
    return series && timeChart({ id, title: say(id), note: series.metric, lines: oneLine(say('users'), series.value) });
  },
  'system-throughput'(id) {
    const tokens = seriesOf('llm_completion_tokens_total');
    if (tokens) return rateChart(['llm_completion_tokens_total'], ' tok/s')(id);
    return rateChart(['sse_event'], ' ev/s')(id) ?? rateChart(['data_received'])(id);
  },
  'system-response': meanChart(RESPONSE),
  'system-tpot': meanChart(['llm_time_per_output_token']),
  'total-requests'(id) {
    const series = firstWith(REQUESTS);
    const lines = series && oneLine(say('total'), cumulative(amounts(series)));
    return series && timeChart({ id, title: say(id), note: series.metric, lines });
  },
};

const PHASES = ['blocked', 'connecting', 'tls_handshaking', 'sending', 'waiting', 'receiving'];

const MORE_CHARTS = {
  outcomes: outcomesChart,
  phases(id) {
    const found = PHASES.map((phase) => [phase, seriesOf(`http_req_${phase}`)]).filter(([, series]) => series);
    const lines = found.map(([phase, series], place) => ({
      label: say(phase), values: series.mean, colour: `c${place + 1}`,
    }));
    return found.length > 0 ? timeChart({ id, title: say(id), note: 'http_req_*', contains: 'time', lines }) : undefined;
  },
  data(id) {
    const [received, sent] = [seriesOf('data_received'), seriesOf('data_sent')];
    const line = (label, series, more) => ({ label: say(label), values: perSecond(series.sum), ...more });
    const lines = [
      received && line('received', received, { colour: 'p50', width: 2, fill: 'fill' }),
      sent && line('sent', sent, { colour: 'ink-2' }),
    ].filter(Boolean);
    return lines.length > 0
      ? timeChart({ id, title: say(id), note: 'data_*', figure: perSecondFigure('data'), lines })
      : undefined;
  },
  iteration(id) {
    const [done, dropped] = [seriesOf('iterations'), seriesOf('dropped_iterations')];
    const lines = [
      done && { label: say('completed'), values: perSecond(done.sum), colour: 'p50', width: 2, fill: 'fill' },
      dropped && { label: say('dropped-iterations'), values: perSecond(dropped.sum), colour: 'bad' },
    ].filter(Boolean);
    return lines.length > 0 ? timeChart({ id, title: say(id), note: 'iterations', figure: perSecondFigure(), lines }) : undefined;
  },
  gaps: gapsChart,
  distribution: distributionChart,
};

/** What says nothing over time that other charts do not say. */
const UNCHARTED = ['vus_max', 'http_req_failed', 'sse_streams', 'llm_requests'];

/** Metrics of the test's own, and those that no chart above has. */
function customCharts() {
  const left = DATA.series.filter((series) => series.scenario === state.scenario && !charted.has(series.metric));
  const says = (series) => !UNCHARTED.includes(series.metric) && !(series.sum?.every((sum) => !sum) ?? false);
  return left.filter(says).map((series, place) => anyChart(series, `custom-${place}`, series.metric));
}

/** All charts of the page, below their headings. */
function chartsSection() {
  const absent = [];
  charted.clear();
  const group = (heading, charts) => {
    const made = Object.entries(charts).map(([id, make]) => {
      const box = make(id);
      if (!box) absent.push(say(id));
      return box;
    });
    return grid(heading, made.filter(Boolean));
  };
  const groups = [
    group('charts.request', REQUEST_CHARTS),
    group('charts.system', SYSTEM_CHARTS),
    group('charts.more', MORE_CHARTS),
    grid('charts.custom', customCharts()),
  ];
  return section(
    'charts',
    element('p', { class: 'hint' }, say('help'), ' ', say('charts.bins', span(DATA.grid.width))),
    groups,
    absent.length > 0 ? element('p', { class: 'hint', id: 'absent' }, say('charts.absent', absent.join(', '))) : null,
  );
}

function grid(heading, boxes) {
  return boxes.length > 0 ? [element('h3', {}, say(heading)), element('div', { class: 'grid' }, boxes)] : null;
}
