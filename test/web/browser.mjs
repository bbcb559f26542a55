// See browser.sh, which starts this with SITE, CODE, CHROMIUM and OUTPUT in the environment.
import { SITE, address, browser, finish, findAddresses, logIn, look, ok, pages, table, weigh } from './look.mjs';

await findAddresses();

// -- every page by whoever may see it, wide and narrow, in each language
for (const [width, locale, login] of [[360, 'fr-FR', 'owner'], [360, 'sw', 'owner'], [1280, 'en-GB', 'owner'], [1280, 'fr-FR', 'owner'], [360, 'fr-FR', 'cashier'],
  [360, 'en-GB', 'cashier'], [1280, 'sw', 'cashier']]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale, bypassCSP: true });
  const page = await logIn(context, login);
  for (const path of pages) {
    const name = `${path} ${locale} ${width} ${login}`;
    const answer = await page.goto(SITE + address(path));
    const may = login === 'owner' || table.find((p) => p.path === path).role !== 'OWNER';
    ok(answer.status() === (may ? 200 : 403), `${name}: is there for whom it is`, String(answer.status()));
    await weigh(answer, name);
    await look(page, name);
  }
  for (const path of ['/nothing', '/product?id=987654321']) {
    await page.goto(SITE + path);
    await look(page, `error ${path} ${locale} ${width}`);
  }
  await context.close();
}

// -- pages that are full, and those of whoever is no user
for (const [width, locale] of [[360, 'fr-FR'], [360, 'sw'], [1280, 'en-GB']]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale, bypassCSP: true });
  const page = await context.newPage();
  const see = async (path) => {
    const name = `full ${path.slice(0, 40)} ${locale} ${width}`;
    const answer = await page.goto(SITE + path);
    ok(answer.status() === 200, `${name}: is there`, String(answer.status()));
    await weigh(answer, name);
    await look(page, name);
  };
  for (const path of ['/login', '/setup']) await see(path);
  const owner = await logIn(context, 'owner');
  await owner.goto(`${SITE}/client/link?id=5`);
  await owner.click('main form button');
  await page.goto((await owner.textContent('p.note')).trim());
  await see('/me');
  ok(!(await page.textContent('h1')).includes('Kavira'), `the page of a client names the client ${locale}, whoever opens it`);
  const basket = Array.from({ length: 25 }, (_, i) => `quantity${i + 1}=2`).join('&');
  const shelf = await owner.request.get(`${SITE}/stock/count`).then((answer) => answer.text()).then((text) => text.match(/<option value="(\d+)"/)[1]);
  const supplier = await owner.request.get(`${SITE}/reorder`).then((answer) => answer.text()).then((text) => text.match(/name="supplier" value="(\d+)"/)[1]);
  for (const path of [`/sell?client=5&${basket}`, `/sell?who=a&${basket}`, '/sell?q=a', `/stock/count?category=${shelf}`, `/reorder?from=${supplier}&all=1`, '/orders?state=all', '/alerts?state=all',
    '/recommendations?who=a', '/recommendations?what=a', '/clients?q=a']) await see(path);
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
  await look(page, 'wrong form');
  await page.click('[role=alert] a[href="#price"]');
  ok(await page.evaluate(() => document.activeElement.id === 'price' || location.hash === '#price'), 'an error leads to its field');
  ok(await page.inputValue('#price') === 'beaucoup', 'what was typed is still there');
  ok(await page.getAttribute('#price', 'aria-describedby') === 'price-error', 'the error is tied to its field');
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

await finish(`${pages.length} pages seen`);
