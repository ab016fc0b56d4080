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
}

/**
 * Plays one episode per environment, all with one act() call per control step. The call always gets every
 * row (rows of ended episodes keep their last observation), so that a compiled policy sees one shape.
 * @param seeds one environment seed per episode
 * @param breathe called before every control step; what it throws ends the evaluation
 */
export async function evaluate(
  agent: Agent,
  environments: readonly Environment[],
  seeds: readonly number[],
  breathe: () => Promise<void> | undefined = () => undefined,
): Promise<EpisodeScore[]> {
  const count = environments.length;
  const obs = environments[0].observationSpec.size;
  const act = environments[0].actionSpec.size;
  const observations = new Float32Array(count * obs);
  const action = new Float64Array(act);
  const bounded = toBounds(environments[0].actionSpec);
  const returns = new Array<number>(count).fill(0);
  const lengths = new Array<number>(count).fill(0);
  const live = environments.map((environment, i) => {
    observations.set(environment.reset(seeds[i]).observation, i * obs);
    return true;
  });
  while (live.includes(true)) {
    await breathe();
    const actions = await agent.act(observations, count, 'exploit');
    for (let i = 0; i < count; i++) {
      if (!live[i]) continue;
      for (let k = 0; k < act; k++) action[k] = actions[i * act + k];
      const step = environments[i].step(bounded(action));
      observations.set(step.observation, i * obs);
      returns[i] += step.reward;
      lengths[i]++;
      live[i] = !(step.terminated || step.truncated);
    }
  }
  return returns.map((value, i) => ({ return: value, length: lengths[i] }));
}
