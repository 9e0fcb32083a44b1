// Where figures are in the data that Rust wrote; src/report/data.rs says what it holds.

/** The metrics that have a chart. */
const charted = new Set();

/** The series of a metric: of the scenario that is chosen, or of the whole test. */
function seriesOf(metric, scenario = state.scenario) {
  charted.add(metric);
  return DATA.series.find((one) => one.metric === metric && one.scenario === scenario);
}

/** A note of a chart that knows no scenarios. */
function ofWhole(note) {
  return state.scenario === '' ? note : `${note} (${say('all')})`;
}

/** The row of a metric over the whole test. */
function totalOf(metric) {
  return DATA.statistics.find((row) => row.metric === metric && row.tag === '');
}

/** The first of some metrics that has values. */
function firstWith(metrics, find = seriesOf) {
  for (const metric of metrics) {
    const found = find(metric);
    if (found) return found;
  }
  return undefined;
}

/** The beginnings of all bins, in seconds since the start. */
function times() {
  return Array.from({ length: DATA.grid.bins }, (_, bin) => bin * DATA.grid.width);
}

/** How many seconds a bin stands for; the last one ends with the test. */
function widthOf(bin) {
  const { width, seconds } = DATA.grid;
  return Math.max(1, Math.min(width, seconds - bin * width));
}

/** Sums of bins as sums of a second. */
function perSecond(sums) {
  return sums.map((sum, bin) => (sum ?? 0) / widthOf(bin));
}

/** Each bin with all before it. */
function cumulative(sums) {
  let sum = 0;
  return sums.map((value) => (sum += value ?? 0));
}

/** The mean of all values up to each bin. */
function runningMean(series) {
  let [sum, count] = [0, 0];
  return series.count.map((n, bin) => {
    if (n > 0) {
      sum += series.mean[bin] * n;
      count += n;
    }
    return count > 0 ? sum / count : null;
  });
}
