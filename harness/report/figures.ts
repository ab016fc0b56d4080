/** Plots on the page: with caption, a legend that hides and shows agents, and their numbers behind them. */
import { type Drawing, inlineSvg } from './drawing.ts';
import { Html, html, type Part } from './html.ts';
import { type Series, symbolPaths } from './series.ts';

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

/** An agent's name with its mark; a name that is cut is whole in its tooltip. */
export function agentName(series: Series, short = series.longLabel): Html {
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
  return html`<figure data-name="${drawing.name}" data-title="${drawing.title}"${drawing.note !== undefined && html` data-note="${drawing.note}"`}${drawing.labelled && html` data-labelled`}>
<figcaption>${caption}</figcaption>
${new Html(inlineSvg(drawing, narrow ? 'wide' : ''))}${narrow && new Html(inlineSvg(narrow, 'narrow'))}
${below}</figure>`;
}
