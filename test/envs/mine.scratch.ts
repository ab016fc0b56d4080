import { makeEnvironment } from '../../envs/index.ts';
import { hopper } from '../../envs/domains/hopper.ts';
import { humanoid } from '../../envs/domains/humanoid.ts';
import { quadruped } from '../../envs/domains/quadruped.ts';
import { traceSeed } from '../../envs/trace.ts';
import { traceDifference } from '../../envs/trace-difference.ts';
import { packagedModels } from '../../harness/assets.ts';
import { recordedTasks, recordedTrace } from './recorded-traces.ts';
const want = process.argv.slice(2);
for (const d of [hopper, humanoid, quadruped]) for (const t of d.tasks) {
  if (!recordedTasks.includes(t.name)) { console.log(t.name, 'no trace'); continue; }
  if (want.length && !want.some(w => t.name.startsWith(w))) continue;
  try {
    const env = await makeEnvironment(t, { models: packagedModels });
    for (const seed of recordedTrace(t.name).seeds) {
      const t0 = performance.now();
      console.log(t.name, seed.seed, JSON.stringify(traceDifference(await traceSeed(env, seed.seed, seed.steps.length), seed)), Math.round(performance.now() - t0));
    }
    env.dispose();
  } catch (e) { console.log(t.name, e); }
}
