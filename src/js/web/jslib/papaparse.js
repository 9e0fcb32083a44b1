// Stands in for https://jslib.k6.io/papaparse: written for ssek from the documentation. It parses texts and
// makes them; workers, downloads and files are no business of a load test.

const GUESSES = [',', '\t', '|', ';', '\x1e', '\x1f'];
const NUMBER = /^\s*-?(\d+\.?|\.\d+|\d+\.\d+)([eE][-+]?\d+)?\s*$/;
const DATE = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?([+-][0-2]\d:[0-5]\d|Z)$/;

function lineBreakOf(text, quote) {
  const sample = text.slice(0, 1048576).replace(new RegExp(`${escaped(quote)}[^${escaped(quote)}]*${escaped(quote)}`, 'g'), '');
  if (!sample.includes('\r')) return '\n';
  return sample.includes('\r\n') ? '\r\n' : sample.includes('\n') ? '\n' : '\r';
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The fields of each line, as texts. */
function rowsOf(text, settings, limit) {
  const { delimiter, newline, quote, escape, comments } = settings;
  const rows = [];
  const errors = [];
  const misplaced = (code, message, at) => {
    errors.push({ type: 'Quotes', code, message, row: rows.length, index: at });
  };
  let at = 0;
  let row = [];
  const isCut = () => limit > 0 && rows.length >= limit;
  while (at <= text.length && !isCut()) {
    if (row.length === 0 && comments && text.startsWith(comments, at)) {
      const end = text.indexOf(newline, at);
      if (end < 0) break;
      at = end + newline.length;
      continue;
    }
    if (at === text.length && row.length === 0) break;
    let field;
    if (quote && text[at] === quote) {
      const start = at + 1;
      let next = start;
      let value = '';
      for (;;) {
        const end = text.indexOf(quote, next);
        if (end < 0) {
          misplaced('MissingQuotes', 'Quoted field unterminated', start - 1);
          value += text.slice(next);
          at = text.length;
          break;
        }
        if (escape !== quote && text[end - 1] === escape && end > next) {
          value += text.slice(next, end - 1) + quote;
          next = end + 1;
          continue;
        }
        if (escape === quote && text[end + 1] === quote) {
          value += text.slice(next, end) + quote;
          next = end + 2;
          continue;
        }
        const behind = end + 1;
        const rest = /^[ \t]*/.exec(text.slice(behind, behind + 64))[0].length;
        const isEnd = (place) =>
          place >= text.length || text.startsWith(delimiter, place) || text.startsWith(newline, place);
        value += text.slice(next, end);
        if (isEnd(behind) || isEnd(behind + rest)) {
          at = isEnd(behind) ? behind : behind + rest;
          break;
        }
        misplaced('InvalidQuotes', 'Trailing quote on quoted field is malformed', start - 1);
        value += quote;
        next = behind;
      }
      field = value;
    } else {
      const comma = text.indexOf(delimiter, at);
      const line = text.indexOf(newline, at);
      let end = text.length;
      if (comma >= 0) end = comma;
      if (line >= 0 && line < end) end = line;
      field = text.slice(at, end);
      at = end;
    }
    row.push(field);
    if (at >= text.length) break;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      if (at === text.length) row.push('');
      if (at < text.length) continue;
    } else {
      at += newline.length;
    }
    rows.push(row);
    row = [];
  }
  if (row.length > 0 && !isCut()) rows.push(row);
  return { rows, errors, at: Math.min(at, text.length), truncated: isCut() && at < text.length };
}

/** The delimiter with which the first lines have the same number of fields, and many. */
function guessDelimiter(text, settings, guesses) {
  let best;
  for (const delimiter of guesses) {
    const { rows } = rowsOf(text, { ...settings, delimiter }, 10);
    const counts = rows.filter((row) => row.length > 1 || row[0].trim() !== '').map((row) => row.length);
    let unsteady = 0;
    for (let at = 1; at < counts.length; at += 1) unsteady += Math.abs(counts[at] - counts[at - 1]);
    const average = counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) / counts.length : 0;
    const isBetter = best === undefined || unsteady < best.unsteady || (unsteady === best.unsteady && average > best.average);
    if (average > 1.99 && isBetter) best = { delimiter, unsteady, average };
  }
  return best && best.delimiter;
}

function typed(text) {
  if (text === 'true' || text === 'TRUE') return true;
  if (text === 'false' || text === 'FALSE') return false;
  if (NUMBER.test(text)) {
    const number = Number.parseFloat(text);
    if (Math.abs(number) < 9007199254740992) return number;
  }
  if (DATE.test(text)) return new Date(text);
  return text === '' ? null : text;
}

const isEmpty = (row, skip) =>
  skip === 'greedy' ? row.join('').trim() === '' : row.length === 1 && row[0].length === 0;

