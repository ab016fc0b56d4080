/** Runs as the tables of a comparison directory, or a file of scores, tell them. */
import { type Line, parseTable } from '../files/csv-text.ts';
import { parseColumns, type ReadRow } from '../files/parse-columns.ts';
import { evaluationColumns } from '../run/rows.ts';
import { UserError } from '../text/errors.ts';

/** What tells a run from the others of a comparison. */
export type RunName = Pick<Run, 'task' | 'agent' | 'seed'>;

/** The same as text, for maps and sets. */
export const runKey = ({ task, agent, seed }: RunName): string => JSON.stringify([task, agent, seed]);

/** The mean return of one evaluation of one run. */
export interface Evaluation {
  /** Environment steps of training before it. */
  readonly step: number;
  readonly episodes: number;
  readonly meanReturn: number;
  /** Seconds since the run began; undefined if not recorded. */
  readonly wallSeconds: number | undefined;
}

/** One (task, agent, seed). */
export interface Run {
  readonly task: string;
  readonly agent: string;
  readonly seed: string;
  /** The mean return of the last evaluation, or the score that was given. */
  readonly score: number;
  /** Ascending in steps; empty if only a score was given. */
  readonly evaluations: readonly Evaluation[];
  /** File and line of its first row. */
  readonly place: string;
}

const SCORE_COLUMNS = ['task', 'agent', 'seed', 'score'];

export interface ReadOptions {
  /** A header alone is fine (every run failed before its first evaluation). */
  readonly mayBeEmpty?: boolean;
}

/**
 * The runs in evaluations.csv.
 * @param file its name, for complaints
 * @throws UserError with file and line
 */
export function parseEvaluations(file: string, text: string, options: ReadOptions = {}): Run[] {
  const rows = parseColumns(file, text, evaluationColumns);
  if (rows.length === 0 && !options.mayBeEmpty) throw new UserError(`${file}, line 2: no evaluations`);
  const runs = new Map<string, EvaluationLine[]>();
  for (const row of rows) {
    const key = runKey(row.cells);
    const own = runs.get(key);
    if (own === undefined) runs.set(key, [row]);
    else own.push(row);
  }
  return [...runs.values()].map((own) => {
    const [{ cells, line }] = own;
    const { task, agent, seed } = cells;
    const evaluations = evaluationsOf(own);
    const score = evaluations[evaluations.length - 1].meanReturn;
    return { task, agent, seed, place: line.place, score, evaluations };
  });
}

/**
 * The runs in a table with columns task, agent, seed, score.
 * @param file its name, for complaints
 * @throws UserError with file and line
 */
export function parseScores(file: string, text: string): Run[] {
  const lines = parseTable(file, text, SCORE_COLUMNS);
  if (lines.length === 0) throw new UserError(`${file}, line 2: no scores`);
  const runs = lines.map((line) => ({ ...identity(line), score: line.number('score'), evaluations: [] }));
  return joinRuns([runs]);
}

/**
 * The runs of several sources together, sorted by task, agent and seed.
 * @throws UserError if a run is there twice
 */
export function joinRuns(sources: readonly (readonly Run[])[]): Run[] {
  const seen = new Map<string, Run>();
  for (const run of sources.flat()) {
    const key = runKey(run);
    const other = seen.get(key);
    if (other !== undefined) {
      const name = `task '${run.task}', agent '${run.agent}', seed ${run.seed}`;
      throw new UserError(`${run.place}: ${name} again, already at ${other.place}`);
    }
    seen.set(key, run);
  }
  const runs = [...seen.values()];
  const rank = rankNames(runs.flatMap(({ task, agent, seed }) => [task, agent, seed]));
  return runs.sort(
    (a, b) => rank(a.task) - rank(b.task) || rank(a.agent) - rank(b.agent) || rank(a.seed) - rank(b.seed),
  );
}

/** The place of every name in the order of `compareNames`, which is slow where many names repeat. */
export function rankNames(names: Iterable<string>): (name: string) => number {
  const ordered = [...new Set(names)].sort(compareNames);
  const places = new Map(ordered.map((name, place) => [name, place]));
  return (name) => places.get(name) ?? -1;
}

/** Puts the directory's name before each agent's, so that one agent under two settings can be compared. */
export function prefixAgents<Of extends { readonly agent: string }>(
  runs: readonly Of[],
  directory: string,
): Of[] {
  return runs.map((run) => ({ ...run, agent: `${directory}/${run.agent}` }));
}

/** Numbers within names by value, decimals too, else by code unit: the same order under every locale. */
export function compareNames(a: string, b: string): number {
  const partsA = a.split(/(\d+(?:\.\d+)?)/);
  const partsB = b.split(/(\d+(?:\.\d+)?)/);
  for (let i = 0; i < Math.min(partsA.length, partsB.length); i++) {
    if (partsA[i] === partsB[i]) continue;
    const byValue = i % 2 === 1 ? Number(partsA[i]) - Number(partsB[i]) : 0;
    return byValue || (partsA[i] < partsB[i] ? -1 : 1);
  }
  return partsA.length - partsB.length;
}

function identity(line: Line) {
  return {
    task: line.text('task'),
    agent: line.text('agent'),
    seed: line.text('seed'),
    place: line.place,
  };
}

type EvaluationLine = ReadRow<typeof evaluationColumns>;

interface StepRows {
  readonly returns: number[];
  readonly episodes: Map<number, Line>;
  wallSeconds: number | undefined;
}

function evaluationsOf(rows: readonly EvaluationLine[]): Evaluation[] {
  const steps = new Map<number, StepRows>();
  for (const { line, cells } of rows) {
    const { step, episode } = cells;
    const at: StepRows = steps.get(step) ?? { returns: [], episodes: new Map(), wallSeconds: undefined };
    steps.set(step, at);
    const twin = at.episodes.get(episode);
    if (twin !== undefined)
      throw line.error(`step ${step}, episode ${episode} of this run again, already at ${twin.place}`);
    at.episodes.set(episode, line);
    at.returns.push(cells.return);
    at.wallSeconds = cells.wall_seconds ?? at.wallSeconds;
  }
  return [...steps.entries()]
    .sort(([a], [b]) => a - b)
    .map(([step, { returns, wallSeconds }]) => ({
      step,
      episodes: returns.length,
      meanReturn: returns.reduce((sum, value) => sum + value, 0) / returns.length,
      wallSeconds,
    }));
}

/** A run as it was at a step; none if it was not evaluated until then. */
export function runUntil(run: Run, step = Number.POSITIVE_INFINITY): Run[] {
  if (run.evaluations.length === 0) return [run];
  const evaluations = run.evaluations.filter((evaluation) => evaluation.step <= step);
  const last = evaluations[evaluations.length - 1];
  return last === undefined ? [] : [{ ...run, evaluations, score: last.meanReturn }];
}
