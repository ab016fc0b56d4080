/** Plots on the page: with caption, a legend that hides and shows agents, and their numbers behind them. */
import { type Drawing, inlineSvg } from './drawing.ts';
import { Html, html, type Part, shortName } from './html.ts';
import type { Series, SymbolName } from './series.ts';

/** Paths of the marks within 12 × 12 px, for legends. */
const symbolPaths: Readonly<Record<SymbolName, string>> = {
  circle: 'M6 2.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6z',
  square: 'M2.6 2.6h6.8v6.8h-6.8z',
  triangle: 'M6 1.6l4.6 8h-9.2z',
  diamond: 'M6 1l3.4 5l-3.4 5l-3.4-5z',
  star: 'M6 .8l1.3 3.5l3.7.1l-2.9 2.3l1 3.6l-3.1-2l-3.1 2l1-3.6l-2.9-2.3l3.7-.1z',
  cross: 'M4.6 1.5h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z',
};

/** The marks that `swatch` refers to, once for a page. */
export function swatchDefinitions(series: readonly Series[]): Html {
  const symbols = series.map(
    ({ index, symbol, colour }) =>
      `<symbol id="mark-${index}" viewBox="0 0 12 12"><path d="${symbolPaths[symbol]}" fill="${colour}"/></symbol>`,
  );
  return new Html(
    `<svg width="0" height="0" class="definitions" aria-hidden="true">${symbols.join('')}</svg>`,
  );
}

/** The mark of an agent, as in the plots. */
export const swatch = ({ index }: Series): Html =>
  new Html(`<svg class="swatch" aria-hidden="true"><use href="#mark-${index}"/></svg>`);

/** A name apart from the text around it; it wraps only if it is long. */
export const name = (text: unknown): Html =>
  html`<bdi class="${String(text).length <= 32 ? 'name' : ''}">${String(text)}</bdi>`;

/** An agent's name with its mark; a long name is cut, and whole in its tooltip. */
export function agentName(series: Series, length = 40): Html {
  const short = shortName(series.agent, length);
  const title = short === series.agent ? undefined : html` title="${series.agent}"`;
  return html`<span class="agent"${title}>${swatch(series)}${name(short)}</span>`;
}

/** Buttons that hide and show an agent's marks in all plots. */
export function legend(series: readonly Series[]): Html {
  return html`<div class="legend" role="group" aria-label="Agents shown in the plots">${series.map(
    (look) =>
      html`<button type="button" aria-pressed="true" data-series="${look.index}">${agentName(look)}</button>`,
  )}</div>`;
}

/** One plot with what belongs to it. */
export function figure(
  drawing: Drawing,
  options: { readonly caption?: string; readonly narrow?: Drawing; readonly below?: Part } = {},
): Html {
  const { caption = drawing.title, narrow, below } = options;
  return html`<figure>
<figcaption>${caption}</figcaption>
${new Html(inlineSvg(drawing, narrow ? 'wide' : ''))}${narrow && new Html(inlineSvg(narrow, 'narrow'))}
${below}</figure>`;
}
