// What browser.mjs and days.mjs share: a browser, who logs in, what is said of a page that is open.
import { createRequire } from 'node:module';
import fs from 'node:fs';

export const { SITE, OUTPUT } = process.env;
const require = createRequire(`${OUTPUT}/`);
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const validator = new HtmlValidate({ extends: ['html-validate:recommended'] });
export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });

let failures = 0;
export function ok(good, name, detail) {
  if (!good) failures++;
  if (!good || process.env.VERBOSE) console.log(`${good ? 'ok' : 'not ok'} - ${name}${good || !detail ? '' : `\n    ${detail}`}`);
}

// The pages that can be looked at, of the table in main.c, and the address by which each is there: with an id
// where it is about something.
export const table = [...fs.readFileSync('web/main.c', 'utf8').matchAll(/^\t\{"(\/[^"]*)", ROLE_([A-Z]+), .*?, ([a-z_]+|NULL), ([a-z_]+|NULL), (?:true|false)\},/gm)]
  .map(([, path, role, show, act]) => ({ path, role, show: show !== 'NULL', act: act !== 'NULL' }));
const known = {};
export const address = (path) => known[path] ?? path;
const skipped = /^\/(style\.css|picture|c|me\/rate|logout|language|login|setup|.*\/export.*|.*\/text)$/;
export const pages = table.filter((page) => page.show && !skipped.test(page.path) && page.role !== 'CLIENT').map((page) => page.path);

export async function logIn(context, login) {
  const page = await context.newPage();
  await page.goto(`${SITE}/login`);
  await page.fill('#login', login);
  await page.fill('#password', `secret of ${login}`);
  await page.click('main button');
  return page;
}

// A spreadsheet as a file to send.
export const sheet = (lines) => ({ name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.map((cells) => cells.join(';')).join('\r\n') + '\r\n') });

// Finds the addresses; what is about a file that was sent gets one.
export async function findAddresses() {
  const context = await browser.newContext();
  const page = await logIn(context, 'owner');
  await page.goto(`${SITE}/settings/import`);
  await page.setInputFiles('#file', sheet([['name', 'price'], ['What nobody has', '12'], ['', '13']]));
  await page.click('main form button');
  known['/settings/import/check'] = page.url().slice(SITE.length);
  for (const path of pages) {
    for (const query of ['', '?id=1', '?id=5', '?product=1', '?kind=products', `?id=${process.env.MOVE}`, `?id=${process.env.ALERT}`]) {
      if (known[path] === undefined && (await context.request.get(SITE + path + query)).status() === 200) known[path] = path + query;
    }
  }
  await context.close();
}

// A picture of a page, for whoever wants to see what the tests saw.
export const picture = (page, name) => page.screenshot({ path: `${OUTPUT}/${name.replace(/[^a-z0-9]+/gi, '_')}.png`, fullPage: true });

// What is to be said of a page that is open.
export async function look(page, name) {
  await picture(page, name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  ok(wide <= 0, `${name}: no sideways scroll`, `${wide} pixels`);
  const small = await page.evaluate(() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, textarea')]
    .filter((e) => { const box = e.getBoundingClientRect(); return box.width > 1 && box.height > 1 && (box.height < 24 || box.width < 24); })
    .map((e) => e.outerHTML.slice(0, 100)));
  ok(small.length === 0, `${name}: targets of 24 pixels and more`, small[0]);
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
    .map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`));
  ok(found.length === 0, `${name}: axe finds nothing`, found.join('; '));
}

// What is to be said of what came: its HTML, and that it fits into the ten packets that are sent at once.
export async function weigh(answer, name) {
  const report = await validator.validateString(await answer.text());
  ok(report.valid, `${name}: is valid HTML`, report.results.flatMap((r) => r.messages).slice(0, 3).map((m) => `${m.ruleId} ${m.line}:${m.column} ${m.message}`).join('; '));
  const size = await answer.request().sizes();
  const bytes = size.responseHeadersSize + size.responseBodySize;
  ok(size.responseBodySize > 0 && bytes <= 14600, `${name}: 14,600 bytes at most`, `${bytes}`);
}

// The end of a run.
export async function finish(what) {
  await browser.close();
  console.log(failures === 0 ? `ok - ${what}` : `${failures} failures`);
  process.exit(failures === 0 ? 0 : 1);
}
