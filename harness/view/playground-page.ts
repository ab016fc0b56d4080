/** The pages of the playground as HTML, and their look. */
import { htmlDocument } from '../report/document.ts';
import { Html, html, type Part } from '../report/html.ts';

/**
 * Nothing from elsewhere and no code from text: WebAssembly is compiled, and that is all. In the page itself, as a
 * static host sends no headers; `harness playground` sends it as a header, too, which then holds for the workers.
 */
export const sitePolicy = [
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  "style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'",
].join('; ');

/** By what a page of an earlier site is known. */
export const siteMark = '<span>rfm-harness playground</span>';

/** The first that have all that the site needs. */
const BROWSERS = 'Chrome 98, Firefox 114 and Safari 16.4';

/**
 * A classic script that the oldest browsers read, too: it shows a sentence where something is missing. The bytes are
 * a WebAssembly module with one SIMD instruction. Where workers can be modules, options of one are asked for their type; the address is
 * none, so that no worker begins.
 */
export const oldBrowserScript = `'use strict';
(function () {
  var tell = function (text) {
    var place = document.getElementById('old');
    if (text) place.textContent = text;
    place.hidden = false;
    document.getElementById('status').textContent = '';
  };
  if (location.protocol === 'file:')
    return tell('This page needs a server, on this machine or elsewhere: browsers load no modules from files. "harness playground" is one, any static one will do.');
  var modules = false;
  try {
    new Worker('http://[', Object.defineProperty({}, 'type', { get: function () { modules = true; return 'module'; } }));
  } catch (error) {}
  var simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  var able = modules && 'noModule' in document.createElement('script') && typeof structuredClone === 'function' &&
    typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(simd)) && 'at' in Array.prototype;
  if (!able) tell();
})();
`;

export const siteStyle = `:root{scrollbar-color:var(--faint) transparent}
main{padding-bottom:40px}
[hidden]{display:none!important}
.kicker{flex-wrap:wrap}
.pages{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:.9rem}
.pages [aria-current]{color:inherit;font-weight:600;text-decoration:none}
fieldset{border:0;padding:0;margin:0;min-width:0}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),1fr));gap:12px 20px;align-items:end}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:16px;margin:16px 0 12px;align-items:start}
.card{border:1px solid var(--line);border-radius:10px;padding:4px 14px 12px}
.card legend{font-weight:600;font-size:.925rem;padding:0 6px}
.card .about{color:var(--quiet);font-size:.875rem;margin:10px 0 4px}
.card .remove{margin-top:8px;font-size:.875rem}
label{display:block;font-size:.875rem;color:var(--quiet)}
label select,label input:not([type=range],[type=checkbox]){display:block;width:100%;min-height:38px;margin-top:3px;font:inherit;font-size:1rem;color:var(--text);background:var(--page);border:1px solid var(--faint);border-radius:6px;padding:6px 8px}
.controls label select,.choices label select{display:inline-block;width:auto;min-height:0;margin:0;padding:3px 6px}
.controls label span{white-space:nowrap}
.buttons{display:flex;flex-wrap:wrap;gap:8px;margin:18px 0}
.buttons button,#offer button,#add,.open button{min-height:38px;padding:6px 18px;border-color:var(--faint)}
#train,#resume{background:var(--accent);border-color:var(--accent);color:var(--page);font-weight:600}
button:disabled{opacity:.5;cursor:default}
progress{display:block;width:100%;height:6px;accent-color:var(--accent)}
#status{font-variant-numeric:tabular-nums;min-height:1.6em}
#offer p{margin:0 0 8px}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:20px;margin:16px 0}
.side .player{max-width:none}
.side .stage{max-height:none}
.metrics{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,290px),1fr));gap:20px}
#results{padding-bottom:36px}
#results h2{margin-top:28px}
#runs th{min-width:8.5rem}
.empty{color:var(--quiet)}
.keys{display:flex;flex-wrap:wrap;gap:2px 12px;margin:0;font-size:.8125rem;color:var(--quiet)}
.key{display:inline-flex;align-items:center;gap:5px}
.key svg{width:10px;height:10px}
#downloads{list-style:none;padding:0;display:grid;gap:8px}
#downloads li{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px}
#downloads .of{min-width:12rem;color:var(--quiet)}
#command{display:block;white-space:pre-wrap}
.open{border:1px dashed var(--faint);border-radius:10px;padding:16px;margin:0 0 16px}
.open .fields{margin-top:12px;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr))}
.over .open{background:var(--best);border-color:var(--accent)}
label input[type=file]{padding:4px 0;border:0;min-height:0}
#report>.kicker{justify-content:flex-end}
.plane{position:relative;aspect-ratio:1;border:1px solid var(--line);border-radius:8px;overflow:hidden}
.plane canvas,.plane svg{position:absolute;inset:0;width:100%;height:100%}
#handles circle{fill:var(--page);fill-opacity:.6;stroke:var(--text);stroke-width:.035;cursor:grab;touch-action:none}
#handles circle:focus-visible{outline:none;stroke:var(--accent);stroke-width:.08}
.timeline{display:flex;gap:14px;align-items:center;margin:10px 0 0}
.timeline label{flex:1;display:flex;gap:10px;align-items:center;white-space:nowrap;font-variant-numeric:tabular-nums}
input[type=range]{width:100%;min-height:28px;accent-color:var(--accent)}
output{color:var(--text);font-variant-numeric:tabular-nums}
.shown{max-width:16rem;margin:0 0 12px}`;

