/**
 * Updates on several backends, in turn in one run, one thread: milliseconds of processor time (so that other processes
 * matter little), and the first backend's as a multiple of each other one's.
 *
 *   npx jiti bench/backends.ts [--backends native,wasm,onnx] [--agents rfm-flow,sac] [--preset paper,laptop,smoke]
 *     [--rounds 7] [--seconds 0.7] [--warm 3]
 */
import { parseArgs } from 'node:util';
import type { Preset } from '../agents/agent.ts';
import { findAgent } from '../agents/registry.ts';
import { type BackendName, backendNames } from '../engine/backends/records.ts';
import { whyUnavailable } from '../engine/codegen/x86/memory.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import { madeUpBatch } from '../harness/bench/update.ts';

const { values } = parseArgs({
  options: {
    backends: { type: 'string', default: whyUnavailable() === undefined ? 'native,wasm,onnx' : 'wasm,onnx' },
    agents: { type: 'string', default: 'rfm-flow,sac' },
    preset: { type: 'string', default: 'paper,laptop,smoke' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.7' },
    /** Seconds before the first round: V8 compiles WebAssembly twice, the second time what runs often. */
    warm: { type: 'string', default: '3' },
  },
});
const milliseconds = 1000 * Number(values.seconds);
const backends = values.backends.split(',').map((name) => {
  const backend = backendNames().find((known) => known === name);
  if (backend === undefined) throw new Error(`no backend '${name}': one of ${backendNames().join(', ')}`);
  return backend;
});
const [first, ...others] = backends;

const ratios = others.map((name) => `${first} ÷ ${name}`);
console.log(
  `| agent | preset | ${backends.map((name) => `${name}, ms`).join(' | ')} | ${ratios.join(' | ')} |`,
);
console.log(`| --- | --- |${backends.map(() => ' ---: |').join('')}${ratios.map(() => ' --- |').join('')}`);
for (const name of values.agents.split(',')) {
  for (const preset of values.preset.split(',') as Preset[]) {
    const sides = [];
    for (const backend of backends) sides.push(await side(backend, name, preset));
    const rounds: number[][] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const times = [];
      for (const measure of sides) times.push(await measure(milliseconds));
      rounds.push(times);
    }
    const sorted = (of: (times: readonly number[]) => number) => rounds.map(of).sort((a, b) => a - b);
    const middle = (list: readonly number[]) => list[list.length >> 1].toFixed(2);
    const medians = backends.map((_, i) => middle(sorted((times) => times[i])));
    const parts = others.map((_, i) => {
      const list = sorted((times) => times[0] / times[i + 1]);
      return `${middle(list)} (${list[0].toFixed(2)} - ${list[list.length - 1].toFixed(2)})`;
    });
    console.log(`| ${name} | ${preset} | ${[...medians, ...parts].join(' | ')} |`);
  }
}

/** @returns measures one update's milliseconds, for so long */
async function side(
  backend: BackendName,
  name: string,
  preset: Preset,
): Promise<(milliseconds: number) => Promise<number>> {
  const factory = findAgent(name);
  if (factory === undefined) throw new Error(`no agent '${name}'`);
  const sizes = { observation: { size: 24 }, action: { size: 6 } };
  const random = RandomStream.fromSeed(0);
  const config = factory.presets[preset];
  const engine = createEngine({
    backend,
    threads: 1,
    onFallback: (graph, reason) => console.error(`${graph} does not run on ${backend}: ${reason}`),
  });
  const agent = await factory.create({ ...sizes, config, random: random.split('agent'), engine });
  const batch = madeUpBatch(config.batchSize, sizes.observation.size, sizes.action.size, random);
  const measure = async (duration: number) => {
    const before = process.cpuUsage();
    const begin = performance.now();
    let count = 0;
    do {
      await agent.update(batch);
      count++;
    } while (performance.now() - begin < duration);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / count;
  };
  await measure(backend === 'wasm' ? 1000 * Number(values.warm) : 0);
  return measure;
}
