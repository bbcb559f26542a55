// Whole days of a shop in a real browser that runs no scripts: see browser.sh, which starts this before browser.mjs.
import { SITE, browser, finish, logIn, ok, picture, sheet } from './look.mjs';

// -- the steps of a day; `page` is what the merchant has in hand, `day` what the day is called

// Goes to a page by the menu, of which a narrow screen shows the rest by a tap.
async function menu(page, path) {
  const link = page.locator(`nav a[href="${path}"]`);
  if (!(await link.isVisible())) await page.click('nav summary');
  await link.click();
}

async function setUp(page) {
  await page.goto(`${SITE}/setup`);
  await page.fill('#code', process.env.CODE);
  await page.fill('#name', 'Masika');
  await page.fill('#login', 'masika');
  await page.fill('#password', 'trois poules noires');
  await picture(page, 'day setup');
  await page.click('main button');
  ok(page.url() === `${SITE}/`, 'with the code the first owner comes in');
}

// Sends a table of a spreadsheet, and is on the page that says what it would do.
async function sendTable(page, what, lines) {
  await page.goto(`${SITE}/settings`);
  await page.click('a[href="/settings/import"]');
  await page.selectOption('#what', what);
  await page.setInputFiles('#file', sheet(lines));
  await page.click('main form button');
  ok(/check/.test(page.url()), 'the table is understood', await page.locator('main').innerText());
}

const count = (page, place) => page.locator('dl.figures dd').nth(place).textContent();

async function importTables(page, day, supplier) {
  const head = ['Nom', 'Rayon', 'Fournisseur', 'Prix', 'Coût', 'Unité', "Seuil d'alerte", 'Stock désiré', 'En stock'];
  const oil = [`Huile ${day}`, `Rayon ${day}`, supplier, '4 500', '3219', 'bidon', '3', '12', '5'];
  const rice = [`Riz ${day}`, `Rayon ${day}`, supplier, '2500', '1800', 'kg', '10', '50', '40'];
  await sendTable(page, 'products', [head, oil, [...rice.slice(0, 3), 'beaucoup', ...rice.slice(4)]]);
  ok(await count(page, 3) === '1' && await page.locator('table .error').count() === 1, `${day}: a wrong line of a spreadsheet is shown`);
  ok(await page.locator('main form').count() === 0, `${day}: and nothing can be stored of it`);
  await picture(page, `day ${day} import wrong`);
  await sendTable(page, 'products', [head, oil, rice]);
  ok(await count(page, 0) === '2', `${day}: the preview counts the new products`);
  await picture(page, `day ${day} import`);
  await page.goto(`${SITE}/products?q=${encodeURIComponent(`Huile ${day}`)}`);
  ok(await page.locator('main a[href^="/product?id="]').count() === 0, `${day}: nothing is stored by a preview`);
  await sendTable(page, 'products', [head, oil, rice]);
  await page.click('main form button');
  ok(await page.locator('[role=status]').count() === 1, `${day}: the products are stored`);
  await sendTable(page, 'clients', [['Nom', 'Téléphone', 'Adresse'], [`Furaha ${day}`, '0991234567', 'Vulindi']]);
  await page.click('main form button');
  ok(await page.locator('[role=status]').count() === 1, `${day}: and so are the clients`);
}

// The address of a thing of a list, by its name.
async function find(page, list, name) {
  await page.goto(`${SITE}${list}?q=${encodeURIComponent(name)}`);
  return page.locator(`main a[href^="${list === '/clients' ? '/client' : '/product'}?id="]`, { hasText: name }).first().getAttribute('href');
}

async function sell(page, day) {
  await menu(page, '/sell');
  await picture(page, `day ${day} till`);
  await page.fill('#q', `huile ${day}`);
  await page.press('#q', 'Enter');
  await page.locator('button[name=add]').first().click();
  ok(await page.inputValue('#q') === '', `${day}: what was found is in the basket, the next can be looked for`);
  await page.locator('main details summary').first().click();
  await page.fill('#who', `furaha ${day}`);
  await page.press('#who', 'Enter');
  await picture(page, `day ${day} basket`);
  await page.locator('button[name=pick]').first().click();
  await page.click('button[formmethod=post]');
  ok(/\/receipt\?/.test(page.url()) && (await page.textContent('main')).includes(`Huile ${day}`), `${day}: a sale ends with its receipt`);
  await picture(page, `day ${day} receipt`);
  await page.goto(`${SITE}/sell`);
  await page.locator('button[name=add]').first().click();
  await page.click('button[formmethod=post]');
  ok(/\/receipt\?/.test(page.url()), `${day}: page, product, sell: three taps`);
}