const links = [
  ['./', 'Train'],
  ['results.html', 'Results'],
  ['method.html', 'The method'],
] as const;

export interface SitePage {
  readonly title: string;
  readonly heading: string;
  readonly lead: string;
  readonly description: string;
  /** Its module, of the site. */
  readonly script: string;
  /** In the navigation. */
  readonly current: (typeof links)[number][1];
  readonly main: Part;
}

export function sitePage({ title, heading, lead, description, script, current, main }: SitePage): string {
  return htmlDocument({
    title,
    policy: new Html(sitePolicy),
    head: html`<meta name="description" content="${description}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script defer src="old.js"></script>
<script type="module" src="${script}"></script>`,
    body: html`<a class="skip" href="#main">Skip to the content</a>
<header><div class="kicker">${new Html(siteMark)}
<nav class="pages" aria-label="Pages">${links.map(([address, name]) =>
      name === current
        ? html`<a href="${address}" aria-current="page">${name}</a>`
        : html`<a href="${address}">${name}</a>`,
    )}</nav></div>
<h1 id="heading">${heading}</h1></header>
<main id="main">
<p class="lead">${lead}</p>
<p id="old" class="notice bad" hidden>This browser is too old for the playground: it needs WebAssembly SIMD and workers that are modules, which ${BROWSERS} have.</p>
<p id="dropped" class="notice" role="status" hidden></p>
<noscript><p class="notice bad">The playground needs JavaScript and WebAssembly.</p></noscript>
${main}
</main>`,
  });
}

const field = (label: string, control: Html) => html`<label>${label}${control}</label>`;

const number = (name: string, most: number) =>
  html`<input name="${name}" type="number" required min="1" max="${most}" step="1">`;

export function trainingPage(): string {
  return sitePage({
    title: 'rfm-harness playground',
    heading: 'Train on MuJoCo in this browser',
    lead: 'The agent, the physics and the training run on this machine, in this tab. The numbers are those of the command in a terminal, to the last bit.',
    description: 'Train flow, diffusion and classical policies on MuJoCo tasks in this browser.',
    script: 'page.js',
    current: 'Train',
    main: html`<div id="offer" class="notice" role="region" aria-label="An earlier training" hidden></div>
<form id="settings">
<fieldset id="fields" disabled>
<div class="fields">
${field('Task', html`<select name="task"></select>`)}
${field('Steps', number('steps', 10_000_000))}
${field('Steps between evaluations', number('evaluateEvery', 10_000_000))}
${field('Episodes of an evaluation', number('evaluationEpisodes', 100))}
${field('Seeds, such as 0 or 0-2', html`<input name="seeds" required autocomplete="off" inputmode="text">`)}
</div>
<div id="agents" class="cards"></div>
<button id="add" type="button">Add an agent</button>
</fieldset>
<div class="buttons"><button id="train" type="submit" disabled>Train</button>
<button id="pause" type="button" disabled>Pause</button>
<button id="stop" type="button" disabled>Stop</button></div>
</form>
<progress id="progress" value="0" max="1" aria-label="control steps taken"></progress>
<p id="status" role="status">Loading…</p>
<div id="results" hidden>
<div id="legend"></div>
<div class="side">
<figure><figcaption>Learning curves <small>mean return of each evaluation, at most 1000; bands over seeds, 95 %</small></figcaption>
<div id="curves"></div>
<details><summary>The numbers</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers of the learning curves"><table><thead><tr><th scope="col">run</th><th scope="col">step</th><th scope="col">mean return</th></tr></thead><tbody id="returns"></tbody></table></div></details></figure>
<figure><figcaption>The policy <small id="filmed">appears with the first evaluation</small></figcaption>
<label class="shown">Run<select id="shown"></select></label>
<div id="player"></div></figure>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table><caption>Runs</caption><thead><tr><th scope="col">run</th><th scope="col" class="number">step</th><th scope="col" class="number">steps/s</th><th scope="col" class="number">time left</th><th scope="col" class="number">last return</th><th scope="col" class="number">kept at step</th><th scope="col">state</th></tr></thead><tbody id="runs"></tbody></table></div>
<h2>What the updates tell</h2>
<p class="lead">Of the run that is chosen above: means over the updates between two rows of training.csv.</p>
<div id="metrics" class="metrics"></div>
</div>
<section id="away" hidden><h2>Take it away</h2>
<p>What <code>harness train</code> leaves. The tables differ from a terminal's in the column wall_seconds alone.</p>
<ul id="downloads"></ul></section>
<section><h2>The same in a terminal</h2>
<pre tabindex="0"><code id="command"></code></pre>
<p><button id="copy" type="button">Copy a link to these settings</button> <span id="copied" role="status"></span></p></section>`,
  });
}

