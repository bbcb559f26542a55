// See browser.sh, which starts this with SITE, CODE, CHROMIUM and OUTPUT in the environment.
import { createRequire } from 'node:module';
import fs from 'node:fs';

const { SITE, CODE, CHROMIUM, OUTPUT } = process.env;
const require = createRequire(`${OUTPUT}/`);
const { chromium } = require('playwright-core');
const { HtmlValidate } = require('html-validate');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const validator = new HtmlValidate({ extends: ['html-validate:recommended'] });

let failures = 0;
function ok(good, name, detail) {
  if (!good) failures++;
  if (!good || process.env.VERBOSE) console.log(`${good ? 'ok' : 'not ok'} - ${name}${good || !detail ? '' : `\n    ${detail}`}`);
}

// The pages that can be looked at, of the table in main.c.
const known = {};   // the address by which a page is there: with an id where it is about something
const table = [...fs.readFileSync('web/main.c', 'utf8').matchAll(/^\t\{"(\/[^"]*)", ROLE_([A-Z]+), .*?, ([a-z_]+|NULL), ([a-z_]+|NULL), (?:true|false)\},/gm)]
  .map(([, path, role, show, act]) => ({ path, role, show: show !== 'NULL', act: act !== 'NULL' }));
const address = (path) => known[path] ?? path;
const skipped = /^\/(style\.css|picture|c|me\/rate|logout|language|login|setup|.*\/export.*|.*\/text)$/;
const pages = table.filter((page) => page.show && !skipped.test(page.path) && page.role !== 'CLIENT').map((page) => page.path);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

async function logIn(context, login) {
  const page = await context.newPage();
  await page.goto(`${SITE}/login`);
  await page.fill('#login', login);
  await page.fill('#password', `secret of ${login}`);
  await page.click('main button');
  return page;
}

// What is to be said of a page that is open.
async function look(page, name, width) {
  await page.screenshot({ path: `${OUTPUT}/${name.replace(/[^a-z0-9]+/gi, '_')}.png`, fullPage: true });
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

{
  const context = await browser.newContext();
  const page = await logIn(context, 'owner');
  for (const path of pages) {
    for (const query of ['', '?id=1', '?id=5', '?product=1', '?kind=products', `?id=${process.env.MOVE}`]) {
      if (known[path] === undefined && (await context.request.get(SITE + path + query)).status() === 200) known[path] = path + query;
    }
  }
  await context.close();
}

// -- every page, wide and narrow, in each language
for (const [width, locale] of [[360, 'fr-FR'], [360, 'sw'], [1280, 'en-GB'], [1280, 'fr-FR']]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale, bypassCSP: true });
  const page = await logIn(context, 'owner');
  for (const path of pages) {
    const name = `${path} ${locale} ${width}`;
    const answer = await page.goto(SITE + address(path));
    ok(answer.status() === 200, `${name}: is there`, String(answer.status()));
    await look(page, name, width);
    if (width === 360) {
      const report = await validator.validateString(await answer.text());
      ok(report.valid, `${name}: is valid HTML`, report.results.flatMap((r) => r.messages).slice(0, 3).map((m) => `${m.ruleId} ${m.line}:${m.column} ${m.message}`).join('; '));
    }
  }
  for (const path of ['/nothing', '/product?id=987654321']) {
    await page.goto(SITE + path);
    await look(page, `error ${path} ${locale} ${width}`, width);
  }
  await context.close();
}

// -- a form that was wrong: the errors are said, tied to their fields and lead there
{
  const context = await browser.newContext({ viewport: { width: 360, height: 800 }, locale: 'fr-FR', bypassCSP: true });
  const page = await logIn(context, 'owner');
  await page.goto(`${SITE}/product/new`);
  await page.evaluate(() => document.querySelectorAll('[required]').forEach((e) => e.removeAttribute('required')));
  await page.fill('#price', 'beaucoup');
  const [answer] = await Promise.all([page.waitForNavigation(), page.click('main form button')]);
  ok(answer.status() === 422, 'a wrong form is answered by 422');
  await look(page, 'wrong form', 360);
  await page.click('[role=alert] a[href="#price"]');
  ok(await page.evaluate(() => document.activeElement.id === 'price' || location.hash === '#price'), 'an error leads to its field');
  ok(await page.inputValue('#price') === 'beaucoup', 'what was typed is still there');
  ok(await page.getAttribute('#price', 'aria-describedby') === 'price-error', 'the error is tied to its field');
  await context.close();
}

