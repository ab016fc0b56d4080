/** The pages of the viewer: shells that scripts fill. */
import { createHash } from 'node:crypto';
import { playerStyle } from '../replay/player-style.ts';
import { htmlDocument } from '../report/document.ts';
import { Html, html } from '../report/html.ts';
import { reportPolicy } from '../report/page-file.ts';
import { style } from '../report/style.ts';
import type { ViewedRollout } from './rollout-files.ts';

export interface ServedPage {
  readonly text: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

const viewStyle = `progress{display:block;width:100%;min-width:5rem;height:5px;margin-top:3px;accent-color:var(--accent)}
.rollouts{padding-left:1.2em}
.rollouts small{margin-left:6px}
code.command{overflow-wrap:anywhere}
.updated{font-variant-numeric:tabular-nums}`;

/** Where browsers find what scripts import by name. */
const importMap = JSON.stringify({ imports: { '@mujoco/mujoco': '/mujoco/mujoco.js' } });

const NO_EMBEDDING = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SAME_SITE = `default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; img-src 'self' data: blob:; ${NO_EMBEDDING}`;

/** The report of a directory: the file may be anybody's, so no script runs but that of our own reports. */
export function reportFile(text: string): ServedPage {
  return { text, policy: `${reportPolicy()}; ${NO_EMBEDDING}` };
}

/**
 * Learning curves, runs and rollouts of a directory, or of files alone; or the list of several.
 * @param listed whether it is one of several, whose list is two folders up
 */
export function comparisonPage(title: string, listed = false): ServedPage {
  const content = html`<header><div class="kicker"><span>rfm-harness view</span>${listed && html`<a href="../../">all comparisons</a>`}<span class="updated" role="status"></span></div>
<h1>${title}</h1></header>
<main id="main"><p id="fault" class="notice bad" role="alert" hidden></p>
<div id="comparison" data-idle><p>Loading…</p></div>
<noscript><p>This page needs JavaScript. Without it, <code>harness report</code> writes a page that shows all but runs in progress and replays.</p></noscript></main>
<script type="module" src="/scripts/comparison.js"></script>`;
  return { text: page(title, content), policy: `${SAME_SITE}; script-src 'self'` };
}

/** One rollout, replayed by MuJoCo. */
export function replayPage({ id, agent, task, name }: ViewedRollout, back: boolean): ServedPage {
  const title = `${agent} on ${task}`;
  const content = html`<header><div class="kicker"><span>rfm-harness view</span>${back && html`<a href="../">all runs and rollouts</a>`}</div>
<h1>${title}</h1></header>
<main id="main"><p class="lead" id="about">${name}</p>
<div id="player" data-recording="../recordings/${id}"><p role="status">Loading MuJoCo…</p></div></main>
<script type="importmap">${new Html(importMap)}</script>
<script type="module" src="/scripts/simulated-replay.js"></script>`;
  const hash = createHash('sha256').update(importMap).digest('base64');
  // MuJoCo's bindings make functions from text when they start, hence unsafe-eval; all of it is served from here.
  return {
    text: page(title, content),
    policy: `${SAME_SITE}; script-src 'self' 'sha256-${hash}' 'unsafe-eval'`,
  };
}

const page = (title: string, content: Html): string =>
  htmlDocument({
    title: `${title} · view`,
    head: html`<link rel="icon" href="data:,">
<style>${new Html(style(0))}
${new Html(playerStyle)}
${new Html(viewStyle)}</style>`,
    body: html`<a class="skip" href="#main">Skip to the content</a>
${content}`,
  });
