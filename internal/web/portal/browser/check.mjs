// @ts-check
// Looks at a running portal: node check.mjs BASE CHROMIUM. Prints one JSON object
// a check; those that fail say why.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [base, executablePath] = process.argv.slice(2);
const axe = readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'] });

/** @param {string} name @param {() => Promise<string | void>} f */
const check = async (name, f) => {
  let fail = '', note = '';
  try { note = await f() ?? ''; } catch (e) { fail = String(e instanceof Error ? e.message : e).slice(0, 4000) || 'failed'; }
  console.log(JSON.stringify({ name, fail, note }));
};
/** @param {unknown} ok @param {string} why */
const must = (ok, why) => { if (!ok) throw new Error(why); };
/** @param {import('playwright-core').BrowserContextOptions} o @param {(p: import('playwright-core').Page, c: import('playwright-core').BrowserContext) => Promise<any>} f */
const visit = async (o, f) => {
  const c = await browser.newContext({ viewport: { width: 360, height: 640 }, ...o });
  try { return await f(await c.newPage(), c); } finally { await c.close(); }
};

const pages = {
  es: ['/es/', '/es/ayuda', '/es/datos', '/es/datos/coalition', '/es/datos/coalition/1', '/es/datos/coalition/2', '/es/datos/coalition/explorar?by=gender', '/es/datos/coalition/explorar?by=majority',
    '/es/datos/coalition/explorar?by=ageBroad,gender&gender=Female~_', '/es/datos/coalition/explorar?by=gender&view=table', '/es/datos/coalition/explorar?by=gender,ageBroad,year',
    '/es/datos/coalition/explorar?by=nada', '/es/datos/world/explorar?by=citizenship', '/es/metodos', '/es/privacidad', '/es/accesibilidad', '/es/nada'],
  en: ['/en/', '/en/help', '/en/data', '/en/data/coalition', '/en/data/coalition/1', '/en/data/coalition/2', '/en/data/coalition/explore?by=gender', '/en/data/coalition/explore?by=majority',
    '/en/data/coalition/explore?by=ageBroad,gender&gender=Female~_', '/en/data/coalition/explore?by=gender&view=table', '/en/data/coalition/explore?by=gender,ageBroad,year',
    '/en/data/coalition/explore?by=nada', '/en/data/world/explore?by=citizenship', '/en/methods', '/en/privacy', '/en/accessibility', '/en/nada'],
};
const strict = process.env.AMPARO_BROWSER_QUICK ? [320] : [320, 360, 1280];

