/**
 * The conformance suite: what every agent, ours or a user's, must do so that comparisons are fair and
 * repeatable. It runs an agent on random data of two problem sizes and gives one verdict per promise.
 */

import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../engine/random.ts';
import type { Engine } from '../engine/types.ts';
import type { Agent, AgentFactory, AgentSnapshot, Batch, Metrics, Preset, TrainingConfig } from './agent.ts';
import { presets } from './agent.ts';
import { allocateBatch, type TransitionSizes } from './replay.ts';
import {
  AGENT_NAME,
  actionsFault,
  describeValue,
  metricsFault,
  type ReturnFault,
  snapshotFault,
} from './returned.ts';
import { inWords } from './schema-words.ts';

/** Whether one promise of the interface is kept. */
export interface Verdict {
  /** The promise, as a sentence. */
  readonly promise: string;
  readonly passed: boolean;
  /** What was found; empty when passed. */
  readonly detail: string;
}

export interface ConformanceOptions {
  readonly engine: Engine;
  readonly preset?: Preset;
  /** Bytes of memory in use after a collection, if the platform can tell. */
  readonly memory?: () => Promise<number>;
  /** Longest time for one call of the agent. */
  readonly timeoutMs?: number;
  /** Called before a promise is tried. */
  readonly begins?: (promise: string) => void;
}

const sizes: TransitionSizes = { observation: 5, action: 2 };
const updatesBetween = 3;
const memoryUpdates = 150;
/** Tensors are counted one by one: where the bytes are unknown, few updates show as much. */
const tensorUpdates = 10;
/** Growth over `memoryUpdates` that is noise of the runtime rather than a leak. */
const memoryAllowance = 4 * 2 ** 20;

/** A call that does not return; whatever else the agent is asked may wait for it. */
class Stuck extends Error {}

/** Yields a verdict per promise, in order; stops early only where nothing further can be tried. */
export async function* checkAgent(
  factory: AgentFactory<TrainingConfig>,
  options: ConformanceOptions,
): AsyncGenerator<Verdict> {
  const bench = new Bench(factory, options);
  for (const [promise, check] of promises) {
    options.begins?.(promise);
    let detail = '';
    try {
      await check(bench);
    } catch (error) {
      detail = messageOf(error);
      if (error instanceof Stuck) bench.hopeless = true;
    }
    yield { promise, passed: detail === '', detail };
    if (detail !== '' && bench.hopeless) break;
  }
}

/** Creates agents and data for the checks, each the same for the same seed. */
class Bench {
  /** Set until an agent could be created and acted: nothing else can be tried before. */
  hopeless = true;
  readonly #agents: Agent[] = [];

  constructor(
    readonly factory: AgentFactory<TrainingConfig>,
    readonly options: ConformanceOptions,
  ) {}

  get config(): TrainingConfig {
    return this.factory.presets[this.options.preset ?? 'smoke'];
  }

  async create(seed = 1): Promise<Agent> {
    const agent = await this.within('create', () =>
      this.factory.create({
        observation: { size: sizes.observation },
        action: { size: sizes.action },
        config: this.config,
        random: RandomStream.fromSeed(seed).split('agent'),
        engine: this.options.engine,
      }),
    );
    for (const method of ['act', 'update', 'save', 'load', 'dispose'] as const) {
      expect(
        typeof agent?.[method] === 'function',
        `create() must return an agent with the method ${method}()`,
      );
    }
    this.#agents.push(agent);
    return agent;
  }

