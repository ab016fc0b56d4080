/**
 * The harness from a script: an environment, environments in a batch, a comparison, its statistics, a trained policy.
 *
 *     npm install rfm-harness && npx jiti script.ts
 *
 * Every function has a docstring with shapes, units and errors; `npm run docs` in a checkout writes them as pages.
 */
import {
  compare,
  evaluate,
  loadPolicy,
  makeEnvironment,
  makeVectorEnvironment,
  readCheckpoint,
  readResults,
  statistics,
} from 'rfm-harness';

// An environment: observations [obs] are held and overwritten by the next step.
const environment = await makeEnvironment('cartpole-swingup', { seed: 1 });
let step = environment.reset();
for (let i = 0; i < 10; i++) step = environment.step([0.5]);
console.log('reward', step.reward, 'observation', [...step.observation]);

// Eight of them at once: actions [8, act] in, observations [8, obs] out; episodes that end begin anew.
const vector = await makeVectorEnvironment('walker-walk', 8, { autoReset: true });
vector.reset();
const { reward, done } = vector.step(new Float32Array(8 * vector.actionSpec.size));
console.log('rewards', [...reward], 'ended', done.includes(1));

// Agents x tasks x seeds, each run in a process of its own; results/from-a-script holds what `harness compare` writes.
const { folder, tables } = await compare({
  agents: ['random', { agent: 'sac', set: { randomSteps: 300, criticWidth: 32, actorWidth: 32 } }],
  tasks: ['cartpole-swingup'],
  seeds: 3,
  steps: 600,
  preset: 'smoke',
  out: 'from-a-script',
  force: true,
  onEvent: (event) => event.kind === 'ended' && console.log(event.run.agent, event.run.seed, event.status),
});
console.table(tables?.summary.map(({ agent, mean, ci_low, ci_high }) => ({ agent, mean, ci_low, ci_high })));

// Its rows, and any statistic on them.
const runs = readResults(folder).runs.filter(({ agent }) => agent === 'sac');
console.log('IQM of sac', statistics.interquartileMean([runs.map(({ score }) => score)]));
console.log(
  'critic loss',
  runs[0].training.map(({ step, values }) => [step, values.critic_loss]),
);

// A trained policy: evaluated, asked for an action, taken apart.
const run = `${folder}/runs/cartpole-swingup/sac/0`;
console.log('evaluation', (await evaluate(run, { episodes: 2 })).mean);
const policy = await loadPolicy(run);
console.log('action', await policy.act(environment.reset().observation));
console.log('layers', Object.keys(readCheckpoint(run).weights('actor/params')));
await policy.dispose();
vector.dispose();
environment.dispose();
