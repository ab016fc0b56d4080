/** One HTML file that shows a film: no network, no simulator, everything inside. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { script } from '../files/browser-modules.ts';
import { htmlDocument } from '../report/document.ts';
import { Html, html } from '../report/html.ts';
import { style } from '../report/style.ts';
import { embedFilm } from './embedded-film.ts';
import type { Film } from './film.ts';
import { playerStyle } from './player-style.ts';
import { recordingSentence } from './sentence.ts';

/** Unpacks what the page holds and starts the player, whose script becomes an address of the page's own. */
const boot = `'use strict';
(async () => {
  const root = document.getElementById('player');
  const unpack = async (id) => {
    const text = atob(document.getElementById(id).textContent.trim());
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream);
  };
  try {
    const source = await (await unpack('script')).text();
    const { replay } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
    replay(root, await (await unpack('film')).json());
  } catch (error) {
    root.innerHTML = '<p class="notice bad" role="alert"></p>';
    root.firstChild.textContent = 'The rollout cannot be shown: ' + error.message;
  }
})();
`;

/** @throws UserError if the package is not built */
export function filmPage(film: Film): string {
  const packed = (text: string) => new Html(gzipSync(text, { level: 9 }).toString('base64'));
  const hash = createHash('sha256').update(boot).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src blob: data:; script-src 'sha256-${hash}' blob:`;
  const { task, agent } = film.facts;
  return htmlDocument({
    title: `${agent} on ${task}`,
    policy,
    head: html`<style>${new Html(style(0))}
${new Html(playerStyle)}</style>`,
    body: html`<header><div class="kicker"><span>rfm-harness rollout</span></div>
<h1>${agent} on ${task}</h1></header>
<main>
<p class="lead">${recordingSentence(film.facts, film.episodes)}</p>
<div id="player"><noscript>The rollout is drawn by a script.</noscript></div>
</main>
<script type="application/gzip" id="script">${packed(script('embedded-replay.js'))}</script>
<script type="application/gzip" id="film">${packed(JSON.stringify(embedFilm(film)))}</script>
<script>${new Html(boot)}</script>`,
  });
}
