// What stands on a chart for each kind of metric.

const PERCENTILES = ['p50', 'p90', 'p95', 'p99'];

/** A trend: its percentiles and its mean; the extremes can be switched on below the chart. */
function trendLines(series) {
  const lines = PERCENTILES.map((name) => ({
    label: name,
    values: series[name],
    colour: name,
    width: name === 'p50' ? 2 : 1.25,
  }));
  const mean = { label: say('mean'), values: series.mean, colour: 'ink-2', width: 1.25, dash: [4, 3] };
  const extreme = (name) => ({ label: say(name), values: series[name], colour: 'ink-3', width: 1, show: false });
  return [...lines, mean, extreme('min'), extreme('max')];
}

/** One line in the accent's colour. */
function oneLine(label, values, more = {}) {
  return [{ label, values, colour: 'p50', width: 2, fill: 'fill', ...more }];
}

const perSecondFigure = (contains) => (value) => (value === null ? '–' : `${figure(value, contains)}/s`);

/** A metric of any kind, as it is best shown. */
function anyChart(series, id, title) {
  const { metric, kind, contains } = series;
  const chart = { id, title, note: title === metric ? kind : metric, contains };
  switch (kind) {
    case 'trend':
      return timeChart({ ...chart, lines: trendLines(series) });
    case 'counter':
      return timeChart({ ...chart, figure: perSecondFigure(contains), lines: oneLine(say('per second'), perSecond(series.sum)) });
    case 'rate':
      return timeChart({ ...chart, figure: percent, range: () => [0, 1.02], lines: oneLine(say('rate'), shares(series)) });
    default:
      return timeChart({ ...chart, lines: oneLine(say('value'), series.value) });
  }
}

/** The share of values that were not zero, by bin. */
function shares(series) {
  return series.total.map((total, bin) => (total > 0 ? series.trues[bin] / total : null));
}
