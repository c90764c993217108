// @ts-check
// Pages work without this script. It swaps the explorer's answer in place and
// makes the quick exit quick.

/** @param {string} id */
const $ = (id) => document.getElementById(id);

// Quick exit: the screen is blank before the next frame, and the entry of this
// page in the history is the one that is replaced.
const exit = /** @type {HTMLAnchorElement | null} */ ($('exit'));
if (exit) {
  /** @param {Event} [e] */
  const leave = (e) => {
    e?.preventDefault();
    document.documentElement.className = 'blank';
    document.title = '\u200b';
    location.replace(exit.href);
  };
  exit.addEventListener('click', leave);
  let presses = 0, last = 0;
  addEventListener('keydown', (e) => {
    presses = e.key === 'Shift' && !e.repeat && (!presses || e.timeStamp - last < 1500) ? presses + 1 : +(e.key === 'Shift');
    last = e.timeStamp;
    if (presses > 2) leave();
  });
  addEventListener('pageshow', (e) => { if (e.persisted) leave(); });
}

// A door to the help page takes the place of the page that it was on.
document.querySelectorAll('a[data-replace]').forEach((a) => a.addEventListener('click', (e) => {
  const m = /** @type {MouseEvent} */ (e);
  if (m.ctrlKey || m.metaKey || m.shiftKey || m.button) return;
  e.preventDefault();
  location.replace(/** @type {HTMLAnchorElement} */ (a).href);
}));

// Explorer.
/** @type {AbortController | undefined} */
let running;
/** @param {string} url @param {'push' | 'pop'} how @param {boolean} far whether focus goes to the answer */
const show = async (url, how, far) => {
  const box = $('explorer'), live = $('live');
  if (!box || !live) return;
  running?.abort();
  const mine = running = new AbortController();
  box.setAttribute('aria-busy', 'true');
  live.textContent = live.dataset.wait ?? '';
  try {
    const answer = await fetch(url, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const next = page.getElementById('explorer');
    if (!next) return location.assign(url);
    const focus = document.activeElement?.id;
    const open = [...box.querySelectorAll('details[open]')].map((d) => d.id);
    if (how === 'push') history.pushState(null, '', answer.url);
    document.title = page.title;
    box.replaceWith(next);
    for (const id of open) $(id)?.setAttribute('open', '');
    for (const css of ['link[rel=canonical]', '#language']) {
      const to = page.querySelector(css)?.getAttribute('href');
      if (to) document.querySelector(css)?.setAttribute('href', to);
    }
    $(far ? 'question' : focus ?? '')?.focus({ preventScroll: !far });
    live.textContent = $('question')?.textContent + '. ' + ($('result')?.querySelector('.finding, .refusal p')?.textContent ?? '');
  } catch (e) {
    if (mine.signal.aborted) return;
    box.removeAttribute('aria-busy');
    live.textContent = live.dataset.fail ?? '';
  }
};
if ($('explorer')) {
  /** @param {HTMLFormElement} f */
  const asked = (f) => f.action + '?' + new URLSearchParams([...new FormData(f)].filter((p) => p[1]).map((p) => [p[0], String(p[1])]));
  addEventListener('submit', (e) => {
    const f = /** @type {HTMLFormElement} */ (e.target);
    if (f.id === 'ask') { e.preventDefault(); show(asked(f), 'push', true); }
  });
  addEventListener('change', (e) => {
    const f = /** @type {HTMLInputElement} */ (e.target).form;
    if (f?.id === 'ask') show(asked(f), 'push', false);
  });
  addEventListener('click', (e) => {
    const a = /** @type {Element} */ (e.target).closest?.('#toggle, .reset, .refusal a');
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    show(/** @type {HTMLAnchorElement} */ (a).href, 'push', true);
  });
  addEventListener('popstate', () => show(location.href, 'pop', false));
}