  /** Fails instead of waiting for ever, and names the method that threw. */
  async within<T>(method: string, call: () => Promise<T>): Promise<T> {
    const limit = this.options.timeoutMs ?? 30_000;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Stuck(`${method}() did not return within ${limit / 1000} s`)),
        limit,
      );
    });
    try {
      return await Promise.race([Promise.resolve(call()), timeout]);
    } catch (error) {
      if (error instanceof Stuck) throw error;
      throw new Error(`${method}() threw: ${messageOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async act(agent: Agent, count: number, mode: 'explore' | 'exploit', seed = 7): Promise<Float32Array> {
    const draw = () => RandomStream.fromSeed(seed).fillNormal(new Float32Array(count * sizes.observation));
    const observations = draw();
    const actions = await this.within('act', () => agent.act(observations, count, mode));
    expect(same(observations, draw()), 'act() changed the observations that it was given');
    refuse('act', actionsFault(actions, count, sizes.action));
    return actions.slice();
  }

  batch(seed: number): Batch {
    const random = RandomStream.fromSeed(seed);
    const batch = allocateBatch(this.config.batchSize, sizes);
    random.fillNormal(batch.observation);
    random.fillUniform(batch.action, -1, 1);
    random.fillUniform(batch.reward);
    batch.mask.fill(1);
    batch.mask[0] = 0;
    random.fillNormal(batch.nextObservation);
    return batch;
  }

  async train(agent: Agent, updates: number, seed = 100): Promise<Metrics> {
    let metrics: Metrics = {};
    for (let i = 0; i < updates; i++) {
      metrics = await this.within('update', () => agent.update(this.batch(seed + i)));
      refuse('update', metricsFault(metrics));
    }
    return metrics;
  }

  /** Everything observable after some more training: two runs of one stream must agree in every bit. */
  async trail(agent: Agent, seed: number): Promise<number[]> {
    const seen: number[] = [];
    for (let i = 0; i < updatesBetween; i++)
      seen.push(...Object.values(await this.train(agent, 1, seed + i)));
    const explore = await this.act(agent, 3, 'explore');
    const exploit = await this.act(agent, 3, 'exploit');
    return [...seen, ...explore, ...exploit];
  }

  /** All agents made so far. */
  async dispose(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await this.within('dispose', () => agent.dispose());
  }
}

type Check = (bench: Bench) => Promise<void>;

const promises: readonly (readonly [string, Check])[] = [
  ['has a name, a description, a reference and the presets paper, laptop and smoke', checkDescription],
  ['acts: one action per observation, float32, finite and within [-1, 1]', checkActions],
  ['updates: returns finite named numbers and leaves the batch alone', checkUpdate],
  ['is deterministic: the same seed gives the same bits, another seed others', checkDeterminism],
  ['is independent: a second instance changes nothing', checkIndependence],
  ['saves and loads: a restored agent continues bit for bit', checkRoundTrip],
  ['saves a copy: later updates do not change what was saved', checkSavedCopy],
  ['keeps its memory: no growth over many updates', checkMemory],
  ['is disposed of without an error', (bench) => bench.dispose()],
];

async function checkDescription(bench: Bench): Promise<void> {
  const { factory } = bench;
  expect(
    typeof factory.name === 'string' && AGENT_NAME.test(factory.name),
    `name must match ${AGENT_NAME.source} (it names folders), found ${describeValue(factory.name)}`,
  );
  for (const field of ['description', 'reference'] as const) {
    const text = factory[field];
    expect(
      typeof text === 'string' && text !== '' && !text.includes('\n'),
      `${field} must be one line of text`,
    );
  }
  for (const preset of presets) {
    const config = factory.presets?.[preset];
    expect(config !== undefined, `presets.${preset} is missing`);
    const parsed = factory.config.safeParse(config, { error: inWords });
    expect(
      parsed.success,
      `presets.${preset} does not fit the config schema: ${parsed.error?.issues[0]?.message}`,
    );
    for (const key of ['batchSize', 'randomSteps', 'updatesPerStep', 'replayCapacity'] as const) {
      expect(Number.isFinite(config[key]), `presets.${preset}.${key} must be a number`);
    }
  }
  const unknown = factory.config.safeParse({ ...bench.config, noSuchKey: 1 });
  expect(!unknown.success, 'the config schema must refuse unknown keys (z.strictObject)');
}

async function checkActions(bench: Bench): Promise<void> {
  const agent = await bench.create();
  for (const mode of ['explore', 'exploit'] as const) {
    for (const count of [1, 4, 1]) await bench.act(agent, count, mode);
  }
  bench.hopeless = false;
}

async function checkUpdate(bench: Bench): Promise<void> {
  const agent = await bench.create();
  for (let i = 0; i < updatesBetween; i++) {
    const batch = bench.batch(i);
    const metrics = await bench.within('update', () => agent.update(batch));
    refuse('update', metricsFault(metrics));
    const untouched = bench.batch(i);
    for (const key of ['observation', 'action', 'reward', 'mask', 'nextObservation'] as const) {
      expect(same(batch[key], untouched[key]), `update() changed batch.${key}`);
    }
  }
}

async function checkDeterminism(bench: Bench): Promise<void> {
  const [first, second, other] = [await bench.create(1), await bench.create(1), await bench.create(2)];
  const [a, b, c] = [
    await bench.trail(first, 50),
    await bench.trail(second, 50),
    await bench.trail(other, 50),
  ];
  expect(same(a, b), `two agents of one seed differ: ${firstDifference(a, b)}`);
  if (bench.config.updatesPerStep === 0) return; // a fixed controller may be the same for every seed
  expect(!same(a, c), 'agents of two seeds are the same: the stream in the context is not used');
}

async function checkIndependence(bench: Bench): Promise<void> {
  const alone = await bench.create(1);
  const expected = [...(await bench.trail(alone, 50)), ...(await bench.trail(alone, 60))];
  const [agent, intruder] = [await bench.create(1), await bench.create(9)];
  const found = await bench.trail(agent, 50);
  await bench.trail(intruder, 70);
  found.push(...(await bench.trail(agent, 60)));
  expect(same(expected, found), `another instance's updates changed it: ${firstDifference(expected, found)}`);
}

/** Into agents with other numbers of updates and acts behind them: whatever counts these must be saved. */
async function checkRoundTrip(bench: Bench): Promise<void> {
  const original = await bench.create(1);
  await bench.trail(original, 50);
  const snapshot = await bench.within('save', () => original.save());
  refuse('save', snapshotFault(snapshot));
  const [fresh, used] = [await bench.create(2), await bench.create(3)];
  await bench.trail(used, 80);
  await bench.train(used, updatesBetween - 1, 90);
  await bench.act(used, 4, 'explore');
  await bench.act(used, 4, 'exploit');
  for (const restored of [fresh, used]) {
    const copy = copyOf(snapshot);
    await bench.within('load', () => restored.load(copy));
  }
  const expected = await bench.trail(original, 60);
  for (const [restored, which] of [
    [fresh, 'a new agent'],
    [used, 'an agent that has learnt and acted more'],
  ] as const) {
    const found = await bench.trail(restored, 60);
    expect(
      same(expected, found),
      `after load() into ${which} it goes on differently (is a counter not saved?): ${firstDifference(expected, found)}`,
    );
  }
}

/** As a checkpoint gives it back. */
function copyOf({ arrays, values }: AgentSnapshot): AgentSnapshot {
  const copied = Object.entries(arrays).map(([name, { data, shape }]) => {
    return [name, { data: data.slice(), shape: [...shape] }] as const;
  });
  return { arrays: Object.fromEntries(copied), values: JSON.parse(JSON.stringify(values)) };
}

async function checkSavedCopy(bench: Bench): Promise<void> {
  const agent = await bench.create(1);
  await bench.train(agent, updatesBetween);
  const snapshot = await bench.within('save', () => agent.save());
  refuse('save', snapshotFault(snapshot));
  const before = Object.entries(snapshot.arrays).map(([name, array]) => [name, array.data.slice()] as const);
  await bench.train(agent, updatesBetween + 1, 200);
  for (const [name, data] of before) {
    expect(same(data, snapshot.arrays[name].data), `the saved array '${name}' changed with later updates`);
  }
}

async function checkMemory(bench: Bench): Promise<void> {
  const agent = await bench.create(1);
  await bench.train(agent, 10);
  await bench.act(agent, 1, 'explore');
  const { memory = async () => 0 } = bench.options;
  const updates = bench.options.memory === undefined ? tensorUpdates : memoryUpdates;
  const start = { tensors: tf.memory().numTensors, bytes: await memory() };
  await bench.train(agent, updates);
  const tensors = tf.memory().numTensors - start.tensors;
  expect(tensors < updates, `${tensors} tensors more after ${updates} updates: dispose of them (tf.tidy)`);
  const bytes = (await memory()) - start.bytes;
  expect(bytes < memoryAllowance, `${Math.round(bytes / 2 ** 20)} MiB more memory after ${updates} updates`);
}

function refuse(method: string, fault: ReturnFault | undefined): void {
  expect(fault === undefined, `${method}() ${fault?.found}; expected ${fault?.expected}`);
}

/** Anything can be thrown, also what breaks when it is looked at. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return 'something that cannot be printed';
  }
}

function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (x, i) => Object.is(x, b[i]));
}

function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): string {
  const i = Array.prototype.findIndex.call(a, (x, k) => !Object.is(x, b[k]));
  return `${a[i]} and ${b[i]}`;
}