function parse(input, options) {
  const config = options || {};
  if (typeof input !== 'string') {
    throw new Error('papaparse: only texts can be parsed here; read files with open()');
  }
  let text = input.charCodeAt(0) === 0xfeff ? input.slice(1) : input;
  if (typeof config.beforeFirstChunk === 'function') {
    const replaced = config.beforeFirstChunk(text);
    if (typeof replaced === 'string') text = replaced;
  }
  const quote = config.quoteChar === undefined ? '"' : config.quoteChar || '';
  const comments = config.comments === true ? '#' : config.comments || '';
  const settings = {
    quote,
    escape: config.escapeChar === undefined || config.escapeChar === null ? quote : config.escapeChar,
    comments,
    newline: ['\n', '\r', '\r\n'].includes(config.newline) ? config.newline : lineBreakOf(text, quote || '"'),
    delimiter: config.delimiter,
  };
  const errors = [];
  if (typeof settings.delimiter === 'function') settings.delimiter = settings.delimiter(text);
  if (!settings.delimiter) {
    const found = guessDelimiter(text, settings, config.delimitersToGuess || GUESSES);
    settings.delimiter = found || ',';
    if (!found) {
      const message = "Unable to auto-detect delimiting character; defaulted to ','";
      errors.push({ type: 'Delimiter', code: 'UndetectableDelimiter', message });
    }
  }
  const hasHeader = Boolean(config.header);
  const limit = config.preview ? Number(config.preview) + (hasHeader ? 1 : 0) : 0;
  const parsed = rowsOf(text, settings, limit);
  errors.push(...parsed.errors);
  let { rows } = parsed;
  if (config.skipEmptyLines) rows = rows.filter((row) => !isEmpty(row, config.skipEmptyLines));
  const meta = {
    delimiter: settings.delimiter,
    linebreak: settings.newline,
    aborted: false,
    truncated: parsed.truncated,
    cursor: parsed.at,
  };
  let fields;
  if (hasHeader && rows.length > 0) {
    fields = rows[0].map((name, index) =>
      typeof config.transformHeader === 'function' ? config.transformHeader(name.trim() === name ? name : name, index) : name,
    );
    rows = rows.slice(1);
    meta.fields = fields;
  }
  const isTyped = (field) => {
    if (typeof config.dynamicTyping === 'function') return config.dynamicTyping(field) === true;
    if (config.dynamicTyping === null || typeof config.dynamicTyping !== 'object') return Boolean(config.dynamicTyping);
    return Boolean(config.dynamicTyping[field]);
  };
  const valueOf = (raw, field) => {
    const value = typeof config.transform === 'function' ? config.transform(raw, field) : raw;
    return isTyped(field) && typeof value === 'string' ? typed(value) : value;
  };
  const shaped = (row, index) => {
    if (!fields) return row.map((value, at) => valueOf(value, at));
    const record = {};
    row.forEach((value, at) => {
      if (at < fields.length) record[fields[at]] = valueOf(value, fields[at]);
      else (record.__parsed_extra = record.__parsed_extra || []).push(valueOf(value, '__parsed_extra'));
    });
    if (row.length !== fields.length) {
      const isMore = row.length > fields.length;
      errors.push({
        type: 'FieldMismatch',
        code: isMore ? 'TooManyFields' : 'TooFewFields',
        message: `Too ${isMore ? 'many' : 'few'} fields: expected ${fields.length} fields but parsed ${row.length}`,
        row: index,
      });
    }
    return record;
  };
  let data = rows.map(shaped);
  if (typeof config.step === 'function') {
    const handle = { abort: () => { meta.aborted = true; }, pause: () => {}, resume: () => {} };
    for (const record of data) {
      config.step({ data: record, errors: [], meta }, handle);
      if (meta.aborted) break;
    }
    data = [];
  }
  const result = { data, errors, meta };
  if (typeof config.complete === 'function') config.complete(result);
  return result;
}

function unparse(input, options) {
  const config = options || {};
  const delimiter = typeof config.delimiter === 'string' && config.delimiter !== '' ? config.delimiter : ',';
  const newline = config.newline || '\r\n';
  const quote = config.quoteChar || '"';
  const escape = config.escapeChar === undefined ? quote : config.escapeChar;
  const hasHeader = config.header === undefined ? true : config.header;
  let source = typeof input === 'string' ? JSON.parse(input) : input;
  let fields = null;
  if (!Array.isArray(source) && source && typeof source === 'object') {
    const inner = typeof source.data === 'string' ? JSON.parse(source.data) : source.data || [];
    fields = source.fields || null;
    source = inner;
    if (!fields && source.length > 0) fields = Array.isArray(source[0]) ? null : Object.keys(source[0]);
    if (source.length > 0 && !Array.isArray(source[0]) && typeof source[0] !== 'object') source = [source];
  } else if (!Array.isArray(source)) {
    throw new Error('Unable to serialize unrecognized input');
  }
  const isRecords = source.length > 0 && !Array.isArray(source[0]) && typeof source[0] === 'object';
  if (isRecords && !fields) fields = config.columns || Object.keys(source[0]);
  const shown = (value, column) => {
    if (value === undefined || value === null) return '';
    let text = value instanceof Date ? JSON.stringify(value).slice(1, 25) : String(value);
    if (config.escapeFormulae && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    const told = Array.isArray(config.quotes) ? config.quotes[column] : config.quotes;
    const wanted = typeof told === 'function' ? told(value, column) : told;
    const needed =
      text.includes(quote) || text.includes(delimiter) || /[\r\n]/.test(text) || /^ | $/.test(text) || text.charCodeAt(0) === 0xfeff;
    return wanted || needed ? quote + text.split(quote).join(escape + quote) + quote : text;
  };
  const line = (values) => values.map(shown).join(delimiter);
  const lines = [];
  if (fields && fields.length > 0 && hasHeader) lines.push(line(fields));
  for (const record of source) {
    const values = Array.isArray(record) ? record : fields.map((field) => record[field]);
    const texts = values.map((value) => (value === undefined || value === null ? '' : String(value)));
    if (config.skipEmptyLines === 'greedy' && texts.join('').trim() === '') continue;
    if (config.skipEmptyLines === true && texts.length === 1 && texts[0] === '') continue;
    lines.push(line(values));
  }
  return lines.join(newline);
}

const papaparse = { parse, unparse, BAD_DELIMITERS: ['\r', '\n', '"', '\ufeff'], RECORD_SEP: '\x1e', UNIT_SEP: '\x1f', WORKERS_SUPPORTED: false };

export { parse, unparse };
export default papaparse;
