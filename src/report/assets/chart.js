// One chart over time, and the zoom that all of them share.

/** All charts on the page that have time on their x axis. */
let timeCharts = [];
/** All other charts, which follow only the theme and the width. */
let otherCharts = [];

/** The whole of the time axis, in seconds. A test of one bin has an axis, too. */
function wholeTime() {
  const { width, bins } = DATA.grid;
  return { min: 0, max: Math.max(bins - 1, 1) * width };
}

/** Shows a stretch of time on all charts; `null` is the whole. */
function zoom(range) {
  state.zoom = range;
  document.documentElement.classList.toggle('zoomed', range !== null);
  for (const chart of timeCharts) chart.plot.setScale('x', range ?? wholeTime());
}

/** A drag over a chart ended: zoom, unless it was no more than a click. */
function dragged(plot) {
  const { left, width } = plot.select;
  if (width < 4) return;
  zoom({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') });
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** Axes in the theme's colours. */
function axis(more) {
  return {
    stroke: () => colour('ink-2'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { show: false },
    gap: 4,
    ...more,
  };
}

const PLOT_HEIGHT = 184;

/** Room for the texts of a vertical axis, in pixels: the same everywhere, so that charts above each other align. */
const EDGE = 68;

/**
 * A chart over time. `lines` are `{label, values, show, figure, colour, width, dash, fill, bars, raw}`: `figure` makes a
 * text of a value, `raw` are the values to tell where others are drawn. `paint` draws below the lines.
 */
function timeChart({ id, title, note, contains, figure: text, lines, logarithmic, paint, range }) {
  const show = text ?? ((value) => figure(value, contains));
  const chart = { id, title, note, lines, paint, range, data: [times(), ...lines.map((line) => line.values)] };
  const told = (value, place, at) => {
    const line = chart.lines[place - 1];
    return at === null ? '–' : (line.figure ?? show)(line.raw ? line.raw[at] : value);
  };
  const series = lines.map((line) => ({
    label: line.label,
    show: line.show ?? true,
    stroke: () => colour(line.colour),
    width: line.width ?? 1.5,
    dash: line.dash,
    fill: line.fill && (() => colour(line.fill)),
    paths: line.bars ? uPlot.paths.bars({ size: [1, Infinity], align: 1 }) : undefined,
    points: { show: line.bars || line.width === 0 ? false : undefined, size: 4 },
    spanGaps: true,
    value: (_, value, place, at) => told(value, place, at),
  }));
  chart.begin = (plot) => plot.setScale('x', state.zoom ?? wholeTime());
  chart.options = {
    cursor: {
      sync: { key: 'time' },
      drag: { x: true, y: false, setScale: false },
      y: false,
      bind: { dblclick: () => () => zoom(null) },
      points: { size: 6 },
    },
    scales: {
      x: { time: false, range: (_, min, max) => [min, max] },
      y: { distr: logarithmic ? 3 : 1, range: (_, min, max) => (chart.range ?? heights)(min, max) },
    },
    axes: [
      axis({ values: (_, splits) => splits.map(clock), space: 60, size: 24, incrs: CLOCK_STEPS }),
      logarithmic
        ? decades(show)
        : axis({ values: (_, splits) => splits.map((value) => (value === null ? '' : show(value))), size: EDGE }),
    ],
    series: [{ label: say('time'), class: 'when', value: (_, x) => (x === null ? '–' : clock(x)) }, ...series],
    hooks: { drawAxes: [(plot) => chart.paint?.(plot)], setSelect: [dragged] },
  };
  return place(chart, timeCharts);
}

/** A vertical axis with a line and a text for each power of ten. */
function decades(show) {
  const only = (splits) => splits.map((value) => (isPowerOfTen(value) ? value : null));
  return axis({
    values: (_, splits) => splits.map((value) => (isPowerOfTen(value) ? show(value) : '')),
    size: EDGE,
    space: 12,
    grid: { stroke: () => colour('grid'), width: 1, filter: (_, splits) => only(splits) },
  });
}

function isPowerOfTen(value) {
  if (value === null || value <= 0) return false;
  const power = Math.log10(value);
  return Math.abs(power - Math.round(power)) < 1e-6;
}

/** Steps of a time axis that clocks have, in seconds. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** From zero, unless there is less, to a little above the highest. */
function heights(min, max) {
  if (min === null || min === undefined) return [0, 1];
  const low = Math.min(0, min * 1.05);
  return [low, max > low ? max + (max - low) * 0.06 : low + 1];
}

/** Puts a chart into a figure of its own, and into a list. */
function place(chart, list) {
  const body = element('div', { class: 'plot' });
  const heading = element('figcaption', {}, element('strong', {}, chart.title), element('code', {}, chart.note ?? ''));
  chart.box = element('figure', { class: 'chart', id: `chart-${chart.id}`, 'aria-label': chart.title }, heading, body);
  chart.draw = () => {
    chart.plot = new uPlot({ width: breadth(chart.box), height: PLOT_HEIGHT, ...chart.options }, chart.data, body);
    // By name, so that they change with the theme.
    body.querySelectorAll('.u-series:not(.when) .u-marker').forEach((marker, at) => {
      marker.style.background = `var(--${chart.lines[at].colour})`;
    });
    chart.begin(chart.plot);
  };
  list.push(chart);
  return chart.box;
}

/** The pixels that a chart's box leaves for it. */
function breadth(box) {
  return Math.max(200, box.clientWidth - 24);
}

/** Draws the charts once their boxes are on the page. */
function drawCharts() {
  for (const chart of [...timeCharts, ...otherCharts]) chart.draw();
}

/** Fits the charts to their boxes. */
function fitCharts() {
  for (const { plot, box } of [...timeCharts, ...otherCharts]) {
    const width = breadth(box);
    if (plot && Math.abs(plot.width - width) > 1) plot.setSize({ width, height: plot.height });
  }
}

/** Draws everything again in the colours of the theme that is on now. */
function repaintCharts() {
  for (const { plot } of [...timeCharts, ...otherCharts]) plot?.redraw(false, true);
}

function forgetCharts() {
  for (const { plot } of [...timeCharts, ...otherCharts]) plot?.destroy();
  timeCharts = [];
  otherCharts = [];
}
