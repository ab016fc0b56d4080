/// <reference lib="dom.iterable" />
/** Keeps the page of a comparison up to date, and makes rollouts of its checkpoints. */

/** Milliseconds between looks: while runs go on, and when everything has ended. */
const SOON = 2000;
const LATER = 10_000;

const place = document.getElementById('comparison') as HTMLElement;
const updated = document.querySelector('.updated') as HTMLElement;
const fault = document.getElementById('fault') as HTMLElement;
let shown: string | null = null;
const hidden = new Set<string>();
let busy = false;

async function look(): Promise<void> {
  let wait = SOON;
  try {
    const answer = await fetch('comparison', { cache: 'no-cache' });
    if (!answer.ok) throw new Error(await answer.text());
    const tag = answer.headers.get('etag');
    const text = await answer.text();
    if (tag !== shown) show(text);
    shown = tag;
    updated.textContent = '';
    const state = place.querySelector('[data-status]')?.getAttribute('data-status');
    if (state === 'done' || state === 'failed') wait = LATER;
  } catch {
    updated.textContent = 'the viewer does not answer';
  }
  setTimeout(look, document.hidden ? LATER : wait);
}

/** Replaces the content; what the reader opened, hid, scrolled or stands on stays so. */
function show(text: string): void {
  const open = openFolds();
  const focused = document.activeElement;
  const focus = focused !== null && place.contains(focused) ? placeOf(focused) : undefined;
  const scrolled = new Map(
    [...place.querySelectorAll('.scroll')].map((table) => [placeOf(table), table.scrollLeft]),
  );
  const top = scrollY;
  place.innerHTML = text; // made and escaped by the viewer
  place.removeAttribute('data-idle');
  for (const [i, fold] of [...place.querySelectorAll('details')].entries()) fold.open = open.has(i);
  for (const button of legendButtons()) {
    button.setAttribute('aria-pressed', String(!hidden.has(button.dataset.series ?? '')));
  }
  for (const table of place.querySelectorAll('.scroll')) table.scrollLeft = scrolled.get(placeOf(table)) ?? 0;
  if (focus !== undefined) {
    const again = [...place.querySelectorAll<HTMLElement>(FOCUSABLE)].find((one) => placeOf(one) === focus);
    again?.focus({ preventScroll: true });
  }
  scrollTo({ top, behavior: 'instant' });
}

const FOCUSABLE = 'a,button,summary,[tabindex]';

/** What tells an element from the others, also when the content has been made anew. */
function placeOf(element: Element): string {
  const name = nameOf(element);
  const alike = [...place.querySelectorAll(element.tagName)].filter((other) => nameOf(other) === name);
  return JSON.stringify([element.tagName, name, alike.indexOf(element)]);
}

const nameOf = (element: Element): string | null =>
  ['data-series', 'data-play', 'href', 'aria-label']
    .map((name) => element.getAttribute(name))
    .find(Boolean) ?? element.textContent;

const openFolds = () =>
  new Set([...place.querySelectorAll('details')].flatMap((fold, i) => (fold.open ? [i] : [])));
const legendButtons = () => [...place.querySelectorAll<HTMLElement>('.legend button')];

place.addEventListener('click', (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>('button');
  if (button?.dataset.series !== undefined) toggle(button.dataset.series);
  else if (button?.dataset.play !== undefined) play(button, button.dataset.play);
});

function toggle(series: string): void {
  const hide = !hidden.has(series);
  if (hide) hidden.add(series);
  else hidden.delete(series);
  document.body.classList.toggle(`hide-${series}`, hide);
  for (const button of legendButtons()) {
    if (button.dataset.series === series) button.setAttribute('aria-pressed', String(!hide));
  }
}

/** Lets the viewer play a checkpoint, then goes to the replay. */
async function play(button: HTMLButtonElement, run: string): Promise<void> {
  if (busy) return;
  busy = true;
  fault.hidden = true;
  button.disabled = true;
  button.textContent = 'playing…';
  try {
    const answer = await fetch('recordings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ run }),
    });
    const { address, message } = (await answer.json()) as { address?: string; message?: string };
    if (address === undefined) throw new Error(message ?? answer.statusText);
    location.assign(address);
  } catch (error) {
    fault.textContent = error instanceof Error ? error.message : String(error);
    fault.hidden = false;
    button.textContent = 'Play';
    button.disabled = false;
  } finally {
    busy = false;
  }
}

look();
