/** What the page does: choosing the scheme, hiding agents, sorting tables. Everything is readable without it. */
export const script = `'use strict';
(() => {
  const root = document.documentElement;
  const scheme = document.querySelector('.scheme');
  const schemes = ['auto', 'light', 'dark'];
  const show = (name) => {
    if (name === 'auto') root.removeAttribute('data-scheme');
    else root.dataset.scheme = name;
    scheme.textContent = 'Colours: ' + name;
  };
  const store = (name) => { try { localStorage.setItem('report-scheme', name); } catch {} };
  let chosen = 'auto';
  try { chosen = localStorage.getItem('report-scheme') || 'auto'; } catch {}
  if (!schemes.includes(chosen)) chosen = 'auto';
  scheme.hidden = false;
  show(chosen);
  scheme.addEventListener('click', () => {
    chosen = schemes[(schemes.indexOf(chosen) + 1) % schemes.length];
    show(chosen);
    store(chosen);
  });

  const keys = [...document.querySelectorAll('.legend button')];
  for (const key of keys) {
    key.addEventListener('click', () => {
      const hide = key.getAttribute('aria-pressed') === 'true';
      document.body.classList.toggle('hide-' + key.dataset.series, hide);
      for (const twin of keys) {
        if (twin.dataset.series === key.dataset.series) twin.setAttribute('aria-pressed', String(!hide));
      }
    });
  }

  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a === '' || b === '' ? (a === '') - (b === '') : a < b ? -1 : Number(a > b);
  };
  for (const button of document.querySelectorAll('button.sort')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const body = button.closest('table').tBodies[0];
      const column = head.cellIndex;
      const first = head.classList.contains('number') ? 'descending' : 'ascending';
      const other = first === 'ascending' ? 'descending' : 'ascending';
      const order = head.getAttribute('aria-sort') === first ? other : first;
      for (const cell of head.parentNode.cells) cell.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const rows = [...body.rows];
      const keyOf = (row) => row.cells[column].dataset.sort;
      rows.sort((a, b) => sign * compare(keyOf(a), keyOf(b)));
      body.append(...rows);
    });
  }

  addEventListener('beforeprint', () => {
    for (const fold of document.querySelectorAll('details:not(.data):not([open])')) {
      fold.open = true;
      fold.dataset.printed = '';
    }
  });
  addEventListener('afterprint', () => {
    for (const fold of document.querySelectorAll('details[data-printed]')) {
      fold.open = false;
      delete fold.dataset.printed;
    }
  });
})();
`;