/** @type {Promise<void>[]} */
const matrix = [];
for (const lang of /** @type {('es' | 'en')[]} */ (['es', 'en'])) for (const colorScheme of /** @type {('light' | 'dark')[]} */ (['light', 'dark'])) {
  matrix.push(check(`axe and reflow, ${lang}, ${colorScheme}`, async () => {
    /** @type {string[]} */
    const faults = [];
    let runs = 0;
    for (const width of strict) await visit({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true }, async (p, c) => {
      p.on('console', (m) => { if (m.type() === 'error' && !m.text().startsWith('Failed to load resource: the server responded with a status of 4')) faults.push(m.text()); });
      p.on('pageerror', (e) => faults.push(String(e)));
      p.on('request', (r) => { if (!r.url().startsWith(base)) faults.push(`${p.url()} asks ${r.url()}`); });
      for (const path of pages[lang]) {
        if (path.includes('/world/') && width === 360) continue; // hundreds of rows and boxes: twice is enough
        await p.goto(base + path);
        await p.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
        const over = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) faults.push(`${path} at ${width}: ${over} px too wide`);
        await p.evaluate(axe);
        const found = await p.evaluate(() => /** @type {any} */ (window).axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        for (const v of found.violations) faults.push(`${path} at ${width}: ${v.id}: ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => n.html.slice(0, 120) + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
        runs++;
      }
      if ((await c.cookies()).length) faults.push('a cookie was set');
    });
    must(!faults.length, faults.slice(0, 12).join('\n'));
    return `${runs} pages, 0 violations`;
  }));
}
await Promise.all(matrix);

await check('the policy stops nothing that a page needs', () => visit({}, async (p) => {
  /** @type {string[]} */
  const stopped = [];
  await p.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error('stopped: ' + e.violatedDirective + ' ' + e.blockedURI)));
  p.on('console', (m) => { if (m.type() === 'error' && !m.text().startsWith('Failed to load resource: the server responded with a status of 4')) stopped.push(p.url() + ': ' + m.text()); });
  p.on('requestfailed', (r) => { if (r.failure()?.errorText !== 'net::ERR_ABORTED') stopped.push(r.url() + ' failed'); }); // an icon that was still on its way is no fault
  for (const path of [...pages.es, ...pages.en]) {
    await p.goto(base + path);
    must(await p.evaluate(() => getComputedStyle(document.body).fontVariantNumeric) === 'tabular-nums', path + ' has no style');
  }
  must(!stopped.length, stopped.slice(0, 8).join('\n'));
  await p.evaluate(() => { const s = document.createElement('script'); s.textContent = 'window.let = 1'; document.head.append(s); document.body.setAttribute('onclick', 'window.let = 1'); document.body.click(); });
  must(await p.evaluate(() => /** @type {any} */ (window).let) === undefined, 'inline code runs');
  return `${pages.es.length + pages.en.length} pages`;
}));
await check('a task by keyboard alone, on a phone, without JavaScript', () => visit({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } }, async (p) => {
  const to = async (/** @type {string} */ text) => {
    for (let i = 0; i < 80; i++) {
      await p.keyboard.press('Tab');
      const s = await p.locator(':focus').evaluateAll((e) => e.map((x) => (x.id || '') + '|' + (x.textContent ?? '').trim() + '|' + (x.getBoundingClientRect().width > 0))[0] ?? '');
      if (s.includes(text)) return must(s.endsWith('true'), text + ' has focus and no place');
    }
    throw new Error('Tab never reaches ' + text);
  };
  await p.goto(base + '/es/');
  await to('Quiero entender'); await p.keyboard.press('Enter'); await p.waitForURL('**/es/datos');
  await to('Personas atendidas'); await p.keyboard.press('Enter'); await p.waitForURL('**/coalition');
  await to('Explorar'); await p.keyboard.press('Enter'); await p.waitForURL('**/explorar?by=gender');
  await to('by2'); await p.keyboard.press('ArrowDown'); await p.keyboard.press('Tab'); await p.keyboard.press('Enter');
  await p.waitForURL('**/explorar?by=gender,ageBroad');
  await to('Ir a la tabla'); await p.keyboard.press('Enter');
  must(p.url().endsWith('#all') && await p.locator('#all').isVisible(), 'the jump leads nowhere');
  await p.goto(p.url().split('#')[0]);
  await to('Solo la tabla'); await p.keyboard.press('Enter'); await p.waitForURL('**view=table');
  must(await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the table is wider than the phone');
}));

/** Walks the explorer as a person does, and returns what the table says. */
const walk = async (/** @type {import('playwright-core').Page} */ p) => {
  await p.goto(base + '/es/datos/coalition');
  await p.click('main .button.light');
  await p.waitForURL('**/explorar?by=gender');
  await p.selectOption('#by2', 'ageBroad');
  await p.click('#ask button[type=submit]');
  await p.waitForURL('**/explorar?by=gender,ageBroad');
  await p.locator('#filters > summary').click();
  await p.locator('#f0 > summary').click();
  await p.getByLabel('Mujeres', { exact: true }).check();
  await p.click('#ask button[type=submit]');
  await p.waitForURL('**/explorar?by=gender,ageBroad&gender=Female');
  await p.locator('h1').filter({ hasText: 'Mujeres' }).waitFor();
  await p.locator('#all > summary').click(); // folded on a phone
  return (await p.locator('.numbers').innerText()).replace(/\s+/g, ' ');
};
let plain = '', swapped = '';
await check('explorer without JavaScript', () => visit({ javaScriptEnabled: false }, async (p) => {
  plain = await walk(p);
  must(plain.includes('Mujeres') && !plain.includes('Hombres'), 'the filter filters nothing: ' + plain.slice(0, 200));
  const csv = await (await p.request.get(base + await p.getAttribute('.links a', 'href'))).text();
  const rows = csv.split('\n').filter((l) => l.startsWith('Female,'));
  must(rows.length === 7, `the CSV has ${rows.length} rows`);
  for (const r of rows) {
    const n = r.split(',')[4], shown = n.length > 4 ? n.replace(/\B(?=(\d{3})+$)/g, ' ') : n;
    must(plain.includes(' ' + shown + ' '), `the page lacks ${n} of the CSV`);
  }
  await p.goBack();
  must(p.url().endsWith('by=gender,ageBroad'), 'Back leads to ' + p.url());
}));
await check('explorer with JavaScript', () => visit({}, async (p) => {
  await p.goto(base + '/es/datos/coalition/explorar?by=gender');
  await p.evaluate(() => { /** @type {any} */ (window).here = 1; });
  await p.focus('#by2');
  await p.selectOption('#by2', 'ageBroad'); // no button: a change is enough
  await p.waitForURL('**/explorar?by=gender,ageBroad');
  await p.locator('.group').first().waitFor({ state: 'attached' });
  must(await p.evaluate(() => /** @type {any} */ (window).here), 'the page was loaded anew');
  must(await p.evaluate(() => document.activeElement?.id) === 'by2', 'focus left the list that was changed');
  must((await p.textContent('#live'))?.includes('edad'), 'nothing is read out');
  must((await p.title()).includes('edad') && (await p.getAttribute('#language', 'href')) === '/en/data/coalition/explore?by=gender,ageBroad', 'title or language link is of the old state');
  await p.locator('#filters > summary').click();
  await p.locator('#f0 > summary').click();
  await p.getByLabel('Mujeres', { exact: true }).check();
  await p.waitForURL('**&gender=Female');
  must(await p.locator('#f0').evaluate((d) => /** @type {HTMLDetailsElement} */ (d).open), 'the filter closed while it was used');
  await p.click('#ask button[type=submit]');
  await p.waitForFunction(() => document.activeElement?.id === 'question');
  await p.goBack(); // from the same state, then from the filter
  await p.goBack();
  await p.waitForFunction(() => !document.querySelector('h1')?.textContent?.includes('Mujeres'));
  must(await p.evaluate(() => /** @type {any} */ (window).here), 'Back loaded the page anew');
  const times = [];
  for (let i = 0; i < 12; i++) times.push(await p.evaluate(async (v) => {
    const s = /** @type {HTMLSelectElement} */ (document.getElementById('by2')), start = performance.now(), old = document.getElementById('result');
    s.value = v; s.dispatchEvent(new Event('change', { bubbles: true }));
    while (document.getElementById('result') === old) await new Promise((f) => requestAnimationFrame(f));
    return performance.now() - start;
  }, i % 2 ? 'ageBroad' : 'citizenship'));
  times.sort((a, b) => a - b);
  return `swap: median ${times[6].toFixed(0)} ms, slowest ${times[11].toFixed(0)} ms`;
}));
await check('same numbers with and without JavaScript', async () => {
  swapped = await visit({}, walk);
  must(plain && plain === swapped, 'the tables differ');
});
await check('a line that fails says so', () => visit({}, async (p) => {
  await p.goto(base + '/es/datos/coalition/explorar?by=gender');
  await p.context().setOffline(true);
  await p.selectOption('#by2', 'year');
  await p.waitForFunction(() => document.getElementById('live')?.textContent?.includes('conexión'));
  must(await p.locator('.numbers').count() === 1, 'the answer that was there is gone');
}));

const blank = async (/** @type {import('playwright-core').Page} */ p, /** @type {() => Promise<any>} */ leave) => {
  await p.evaluate(() => { addEventListener('beforeunload', () => {}); });
  const start = Date.now();
  await leave();
  await p.waitForURL('about:blank');
  return Date.now() - start;
};
await check('quick exit by button and by keys', () => visit({}, async (p) => {
  const took = [];
  for (const way of ['button', 'keys']) for (const path of ['/es/ayuda', '/en/help']) {
    await p.goto('data:text/html,before');
    await p.goto(base + path.slice(0, 4));
    await p.click('.door[data-replace]');
    await p.waitForURL(base + path);
    must(/^(Información|Information)$/.test(await p.title()), 'the tab says ' + await p.title());
    took.push(await blank(p, async () => {
      if (way === 'button') return p.click('#exit');
      for (let i = 0; i < 3; i++) await p.keyboard.press('Shift');
    }));
    await p.goBack().catch(() => null);
    must(!p.url().startsWith(base), 'Back shows ' + p.url());
    await p.goForward().catch(() => null);
    must(!p.url().startsWith(base), 'Forward shows ' + p.url());
  }
  await p.goto(base + '/es/ayuda');
  const ink = await p.evaluate(() => {
    const start = performance.now();
    document.addEventListener('click', (e) => e.stopPropagation(), { once: true });
    /** @type {HTMLElement} */ (document.getElementById('exit')).click();
    return [getComputedStyle(document.body).display, document.title.length, performance.now() - start];
  });
  must(ink[0] === 'none' && ink[1] === 1, 'the page is not blank at once: ' + ink);
  return `blank within the click (${Number(ink[2]).toFixed(1)} ms), left in ${took.join(', ')} ms`;
}));
await check('quick exit is always in sight and leaves nothing', () => visit({}, async (p, c) => {
  await p.goto(base + '/es/ayuda');
  const total = await p.evaluate(() => document.documentElement.scrollHeight);
  for (let y = 0; y <= total; y += 400) {
    const on = await p.evaluate((y) => {
      scrollTo(0, y);
      const r = /** @type {HTMLElement} */ (document.getElementById('exit')).getBoundingClientRect();
      return r.height >= 44 && document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)?.closest('#exit') !== null;
    }, y);
    must(on, 'the button is hidden at ' + y);
  }
  const kept = await p.evaluate(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await navigator.serviceWorker?.getRegistrations())?.length ?? 0]);
  must(kept.every((n) => n === 0) && !(await c.cookies()).length, 'the page keeps ' + kept);
}));
await check('quick exit without JavaScript', () => visit({ javaScriptEnabled: false }, async (p) => {
  await p.goto(base + '/es/ayuda');
  must(await p.locator('noscript').count() === 0 || (await p.locator('noscript').innerText()).includes('Atrás'), 'the page does not say that Back shows it');
  await p.click('#exit');
  await p.waitForURL('about:blank');
}));
await check('keyboard', () => visit({ viewport: { width: 1280, height: 800 } }, async (p) => {
  await p.goto(base + '/es/datos/coalition/explorar?by=gender');
  await p.keyboard.press('Tab');
  must(await p.evaluate(() => document.activeElement?.className) === 'skip', 'the first stop is not the skip link');
  await p.keyboard.press('Enter');
  must(await p.evaluate(() => document.activeElement?.id) === 'main', 'the skip link does not skip');
  const stops = new Set();
  for (let i = 0; i < 40; i++) {
    await p.keyboard.press('Tab');
    const s = await p.evaluate(() => {
      const e = /** @type {HTMLElement} */ (document.activeElement), o = getComputedStyle(e);
      if (e === document.body) return ['', true]; // round the end
      return [e.id || e.textContent?.trim().slice(0, 20), o.outlineStyle !== 'none' && parseFloat(o.outlineWidth) >= 2];
    });
    if (s[0] && s[0] !== 'main') must(s[1] || stops.has(s[0]), `focus on ${s[0]} cannot be seen`);
    stops.add(s[0]);
  }
  for (const id of ['by1', 'by2', 'toggle']) must(stops.has(id), `Tab never reaches ${id}`);
}));
await check('drawing alone, light and dark', async () => {
  const grounds = [];
  for (const colorScheme of /** @type {('light' | 'dark')[]} */ (['light', 'dark'])) await visit({ colorScheme, viewport: { width: 320, height: 700 } }, async (p) => {
    /** @type {string[]} */
    const said = [];
    p.on('console', (m) => said.push(m.text()));
    await p.goto(base + '/es/datos/coalition/explorar.svg?by=majority');
    grounds.push(await p.evaluate(() => getComputedStyle(/** @type {Element} */ (document.querySelector('rect.p'))).fill));
    must(await p.evaluate(() => document.documentElement.getBoundingClientRect().width <= 320), 'the drawing is wider than the screen');
    must(!said.length, 'the policy stops something: ' + said);
  });
  must(grounds[0] !== grounds[1], 'both themes have the ground ' + grounds[0]);
});
await check('print', () => visit({ viewport: { width: 800, height: 1000 } }, async (p) => {
  await p.emulateMedia({ media: 'print' });
  await p.goto(base + '/es/datos/coalition/explorar?by=gender');
  must(!await p.locator('.top nav').isVisible() && !await p.locator('#ask').isVisible(), 'the form is printed');
  must(await p.locator('.numbers').isVisible() && await p.locator('.chart > svg').isVisible(), 'numbers are not printed');
  await p.goto(base + '/es/datos/coalition/explorar?by=ageBroad,gender');
  must(await p.locator('.numbers').isVisible() && await p.locator('.chart svg.ac').last().isVisible(), 'groups that are folded are not printed');
}));
await check('groups fold on a phone and not on a desk', async () => {
  const tall = { 360: 0, 1280: 0 };
  for (const width of /** @type {const} */ ([360, 1280])) await visit({ viewport: { width, height: 800 }, javaScriptEnabled: false }, async (p) => {
    await p.goto(base + '/es/datos/coalition/explorar?by=citizenship,ageBroad');
    const last = p.locator('.chart svg.ac').last(), summary = p.locator('.fold > summary').last();
    must(await last.isVisible() === (width > 700) && await summary.isVisible() === (width < 700), 'folded wrongly at ' + width);
    tall[width] = await p.evaluate(() => document.documentElement.scrollHeight);
    if (width < 700) {
      await p.locator('#all > summary').click();
      must(await p.locator('#all .numbers').isVisible() && await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the table does not unfold, or is too wide');
    }
  });
  must(tall[360] < 5000, 'the page is ' + tall[360] + ' pixels long on a phone');
});
await browser.close();
