// The gaps between events as a heat map: time to the right, length upwards, darker is more often.

function gapsChart(id) {
  const gaps = DATA.gaps;
  if (!gaps || gaps.cells.length === 0) return undefined;
  const most = Math.max(...gaps.cells.map(([, , count]) => count));
  const [low, high] = [gaps.bounds[0], gaps.bounds[gaps.bounds.length - 1]];
  const byBin = new Map();
  for (const [bin, row, count] of gaps.cells) {
    if (!byBin.has(bin)) byBin.set(bin, []);
    byBin.get(bin).push([row, count]);
  }
  const line = (name) => ({ label: name, values: gaps[name], colour: 'ink', width: 1, dash: name === 'p99' ? [2, 2] : undefined });
  return timeChart({
    id,
    title: say(id),
    note: `${gaps.metric}: ${say('gaps.help')}`,
    contains: 'time',
    logarithmic: true,
    range: () => [low, high],
    lines: [line('p50'), line('p99')],
    paint: (plot) => paintCells(plot, gaps.bounds, byBin, most),
  });
}

/** Fills the rectangles of a heat map, clipped to the plot. */
function paintCells(plot, bounds, byBin, most) {
  const { ctx, bbox } = plot;
  const width = DATA.grid.width;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour('heat');
  const edges = bounds.map((bound) => plot.valToPos(bound, 'y', true));
  for (const [bin, cells] of byBin) {
    const left = plot.valToPos(bin * width, 'x', true);
    const right = plot.valToPos((bin + 1) * width, 'x', true);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    for (const [row, count] of cells) {
      // Logarithmic, so that rare gaps are seen beside common ones.
      ctx.globalAlpha = 0.1 + 0.9 * (Math.log1p(count) / Math.log1p(most));
      ctx.fillRect(left, edges[row + 1], Math.max(1, right - left), edges[row] - edges[row + 1]);
    }
  }
  ctx.restore();
}
