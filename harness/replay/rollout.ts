/** Plays episodes and writes down every step. */
import type { Agent } from '../../agents/agent.ts';
import type { Environment } from '../../envs/environment.ts';
import { formatTable, type Row } from '../files/table.ts';
import { toBounds } from '../run/action-bounds.ts';
import type { Recorder } from './recording.ts';

export interface Trajectory {
  readonly columns: readonly string[];
  readonly rows: readonly Row<string>[];
  readonly returns: readonly number[];
}

/**
 * One episode per seed, step after step. A row holds the observation before the action, the action, and the
 * reward after it; columns are named by the parts of the observation.
 * @param recorder writes down what it takes to replay the episodes in 3-D
 */
export async function rollOut(
  agent: Agent,
  environment: Environment,
  seeds: readonly number[],
  mode: 'explore' | 'exploit',
  maxSteps: number,
  recorder?: Recorder,
): Promise<Trajectory> {
  const { observationSpec, actionSpec, controlStep } = environment;
  const observationColumns = observationSpec.parts.flatMap(({ name, size }) =>
    size === 1 ? [name] : Array.from({ length: size }, (_, i) => `${name}_${i}`),
  );
  const actionColumns = Array.from({ length: actionSpec.size }, (_, i) => `action_${i}`);
  const columns = [
    'episode',
    'step',
    'time_seconds',
    ...observationColumns,
    ...actionColumns,
    'reward',
    'terminated',
    'truncated',
  ];
  const rows: Row<string>[] = [];
  const returns: number[] = [];
  const input = new Float32Array(observationSpec.size);
  const bounded = toBounds(environment.actionSpec);
  for (const [episode, seed] of seeds.entries()) {
    let now = environment.reset(seed);
    recorder?.begin(seed);
    let sum = 0;
    for (let step = 0; step < maxSteps && !now.terminated && !now.truncated; step++) {
      const row: Record<string, number> = {
        episode,
        step,
        time_seconds: Number((step * controlStep).toPrecision(12)),
      };
      observationColumns.forEach((name, i) => {
        row[name] = now.observation[i];
      });
      input.set(now.observation);
      const action = await agent.act(input, 1, mode);
      actionColumns.forEach((name, i) => {
        row[name] = action[i];
      });
      now = environment.step(bounded(action));
      sum += now.reward;
      recorder?.step(action, now.reward);
      rows.push({
        ...row,
        reward: now.reward,
        terminated: Number(now.terminated),
        truncated: Number(now.truncated),
      });
    }
    recorder?.end();
    returns.push(sum);
  }
  return { columns, rows, returns };
}

export function trajectoryCsv({ columns, rows }: Trajectory): string {
  return formatTable(columns, rows);
}
