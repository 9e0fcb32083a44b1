// The page as a whole: what is chosen, and what is drawn for it.

const DATA = JSON.parse(document.getElementById('data').textContent);

/** What the reader has chosen. */
const state = {
  language: (kept('language') ?? navigator.language ?? 'en').startsWith('zh') ? 'zh' : 'en',
  theme: kept('theme') ?? 'auto',
  scenario: '',
  zoom: null,
  tag: '',
  find: '',
  order: 'start',
  rows: ROWS_AT_ONCE,
};

/** What is to be done once the elements are on the page. */
let later = [];

/** A choice of an earlier visit. A browser may keep nothing for files. */
function kept(name) {
  try {
    return localStorage.getItem(`ssek-${name}`);
  } catch {
    return null;
  }
}

function keep(name, value) {
  state[name] = value;
  try {
    localStorage.setItem(`ssek-${name}`, value);
  } catch {
    // Then it holds for this visit only.
  }
}

function applyTheme(theme = state.theme) {
  const dark = theme === 'dark' || (theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

function repaint() {
  applyTheme();
  repaintCharts();
  paintRows();
}

function header() {
  const { meta } = DATA;
  const facts = [meta.script !== meta.name && meta.script, meta.model, moment(meta.start), span(meta.duration)].filter(Boolean);
  const languages = Object.keys(LABELS).map((language) => element(
    'button',
    { type: 'button', lang: language, 'aria-pressed': String(language === state.language), onclick: () => { keep('language', language); draw(); } },
    LABELS[language].language,
  ));
  const themes = ['auto', 'light', 'dark'].map((theme) => [theme, say(theme)]);
  return element(
    'header',
    {},
    element('div', {}, element('p', { class: 'kind' }, say(DATA.live ? 'dashboard' : 'report')), element('h1', {}, meta.name), element('p', { class: 'facts' }, facts.join(' · '))),
    element('div', { class: 'controls' }, element('div', { class: 'switch', role: 'group' }, languages), choice(say('theme'), themes, state.theme, (theme) => { keep('theme', theme); repaint(); })),
  );
}

/** What stays in sight while the charts pass by. */
function toolbar() {
  const scenarios = [['', say('all')], ...DATA.scenarios.map((name) => [name, name])];
  const chosen = (name) => { state.scenario = name; draw(); };
  return element(
    'nav',
    {},
    ['charts', 'waterfall', 'statistics', 'environment'].map((id) => element('a', { href: `#${id}` }, say(id))),
    element('span', { class: 'room' }),
    DATA.scenarios.length > 1 ? choice(say('scenario'), scenarios, state.scenario, chosen) : null,
    element('button', { type: 'button', id: 'reset', onclick: () => zoom(null) }, say('reset')),
  );
}

/** Builds the whole page. */
function draw() {
  forgetCharts();
  later = [];
  applyTheme();
  document.documentElement.lang = state.language === 'zh' ? 'zh-CN' : 'en';
  const main = element(
    'main',
    {},
    header(),
    cardsSection(),
    toolbar(),
    verdictsSection(),
    chartsSection(),
    waterfallSection(),
    statisticsSection(),
    environmentSection(),
    element('footer', {}, say('made', DATA.meta.ssek), DATA.live ? null : ` · ${say('open')}`),
  );
  document.body.replaceChildren(main);
  drawCharts();
  for (const work of later) work();
  zoom(state.zoom);
}

/** Paper is white and narrow. */
function print(on) {
  applyTheme(on ? 'light' : state.theme);
  document.documentElement.classList.toggle('printing', on);
  fitCharts();
  repaintCharts();
  paintRows();
}

let fitting = 0;
addEventListener('resize', () => {
  cancelAnimationFrame(fitting);
  fitting = requestAnimationFrame(() => { fitCharts(); paintRows(); });
});
addEventListener('beforeprint', () => print(true));
addEventListener('afterprint', () => print(false));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

draw();
if (DATA.live) follow();
