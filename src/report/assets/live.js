// A run that goes on: what is new comes as events and goes into the charts that are there.

/** Asks for what is new, until the run is over. A reader who was too slow gets everything anew. */
function follow() {
  const source = new EventSource(`events?since=${DATA.tick}`);
  const said = (text) => {
    const place = document.getElementById('connection');
    if (place) place.textContent = text;
  };
  source.onopen = () => said('');
  source.onerror = () => said(say('lost'));
  source.addEventListener('whole', ({ data }) => { replace(JSON.parse(data)); draw(); });
  source.addEventListener('news', ({ data }) => { if (merge(JSON.parse(data))) refresh(); else draw(); });
  source.addEventListener('end', ({ data }) => { source.close(); replace(JSON.parse(data)); draw(); });
}

function replace(whole) {
  Object.assign(DATA, whole);
}

/** Takes news in; whether the charts are still the same ones. */
function merge(news) {
  const known = new Map(DATA.series.map((one) => [nameOf(one), one]));
  const joined = (old, fresh) => {
    for (const [key, values] of Object.entries(fresh)) {
      if (!Array.isArray(values) || key === 'cells') continue;
      const kept = (old?.[key] ?? []).slice(0, news.from);
      while (kept.length < news.from) kept.push(null);
      fresh[key] = kept.concat(values);
    }
  };
  const same = news.series.every((one) => known.has(nameOf(one))) && sameOutcomes(news)
    && !DATA.gaps === !news.gaps && DATA.scenarios.length === news.scenarios.length
    && DATA.grid.width === news.grid.width;
  for (const one of news.series) joined(known.get(nameOf(one)), one);
  if (news.outcomes) joined(DATA.outcomes?.values, news.outcomes.values);
  if (news.gaps) {
    joined(DATA.gaps, news.gaps);
    news.gaps.cells = (DATA.gaps?.cells ?? []).filter(([bin]) => bin < news.from).concat(news.gaps.cells);
  }
  // Rows of tags that news do not tell of stay as they were.
  const told = new Set(news.statistics.map((row) => row.tag));
  news.statistics = news.statistics.concat(DATA.statistics.filter((row) => !told.has(row.tag)));
  Object.assign(DATA, news);
  return same;
}

const nameOf = (series) => `${series.metric}\n${series.scenario}`;

function sameOutcomes(news) {
  const names = (data) => Object.keys(data.outcomes?.values ?? {}).sort().join();
  return names(DATA) === names(news);
}

/** Puts new values into the charts and redraws what stands around them. */
function refresh() {
  const shown = [timeCharts, otherCharts];
  const byId = new Map(shown.flat().map((chart) => [chart.id, chart]));
  [timeCharts, otherCharts] = [[], []];
  // Made for its values only, and never drawn.
  chartsSection();
  for (const { id, data, lines, paint, range } of [...timeCharts, ...otherCharts]) {
    const chart = byId.get(id);
    if (!chart) continue;
    Object.assign(chart, { data, lines, paint, range });
    chart.plot.setData(data, false);
  }
  [timeCharts, otherCharts] = shown;
  zoom(state.zoom);
  for (const chart of otherCharts) chart.begin(chart.plot);
  for (const [id, make] of [['summary', cardsSection], ['waterfall', waterfallSection], ['statistics', statisticsSection]]) {
    const old = document.getElementById(id);
    // What somebody has in hand is not taken away.
    if (old && !old.contains(document.activeElement)) old.replaceWith(make());
  }
  document.getElementById('verdicts')?.replaceWith(verdictsSection());
  for (const work of later.splice(0)) work();
}
