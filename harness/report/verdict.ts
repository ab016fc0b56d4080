/** What the probabilities of improvement allow to say of the agent that ranks first. */
import type { TableRow, Tables } from '../results/tables.ts';
import { rankedRows } from './model.ts';

export interface Verdict {
  /** First by interquartile mean. */
  readonly first: string;
  /** Agents whose interquartile mean is the same. */
  readonly level: readonly string[];
  /** Agents that it beats: the interval of P(first > other) lies above 0.5. In the order of the table. */
  readonly above: readonly string[];
  /** Agents whose runs beat its own more often than not, although their interquartile mean is lower. */
  readonly below: readonly string[];
  /** Agents that it cannot be told from: the interval holds 0.5. */
  readonly open: readonly string[];
  /** The fewest seeds of a task and agent. */
  readonly seeds: number;
}

/** Undefined for fewer than two agents that have a rank. */
export function verdictOf(tables: Tables): Verdict | undefined {
  const ranks = rankedRows(tables).filter(({ rank }) => rank !== undefined);
  const ranked = ranks.map(({ row }) => row.agent);
  const first = ranked[0];
  const pairs = tables.pairwise.filter((row) => row.agent_x === first && ranked.includes(row.agent_y));
  if (typeof first !== 'string' || pairs.length === 0) return undefined;
  const others = (holds: (low: number, high: number) => boolean) =>
    pairs
      .filter((row: TableRow<'pairwise'>) => holds(Number(row.ci_low), Number(row.ci_high)))
      .map((row) => String(row.agent_y));
  const above = others((low) => low > 0.5);
  const below = others((_, high) => high < 0.5);
  return {
    first,
    level: ranks.slice(1).flatMap(({ row, rank }) => (rank === 1 ? [String(row.agent)] : [])),
    above,
    below,
    open: others((low, high) => low <= 0.5 && high >= 0.5),
    seeds: Math.min(
      ...tables.summary.filter((row) => ranked.includes(row.agent)).map((row) => Number(row.seeds)),
    ),
  };
}

/** One sentence, without its full stop. @param name how an agent is written */
export function verdictSentence(
  { first, level, above, below, open, seeds }: Verdict,
  name: (agent: string) => string,
): string {
  const list = (agents: readonly string[]) => agents.map(name).join(', ');
  const parts = [
    ...(above.length > 0 ? [`beats ${list(above)}`] : []),
    ...(below.length > 0 ? [`loses more often than it wins against ${list(below)}`] : []),
    ...(open.length > 0
      ? [`cannot be told from ${list(open)} with ${seeds} seed${seeds === 1 ? '' : 's'}`]
      : []),
  ];
  const alike = level.length === 0 ? '' : `, level with ${list(level)}`;
  return `${name(first)} ranks first by interquartile mean${alike}; it ${parts.join('; it ')}`;
}
