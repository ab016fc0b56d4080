/** The evaluation protocol: n whole episodes of the exploit policy, stepped side by side. */
import type { Agent } from '../../agents/agent.ts';
import type { Environment } from '../../envs/environment.ts';
import { toBounds } from './action-bounds.ts';

/** One evaluation episode. */
export interface EpisodeScore {
  /** Sum of rewards. */
  readonly return: number;
  /** Control steps. */
  readonly length: number;
  /** Whether it ended because the simulation did not hold. */
  readonly unstable: boolean;
}

/** The state in which an episode starts. */
export interface EpisodeStart {
  /** numpy seed of the environment's random state, in [0, 2^32) */
  readonly seed: number;
  /** The episode is the one that this reset begins, from 1, counted from the seed on. */
  readonly reset: number;
}

/** Episode `index` starts where the same episode of every other evaluation does (see EvaluationStarts). */
export const fixedStart = (index: number): EpisodeStart => ({ seed: index, reset: 2 });

/** The first observation of the episode, [obs]; held, as the environment's. */
export function beginEpisode(environment: Environment, { seed, reset }: EpisodeStart): Float64Array {
  let { observation } = environment.reset(seed);
  for (let done = 1; done < reset; done++) observation = environment.reset().observation;
  return observation;
}

/**
 * Plays one episode per environment, all with one act() call per control step. The call always gets every
 * row (rows of ended episodes keep their last observation), so that a compiled policy sees one shape.
 * @param starts one per episode
 * @param beforeStep called before every control step; what it throws ends the evaluation
 */
export async function evaluate(
  agent: Agent,
  environments: readonly Environment[],
  starts: readonly EpisodeStart[],
  beforeStep: () => Promise<void> | undefined = () => undefined,
): Promise<EpisodeScore[]> {
  const count = environments.length;
  const obs = environments[0].observationSpec.size;
  const act = environments[0].actionSpec.size;
  const observations = new Float32Array(count * obs);
  const action = new Float64Array(act);
  const bounded = toBounds(environments[0].actionSpec);
  const returns = new Array<number>(count).fill(0);
  const lengths = new Array<number>(count).fill(0);
  const unstable = new Array<boolean>(count).fill(false);
  const live = environments.map((environment, i) => {
    observations.set(beginEpisode(environment, starts[i]), i * obs);
    return true;
  });
  while (live.includes(true)) {
    await beforeStep();
    const actions = await agent.act(observations, count, 'exploit');
    for (let i = 0; i < count; i++) {
      if (!live[i]) continue;
      for (let k = 0; k < act; k++) action[k] = actions[i * act + k];
      const step = environments[i].step(bounded(action));
      observations.set(step.observation, i * obs);
      returns[i] += step.reward;
      lengths[i]++;
      unstable[i] = step.unstable !== undefined;
      live[i] = !(step.terminated || step.truncated);
    }
  }
  return returns.map((value, i) => ({ return: value, length: lengths[i], unstable: unstable[i] }));
}
