/** The page as one file that needs nothing else, and runs no script but its own. */
import { createHash } from 'node:crypto';
import { htmlDocument } from './document.ts';
import type { Drawing } from './drawing.ts';
import { swatchDefinitions } from './figures.ts';
import { Html, html } from './html.ts';
import type { ReportModel } from './model.ts';
import { reportContent, schemeButton } from './page.ts';
import { script } from './script.ts';
import { style } from './style.ts';

export interface Page {
  readonly text: string;
  /** Every plot of the page, for files of their own. */
  readonly drawings: readonly Drawing[];
}

const scriptHash = createHash('sha256').update(script).digest('base64');

/** Content-Security-Policy of the page: its own script runs, and nothing is loaded from anywhere. */
export const reportPolicy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'`;

/** @param curveName the file name, without ending, of a task's learning curves */
export function reportPage(model: ReportModel, curveName: (task: string) => string): Page {
  const { summary, sections, drawings } = reportContent(model, curveName);
  const text = htmlDocument({
    title: `${model.title} · comparison`,
    policy: reportPolicy,
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
<footer>Made by <code>harness report</code> from the CSV files beside this page, which hold every number in full precision.</footer>
<script>${new Html(script)}</script>`,
  });
  return { text, drawings };
}