async function runOut(page, day, oil) {
  const id = oil.split('=')[1];
  await page.goto(`${SITE}/sell?add=${id}`);
  await page.fill(`input[name=quantity${id}]`, '9');
  await page.press(`input[name=quantity${id}]`, 'Enter');
  const [answer] = await Promise.all([page.waitForNavigation(), page.click('button[formmethod=post]')]);
  ok(answer.status() === 422 && /\b4\b/.test(await page.locator(`#quantity${id}-error`).textContent()), `${day}: a refusal says how many are left`);
  ok(await page.inputValue(`input[name=quantity${id}]`) === '9', `${day}: and keeps what was typed`);
  await picture(page, `day ${day} refused`);
  await page.check('[name=partial]');
  await page.click('button[formmethod=post]');
  ok(/\/receipt\?/.test(page.url()), `${day}: what is left can be sold`);
  await menu(page, '/');
  ok(await page.locator('ul.rows li', { hasText: `Huile ${day}` }).locator('.badge').allTextContents().then((badges) => badges.length) === 1,
    `${day}: the first page says once that it ran out`);
  await picture(page, `day ${day} today`);
  await menu(page, '/stock');
  await page.selectOption('#state', 'out');
  await page.click('main form button');
  ok(await page.locator('main', { hasText: `Huile ${day}` }).count() === 1, `${day}: and so does the stock`);
  await picture(page, `day ${day} stock out`);
}

async function seeAlerts(page, day) {
  const alerts = async () => Number(await page.locator('nav .badge').first().evaluate((badge) => badge.firstChild.textContent));
  await page.click('main a[href="/alerts"]');
  const before = await alerts();
  const row = page.locator('main tr', { hasText: `Huile ${day}` });
  await picture(page, `day ${day} alerts`);
  await row.locator('button[name=seen]').click();
  ok(await alerts() === before - 1 && await row.count() === 0, `${day}: an alert is seen with a tap`);
  await page.selectOption('#state', 'seen');
  await page.locator('main form.filter button').click();
  await row.locator('a[href^="/alert?id="]').click();
  await picture(page, `day ${day} put off`);
  await page.locator('main form button').click();
  await page.selectOption('#state', 'later');
  await page.locator('main form.filter button').click();
  ok(await row.count() === 1, `${day}: and may be put off to a later day`);
}

async function orderAndReceive(page, day, supplier, oil) {
  const field = `input[name=quantity${oil.split('=')[1]}]`;
  await menu(page, '/reorder');
  await picture(page, `day ${day} reorder`);
  if (await page.locator(field).count() === 0) await page.locator('main a[href^="/reorder?from="]', { hasText: supplier }).click();
  ok(await page.inputValue(field) === '12', `${day}: what ran out is to be ordered, up to the wanted stock`, await page.inputValue(field));
  await page.locator('main form', { has: page.locator(field) }).locator('button').click();
  ok(/\/order\?/.test(page.url()) && (await page.locator('textarea').inputValue()).includes(`Huile ${day}`), `${day}: the order has a text for the supplier`);
  await picture(page, `day ${day} order`);
  const order = page.url().replace(/done=\w+&?/, '');
  for (const [arrived, left] of [['5', 1], ['7', 0]]) {
    await page.goto(order);
    await page.fill(field, arrived);
    await page.locator('main form button').click();
    ok(await page.locator(field).count() === left, `${day}: ${arrived} are received, the rest stays on its way`);
  }
  await picture(page, `day ${day} received`);
  await page.goto(`${SITE}/sell?add=${oil.split('=')[1]}`);
  await page.click('button[formmethod=post]');
  ok(/\/receipt\?/.test(page.url()), `${day}: what has arrived can be sold`);
}

async function countShelf(page, day) {
  await page.goto(`${SITE}/stock`);
  await page.click('a[href="/stock/count"]');
  await page.selectOption('#category', { label: `Rayon ${day}` });
  await page.click('main form button');
  await page.getByLabel(`Riz ${day}`).fill('38,5');
  await picture(page, `day ${day} count`);
  await page.locator('main form[method=post] button').click();
  ok(await page.locator('main .error').count() > 0, `${day}: half a piece is not counted`);
  await page.getByLabel(`Riz ${day}`).fill('38');
  await page.locator('main form[method=post] button').click();
  ok(/\/stock\/moves/.test(page.url()) && (await page.textContent('main')).includes(`Riz ${day}`), `${day}: the count is a movement`);
  await picture(page, `day ${day} moves`);
}

const advice = (page) => page.locator('ol.rows li a[href^="/product?id="]').allTextContents();

