// A Chromium that talks to nobody, and pages that must not go wrong.

/** Starts it. `library` is the folder of playwright-core. */
export async function launch(library, executablePath) {
  const { chromium } = await import(`${library}/index.mjs`);
  const quiet = [
    'quic', 'background-networking', 'component-update', 'sync', 'gpu', 'default-apps', 'domain-reliability',
  ].map((what) => `--disable-${what}`);
  return chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--no-first-run', ...quiet] });
}

/** A page of which every error and every request is noted. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => errors.push(`page: ${error.stack}`));
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) requests.push(request.url());
  });
  const begun = Date.now();
  await page.goto(url);
  await page.waitForSelector('main .chart canvas');
  return { page, context, errors, requests, opened: Date.now() - begun };
}

export function check(condition, text) {
  if (!condition) throw new Error(text);
}

/** The charts, by their ids, that have at least two colours. */
export function drawn(page) {
  return page.evaluate(() => {
    const inked = (canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length && seen.size < 4; at += 4) {
        if (data[at + 3] > 0) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
      }
      return seen.size >= 2;
    };
    const charts = [...document.querySelectorAll('.chart')];
    return charts.map((chart) => [chart.id.replace('chart-', ''), inked(chart.querySelector('canvas'))]);
  });
}

/** The texts below the horizontal axes cannot be read off a canvas; the crosshair's time can. */
export async function timesAt(page, share) {
  const chart = page.locator('.chart:not(:has(.wide)) .u-over').first();
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  await page.waitForTimeout(100);
  return page.evaluate(() => [...document.querySelectorAll('.chart:not(:has(.wide)) .when td')].map((cell) => cell.textContent));
}
