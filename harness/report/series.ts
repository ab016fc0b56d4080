/** How agents are told apart in plots: by colour and by the shape of their marks. */

/** One agent's looks; the same in every plot of a report. */
export interface Series {
  readonly agent: string;
  readonly index: number;
  /** A CSS variable of the page, replaced by a plain colour in SVG files. */
  readonly colour: string;
  readonly symbol: SymbolName;
  /** Dashes tell the second ten agents from the first ten. */
  readonly dash: string | undefined;
  /** Class of every mark of this agent, by which the legend hides it. */
  readonly className: string;
}

/** Ten hues of similar weight; each keeps a contrast of 3:1 or more with the page in its scheme. */
export const palette: readonly { readonly light: string; readonly dark: string }[] = [
  { light: '#2563c9', dark: '#7fb0ff' },
  { light: '#c8453b', dark: '#ff9385' },
  { light: '#14806a', dark: '#57d3b1' },
  { light: '#b36b00', dark: '#f2b653' },
  { light: '#7449b8', dark: '#bda3ff' },
  { light: '#0b84a5', dark: '#63cdea' },
  { light: '#a83a82', dark: '#ee92d2' },
  { light: '#5d7a16', dark: '#b2cf5e' },
  { light: '#8a5742', dark: '#d7a892' },
  { light: '#566273', dark: '#b0bac7' },
];

const symbols = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const;
export type SymbolName = (typeof symbols)[number];

const dashes = [undefined, '6,3', '2,3', '8,3,2,3'];

/** Looks for every agent, by the order of their names. */
export function seriesOf(agents: readonly string[]): Series[] {
  return agents.map((agent, index) => ({
    agent,
    index,
    colour: `var(--series-${index % palette.length})`,
    symbol: symbols[index % symbols.length],
    dash: dashes[Math.floor(index / palette.length) % dashes.length],
    className: `series-${index}`,
  }));
}
