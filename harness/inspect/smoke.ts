/** A short life of an agent on a task: steps, updates, evaluation actions, a snapshot and its continuation. */
import { z } from 'zod';
import { allocateBatch, ReplayBuffer } from '../../agents/replay.ts';
import { RandomStream } from '../../engine/random.ts';
import { jobsOf } from '../plan/plan.ts';
import { resolvePlan } from '../plan/resolve.ts';
import { askWithFiles } from '../plugins/apart.ts';
import type { ApartFunction } from '../process/apart.ts';
import { toBounds } from '../run/action-bounds.ts';
import { assemble } from '../run/assemble.ts';
import type { RunJob } from '../run/job.ts';
import type { AssembledRun } from '../run/parts.ts';
import { messageOf } from '../text/printable.ts';

export interface SmokeResult {
  readonly agent: string;
  readonly task: string;
  readonly seconds: number;
  /** Why it failed; absent if it did not. */
  readonly reason?: string;
}

const STEPS = 60;
const UPDATES = 20;
const EVALUATED = 5;

/**
 * @param stallSeconds patience with a user's agent or task that gives no sign of life
 * @throws UserError for names that do not exist; what goes wrong in a run is in its result
 */
export async function* smokeAll(
  agents: string[],
  tasks: string[],
  stallSeconds?: number,
): AsyncGenerator<SmokeResult> {
  const settings = { agents, tasks, seeds: 1, steps: STEPS, preset: 'smoke', evaluationEpisodes: 1 };
  for (const job of jobsOf(await resolvePlan(settings))) {
    const begun = performance.now();
    let reason: string | undefined;
    try {
      const call = { module, name: 'live', order: job, news: z.literal('lived'), stallSeconds };
      await askWithFiles(job, live, call);
    } catch (error) {
      reason = messageOf(error);
    }
    const { agent, task } = job.identity;
    yield { agent, task, seconds: (performance.now() - begun) / 1000, reason };
  }
}

const module = new URL('./smoke.ts', import.meta.url);

/** Runs apart where the agent or the task is a user's. */
export const live: ApartFunction<RunJob, 'lived'> = async (job, tell) => {
  const first = await assemble(job);
  const second = await assemble(job);
  try {
    await practise(first);
    await second.agent.load(await first.agent.save());
    const observations = observationsOf(first);
    const expected = (await first.agent.act(observations, EVALUATED, 'exploit')).slice();
    const found = await second.agent.act(observations, EVALUATED, 'exploit');
    if (expected.some((value, i) => value !== found[i])) {
      throw new Error('after save() and load() another instance acts differently');
    }
    tell('lived');
  } finally {
    for (const { agent, environment, evaluationEnvironments } of [first, second]) {
      await agent.dispose();
      for (const each of [environment, ...evaluationEnvironments]) each.dispose();
    }
  }
};

async function practise({ agent, environment, training }: AssembledRun): Promise<void> {
  const sizes = { observation: environment.observationSpec.size, action: environment.actionSpec.size };
  const replay = new ReplayBuffer(STEPS, sizes);
  const observation = new Float32Array(sizes.observation);
  observation.set(environment.reset(0).observation);
  const bounded = toBounds(environment.actionSpec);
  for (let step = 0; step < STEPS; step++) {
    const action = await agent.act(observation, 1, 'explore');
    const next = environment.step(bounded(action));
    replay.add(observation, action, next.reward, next.terminated ? 0 : 1, next.observation);
    observation.set(next.terminated || next.truncated ? environment.reset().observation : next.observation);
  }
  if (training.updatesPerStep === 0) return;
  const batch = allocateBatch(training.batchSize, sizes);
  const random = RandomStream.fromSeed(0);
  for (let update = 0; update < UPDATES; update++) await agent.update(replay.sample(random, batch));
}

/** A few observations of a new episode, row after row. */
function observationsOf({ environment }: AssembledRun): Float32Array {
  const { size } = environment.observationSpec;
  const rows = new Float32Array(EVALUATED * size);
  const still = new Float32Array(environment.actionSpec.size);
  const bounded = toBounds(environment.actionSpec);
  rows.set(environment.reset(1).observation);
  for (let i = 1; i < EVALUATED; i++) rows.set(environment.step(bounded(still)).observation, i * size);
  return rows;
}
