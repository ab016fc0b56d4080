/** Tables of a page: sortable, scrolling sideways within themselves. */
import { type Html, html, type Part } from './html.ts';

export interface Column {
  readonly title: Part;
  /** Numbers stand right and sort by value. */
  readonly numeric?: boolean;
  readonly sortable?: boolean;
}

export interface CellOf {
  readonly content: Part;
  /** What the column is sorted by. */
  readonly sort?: string | number;
  readonly className?: string;
}

/** A table of more columns is printed smaller, so that all are on the sheet. */
const MOST_PRINTED = 11;

/** @param rows cells in the order of the columns; the first cell heads its row */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly CellOf[])[],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
<table${columns.length > MOST_PRINTED && html` class="broad"`}><caption>${caption}</caption>
<thead><tr>${columns.map(headCell)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => bodyCell(cell, columns[i], i === 0))}</tr>\n`)}</tbody>
</table></div>`;
}

function headCell({ title, numeric, sortable }: Column): Html {
  const className = numeric ? 'number' : '';
  return sortable
    ? html`<th scope="col" class="${className}"><button type="button" class="sort">${title}</button></th>`
    : html`<th scope="col" class="${className}">${title}</th>`;
}

function bodyCell({ content, sort, className = '' }: CellOf, column: Column, first: boolean): Html {
  const classes = `${column.numeric ? 'number ' : ''}${className}`.trim();
  const sorted = typeof sort === 'number' ? Number(sort.toPrecision(7)) : sort;
  const key = column.sortable ? html` data-sort="${sorted ?? ''}"` : undefined;
  return first
    ? html`<th scope="row" class="${classes}"${key}>${content}</th>`
    : html`<td class="${classes}"${key}>${content}</td>`;
}

/** A table that stays folded behind the plot it belongs to. */
export const folded = (summary: string, content: Part): Html =>
  html`<details class="data"><summary>${summary}</summary>${content}</details>`;
