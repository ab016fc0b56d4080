/** The playground: a static site where a browser trains, written into a folder or served here. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { presets } from '../../agents/agent.ts';
import { builtInAgents } from '../../agents/registry.ts';
import { taskNames } from '../../envs/index.ts';
import { makeFolder, writeDurably } from '../files/durable.ts';
import { packagedModelFiles } from '../plugins/assets.ts';
import { mujocoFolder, playgroundScript } from '../replay/browser-modules.ts';
import { Html, html } from '../report/html.ts';
import { style } from '../report/style.ts';
import { packageVersion } from '../results/manifest.ts';
import { refusal } from './guard.ts';
import { listen } from './listen.ts';

/**
 * Nothing from elsewhere and no code from text: WebAssembly is compiled, and that is all. In the page itself, as a
 * static host sends no headers; here the header says so to the worker, too.
 */
const POLICY = [
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  "style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'",
].join('; ');

interface SiteFile {
  readonly kind: string;
  readonly bytes: () => string | Uint8Array;
}

/** Every file of the site by its address, which is relative. */
export function siteFiles(): Map<string, SiteFile> {
  const file = (kind: string, bytes: SiteFile['bytes']): SiteFile => ({ kind, bytes });
  const json = (value: () => unknown) => file('application/json', () => JSON.stringify(value()));
  const code = 'text/javascript; charset=utf-8';
  return new Map([
    ['index.html', file('text/html; charset=utf-8', page)],
    ['style.css', file('text/css; charset=utf-8', () => `${style(0)}\n${siteStyle}`)],
    ['page.js', file(code, () => playgroundScript('page.js'))],
    ['worker.js', file(code, () => playgroundScript('worker.js'))],
    ['mujoco.wasm', file('application/wasm', () => readFileSync(join(mujocoFolder(), 'mujoco.wasm')))],
    ['models.json', json(packagedModelFiles)],
    ['choices.json', json(choices)],
  ]);
}

function choices(): object {
  return {
    tasks: taskNames(),
    agents: builtInAgents.map(({ name, description }) => ({ name, description })),
    presets,
    version: packageVersion(),
  };
}

/** @throws DiskError if the folder cannot be written */
export function writeSite(folder: string): void {
  makeFolder(folder);
  for (const [name, { bytes }] of siteFiles()) writeDurably(join(folder, name), bytes());
}

export interface Playground {
  readonly address: string;
  close(): Promise<void>;
}

/** @throws UserError if the port is taken or may not be used */
export async function servePlayground(host: string, port: number): Promise<Playground> {
  const files = siteFiles();
  const server: Server = createServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Security-Policy', `${POLICY}; frame-ancestors 'none'`);
    const refused = refusal(request, host);
    const path = (request.url ?? '/').split('?')[0].slice(1);
    const found = files.get(path === '' ? 'index.html' : path);
    const [status, kind, text] =
      refused !== undefined
        ? [403, 'text/plain', `${refused}\n`]
        : request.method !== 'GET' && request.method !== 'HEAD'
          ? [405, 'text/plain', 'only GET is answered here\n']
          : found === undefined
            ? [404, 'text/plain', 'there is nothing here\n']
            : [200, found.kind, found.bytes()];
    response.writeHead(status, { 'Content-Type': kind, 'Content-Length': Buffer.byteLength(text) }).end(text);
  });
  const taken = await listen(server, { host, port });
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    address: `http://${name}:${taken}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const siteStyle = `main{padding-bottom:40px}
fieldset{border:0;padding:0;margin:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,200px),1fr));gap:12px 20px}
label{display:block;font-size:.875rem;color:var(--quiet)}
label select,label input{display:block;width:100%;margin-top:3px;font:inherit;color:var(--text);background:var(--page);border:1px solid var(--line);border-radius:6px;padding:6px 8px}
.buttons{display:flex;flex-wrap:wrap;gap:8px;margin:18px 0}
.buttons button{padding:6px 18px}
#train{background:var(--accent);border-color:var(--accent);color:var(--page);font-weight:600}
button:disabled{opacity:.5;cursor:default}
progress{display:block;width:100%;height:6px;accent-color:var(--accent)}
#status{font-variant-numeric:tabular-nums;min-height:1.6em}
#curve{display:block;width:100%;height:auto;font-size:12px}
#curve text{fill:var(--quiet)}
#curve .rule{stroke:var(--line)}
#curve .curve{fill:none;stroke:var(--accent);stroke-width:2}
#curve .point{fill:var(--accent)}
#downloads{display:flex;flex-wrap:wrap;gap:6px 18px}
code{overflow-wrap:anywhere}`;

function page(): string {
  const field = (label: string, control: Html) => html`<label>${label}${control}</label>`;
  const chosen = (name: string) => html`<select name="${name}"></select>`;
  const number = (name: string, value: number, least: number, most: number) =>
    html`<input name="${name}" type="number" required value="${value}" min="${least}" max="${most}" step="1">`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<meta name="description" content="Train flow, diffusion and classical policies on MuJoCo tasks in this browser.">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="page.js"></script>
<title>rfm-harness playground</title>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><div class="kicker"><span>rfm-harness playground</span></div>
<h1>Train on MuJoCo in this browser</h1></header>
<main id="main">
<p class="lead">The agent, the physics and the training run on this machine, in this tab. The numbers are those of the
command in a terminal, to the last bit.</p>
<form id="settings">
<fieldset id="fields" disabled>
${field('Task', chosen('task'))}
${field('Agent', chosen('agent'))}
${field('Preset', chosen('preset'))}
${field('Seed', number('seed', 0, 0, 2 ** 32 - 1))}
${field('Steps', number('steps', 5000, 1, 10_000_000))}
${field('Steps between evaluations', number('evaluateEvery', 1000, 1, 10_000_000))}
${field('Episodes of an evaluation', number('evaluationEpisodes', 2, 1, 100))}
</fieldset>
<div class="buttons"><button id="train" type="submit" disabled>Train</button>
<button id="pause" type="button" disabled>Pause</button>
<button id="stop" type="button" disabled>Stop</button></div>
</form>
<progress id="progress" value="0" max="1" aria-label="control steps taken"></progress>
<p id="status" role="status">Loading…</p>
<noscript><p class="notice bad">Training needs JavaScript and WebAssembly.</p></noscript>
<figure><figcaption>Learning curve <small>mean return of each evaluation, of at most 1000</small></figcaption>
<svg id="curve" viewBox="0 0 720 320" role="img" aria-label="mean return by control steps; the table below holds the numbers"></svg></figure>
<details><summary>The numbers</summary><table><thead><tr><th scope="col">step</th><th scope="col">mean return</th></tr></thead><tbody id="returns"></tbody></table></details>
<section><h2>Take it away</h2>
<p>The tables of this run:</p><p id="downloads"></p>
<p>The same run in a terminal, whose tables differ in the column wall_seconds alone:</p><p><code id="command"></code></p>
<p>The address of this page holds the settings.</p></section>
</main>
</body>
</html>
`.text;
}
