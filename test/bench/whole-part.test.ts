import { expect, it } from 'vitest';
import { wholePart } from '../../bench/whole-part.ts';
import { loadManifest } from '../../harness/results/manifest.ts';

const { config, ...rest } = loadManifest('results/baselines');
const waiting = (...missing: readonly string[]) =>
  wholePart({
    config,
    runs: rest.runs.map((run) =>
      missing.includes(`${run.task}/${run.agent}/${run.seed}`) ? { ...run, status: 'waiting' } : run,
    ),
  });
const agents = config.agents.map(({ label }) => label);
const others = agents.filter((agent) => agent !== 'qvpo');

it('is everything of a comparison that is done', () => {
  expect(waiting()).toEqual({ agents, seeds: [0, 1, 2] });
});

it('has no agent whose first seed is missing on a task, and no seed that an agent of it misses', () => {
  expect(waiting('walker-walk/qvpo/0')).toEqual({ agents: others, seeds: [0, 1, 2] });
  expect(waiting('walker-walk/qvpo/1')).toEqual({ agents, seeds: [0, 2] });
  expect(waiting('walker-walk/qvpo/0', 'walker-walk/qvpo/1', 'cartpole-swingup/sac/2')).toEqual({
    agents: others,
    seeds: [0, 1],
  });
});

it('has no seed where no agent is whole', () => {
  expect(waiting(...agents.map((agent) => `walker-walk/${agent}/0`))).toEqual({ agents: [], seeds: [] });
});
