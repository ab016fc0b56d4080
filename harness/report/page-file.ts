/** The page as one file that needs nothing else, and runs no script but its own. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { script } from '../files/browser-modules.ts';
import { htmlDocument } from './document.ts';
import type { Drawing } from './drawing.ts';
import { swatchDefinitions } from './figures.ts';
import { Html, html } from './html.ts';
import type { ReportModel } from './model.ts';
import { reportContent, schemeButton } from './page.ts';
import type { PageData } from './page-data.ts';
import { style } from './style.ts';

export interface Page {
  readonly text: string;
  /** Every plot of the page, for files of their own. */
  readonly drawings: readonly Drawing[];
}

/**
 * Content-Security-Policy of the page: its own script runs, and nothing is loaded from anywhere; the picture of a plot
 * is made of an address that holds the plot.
 */
export function reportPolicy(): string {
  const hash = createHash('sha256').update(reportScript()).digest('base64');
  return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'`;
}

let kept: string | undefined;

/** The script, which draws charts with the same code as the harness, such that no part of it ends its element. */
export function reportScript(): string {
  kept ??= script('report.js').replaceAll('</script', '<\\/script');
  return kept;
}

export function reportPage(model: ReportModel): Page {
  const { summary, sections, drawings, data } = reportContent(model);
  const text = htmlDocument({
    title: `${model.title} · comparison`,
    policy: reportPolicy(),
    head: html`<style>${new Html(style(model.series.length))}</style>`,
    body: html`${swatchDefinitions(model.series)}
<a class="skip" href="#main">Skip to the results</a>
<header>
<div class="kicker"><span>rfm-harness comparison</span>${schemeButton}</div>
<h1>${model.title}</h1>
${summary}
</header>
<main id="main">
${sections}
</main>
<footer>Made by <code>harness report</code>. The CSV files beside this page hold every number in full precision.</footer>
<script type="application/gzip" id="data">${new Html(packed(data))}</script>
<script>${new Html(reportScript())}</script>`,
  });
  return { text, drawings };
}

/** JSON as gzip in base64, which takes less than half and can end no element. */
const packed = (data: PageData): string => gzipSync(JSON.stringify(data), { level: 9 }).toString('base64');
