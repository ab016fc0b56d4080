/**
 * What an ablation leaves behind: NAME.csv, its pictures as SVG files, and its section of report.html. Ablations
 * written to one folder share that report: each keeps its section in NAME.section.html, and the page is put together
 * from all that are there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../harness/files/durable.ts';
import { formatTable, type Row } from '../harness/files/table.ts';
import { htmlDocument } from '../harness/report/document.ts';
import { Html, html } from '../harness/report/html.ts';
import { style } from '../harness/report/style.ts';
import { dataTable, folded } from '../harness/report/table-html.ts';

/** A finished picture as SVG text, from `standaloneSvg`. */
export interface Picture {
  readonly fileName: string;
  readonly title: string;
  readonly svg: string;
}

export interface AblationResult<Column extends string = string> {
  /** The file's and the section's name, such as `smc`. */
  readonly name: string;
  readonly title: string;
  /** A paragraph each: what was done, how to read it, what it shows. */
  readonly text: readonly string[];
  /** The command that repeats it. */
  readonly command: string;
  readonly columns: readonly Column[];
  /** One per row of the CSV; intervals are columns of their own. */
  readonly rows: readonly Row<Column>[];
  readonly pictures: readonly Picture[];
}

const sectionEnding = '.section.html';

/** Writes all files of one ablation into the folder and renews its report.html. */
export function writeAblation<Column extends string>(folder: string, result: AblationResult<Column>): void {
  makeFolder(folder);
  writeDurably(join(folder, `${result.name}.csv`), formatTable(result.columns, result.rows));
  for (const { fileName, svg } of result.pictures) writeDurably(join(folder, fileName), svg);
  writeDurably(join(folder, `${result.name}${sectionEnding}`), section(result).text);
  const sections = readdirSync(folder)
    .filter((file) => file.endsWith(sectionEnding))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  writeDurably(join(folder, 'report.html'), page(sections));
}

function section<Column extends string>(result: AblationResult<Column>): Html {
  const { name, title, text, command, columns, rows, pictures } = result;
  const numeric = (column: Column) => rows.some((row) => typeof row[column] === 'number');
  const table = dataTable(
    `${name}.csv`,
    columns.map((column) => ({ title: column, numeric: numeric(column) })),
    rows.map((row) => columns.map((column) => ({ content: shown(row[column]) }))),
  );
  return html`<section id="${name}">
<h2>${title}</h2>
${text.map((paragraph) => html`<p>${paragraph}</p>\n`)}
${pictures.map(({ svg }) => html`<figure>${new Html(svg.replace(/^<\?xml[^>]*\?>\s*/, ''))}</figure>\n`)}
${folded(`All ${rows.length} rows`, table)}
<p>Again: <code>${command}</code></p>
</section>`;
}

const shown = (value: string | number | undefined): string | number =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : (value ?? '');

function page(sections: readonly string[]): string {
  const titles = sections.map((text) => ({
    id: /<section id="([^"]*)"/.exec(text)?.[1] ?? '',
    title: new Html(/<h2>([\s\S]*?)<\/h2>/.exec(text)?.[1] ?? ''),
  }));
  return htmlDocument({
    title: 'Ablations',
    head: html`<style>${new Html(style(0))}
section figure{margin:0 0 20px;overflow-x:auto;background:#fff}
section figure svg{max-width:100%;height:auto}</style>`,
    body: html`<header><p class="kicker">rfm-harness</p><h1>Ablations</h1>
<nav aria-label="Sections"><ul>${titles.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav></header>
<main>
${sections.map((text) => new Html(text))}
</main>`,
  });
}
