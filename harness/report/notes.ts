/** Warnings beside numbers. */
import { type AnalysisOptions, rangeOf } from '../results/analysis.ts';
import { type Flag, flagsOf } from '../results/tables.ts';
import { type Html, html, shortName } from './html.ts';

const messages: Readonly<Record<Flag, string>> = {
  fewer_than_3_seeds: 'fewer than three seeds: the interval says little',
  unequal_steps: 'runs ended at different steps',
  unequal_evaluations: 'runs were evaluated at different steps',
  failed_runs: 'failed runs are left out',
  unfinished_runs: 'runs have not ended',
  missing_tasks: 'not every task was run',
};

/** What the flags of a row say, for a column of notes. */
export const noteText = (cell: unknown): string =>
  flagsOf(cell)
    .map((flag) => messages[flag])
    .join('; ');

/** A dagger after a number whose row is flagged, with the reasons in its tooltip; nothing without flags. */
export function dagger(cell: unknown): Html | undefined {
  const text = noteText(cell);
  return text === '' ? undefined : html`<abbr class="mark" title="${text}"> †</abbr>`;
}

/** What the page says at its top, for each flag found. */
export const notices: Readonly<Record<Flag, string>> = {
  fewer_than_3_seeds:
    'Fewer than three seeds somewhere: intervals from two are wide, and from one there are few. The rows are marked †.',
  unequal_steps:
    'Some runs ended earlier than others, so that final scores come from different steps, and learning curves end where the first run did. The rows are marked †.',
  unequal_evaluations:
    'Some runs of one agent and task were evaluated at different steps: learning curves interpolate each run between its own evaluations. The rows are marked †.',
  failed_runs: 'Runs that failed are left out of all numbers. They are listed under “Runs”.',
  unfinished_runs:
    'Some runs have not ended: they are left out, or count with their last evaluation. Their agents have no rank until they end. The runs are listed under “Runs”.',
  missing_tasks:
    'Not every agent ran every task: aggregates cover each agent’s own tasks and must not be compared across them. Agents that lack a task have no rank.',
};

/** What stands below every plot in a file of its own. */
export const caution = (found: ReadonlySet<Flag>): string | undefined =>
  found.has('fewer_than_3_seeds') ? 'Fewer than three seeds: intervals say little.' : undefined;

/** What a page and a terminal say of a task that is in no aggregate. */
export function unscaledLine(
  task: string,
  options: Pick<AnalysisOptions, 'taskRanges' | 'scoreRange'>,
): string {
  const [low, high] = rangeOf(task, options);
  return `${shortName(task)} is left out of aggregates and profiles: its returns leave ${low} to ${high}, and nothing says what counts as 0 and 1; --score-range ${shortName(task)}=LOW,HIGH does, or scoreRange in its file`;
}
