/** The tables of a comparison: their columns in order, as documented in docs/results.md. */
import type { Row } from '../files/table.ts';
import { summaryColumns } from './summary.ts';

export const tableColumns = {
  get summary() {
    return Object.keys(summaryColumns) as (keyof typeof summaryColumns)[];
  },
  aggregate: ['agent', 'metric', 'value', 'ci_low', 'ci_high', 'tasks', 'runs', 'flag'],
  pairwise: ['agent_x', 'agent_y', 'probability_of_improvement', 'ci_low', 'ci_high', 'flag'],
  profiles: ['agent', 'tau', 'fraction', 'ci_low', 'ci_high', 'flag'],
} as const;

export type TableName = keyof typeof tableColumns;
export type TableRow<Name extends TableName> = Row<(typeof tableColumns)[Name][number]>;
export type Tables = { readonly [Name in TableName]: readonly TableRow<Name>[] };

/** What can be wrong with a row's numbers; several are joined by a space. */
export const flags = {
  fewer_than_3_seeds: 'fewer than three seeds: intervals from two are wide, and from one there are few',
  unequal_steps:
    'runs ended at different steps; each counts with its own last evaluation, and learning curves end where the first of them did',
  unequal_evaluations:
    'runs were evaluated at different steps; learning curves interpolate each between its own evaluations',
  failed_runs: 'runs that failed are left out',
  unfinished_runs:
    'runs that have not ended are left out, or count with their last evaluation; until they end the agent has no rank',
  missing_tasks: 'not every task of the comparison has a run of this agent, so it has no rank',
} as const;

export type Flag = keyof typeof flags;
export const flagNames = Object.keys(flags) as Flag[];

/** Flags as a cell: in fixed order, joined by spaces, empty for none. */
export function flagCell(found: ReadonlySet<Flag>): string {
  return flagNames.filter((flag) => found.has(flag)).join(' ');
}

/** Whether numbers with these flags cover what the comparison asked for, as a rank needs. */
export const mayRank = (found: readonly Flag[]): boolean =>
  !found.includes('unfinished_runs') && !found.includes('missing_tasks');

/** The flags of a cell. */
export function flagsOf(cell: unknown): Flag[] {
  return typeof cell === 'string' ? flagNames.filter((flag) => cell.split(' ').includes(flag)) : [];
}
