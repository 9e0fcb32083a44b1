// Numbers as people read them.

/** At most `digits` significant digits, with thousands apart. */
function number(value, digits = 4) {
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  const fraction = Math.max(0, Math.min(6, digits - 1 - size));
  return value.toLocaleString('en-US', { maximumFractionDigits: fraction }).replaceAll(',', '\u202f');
}

/** Milliseconds in the unit that suits them. */
function milliseconds(value) {
  const size = Math.abs(value);
  if (size === 0) return '0 ms';
  if (size < 0.1) return `${number(value * 1e3, 3)} µs`;
  if (size < 1e3) return `${number(value, 3)} ms`;
  if (size < 12e4) return `${number(value / 1e3, 3)} s`;
  return clock(value / 1e3);
}

function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let place = 0;
  while (Math.abs(value) >= 1000 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${number(value, 3)} ${units[place]}`;
}

/** A value in what its metric contains: `time`, `data` or anything else; `–` for none. */
function figure(value, contains) {
  if (value === null || value === undefined) return '–';
  if (contains === 'time') return milliseconds(value);
  if (contains === 'data') return bytes(value);
  return number(value);
}

function percent(share) {
  if (share === null || share === undefined) return '–';
  // What is not all must not look like all.
  const shown = share < 1 ? Math.min(share * 100, 99.99) : 100;
  return `${number(shown, shown > 99 ? 4 : 3)} %`;
}

/** Seconds as `0:07`, `12:34`, `1:02:03`. */
function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Seconds as `8.5 s`, `2 min 5 s`, `1 h 2 min`. */
function span(seconds) {
  if (seconds < 60) return `${number(seconds, 3)} s`;
  const whole = Math.round(seconds);
  const parts = whole < 3600
    ? [[Math.floor(whole / 60), 'min'], [whole % 60, 's']]
    : [[Math.floor(whole / 3600), 'h'], [Math.floor(whole / 60) % 60, 'min']];
  return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
}

/** A moment of the reader's own clock: `2026-11-22 14:05:09`. */
function moment(ms) {
  const at = new Date(ms);
  const two = (n) => String(n).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}
