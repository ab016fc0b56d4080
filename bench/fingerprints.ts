/**
 * Fingerprints of what `--backend wasm` computes: the same on every machine, operating system, Node and browser.
 *
 *   npx jiti bench/fingerprints.ts            compares with test/data/fingerprints.json
 *   npx jiti bench/fingerprints.ts --write    writes it anew; CONTRIBUTING.md says when that is allowed
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { builtInAgents, findAgent } from '../agents/registry.ts';
import { allocateBatch } from '../agents/replay.ts';
import { backends } from '../engine/backends/records.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import type { NdArray } from '../engine/types.ts';
import { makeEnvironment, taskNames } from '../envs/index.ts';
import { packagedModels } from '../harness/plugins/assets.ts';
import { tuneWebAssembly } from '../harness/process/webassembly.ts';
import { runAgain } from '../harness/run/again.ts';
import { runTexts } from '../harness/run/rows.ts';
import * as elementary from '../math/elementary.ts';

tuneWebAssembly();

export interface Fingerprints {
  /** The family of bits. */
  readonly bits: string;
  /** What all agents share: a change there is a new family. */
  readonly arithmetic: Readonly<Record<string, string>>;
  /** All of an agent's state after 50 updates at preset smoke. */
  readonly agents: Readonly<Record<string, string>>;
  /** The CSVs of a short run, without times. */
  readonly runs: Readonly<Record<string, string>>;
}

/** Agents whose runs are taken, on cartpole-swingup. */
export const runAgents = ['rfm-flow', 'sac', 'dqs', 'qsm'] as const;

const file = new URL('../test/data/fingerprints.json', import.meta.url);
export const readFingerprints = (): Fingerprints => JSON.parse(readFileSync(file, 'utf8'));

type Hashable = string | Float32Array | Float64Array | Int32Array | Uint8Array;

/** The first 16 digits of SHA-256; the bits of a NaN count for nothing. */
function hash(parts: Iterable<Hashable>): string {
  const digest = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') {
      digest.update(part);
      continue;
    }
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength).slice();
    const width = part.BYTES_PER_ELEMENT;
    part.forEach((value, i) => {
      if (Number.isNaN(value)) bytes.fill(255, i * width, (i + 1) * width);
    });
    digest.update(bytes);
  }
  return digest.digest('hex').slice(0, 16);
}

const normals = (label: string, size: number): Float32Array =>
  RandomStream.fromSeed(18).split(label).fillNormal(new Float32Array(size));

function ofElementaryFunctions(): string {
  const { atan2, pow, ...ofOne } = elementary;
  const sizes = Float64Array.from({ length: 800 }, (_, i) => i / 40 - 10);
  const byName = Object.entries(ofOne).sort(([a], [b]) => (a < b ? -1 : 1));
  const tables = byName.map(([, f]) => sizes.map((x) => f(x)));
  return hash([...tables, sizes.map((x) => atan2(x, 1.5)), sizes.map((x) => pow(Math.abs(x) + 0.5, x))]);
}

function ofRandomStreams(): string {
  const random = RandomStream.fromSeed(7).split('fingerprint');
  return hash([
    random.fillNormal(new Float32Array(100_000)),
    random.fillUniform(new Float32Array(1000), -1, 1),
    random.fillIntegers(new Int32Array(1000), 1000),
  ]);
}

