/**
 * The rest of interrupted episodes. As a script, it reads interrupted episodes from standard input, continues
 * each from its saved state and prints what follows.
 */
import { readFileSync } from 'node:fs';
import { encodeArray } from '../../envs/encoding.ts';
import { type ControlEnvironment, type EnvironmentState, makeEnvironment } from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

export interface Interrupted {
  readonly task: string;
  readonly state: EnvironmentState;
  readonly actions: readonly number[][];
  /** What continueEpisode gave in the first process. */
  readonly rest: readonly string[];
}

/** Observations, rewards and states of further steps, of the next reset and of steps after it, as bits. */
export function continueEpisode(environment: ControlEnvironment, actions: readonly number[][]): string[] {
  const half = actions.length / 2;
  return actions.flatMap((action, i) => {
    const { observation, reward } = environment.step(action);
    const found = [encodeArray(Float64Array.of(reward, ...observation, ...environment.physics.qpos))];
    if (i === half - 1) found.push(encodeArray(Float64Array.from(environment.reset().observation)));
    return found;
  });
}

if (process.argv[2] === 'stdin') {
  const interrupted = JSON.parse(readFileSync(0, 'utf8')) as Interrupted[];
  const continued: string[][] = [];
  for (const { task, state, actions } of interrupted) {
    const environment = await makeEnvironment(task, { models: packagedModels });
    environment.setState(state);
    continued.push(continueEpisode(environment, actions));
    environment.dispose();
  }
  console.log(JSON.stringify(continued));
}
