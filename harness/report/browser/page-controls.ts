/** Controls of the page as a whole: its colours, agents that are hidden, tables that are sorted, folds on paper. */

const schemes = ['auto', 'light', 'dark'];

/** The button that goes through the colour schemes; the choice is kept where the browser allows it. */
export function chooseScheme(): void {
  const button = document.querySelector<HTMLElement>('.scheme');
  if (button === null) return;
  const root = document.documentElement;
  const show = (name: string): void => {
    if (name === 'auto') delete root.dataset.scheme;
    else root.dataset.scheme = name;
    button.textContent = `Colours: ${name}`;
  };
  let chosen = schemes[0];
  try {
    const kept = localStorage.getItem('report-scheme');
    if (kept !== null && schemes.includes(kept)) chosen = kept;
  } catch {}
  button.hidden = false;
  show(chosen);
  button.addEventListener('click', () => {
    chosen = schemes[(schemes.indexOf(chosen) + 1) % schemes.length];
    show(chosen);
    try {
      localStorage.setItem('report-scheme', chosen);
    } catch {}
  });
}

/** Buttons of legends hide and show an agent in all plots. */
export function watchLegends(): void {
  const keys = [...document.querySelectorAll<HTMLElement>('.legend button')];
  for (const key of keys) {
    key.addEventListener('click', () => {
      const hide = key.getAttribute('aria-pressed') === 'true';
      document.body.classList.toggle(`hide-${key.dataset.series}`, hide);
      for (const twin of keys) {
        if (twin.dataset.series === key.dataset.series) twin.setAttribute('aria-pressed', String(!hide));
      }
    });
  }
}

/** Whether the legend hides an agent. @param series its place */
export const isHidden = (series: number): boolean => document.body.classList.contains(`hide-${series}`);

/** The heads of columns sort their table. */
export function sortTables(): void {
  for (const button of document.querySelectorAll('button.sort')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const table = button.closest('table');
      if (head === null || table === null) return;
      const first = head.classList.contains('number') ? 'descending' : 'ascending';
      const other = first === 'ascending' ? 'descending' : 'ascending';
      const order = head.getAttribute('aria-sort') === first ? other : first;
      for (const cell of table.querySelectorAll('th[aria-sort]')) cell.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const [body] = table.tBodies;
      const keyOf = (row: HTMLTableRowElement) => row.cells[head.cellIndex].dataset.sort ?? '';
      body.append(...[...body.rows].sort((a, b) => sign * compareKeys(keyOf(a), keyOf(b))));
    });
  }
}

/** Numbers by value, before nothing at all; other texts by code unit. */
function compareKeys(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  if (a === '' || b === '') return Number(a === '') - Number(b === '');
  return a < b ? -1 : Number(a > b);
}

/** What is folded and no table of a plot is open on paper. */
export function openFoldsToPrint(): void {
  addEventListener('beforeprint', () => {
    for (const fold of document.querySelectorAll<HTMLDetailsElement>('details:not(.data):not([open])')) {
      fold.open = true;
      fold.dataset.printed = '';
    }
  });
  addEventListener('afterprint', () => {
    for (const fold of document.querySelectorAll<HTMLDetailsElement>('details[data-printed]')) {
      fold.open = false;
      delete fold.dataset.printed;
    }
  });
}
