// Stands in for https://jslib.k6.io/k6-summary: written for ssek from the documentation. The text is that of
// the end-of-test summary in compact mode.

const UNITS = { s: [0.001, 's'], ms: [1, 'ms'], us: [1000, 'µs'] };
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const COLORS = { bold: '1', red: '31', green: '32', cyan: '36', faintCyan: '2;36', white: '37', faint: '2;37' };

const cut = (number, decimals) => Math.trunc(number * 10 ** decimals) / 10 ** decimals;

function bytes(number) {
  if (!(number >= 10)) return `${number} B`;
  const step = Math.min(Math.floor(Math.log(number) / Math.log(1000)), SIZES.length - 1);
  const scaled = Math.floor((number / 1000 ** step) * 10 + 0.5) / 10;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${SIZES[step]}`;
}

function time(ms) {
  if (ms === 0) return '0s';
  if (ms < 0.001) return `${Math.trunc(ms * 1000000)}ns`;
  if (ms < 1) return `${cut(ms * 1000, 2)}µs`;
  if (ms < 1000) return `${cut(ms, 2)}ms`;
  const seconds = `${cut((ms % 60000) / 1000, ms > 60000 ? 0 : 2)}s`;
  const minutes = Math.trunc(ms / 60000);
  if (minutes < 1) return seconds;
  const hours = Math.trunc(minutes / 60);
  return hours < 1 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

const percent = (share) => `${cut(share * 100, 2).toFixed(2)}%`;

/** A metric's value as the summary has it. */
export function humanizeValue(value, metric, timeUnit) {
  if (metric.type === 'rate') return percent(value);
  if (metric.contains === 'data') return bytes(value);
  if (metric.contains === 'time') {
    const unit = UNITS[timeUnit];
    return unit ? (value * unit[0]).toFixed(2) + unit[1] : time(value);
  }
  return String(Number(value.toFixed(6)));
}

const sectionOf = (name) => {
  const starts = (...heads) => heads.some((head) => name.startsWith(head));
  if (starts('http_req')) return 'HTTP';
  if (starts('vus', 'iteration', 'dropped_iterations')) return 'EXECUTION';
  if (starts('data_sent', 'data_received')) return 'NETWORK';
  if (starts('browser_web_vital_')) return 'WEB VITALS';
  if (starts('browser_')) return 'BROWSER';
  if (starts('grpc_')) return 'GRPC';
  if (starts('ws_')) return 'WEBSOCKET';
  return 'CUSTOM';
};
const SECTIONS = ['CUSTOM', 'HTTP', 'EXECUTION', 'NETWORK', 'BROWSER', 'WEB VITALS', 'GRPC', 'WEBSOCKET'];
const HIDDEN = ['blocked', 'connecting', 'receiving', 'sending', 'tls_handshaking', 'waiting'].map((phase) => `http_req_${phase}`);

/** Sub-metrics stand below their metric. */
function split(name) {
  const brace = name.indexOf('{');
  return brace < 0 ? [name, ''] : [name.slice(0, brace), name.slice(brace + 1, -1)];
}

const before = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
const sorted = (names) =>
  names.slice().sort((a, b) => {
    const [nameA, partA] = split(a);
    const [nameB, partB] = split(b);
    return before(nameA, nameB) || before(partA, partB);
  });

function collectChecks(groupData, found) {
  for (const one of groupData.checks || []) {
    const known = found.get(one.name) || { name: one.name, passes: 0, fails: 0 };
    found.set(one.name, { name: one.name, passes: known.passes + one.passes, fails: known.fails + one.fails });
  }
  for (const inner of groupData.groups || []) collectChecks(inner, found);
  return found;
}

/** The summary as a text; options are indent and enableColors. */
export function textSummary(data, options) {
  const settings = { indent: ' ', enableColors: true, ...options };
  const paint = (color, text) => (settings.enableColors ? `\x1b[${COLORS[color]}m${text}\x1b[0m` : text);
  const dataOptions = data.options || {};
  const stats = settings.summaryTrendStats || dataOptions.summaryTrendStats || ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'];
  const unit = settings.summaryTimeUnit || dataOptions.summaryTimeUnit;
  const human = (value, metric) => humanizeValue(value, metric, unit);
  const seconds = ((data.state && data.state.testRunDurationMs) || 0) / 1000;
  const lines = [];
  const write = (level, text) => lines.push(text === '' ? '' : `${settings.indent}${' '}${'  '.repeat(level)}${text}`);
  const title = (text) => {
    write(0, '');
    write(0, `█ ${paint('bold', text)} `);
    write(0, '');
  };

  /** Names with dots behind them, and values in columns. */
  const table = (rows) => {
    const nameWidth = Math.max(...rows.map((row) => row.name.length));
    const mainWidth = Math.max(0, ...rows.filter((row) => !row.trend).map((row) => row.values[0].length));
    const extraWidths = [];
    const trendWidths = stats.map(() => 0);
    for (const row of rows) {
      if (row.trend) row.values.forEach((value, at) => { trendWidths[at] = Math.max(trendWidths[at], value.length); });
      else if (row.values.length > 2) {
        row.values.slice(1).forEach((value, at) => { extraWidths[at] = Math.max(extraWidths[at] || 0, value.length); });
      }
    }
    return rows.map((row) => {
      const name = row.name + paint('faint', `${'.'.repeat(nameWidth - row.name.length + 3)}:`);
      if (row.trend) {
        const cells = row.values.map(
          (value, at) => `${stats[at]}=${paint('cyan', value)}${' '.repeat(trendWidths[at] - value.length)}`,
        );
        return `${name} ${cells.join(' ')}`;
      }
      const [main, ...extras] = row.values;
      const cells = [paint('cyan', main) + ' '.repeat(mainWidth - main.length)];
      extras.forEach((extra, at) => {
        const pad = extras.length > 1 ? ' '.repeat(Math.max(0, extraWidths[at] - extra.length)) : '';
        cells.push(paint('faintCyan', extra) + pad);
      });
      return `${name} ${cells.join(' ')}`;
    });
  };

  const valuesOf = (metric) => {
    const { values } = metric;
    if (metric.type === 'trend') {
      return stats.map((stat) => (stat === 'count' ? String(values.count) : human(values[stat] || 0, metric)));
    }
    if (metric.type === 'counter') return [human(values.count, metric), `${human(values.rate, metric)}/s`];
    if (metric.type === 'gauge') {
      return [human(values.value, metric), `min=${human(values.min, metric)}`, `max=${human(values.max, metric)}`];
    }
    return [percent(values.rate), `${values.passes} out of ${values.passes + values.fails}`];
  };

  const names = sorted(Object.keys(data.metrics));
  const limited = names.filter((name) => Object.keys(data.metrics[name].thresholds || {}).length > 0);
  if (limited.length > 0) {
    title('THRESHOLDS');
    for (const name of limited) {
      const metric = data.metrics[name];
      const [parent, part] = split(name);
      const isInner = part !== '' && limited.includes(parent);
      const level = isInner ? 2 : 1;
      write(level, isInner ? `{${part}}` : name);
      for (const source of Object.keys(metric.thresholds)) {
        const stat = source.split(/[=<>]/)[0].trim();
        let value = '';
        if (metric.type === 'trend') value = metric.values[stat] === undefined ? '' : human(metric.values[stat], metric);
        else if (metric.type === 'counter') {
          value = stat === 'count' ? human(metric.values.count, metric) : `${human(metric.values.rate, metric)}/s`;
        } else value = human(metric.type === 'rate' ? metric.values.rate : metric.values.value, metric);
        const mark = metric.thresholds[source].ok ? paint('green', '✓') : paint('red', '✗');
        write(level, `${mark} ${paint('white', `'${source}'`)} ${paint('white', stat)}=${paint('cyan', value)}`);
      }
      write(0, '');
    }
  }

  title('TOTAL RESULTS');
  const checks = Array.from(collectChecks(data.root_group || {}, new Map()).values());
  const passes = checks.reduce((sum, one) => sum + one.passes, 0);
  const total = checks.reduce((sum, one) => sum + one.passes + one.fails, 0);
  if (total > 0) {
    const rate = seconds > 0 ? total / seconds : 0;
    const row = (name, ...values) => ({ name, values });
    for (const line of table([
      row('checks_total', String(total), `${Number(rate.toFixed(6))}/s`),
      row('checks_succeeded', percent(passes / total), `${passes} out of ${total}`),
      row('checks_failed', percent((total - passes) / total), `${total - passes} out of ${total}`),
    ])) {
      write(1, line);
    }
    write(0, '');
    for (const one of checks) {
      if (one.fails === 0) {
        write(1, paint('green', `✓ ${one.name}`));
        continue;
      }
      const share = Math.floor((100 * one.passes) / (one.passes + one.fails));
      const detail = `${settings.indent}${' '}${'  '.repeat(1)}  ↳  ${share}% — ✓ ${one.passes} / ✗ ${one.fails}`;
      write(1, paint('red', `✗ ${one.name}\n${detail}`));
    }
    write(0, '');
  }

  const shown = names.filter((name) => {
    const isOwn = name.startsWith('checks') || name.startsWith('group_duration');
    return !isOwn && !HIDDEN.some((head) => name.startsWith(head));
  });
  if (shown.length > 0) {
    const rows = shown.map((name) => {
      const [parent, part] = split(name);
      const metric = data.metrics[name];
      return { section: sectionOf(parent), name: part === '' ? parent : `  { ${part} }`, values: valuesOf(metric), trend: metric.type === 'trend' };
    });
    const texts = table(rows);
    for (const section of SECTIONS) {
      if (!rows.some((row) => row.section === section)) continue;
      write(1, paint('bold', section));
      rows.forEach((row, at) => {
        if (row.section === section) write(1, texts[at]);
      });
      write(0, '');
    }
  }
  return `${lines.join('\n')}\n`;
}

const xml = (text) =>
  String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&apos;');

/** The thresholds as test cases in JUnit's XML. */
export function jUnit(data, options) {
  const name = options && options.name ? options.name : 'k6 thresholds';
  const classname = options && options.classname ? ` classname="${xml(options.classname)}"` : '';
  const cases = [];
  let failures = 0;
  for (const metric of Object.keys(data.metrics)) {
    const thresholds = data.metrics[metric].thresholds || {};
    for (const source of Object.keys(thresholds)) {
      const head = `<testcase name="${xml(metric)} - ${xml(source)}"${classname}`;
      if (thresholds[source].ok) {
        cases.push(`${head} />`);
      } else {
        failures += 1;
        cases.push(`${head}><failure message="failed" /></testcase>`);
      }
    }
  }
  return (
    `<?xml version="1.0"?>\n<testsuites tests="${cases.length}" failures="${failures}">\n` +
    `<testsuite name="${xml(name)}" tests="${cases.length}" failures="${failures}">${cases.join('\n')}\n` +
    '</testsuite >\n</testsuites >'
  );
}
