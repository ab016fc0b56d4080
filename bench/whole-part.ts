/** Which part of a comparison may be ranked before all of its runs are done. */
import type { Manifest } from '../harness/results/manifest.ts';

export interface WholePart {
  readonly agents: readonly string[];
  readonly seeds: readonly number[];
}

/**
 * The agents that have finished the first seed of every task, and the seeds that all of these have finished on every task, so that
 * no agent is ranked by other runs than another.
 */
export function wholePart({ config, runs }: Pick<Manifest, 'config' | 'runs'>): WholePart {
  const missing = runs.filter(({ status }) => status !== 'done');
  const agents = config.agents
    .map(({ label }) => label)
    .filter((label) => !missing.some(({ agent, seed }) => agent === label && seed === config.seeds[0]));
  const seeds = config.seeds.filter(
    (own) => !missing.some(({ agent, seed }) => seed === own && agents.includes(agent)),
  );
  return { agents, seeds: agents.length === 0 ? [] : seeds };
}
