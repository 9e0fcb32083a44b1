// What must hold of the live dashboard in a real browser: node dashboard.mjs LIBRARY CHROMIUM FOLDER ADDRESS

import { check, drawn, launch, open } from './browser.mjs';

const [library, chromium, folder, address] = process.argv.slice(2);
const browser = await launch(library, chromium);
let closed;
try {
  const first = await open(browser, address);
  closed = await open(browser, address, { colorScheme: 'dark' });
  const requests = async ({ page }) => page.locator('#summary .card:nth-child(2) b').textContent();
  const before = await requests(first);
  await first.page.waitForFunction((text) => document.querySelector('#summary .card:nth-child(2) b').textContent !== text, before, { timeout: 20000 });
  for (const [id, inked] of await drawn(first.page)) check(inked, `the chart ${id} is blank`);
  // One viewer leaves in the middle.
  await closed.context.close();
  await first.page.waitForSelector('.verdict', { timeout: 60000 });
  for (const [id, inked] of await drawn(first.page)) check(inked, `the chart ${id} is blank at the end`);
  check(first.errors.length === 0, first.errors.join('\n'));
  const strange = first.requests.filter((url) => !url.startsWith(address));
  check(strange.length === 0, `it asked for ${strange}`);
  check(first.requests.filter((url) => url.includes('/events')).length === 1, `one stream is enough: ${first.requests}`);
  await first.page.screenshot({ path: `${folder}/dashboard.png`, fullPage: true });
  console.log('ok dashboard');
} catch (error) {
  console.log(`FAILED ${error.message}`);
  process.exitCode = 1;
}
await browser.close();
