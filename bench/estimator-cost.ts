/**
 * What each estimator costs a whole update of an RFM agent, beside `noise` in turn on one thread. `gradient` shows what
 * reading the critic's gradient costs; what the others need beyond it is their own arithmetic.
 *
 *   npx jiti bench/estimator-cost.ts [--agent rfm-flow] [--preset laptop] [--rounds 15] [--seconds 0.5]
 */
import { parseArgs } from 'node:util';
import type { Preset } from '../agents/agent.ts';
import { estimatorForms } from '../agents/posterior/estimators.ts';
import { findAgent } from '../agents/registry.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import { madeUpBatch } from '../harness/bench/update.ts';

const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: 'rfm-flow' },
    preset: { type: 'string', default: 'laptop' },
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '0.5' },
    estimators: { type: 'string', default: estimatorForms().join() },
  },
});
const factory = findAgent(values.agent);
if (factory === undefined) throw new Error(`no agent '${values.agent}'`);
const estimators = values.estimators.split(',');
const sizes = { observation: { size: 24 }, action: { size: 6 } };
const engine = createEngine({ threads: 1 });

const sides = await Promise.all(
  estimators.map(async (estimator) => {
    const preset = factory.presets[values.preset as Preset];
    const config = factory.config.parse({ ...preset, estimator });
    const random = RandomStream.fromSeed(0);
    const agent = await factory.create({ ...sizes, config, random: random.split('agent'), engine });
    const batch = madeUpBatch(config.batchSize, sizes.observation.size, sizes.action.size, random);
    await agent.update(batch);
    return { estimator, milliseconds: [] as number[], update: () => agent.update(batch) };
  }),
);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const side of sides) {
    const begin = performance.now();
    let count = 0;
    do {
      await side.update();
      count++;
    } while (performance.now() - begin < 1000 * Number(values.seconds));
    side.milliseconds.push((performance.now() - begin) / count);
  }
}
console.log(`${values.agent} ${values.preset}, one thread, medians of ${values.rounds} rounds in turn`);
console.log('| estimator | ms per update | of `noise` | least to most |\n| --- | ---: | ---: | --- |');
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const [noise] = sides;
for (const { estimator, milliseconds } of sides) {
  const ratios = milliseconds.map((value, round) => value / noise.milliseconds[round]);
  const spread = `${Math.min(...ratios).toFixed(2)} - ${Math.max(...ratios).toFixed(2)}`;
  console.log(
    `| ${estimator} | ${median(milliseconds).toFixed(2)} | ${median(ratios).toFixed(2)} | ${spread} |`,
  );
}