async function adviseAndRate(page, day, client) {
  await page.goto(SITE + client);
  const before = await advice(page);
  ok(before.length > 0, `${day}: there is something to recommend`);
  await page.locator('ol.rows a[href^="/sell?client="]').first().click();
  await picture(page, `day ${day} sell advice`);
  await page.click('button[formmethod=post]');
  ok(/\/receipt\?/.test(page.url()), `${day}: what is recommended is sold with a tap`);
  await page.goto(SITE + client);
  const after = await advice(page);
  ok(!after.includes(before[0]) && after.join() !== before.join(), `${day}: a purchase changes the recommendations`);
  ok((await page.locator('ol.rows .hint').allTextContents()).some((why) => why.includes(before[0])), `${day}: and is given as the reason of one`);
  await page.locator('form.rate button[value="4"]').first().click();
  ok(await page.locator('[role=status]').count() === 1, `${day}: stars are noted for the client`);
  await picture(page, `day ${day} client`);
}

async function clientsOwnPage(page, day, client, locale) {
  await page.goto(SITE + client);
  await page.click('a[href^="/client/link?id="]');
  await page.click('main form button');
  const link = (await page.textContent('p.note')).trim();
  ok((await page.locator('a[href^="https://wa.me/243991234567?text="]').getAttribute('href')).includes(encodeURIComponent(link)), `${day}: the link can be sent by phone`);
  await picture(page, `day ${day} link`);
  const phone = await browser.newContext({ viewport: { width: 360, height: 800 }, locale, javaScriptEnabled: false });
  const own = await phone.newPage();
  await own.goto(link);
  ok(own.url() === `${SITE}/me`, `${day}: the link leads to the page of the client`);
  await picture(own, `day ${day} public`);
  await own.locator('form.rate button[value="5"]').first().click();
  ok(await own.locator('[role=status]').count() === 1, `${day}: a tap gives stars`);
  ok((await own.request.get(`${SITE}/products`)).url().includes('/login'), `${day}: the link leads to nothing else`);
  await picture(own, `day ${day} public rated`);
  await phone.close();
}

async function productWithPicture(page, day, oil) {
  const shot = await page.screenshot();
  await page.goto(SITE + oil);
  ok((await page.textContent('main')).replace(/\D/g, '').includes('3219'), `${day}: the owner sees what it costs`);
  await page.click('a[href^="/product/picture"]');
  await page.setInputFiles('#picture', { name: 'photo.png', mimeType: 'image/png', buffer: shot });
  await page.click('main form button');
  ok(await page.locator('img.large').count() === 1, `${day}: a picture is sent and shown`);
  await picture(page, `day ${day} product`);
}

async function cashierSeesNoCosts(day, oil, locale) {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 }, locale, javaScriptEnabled: false });
  const page = await logIn(context, 'cashier');
  for (const path of [oil, '/', '/products', `/stock?q=Huile`, `/stock/moves`, '/sales', '/sell']) {
    const answer = await page.goto(SITE + path);
    ok(answer.status() === 200 && !/3\D?219/.test(await answer.text()), `${day}: no cost for the cashier on ${path}`);
  }
  await picture(page, `day ${day} cashier till`);
  for (const path of ['/reorder', '/orders', '/quality', '/settings', '/settings/export?what=products', oil.replace('/product', '/product/edit')]) {
    ok((await page.goto(SITE + path)).status() === 403, `${day}: ${path} is not the cashier's`);
  }
  await context.close();
}

// -- the days: the first in French on a phone, with the code; the others wider, in the other languages
for (const [day, locale, width, supplier] of [['Un', 'fr-FR', 360, 'Depot Un'], ['Two', 'en-GB', 1280, 'Depot Two'], ['Tatu', 'sw', 360, 'Depot Tatu']]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale, javaScriptEnabled: false });
  context.setDefaultTimeout(10000);
  let page;
  if (day === 'Un') await setUp(page = await context.newPage());
  else page = await logIn(context, 'owner');
  ok(await page.getAttribute('html', 'lang') === locale.slice(0, 2), `${day}: the language is that of the browser`);
  await importTables(page, day, supplier);
  const oil = await find(page, '/products', `Huile ${day}`);
  const client = await find(page, '/clients', `Furaha ${day}`);
  await sell(page, day);
  await runOut(page, day, oil);
  await seeAlerts(page, day);
  await orderAndReceive(page, day, supplier, oil);
  await countShelf(page, day);
  await adviseAndRate(page, day, client);
  await clientsOwnPage(page, day, client, locale);
  await productWithPicture(page, day, oil);
  await cashierSeesNoCosts(day, oil, locale);
  await page.click('footer button[value="sw"]');
  ok(await page.getAttribute('html', 'lang') === 'sw', `${day}: the language is one tap away`);
  await page.locator('footer form[action="/logout"] button').click();
  ok(page.url() === `${SITE}/login`, `${day}: and so is the way out`);
  await context.close();
}

await finish('three days went by');