// -- a day with scripts off: the first owner, a product with its picture, a client's link and stars
{
  const context = await browser.newContext({ viewport: { width: 360, height: 800 }, locale: 'fr-FR', javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${SITE}/setup`);
  await page.fill('#code', CODE);
  await page.fill('#name', 'Masika');
  await page.fill('#login', 'masika');
  await page.fill('#password', 'trois poules noires');
  await page.click('main button');
  ok(page.url() === `${SITE}/`, 'with the code the first owner comes in');
  await page.click('nav a[href="/products"]');
  await page.click('a[href="/product/new"]');
  await page.fill('#name', 'Savon de la journée');
  await page.selectOption('#category', { index: 1 });
  await page.fill('#price', '1 500');
  await page.fill('#unit_cost', '900');
  await page.click('main form button');
  ok((await page.textContent('h1')) === 'Savon de la journée', 'a product is made');
  const shot = await page.screenshot();
  await page.click('text=Photo');
  await page.setInputFiles('#picture', { name: 'photo.png', mimeType: 'image/png', buffer: shot });
  await page.click('main form button');
  ok(await page.locator('img.large').count() === 1, 'its picture is sent and shown');
  await page.goto(`${SITE}/client/link?id=5`);
  await page.click('main form button');
  const link = (await page.textContent('p.note')).trim();
  const phone = await browser.newContext({ viewport: { width: 360, height: 800 }, locale: 'fr-FR', javaScriptEnabled: false });
  const client = await phone.newPage();
  await client.goto(link);
  ok(client.url() === `${SITE}/me`, 'the link leads to the page of the client');
  const first = await client.locator('ul.rows li b').first().textContent();
  await client.locator('form.rate button[value="5"]').first().click();
  ok(await client.locator('[role=status]').count() === 1, 'a tap gives stars');
  await client.screenshot({ path: `${OUTPUT}/client.png`, fullPage: true });
  ok(typeof first === 'string' && first.length > 0, 'and the list goes on');
  await phone.close();
  await page.click('footer button[value="sw"]');
  ok(await page.getAttribute('html', 'lang') === 'sw', 'the language is one tap away');
  await page.locator('footer form[action="/logout"] button').click();
  ok(page.url() === `${SITE}/login`, 'and so is the way out');
  await context.close();
}

// -- strings that would run, into every field
{
  const strings = ['<script>alert(1)</script>', '"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", '<svg onload=alert(1)>',
    'javascript:alert(1)', '</textarea><script>alert(1)</script>', '</title><script>alert(1)</script>', '" onfocus="alert(1)" autofocus="',
    '\u2028<iframe src="javascript:alert(1)">', '{{constructor.constructor("alert(1)")()}}', '<!--<script>alert(1)//-->', '&lt;script&gt;alert(1)&lt;/script&gt;'];
  const context = await browser.newContext({ locale: 'fr-FR', bypassCSP: true });
  const page = await logIn(context, 'owner');
  let dialogs = 0;
  page.on('dialog', async (dialog) => { dialogs++; await dialog.dismiss(); });
  const injected = () => page.evaluate(() => document.querySelectorAll('script, iframe, [onerror], [onload], [onfocus], img[src="x"], a[href^="javascript"]').length);
  const forms = table.filter((p) => p.show && p.act && p.role !== 'CLIENT' && !/^\/(login|setup|password)$/.test(p.path)).map((p) => p.path);
  for (const path of forms) {
    for (const string of strings) {
      await page.goto(SITE + address(path));
      const fields = page.locator('main form[method=post] input[type=text], main form[method=post] input[type=tel], main form[method=post] textarea');
      const count = await fields.count();
      if (count === 0) break;
      await page.evaluate(() => {
        document.querySelectorAll('main [maxlength]').forEach((e) => e.removeAttribute('maxlength'));
        document.querySelectorAll('main form').forEach((e) => { e.noValidate = true; });
      });
      for (let i = 0; i < count; i++) {
        const field = fields.nth(i);
        const number = await field.getAttribute('inputmode');
        if (!number) await field.fill(string);
        else if (await field.inputValue() === '') await field.fill(await field.getAttribute('name') === 'target' ? '9' : '5');
      }
      for (const list of await page.locator('main form[method=post] select').all()) if ((await list.locator('option').count()) > 1) await list.selectOption({ index: 1 });
      await Promise.all([page.waitForNavigation(), page.locator('main form[method=post] button[type=submit]').last().click()]);
      ok(await injected() === 0, `${path} with ${string}: nothing of it is in the page`);
    }
  }
  for (const path of [...pages, '/products?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E', '/nothing%3Cscript%3E']) {
    await page.goto(SITE + address(path));
    ok(await injected() === 0, `${path}: nothing of it is anywhere`);
  }
  ok(dialogs === 0, 'nothing ran', `${dialogs} dialogs`);
  await context.close();
}

await browser.close();
console.log(failures === 0 ? `ok - ${pages.length} pages seen` : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
