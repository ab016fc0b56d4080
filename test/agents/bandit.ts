/**
 * One-step decisions with a known answer. The reward of an action in [-1, 1] is given, every transition ends,
 * so Q is the reward, and the maximum-entropy policy is the Boltzmann density exp(r/λ) in the box.
 */
import type { Agent, AgentFactory, Batch, Metrics, TrainingConfig } from '../../agents/agent.ts';
import { allocateBatch } from '../../agents/replay.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Engine } from '../../engine/types.ts';

export type Reward = (action: number) => number;

/** Two humps of unequal height, so that a policy has a better and a worse mode. */
export const twoHumps: Reward = (a) =>
  Math.exp(-0.5 * ((a + 0.5) / 0.2) ** 2) + 0.9 * Math.exp(-0.5 * ((a - 0.5) / 0.2) ** 2);

/** One smooth optimum away from the middle. */
export const oneHump: Reward = (a) => 1 - 2 * (a - 0.3) ** 2;

/** The one state. */
export const banditObservation = [0.5, -0.5] as const;

/** Transitions from the one state to itself that end, their actions and rewards 0. */
export function banditBatch(size: number): Batch {
  const batch = allocateBatch(size, { observation: 2, action: 1 });
  for (let i = 0; i < size; i++) {
    batch.observation.set(banditObservation, 2 * i);
    batch.nextObservation.set(banditObservation, 2 * i);
  }
  return batch;
}

/** An agent that has learnt from uniformly random actions. */
export async function trainOnBandit<Config extends TrainingConfig>(
  factory: AgentFactory<Config>,
  options: {
    engine: Engine;
    reward: Reward;
    updates: number;
    config?: Partial<Config>;
    seed?: number;
    /** 1 for an endless sequence of the same decision; 0, one decision, by default. */
    mask?: 0 | 1;
    /** Sees the metrics of every update. */
    each?: (metrics: Metrics) => void;
  },
): Promise<{ agent: Agent; metrics: Metrics }> {
  const { engine, reward, updates, seed = 1 } = options;
  const config = { ...factory.presets.smoke, ...options.config };
  const random = RandomStream.fromSeed(seed);
  const agent = await factory.create({
    observation: { size: 2 },
    action: { size: 1 },
    config,
    random: random.split('agent'),
    engine,
  });
  const batch = banditBatch(config.batchSize);
  batch.mask.fill(options.mask ?? 0);
  const actions = random.split('actions');
  let metrics: Metrics = {};
  for (let update = 0; update < updates; update++) {
    actions.fillUniform(batch.action, -1, 1);
    for (let i = 0; i < config.batchSize; i++) batch.reward[i] = reward(batch.action[i]);
    metrics = await agent.update(batch);
    options.each?.(metrics);
  }
  return { agent, metrics };
}

/**
 * What the agent has learnt, in a new agent of another config. Where every transition ends, the next actions count for
 * nothing: such a training needs no more integration steps than one, and only then as many as the policy's density asks.
 */
export async function withConfig<Config extends TrainingConfig>(
  factory: AgentFactory<Config>,
  learnt: Agent,
  options: { engine: Engine; config: Partial<Config> },
): Promise<Agent> {
  const agent = await factory.create({
    observation: { size: 2 },
    action: { size: 1 },
    config: { ...factory.presets.smoke, ...options.config },
    random: RandomStream.fromSeed(2),
    engine: options.engine,
  });
  await agent.load(await learnt.save());
  await learnt.dispose();
  return agent;
}

/**
 * That many actions of the agent, sorted. The states differ in their last bits, for the noise of evaluation is a
 * function of the state.
 */
export async function drawActions(
  agent: Agent,
  mode: 'explore' | 'exploit',
  count: number,
): Promise<number[]> {
  const observations = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    observations.set([banditObservation[0] + i * 2 ** -24, banditObservation[1]], 2 * i);
  }
  return [...(await agent.act(observations, count, mode))].sort((a, b) => a - b);
}

/** `count` quantiles of the density exp(r/λ) on [-1, 1], at the levels (i + 1/2)/count. */
export function boltzmannQuantiles(reward: Reward, temperature: number, count: number): number[] {
  const cells = 20_000;
  const at = (i: number) => -1 + (2 * (i + 0.5)) / cells;
  const values = Array.from({ length: cells }, (_, i) => reward(at(i)) / temperature);
  const top = Math.max(...values);
  const mass = values.map((value) => Math.exp(value - top));
  const total = mass.reduce((sum, m) => sum + m, 0);
  const quantiles: number[] = [];
  let cell = 0;
  let below = 0;
  for (let i = 0; i < count; i++) {
    const level = ((i + 0.5) / count) * total;
    while (below + mass[cell] < level) below += mass[cell++];
    quantiles.push(at(cell));
  }
  return quantiles;
}

/** The Wasserstein-1 distance of two sorted samples of one size. */
export function wasserstein(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`samples of ${a.length} and ${b.length}`);
  return a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / a.length;
}
