// The gaps between events as a heat map: time to the right, length upwards, darker is more often.

function gapsChart(id) {
  const gaps = DATA.gaps;
  if (!gaps || gaps.cells.length === 0) return undefined;
  const most = gaps.cells.reduce((sum, [, , count]) => Math.max(sum, count), 0);
  const rows = gaps.cells.map(([, row]) => row);
  const [lowest, highest] = [Math.min(...new Set(rows)), Math.max(...new Set(rows))];
  const edge = (row) => gaps.shortest * 10 ** (row / gaps.decade);
  const byBin = new Map();
  for (const [bin, row, count] of gaps.cells) {
    if (!byBin.has(bin)) byBin.set(bin, []);
    byBin.get(bin).push([row, count]);
  }
  const line = (name) => ({ label: name, values: gaps[name], colour: 'ink', width: 1, dash: name === 'p99' ? [2, 2] : undefined });
  return timeChart({
    id,
    title: say(id),
    note: ofWhole(`${gaps.metric}: ${say('gaps.help')}`),
    contains: 'time',
    logarithmic: true,
    range: () => [edge(lowest), edge(highest + 1)],
    lines: [line('p50'), line('p99')],
    paint: (plot) => paintCells(plot, edge, byBin, most),
  });
}

/** Fills the rectangles of a heat map, clipped to the plot. */
function paintCells(plot, edge, byBin, most) {
  const { ctx, bbox } = plot;
  const width = DATA.grid.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour('heat');
  const heightOf = (row) => plot.valToPos(edge(row), 'y', true);
  for (const [bin, cells] of byBin) {
    const left = plot.valToPos(bin * width, 'x', true);
    const right = plot.valToPos((bin + 1) * width, 'x', true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    for (const [row, count] of cells) {
      // Logarithmic, so that rare gaps are seen beside common ones.
      ctx.globalAlpha = 0.1 + 0.9 * (Math.log1p(count) / Math.log1p(most));
      const top = heightOf(row + 1);
      ctx.fillRect(left, top, Math.max(1, right - left), heightOf(row) - top);
    }
  }
  ctx.restore();
}