export function resultsPage(): string {
  return sitePage({
    title: 'Results · rfm-harness playground',
    heading: 'Results made elsewhere',
    lead: 'Drop what a terminal, or the page Train, has left: this page shows the report of it, and recordings in 3-D. Nothing is uploaded: the files are read in this browser.',
    description: 'The report of results folders, and recordings in 3-D, of files that stay in the browser.',
    script: 'results.js',
    current: 'Results',
    main: html`<div class="open">
Drop files or folders anywhere on this page: folders of results or a ZIP of one, an evaluations.csv, a table with the columns task, agent, seed and score, a recording (<code>harness rollout --out FILE.json</code>). Several results are joined, as <code>harness report</code> joins them.
<div class="fields">
${field('Or choose files', html`<input id="files" type="file" multiple accept=".csv,.json,.zip">`)}
${field('Or choose a folder', html`<input id="folder" type="file" webkitdirectory>`)}
</div></div>
<p id="status" role="status"></p>
<div id="lines"></div>
<section id="replay" hidden><h2>Recording</h2>
${field('Recording', html`<select id="which"></select>`)}
<p id="about" class="lead"></p>
<div id="player"></div></section>
<div id="report" hidden></div>`,
  });
}

export function methodPage(): string {
  const range = (label: string, name: string, [least, most, step, value]: readonly number[]) =>
    html`<label>${label} <output data-of="${name}">${value}</output><input name="${name}" type="range" min="${least}" max="${most}" step="${step}" value="${value}"></label>`;
  return sitePage({
    title: 'Reverse Flow Matching, seen',
    heading: 'Reverse Flow Matching, seen',
    lead: 'A flow learns to draw from a density that it knows by its value and slope alone. Drag the modes: the flow learns anew while you watch. What learns is the code of the agents.',
    description: 'A flow learns a density of the plane by Reverse Flow Matching while its modes are dragged.',
    script: 'method.js',
    current: 'The method',
    main: html`<div class="side">
<figure><figcaption>The flow <small>shaded: the density; points: particles on their way from noise to data; arrows: the learned velocity</small></figcaption>
<div class="plane"><canvas id="plane" width="900" height="900" role="img" aria-label="the density, the particles of the flow and the learned field"></canvas>
<svg id="handles" viewBox="-3 -3 6 6" role="group" aria-label="modes of the density"></svg></div>
<div class="timeline"><button id="play" type="button">Play</button><label>t = <span id="t">1.00</span><input id="time" type="range" min="0" max="1" step="any" value="1" aria-label="time t"></label></div>
<p id="status" role="status">Loading…</p></figure>
<div>
<form id="method">
<div class="fields">
<label>Estimator<select name="estimator"><option value="optimal-diagonal" selected>optimal-diagonal</option><option>optimal-isotropic</option><option>optimal-matrix</option><option>adaptive</option><option>noise</option><option>gradient</option><option>eta</option></select></label>
${range('η of eta', 'eta', [0, 1, 0.05, 0.5])}
${range('N, draws of a posterior mean', 'draws', [4, 128, 4, 32])}
${range('Solver steps', 'steps', [2, 40, 1, 16])}
${range('Deviation of the modes', 'deviation', [0.1, 1, 0.05, 0.35])}
</div>
<div class="buttons"><button id="add" type="button">Add a mode</button><button id="remove" type="button">Remove a mode</button></div>
</form>
<figure><figcaption>Error of the estimators by t <small>mean squared error of the estimate of E[y₁ | y_t] against the exact answer; bands: two standard errors</small></figcaption>
<div id="errors"></div></figure>
</div></div>`,
  });
}
