/** Observable Plot drawn on the server, as SVG text. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeText } from './html.ts';
import { palette, type Series, type SymbolName, symbolPaths } from './series.ts';

/** A finished plot. */
export interface Drawing {
  /** The file's name without ending. */
  readonly name: string;
  readonly title: string;
  /** What there is to see, for those who cannot. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Children of the svg element. */
  readonly content: string;
  /** A line for below the plot in a file of its own. */
  readonly note?: string;
  /** Whether it says which mark is whose, so that a file needs no legend. */
  readonly labelled?: boolean;
  /** Where its data are, for charts of lines. */
  readonly frame?: Frame;
}

/** Where the data of a drawing are: one area, or one for each panel. */
export interface Frame {
  readonly x: Plot.Scale;
  readonly y: Plot.Scale;
  /** The area of the data in a panel, px from its corner. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Corners of the panels; `series`: the agent that one is for. */
  readonly panels: readonly { readonly dx: number; readonly dy: number; readonly series?: number }[];
}

/** Marks of a plot. */
export interface Piece {
  readonly svg: string;
  /** Class of the agent that they belong to; absent for axes and rules. */
  readonly owner?: string;
  /** What they are, as their mark's option `ariaDescription` says. */
  readonly label?: string;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
/** The widest a character of 11 px text gets, on average, in the fonts above. */
const CHARACTER = 6.6;

/** Of the widest Latin letters, and of characters that fill a square. */
const WIDE = 10.5;
const SQUARE = 12;

/** Room that a label of 11 px text takes, in px. */
export const labelWidth = (label: string): number =>
  Math.ceil([...label].reduce((width, character) => width + widthOf(character), 0));

function widthOf(character: string): number {
  if (
    /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u.test(
      character,
    )
  )
    return SQUARE;
  return /[MW@%\u2014]/.test(character) ? WIDE : CHARACTER;
}
/** How much wider the titles of files are: 13 px bold. */
const TITLE_SCALE = 1.15;

type About = Pick<Drawing, 'name' | 'title' | 'description' | 'note' | 'labelled'>;
type SizedOptions = Plot.PlotOptions & { width: number; height: number };

/** Draws a plot. Colours are CSS variables, so that it follows the page's scheme. */
export const draw = (about: About, options: SizedOptions): Drawing => drawParts(about, options).drawing;

/** Draws a plot, with its marks one by one, in order, and its scales. */
export function drawParts({ name, title, description, note, labelled }: About, options: SizedOptions) {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const plot = Plot.plot({ ...options, document, className: 'plot', style: { fontSize: '11px' } });
  plot.querySelector('style')?.remove(); // the page has its own
  const { width, height } = options;
  const pieces = [...plot.children].map(
    (child): Piece => ({
      svg: roundCoordinates(child.outerHTML),
      owner: /\bseries-\d+\b/.exec(child.getAttribute('class') ?? '')?.[0],
      label: child.getAttribute('aria-description') ?? undefined,
    }),
  );
  const content = pieces.map(({ svg }) => svg).join('');
  const drawing: Drawing = { name, title, description, note, labelled, width, height, content };
  const scaleOf = (axis: 'x' | 'y') => plot.scale(axis) as Plot.Scale;
  return { drawing, pieces, scales: { x: scaleOf('x'), y: scaleOf('y') } };
}

/** The plot within a page. */
export function inlineSvg(drawing: Drawing, className = ''): string {
  const { width, height, title, description, content } = drawing;
  const label = escapeText(`${title}. ${description}`);
  return `<svg class="plot ${className}" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" text-anchor="middle" font-size="11" fill="currentColor">${content}</svg>`;
}

/** An entry of an SVG file's legend. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  /** Its marks and lines, where those tell it from others too. */
  readonly symbol?: SymbolName;
  readonly dash?: string;
}

/** An agent in the legend of a file. */
export const legendEntry = ({ label, colour, symbol, dash }: Series): LegendEntry => ({
  ...{ label, colour, symbol, dash },
});

/**
 * The plot as a file of its own: plain colours on white, with its title and legend.
 * @param note a short warning below it
 */
export function standaloneSvg(drawing: Drawing, legend: readonly LegendEntry[], note?: string): string {
  const margin = 12;
  const inner = Math.max(
    drawing.width,
    Math.ceil(labelWidth(drawing.title) * TITLE_SCALE),
    labelWidth(note ?? ''),
  );
  const { entries, height: legendHeight } = placeLegend(legend, inner);
  const top = margin + 20 + legendHeight;
  const width = inner + 2 * margin;
  const height = drawing.height + top + margin + (note === undefined ? 0 : 16);
  const below =
    note === undefined
      ? ''
      : `<text x="${margin}" y="${height - margin}" fill="#7a5200">${escapeText(note)}</text>\n`;
  const keys = entries.map(
    ({ label, colour, symbol, dash, x, y }) =>
      `<g transform="translate(${x},${y})">${key(colour, symbol, dash)}<text x="${KEY + 5}">${escapeText(label)}</text></g>`,
  );
  return plainColours(`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family='${FONT}' font-size="11" color="#1c2430" fill="currentColor">
<title>${escapeText(drawing.title)}</title>
<desc>${escapeText(drawing.description)}</desc>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${margin}" y="${margin + 10}" font-size="13" font-weight="600">${escapeText(drawing.title)}</text>
<g transform="translate(${margin},${margin + 28})">${keys.join('')}</g>
<svg class="plot" x="${margin}" y="${top}" width="${drawing.width}" height="${drawing.height}" text-anchor="middle">${drawing.content}</svg>
${below}</svg>
`);
}

/** Width of what stands before an entry's name, px. */
const KEY = 24;

function key(colour: string, symbol: SymbolName | undefined, dash: string | undefined): string {
  if (symbol === undefined) return `<rect y="-5" width="${KEY}" height="4" rx="2" fill="${colour}"/>`;
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
  const line = `<line y1="-4" x2="${KEY}" y2="-4" stroke="${colour}" stroke-width="1.8"${dashes}/>`;
  return `${line}<path transform="translate(${KEY / 2 - 6},-10)" d="${symbolPaths[symbol]}" fill="${colour}"/>`;
}

/** Sets legend entries side by side, on as many rows as they need. */
function placeLegend(legend: readonly LegendEntry[], width: number) {
  let x = 0;
  let y = 0;
  const entries = legend.map((entry) => {
    const room = KEY + 5 + labelWidth(entry.label) + 14;
    if (x > 0 && x + room > width) {
      x = 0;
      y += 17;
    }
    x += room;
    return { ...entry, x: x - room, y };
  });
  return { entries, height: legend.length === 0 ? 0 : y + 20 };
}

/** Tenths of a pixel are enough, and halve the size of long paths. */
function roundCoordinates(svg: string): string {
  return svg.replace(/ (d|x|y|x1|x2|y1|y2|cx|cy|transform)="([^"]*)"/g, (_, name: string, value: string) => {
    return ` ${name}="${value.replace(/-?\d+\.\d+(?!\d*em)/g, (digits) => String(Number(Number(digits).toFixed(1))))}"`;
  });
}

const plainVariables: Readonly<Record<string, string>> = {
  ...Object.fromEntries(palette.map(({ light }, i) => [`--series-${i}`, light])),
  '--accent': '#2563c9',
  '--faint': '#8a94a3',
  '--page': '#ffffff',
};

const plainColours = (svg: string): string =>
  svg.replace(/var\((--[a-z0-9-]+)\)/g, (found, name: string) => plainVariables[name] ?? found);
