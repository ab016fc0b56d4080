/**
 * Updates in native code beside the same updates in ONNX Runtime, in turn in one run, one thread.
 *
 *   npx jiti bench/native-onnx.ts [--agents rfm-flow,sac] [--preset paper,laptop,smoke] [--rounds 7] [--seconds 0.7]
 */
import { parseArgs } from 'node:util';
import type { Preset } from '../agents/agent.ts';
import { findAgent } from '../agents/registry.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import { madeUpBatch } from '../harness/bench/update.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: 'rfm-flow,sac' },
    preset: { type: 'string', default: 'paper,laptop,smoke' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.7' },
  },
});
const milliseconds = 1000 * Number(values.seconds);

console.log('| agent | preset | native, ms | onnx, ms | onnx ÷ native |\n| --- | --- | ---: | ---: | --- |');
for (const name of values.agents.split(',')) {
  for (const preset of values.preset.split(',') as Preset[]) {
    const [native, onnx] = [await side('native', name, preset), await side('onnx', name, preset)];
    const rounds: { native: number; onnx: number; ratio: number }[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const times = { native: await native(), onnx: await onnx() };
      rounds.push({ ...times, ratio: times.onnx / times.native });
    }
    const sorted = (key: 'native' | 'onnx' | 'ratio') => rounds.map((x) => x[key]).sort((a, b) => a - b);
    const median = (key: 'native' | 'onnx' | 'ratio') => sorted(key)[rounds.length >> 1].toFixed(2);
    const ratios = sorted('ratio');
    const spread = `(${ratios[0].toFixed(2)} - ${ratios[ratios.length - 1].toFixed(2)})`;
    console.log(
      `| ${name} | ${preset} | ${median('native')} | ${median('onnx')} | ${median('ratio')} ${spread} |`,
    );
  }
}

/** @returns measures one update's milliseconds */
async function side(
  backend: 'native' | 'onnx',
  name: string,
  preset: Preset,
): Promise<() => Promise<number>> {
  const factory = findAgent(name);
  if (factory === undefined) throw new Error(`no agent '${name}'`);
  const sizes = { observation: { size: 24 }, action: { size: 6 } };
  const random = RandomStream.fromSeed(0);
  const config = factory.presets[preset];
  const engine = createEngine({ backend, threads: 1 });
  const agent = await factory.create({ ...sizes, config, random: random.split('agent'), engine });
  const batch = madeUpBatch(config.batchSize, sizes.observation.size, sizes.action.size, random);
  await agent.update(batch);
  return async () => {
    const begin = performance.now();
    let count = 0;
    do {
      await agent.update(batch);
      count++;
    } while (performance.now() - begin < milliseconds);
    return (performance.now() - begin) / count;
  };
}
