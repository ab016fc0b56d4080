/** Plays episodes and writes down every step. */
import type { Agent } from '../../agents/agent.ts';
import type { Environment } from '../../envs/environment.ts';
import { formatTable, type Row } from '../files/table.ts';
import { toBounds } from '../run/action-bounds.ts';
import type { Recorder } from './recording.ts';

/** The steps of one episode: [steps × columns], row after row. */
export type EpisodeRows = Float64Array;

/** What the columns of a rollout's rows are: counters, parts of the observation, actions, reward and end. */
export function rolloutColumns({ observationSpec, actionSpec }: Environment): string[] {
  const observation = observationSpec.parts.flatMap(({ name, size }) =>
    size === 1 ? [name] : Array.from({ length: size }, (_, i) => `${name}_${i}`),
  );
  const actions = Array.from({ length: actionSpec.size }, (_, i) => `action_${i}`);
  return ['episode', 'step', 'time_seconds', ...observation, ...actions, 'reward', 'terminated', 'truncated'];
}

/**
 * One episode per seed, step after step. A row holds the observation before the action, the action, and the
 * reward after it, in the order of `rolloutColumns`.
 * @param recorder writes down what it takes to replay the episodes in 3-D
 */
export async function* rollOut(
  agent: Agent,
  environment: Environment,
  seeds: readonly number[],
  mode: 'explore' | 'exploit',
  maxSteps: number,
  recorder?: Recorder,
): AsyncGenerator<EpisodeRows> {
  const { observationSpec, controlStep } = environment;
  const input = new Float32Array(observationSpec.size);
  const bounded = toBounds(environment.actionSpec);
  for (const [episode, seed] of seeds.entries()) {
    const rows: number[] = [];
    let now = environment.reset(seed);
    recorder?.begin(seed);
    for (let step = 0; step < maxSteps && !now.terminated && !now.truncated; step++) {
      rows.push(episode, step, Number((step * controlStep).toPrecision(12)), ...now.observation);
      input.set(now.observation);
      const action = await agent.act(input, 1, mode);
      rows.push(...action);
      now = environment.step(bounded(action));
      recorder?.step(action, now.reward);
      rows.push(now.reward, Number(now.terminated), Number(now.truncated));
    }
    recorder?.end();
    yield Float64Array.from(rows);
  }
}

/** The sum of an episode's rewards. */
export function returnOf(rows: EpisodeRows, columns: readonly string[]): number {
  let sum = 0;
  for (let at = columns.lastIndexOf('reward'); at < rows.length; at += columns.length) sum += rows[at];
  return sum;
}

export function trajectoryCsv(columns: readonly string[], episodes: readonly EpisodeRows[]): string {
  const width = columns.length;
  const rows = episodes.flatMap((cells) =>
    Array.from({ length: cells.length / width }, (_, row): Row<string> => {
      const own = cells.subarray(row * width, (row + 1) * width);
      return Object.fromEntries(columns.map((name, i) => [name, own[i]]));
    }),
  );
  return formatTable(columns, rows);
}
