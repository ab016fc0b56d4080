import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { jobsOf } from '../../harness/plan/plan.ts';
import { resolvePlan } from '../../harness/plan/resolve.ts';
import { readSettingsFile } from '../../harness/plan/settings.ts';

const planned = async (name: string, backend = 'native') => {
  const settings = readSettingsFile(fileURLToPath(new URL(`../../bench/rfm8/${name}.yaml`, import.meta.url)));
  expect(settings.backend).toBe(backend);
  expect(settings.out).toMatch(/^rfm8(?:-|$)/); // a name under results/ of where the command is given
  // Planned on any machine: the backend that is asked for has to run where a plan is made.
  const plan = await resolvePlan({ ...settings, backend: 'wasm' });
  return { plan, jobs: jobsOf(plan) };
};
/** The tasks of arXiv 2601.08136. */
const paperTasks = [
  ...['cheetah-run', 'cartpole-swingup', 'fish-swim', 'fish-upright', 'walker-walk', 'walker-run'],
  ...['finger-spin', 'finger-turn_hard'],
];

it("the main table has every agent that the paper compares on the paper's eight tasks, unchanged at preset laptop", async () => {
  const { plan, jobs } = await planned('main');
  expect(plan.tasks.map(({ name }) => name)).toEqual(paperTasks);
  expect(jobs).toHaveLength(9 * 8 * 3);
  expect(plan.agents.map(({ label, preset }) => [label, preset])).toEqual(
    ['rfm-flow', 'rfm-diffusion', 'sac', 'td3', 'qsm', 'dqs', 'maxentdp', 'qvpo', 'random'].map((name) => [
      name,
      'laptop',
    ]),
  );
  expect(plan).toMatchObject({
    steps: 100_000,
    evaluation: { every: 10_000, episodes: 25, starts: 'fixed' },
  });
});

it('the anchor has the protocol of the official program: 26 evaluations of 25 episodes over 250,000 steps', async () => {
  const { plan, jobs } = await planned('anchor');
  expect(jobs).toHaveLength(1);
  expect(jobs[0].config).toMatchObject({ batchSize: 256, criticWidth: 256, randomSteps: 10_000 });
  expect(plan).toMatchObject({
    steps: 250_000,
    evaluation: { every: 10_000, episodes: 25, starts: 'fixed' },
  });
});

it('the runs on WebAssembly are runs of the main table in all but their bits', async () => {
  const [main, wasm] = [await planned('main'), await planned('wasm', 'wasm')];
  expect(wasm.jobs).toHaveLength(2);
  for (const job of wasm.jobs) expect(main.jobs).toContainEqual(job);
});

it('the proxy differs from the main table in width and batch alone', async () => {
  const [main, proxy] = [await planned('main'), await planned('proxy')];
  for (const { label, config } of proxy.plan.agents)
    expect(config).toEqual({
      ...main.plan.agents.find((agent) => agent.label === label)?.config,
      ...{ batchSize: 256, criticWidth: 256, actorWidth: 256 },
    });
  expect(proxy.plan.evaluation).toEqual(main.plan.evaluation);
});
