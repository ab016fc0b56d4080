/** How agents are told apart in plots: by colour, by the shape of their marks and by the dashes of their lines. */
import { shortNames } from './html.ts';

/** One agent's looks; the same in every plot of a report. */
export interface Series {
  readonly agent: string;
  /** Its name in at most 24 characters and in at most 40, unlike those of the others. */
  readonly label: string;
  readonly longLabel: string;
  readonly index: number;
  /** A CSS variable of the page, replaced by a plain colour in SVG files. */
  readonly colour: string;
  readonly symbol: SymbolName;
  readonly dash: string | undefined;
  /** Class of every mark of this agent, by which the legend hides it. */
  readonly className: string;
}

/**
 * Ten colours, chosen by search: every two differ by 0.09 or more in OKLab as they are and as deuteranopes and
 * protanopes see them (Machado et al. 2009), and each has a contrast of 3:1 or more with the page in its scheme.
 */
export const palette: readonly { readonly light: string; readonly dark: string }[] = [
  { light: '#5b55e3', dark: '#9ccefe' },
  { light: '#6e1609', dark: '#d06040' },
  { light: '#3c815e', dark: '#9bffe0' },
  { light: '#ae5604', dark: '#fcc84a' },
  { light: '#5e3e8e', dark: '#976ed2' },
  { light: '#1a97d5', dark: '#0bb4f5' },
  { light: '#5f1254', dark: '#db84c3' },
  { light: '#999502', dark: '#aba918' },
  { light: '#704c47', dark: '#dab095' },
  { light: '#8b9093', dark: '#868788' },
];

/** Paths of the marks within 12 × 12 px, for legends. */
export const symbolPaths = {
  circle: 'M6 2.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6z',
  square: 'M2.6 2.6h6.8v6.8h-6.8z',
  triangle: 'M6 1.6l4.6 8h-9.2z',
  diamond: 'M6 1l3.4 5l-3.4 5l-3.4-5z',
  star: 'M6 .8l1.3 3.5l3.7.1l-2.9 2.3l1 3.6l-3.1-2l-3.1 2l1-3.6l-2.9-2.3l3.7-.1z',
  cross: 'M4.6 1.5h2.8v3.1h3.1v2.8h-3.1v3.1h-2.8v-3.1h-3.1v-2.8h3.1z',
} as const;
export type SymbolName = keyof typeof symbolPaths;

const symbols = Object.keys(symbolPaths) as SymbolName[];
const dashes = [undefined, '6,3', '2,3', '8,3,2,3'];

/** A colour's place in the palette; a symbol and a dash together are one of 24 shapes. */
interface Look {
  readonly hue: number;
  readonly shape: number;
}
const SHAPES = symbols.length * dashes.length;

/** The looks of the agents that come with the harness, in every report alike. */
const ownLooks: ReadonlyMap<string, Look> = new Map(
  Object.entries({
    'rfm-flow': { hue: 0, shape: 0 },
    'rfm-diffusion': { hue: 3, shape: 1 },
    sac: { hue: 1, shape: 2 },
    td3: { hue: 2, shape: 3 },
    dqs: { hue: 4, shape: 4 },
    maxentdp: { hue: 5, shape: 5 },
    qsm: { hue: 6, shape: 6 },
    qvpo: { hue: 7, shape: 7 },
    random: { hue: 9, shape: 12 },
  }),
);

/**
 * Looks of agents, which are the same in every report: those of the harness have their own, and the name of any other
 * gives its colour and its shape, unless an agent of this report has them; then it gets the next that is free.
 */
export function agentSeries(agents: readonly string[]): Series[] {
  const looks = new Map<string, Look>();
  for (const agent of agents) {
    const own = ownLooks.get(agent);
    if (own !== undefined) looks.set(agent, own);
  }
  for (const agent of [...new Set(agents)].sort()) {
    if (looks.has(agent)) continue;
    const taken = [...looks.values()];
    const hash = hashOf(agent);
    const hue = leastUsed(palette.length, hash, (at) => taken.filter((look) => look.hue === at).length);
    // A shape that stands with this colour already comes last.
    const shape = leastUsed(SHAPES, Math.floor(hash / palette.length), (at) => {
      const alike = taken.filter((look) => look.shape === at);
      return alike.length + (alike.some((look) => look.hue === hue) ? taken.length : 0);
    });
    looks.set(agent, { hue, shape });
  }
  return seriesWith(agents, (agent) => looks.get(agent) ?? { hue: 0, shape: 0 });
}

/** Looks by the order of the names, for what are no agents. */
export function seriesOf(names: readonly string[]): Series[] {
  return seriesWith(names, (_, index) => ({
    hue: index % palette.length,
    shape: (Math.floor(index / palette.length) % dashes.length) * symbols.length + (index % symbols.length),
  }));
}

function seriesWith(agents: readonly string[], lookOf: (agent: string, index: number) => Look): Series[] {
  const [label, longLabel] = [shortNames(agents), shortNames(agents, 40)];
  return agents.map((agent, index) => {
    const { hue, shape } = lookOf(agent, index);
    return {
      agent,
      label: label(agent),
      longLabel: longLabel(agent),
      index,
      colour: `var(--series-${hue})`,
      symbol: symbols[shape % symbols.length],
      dash: dashes[Math.floor(shape / symbols.length)],
      className: `series-${index}`,
    };
  });
}

/** Names of agents that stand together, as `shortNames` cuts them. @param length characters, at most */
export function shortAgents(series: readonly Series[], length?: number): (agent: string) => string {
  return shortNames(
    series.map(({ agent }) => agent),
    length,
  );
}

/** The first of the least used places, going round from `start`. */
function leastUsed(size: number, start: number, uses: (place: number) => number): number {
  const places = Array.from({ length: size }, (_, i) => (start + i) % size);
  const counts = places.map(uses);
  return places[counts.indexOf(Math.min(...counts))];
}

/** FNV-1a (Fowler, Noll and Vo), 32 bits, over the code units of a name. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
