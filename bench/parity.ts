/**
 * Prints the table of docs/parity.md: how far each task is from dm_control, over all recorded seeds.
 *
 *   npx jiti bench/parity.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type ControlEnvironment, findTask, makeEnvironment } from '../envs/index.ts';
import { actionStream, type Trace, traceEpisode, traceSeed } from '../envs/trace.ts';
import { traceDifference } from '../envs/trace-difference.ts';
import { packagedModels } from '../harness/plugins/assets.ts';
import { tuneWebAssembly } from '../harness/process/webassembly.ts';

tuneWebAssembly();

const TRACES = new URL('../test/data/dmc/traces/', import.meta.url);
/** A difference of the order of rounding. */
const NUDGE = 1e-15;
const VISIBLE = 1e-6;

const scientific = (value: number) => (value === 0 ? '0' : value.toExponential(1));

/** The control step at which a nudge of the first state has changed a reward visibly; undefined if it never does. */
function horizon(environment: ControlEnvironment, seed: number): number | undefined {
  const rewards = (nudge: number) => {
    environment.reset(seed);
    const { qpos } = environment.physics;
    for (let i = 0; i < qpos.length; i++) qpos[i] += nudge * (i % 2 === 0 ? 1 : -1);
    environment.physics.updatePosition();
    const draw = actionStream(environment, seed);
    return Array.from({ length: environment.episodeLength }, () => environment.step(draw()).reward);
  };
  const [straight, nudged] = [rewards(0), rewards(NUDGE)];
  const step = straight.findIndex((reward, i) => Math.abs(reward - nudged[i]) > VISIBLE);
  return step < 0 ? undefined : step + 1;
}

console.log('| task | reset | qpos | qvel | observation | reward | whole return | visible from step |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
for (const file of readdirSync(TRACES)) {
  const recorded = JSON.parse(gunzipSync(readFileSync(new URL(file, TRACES))).toString('utf8')) as Trace;
  if (findTask(recorded.task) === undefined) continue;
  const environment = await makeEnvironment(recorded.task, { models: packagedModels });
  const largest = { reset: 0, qpos: 0, qvel: 0, observation: 0, reward: 0, whole: 0 };
  const horizons: number[] = [];
  for (const expected of recorded.seeds) {
    const found = await traceSeed(environment, expected.seed, expected.steps.length);
    const difference = traceDifference(found, expected);
    for (const key of Object.keys(difference) as (keyof typeof difference)[]) {
      largest[key] = Math.max(largest[key], difference[key]);
    }
    const whole = traceEpisode(environment, expected.seed);
    const off = Math.abs(Number(whole.return_total) - Number(expected.openLoop?.return_total));
    largest.whole = Math.max(largest.whole, off);
    const visible = horizon(environment, expected.seed);
    if (visible !== undefined) horizons.push(visible);
  }
  const cells = Object.values(largest).map(scientific);
  console.log(
    `| ${[recorded.task, ...cells, horizons.length ? Math.min(...horizons) : 'never'].join(' | ')} |`,
  );
  environment.dispose();
}
