// How requests ended, over time: bars that stand on each other.

/** Outcomes that are nobody's failure are grey; failures have colours of their own. */
const QUIET = ['interrupted', 'aborted'];

function outcomesChart(id) {
  const { metric, values } = DATA.outcomes ?? {};
  const names = Object.keys(values ?? {});
  if (names.length === 0) return undefined;
  // What went well stands at the bottom.
  names.sort((a, b) => (b === 'ok') - (a === 'ok') || QUIET.includes(a) - QUIET.includes(b) || (a < b ? -1 : 1));
  let hue = 0;
  const colourOf = (name) => {
    if (name === 'ok') return 'calm';
    if (QUIET.includes(name)) return 'ink-3';
    hue += 1;
    return `e${((hue - 1) % 5) + 1}`;
  };
  let below = new Array(DATA.grid.bins).fill(0);
  const lines = names.map((name) => {
    const raw = perSecond(values[name]);
    const top = below.map((sum, bin) => sum + raw[bin]);
    below = top;
    const shade = colourOf(name);
    return { label: say(name), values: top, raw, colour: shade, fill: shade, width: 0, bars: true };
  });
  // The highest first, so that the lower ones are drawn over it.
  lines.reverse();
  return timeChart({ id, title: say(id), note: ofWhole(metric), figure: perSecondFigure(), lines });
}