/** Every kind of code that the generator writes: fused chains, products, reductions, gathers, softmax, a gradient. */
async function ofKernels(): Promise<string> {
  const engine = createEngine({ backend: 'wasm' });
  const elements = engine.compile('elements', ({ x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
    const inside = tf.tanh(x);
    const above = tf.add(tf.abs(x), 1);
    return {
      exponentials: tf.stack([tf.exp(x), tf.expm1(x), tf.sigmoid(x), tf.softplus(x), tf.elu(x), tf.selu(x)]),
      logarithms: tf.stack([
        tf.log(above),
        tf.log1p(above),
        tf.rsqrt(above),
        tf.sqrt(above),
        tf.pow(above, y),
      ]),
      angles: tf.stack([
        tf.sin(x),
        tf.cos(x),
        tf.tan(x),
        tf.atan(x),
        tf.atan2(x, y),
        tf.asin(inside),
        tf.acos(inside),
      ]),
      hyperbolic: tf.stack([
        tf.sinh(x),
        tf.cosh(x),
        inside,
        tf.asinh(x),
        tf.acosh(above),
        tf.atanh(tf.mul(inside, 0.5)),
      ]),
      errors: tf.erf(x),
      rounded: tf.stack([
        tf.floor(x),
        tf.ceil(x),
        tf.round(x),
        tf.sign(x),
        tf.mod(x, y),
        tf.div(x, y),
        tf.maximum(x, y),
      ]),
    };
  });
  const shapes = engine.compile('shapes', ({ x, w }: { x: tf.Tensor; w: tf.Tensor }) => {
    const loss = (weights: tf.Tensor) =>
      tf.mean(
        tf.square(tf.softmax(tf.matMul(tf.relu(tf.matMul(x, weights)), weights, false, true))),
      ) as tf.Scalar;
    return {
      product: tf.matMul(x, w),
      gradient: tf.grad(loss as never)(w),
      sums: tf.stack([tf.sum(x, 0), tf.mean(x, 0), tf.max(x, 0), tf.min(x, 0), tf.prod(x, 0)]),
      softmax: tf.softmax(x),
      logSumExp: tf.logSumExp(x, 1),
      cumulative: tf.cumsum(x, 1),
      gathered: tf.gather(x, tf.argMax(x, 0)),
    };
  });
  const array = (data: Float32Array, ...shape: number[]): NdArray => ({ data, shape });
  const x = normals('x', 1003).map((value, i) => value * (1 + (i % 20)));
  const results = [
    await elements({ x: array(x, 1003), y: array(normals('y', 1003), 1003) }),
    await shapes({
      x: array(normals('rows', 37 * 41), 37, 41),
      w: array(normals('weights', 41 * 29), 41, 29),
    }),
  ];
  const found = hash(results.flatMap((result) => Object.values(result).map(({ data }) => data)));
  await engine.dispose();
  return found;
}

/** Twenty control steps of every task: states, observations and rewards. */
async function ofTasks(): Promise<string> {
  const parts: Hashable[] = [];
  for (const name of taskNames()) {
    const environment = await makeEnvironment(name, { models: packagedModels });
    const { size, low, high } = environment.actionSpec;
    parts.push(name, environment.reset(5).observation.slice());
    for (let step = 0; step < 20; step++) {
      const action = Float64Array.from(
        { length: size },
        (_, i) => ((step + 3 * i) % 7 < 3 ? low[i] : high[i]) / 2,
      );
      const { observation, reward } = environment.step(action);
      parts.push(observation.slice(), Float64Array.of(reward));
    }
    environment.dispose();
  }
  return hash(parts);
}

/** An agent's whole state after 50 updates on drawn transitions, at preset smoke. */
export async function ofAgent(name: string): Promise<string> {
  const factory = findAgent(name);
  if (factory === undefined) throw new Error(`there is no agent '${name}'`);
  const sizes = { observation: 5, action: 2 };
  const config = factory.presets.smoke;
  const engine = createEngine({ backend: 'wasm' });
  const agent = await factory.create({
    observation: { size: sizes.observation },
    action: { size: sizes.action },
    config,
    random: RandomStream.fromSeed(1).split('agent'),
    engine,
  });
  const random = RandomStream.fromSeed(2).split('batches');
  const batch = allocateBatch(config.batchSize, sizes);
  const metrics: string[] = [];
  for (let update = 0; update < 50; update++) {
    random.fillNormal(batch.observation);
    random.fillUniform(batch.action, -1, 1);
    random.fillUniform(batch.reward);
    random.fillNormal(batch.nextObservation);
    batch.mask.fill(1);
    metrics.push(JSON.stringify(await agent.update(batch)));
  }
  const { arrays, values } = await agent.save();
  const names = Object.keys(arrays).sort();
  const found = hash([
    ...names.flatMap((key) => [key, arrays[key].data]),
    JSON.stringify(values),
    ...metrics.slice(-1),
  ]);
  await agent.dispose();
  await engine.dispose();
  return found;
}

/** A run's CSVs without times. @param steps of training, evaluated before and after with one episode */
export async function ofRun(name: string, task: string, steps: number): Promise<string> {
  const factory = findAgent(name);
  if (factory === undefined) throw new Error(`there is no agent '${name}'`);
  const identity = { task, agent: name, seed: 0 };
  let found = '';
  await runAgain(
    {
      identity,
      agent: { name },
      task: { name: task },
      config: { ...factory.presets.smoke },
      steps,
      evaluation: { every: steps, episodes: 1, starts: 'fixed' },
      logEvery: Math.ceil(steps / 10),
      backend: 'wasm',
      threads: 1,
    },
    {
      rows(evaluations, training) {
        const timeless = evaluations.map((row) => ({ ...row, wallSeconds: 0 }));
        found = hash(Object.values(runTexts(identity, timeless, training)));
        return true;
      },
    },
  );
  return found;
}

/** Of a run: steps at random and a hundred updates. */
const RUN_STEPS = 600;

export const shortRun = (name: string) => ofRun(name, 'cartpole-swingup', RUN_STEPS);

export const arithmetic: Readonly<Record<string, () => string | Promise<string>>> = {
  'elementary functions': ofElementaryFunctions,
  'random streams': ofRandomStreams,
  kernels: ofKernels,
  tasks: ofTasks,
};

export async function takeFingerprints(note: (line: string) => void = () => {}): Promise<Fingerprints> {
  const take = async (names: readonly string[], of: (name: string) => string | Promise<string>) => {
    const found: Record<string, string> = {};
    for (const name of names) {
      found[name] = await of(name);
      note(`${found[name]}  ${name}`);
    }
    return found;
  };
  return {
    bits: backends.wasm.bits as string,
    arithmetic: await take(Object.keys(arithmetic), (name) => arithmetic[name]()),
    agents: await take(
      builtInAgents.map(({ name }) => name),
      ofAgent,
    ),
    runs: await take(runAgents, shortRun),
  };
}

/** Names under which two hold something else. */
export function differences(before: Fingerprints, now: Fingerprints): string[] {
  return (['arithmetic', 'agents', 'runs'] as const).flatMap((kind) =>
    [...new Set([...Object.keys(before[kind]), ...Object.keys(now[kind])])]
      .filter((name) => before[kind][name] !== now[kind][name])
      .map((name) => `${kind}: ${name}`),
  );
}

/** Why new fingerprints may not replace those before; undefined if they may. */
export function refusal(before: Fingerprints, now: Fingerprints): string | undefined {
  if (before.bits !== now.bits) return undefined;
  const changed = Object.keys(before.arithmetic).filter(
    (name) => before.arithmetic[name] !== now.arithmetic[name],
  );
  if (changed.length === 0) return undefined;
  return `${changed.join(', ')} changed within the family ${now.bits}: raise its number in engine/backends/records.ts`;
}

async function main(words: readonly string[]): Promise<number> {
  const now = await takeFingerprints(console.log);
  const isWriting = words.includes('--write');
  const before = readFingerprints();
  const found = differences(before, now);
  console.log(found.length === 0 ? 'the same' : `other than ${before.bits}:\n  ${found.join('\n  ')}`);
  const refused = refusal(before, now);
  if (isWriting && refused !== undefined) console.error(refused);
  else if (isWriting) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
  return isWriting ? Number(refused !== undefined) : Number(found.length > 0);
}

const [, script, ...words] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href)
  process.exitCode = await main(words);
