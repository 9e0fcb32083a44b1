// Latency by percentile, on the axis of HDR histograms: each step to the right is ten times rarer.

/** The percentile at a place of the axis, 1 / (1 - p). */
const percentileAt = (x) => 100 - 100 / x;

function distributionChart(id) {
  const found = DATA.distributions;
  if (found.length === 0) return undefined;
  // All lines share one axis: the union of their places.
  const xs = [...new Set(found.flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);
  const data = [xs, ...found.map((one) => {
    const values = new Map(one.points);
    return xs.map((x) => values.get(x) ?? null);
  })];
  const lines = found.map((_, place) => ({ colour: `c${place + 1}` }));
  const series = found.map((one, place) => ({
    label: one.metric,
    stroke: () => colour(lines[place].colour),
    width: place === 0 ? 2 : 1.5,
    points: { show: false },
    spanGaps: true,
    value: (_, value) => figure(value, 'time'),
  }));
  const chart = { id, title: say(id), note: ofWhole(say('distribution.help')), lines, data };
  chart.begin = (plot) => plot.setScale('x', { min: 1, max: Math.max(chart.data[0][chart.data[0].length - 1], 10) });
  chart.options = {
    class: 'wide',
    cursor: { y: false, drag: { x: true, y: false }, bind: { dblclick: (plot) => () => chart.begin(plot) } },
    scales: {
      x: { time: false, distr: 3, log: 10, range: (_, min, max) => [min, max] },
      y: { distr: 3, log: 10 },
    },
    axes: [
      { ...decades(percentileText), size: 24 },
      decades(milliseconds),
    ],
    series: [{ label: say('percentile'), class: 'when', value: (_, x) => (x === null ? '–' : percentileText(x)) }, ...series],
  };
  return place(chart, otherCharts);
}

/** `p0`, `p90`, `p99.9` */
function percentileText(x) {
  const p = percentileAt(x);
  return `p${Number(p.toFixed(p < 90 ? 0 : Math.min(6, Math.ceil(Math.log10(x)) - 1)))}`;
}
