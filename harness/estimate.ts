/** How long a plan will take, from speeds measured on this machine just before. */
import { allocateBatch, ReplayBuffer } from '../agents/replay.ts';
import { assemble } from './assemble.ts';
import { type ComparisonPlan, jobsOf } from './plan.ts';
import { RunStreams } from './streams.ts';

/** Time spent on each measurement. */
const MEASURE_SECONDS = 0.6;
/** Starting a process, loading MuJoCo and the engine. */
const START_SECONDS = 1.5;

interface Speeds {
  /** Seconds per control step of the simulator with one act call. */
  readonly actStep: number;
  /** Seconds per update. */
  readonly update: number;
  /** Seconds per control step of an evaluation of all episodes. */
  readonly evaluationStep: number;
  readonly episodeLength: number;
  /** Seconds to build the agent and its graphs. */
  readonly start: number;
}

/**
 * Seconds for the whole plan. Every agent is measured on the first task, and the seeds are taken as alike;
 * other tasks are assumed as costly as the first, so a suite that mixes small and large bodies is estimated
 * roughly.
 */
export async function estimate(plan: ComparisonPlan, workers: number): Promise<number> {
  const runs: number[] = [];
  for (const agent of plan.agents) {
    const [job] = jobsOf({
      ...plan,
      agents: [agent],
      tasks: plan.tasks.slice(0, 1),
      seeds: plan.seeds.slice(0, 1),
    });
    const speeds = await measure(job);
    const { randomSteps, updatesPerStep } = agent.config as { randomSteps: number; updatesPerStep: number };
    const learning = Math.max(0, plan.steps - randomSteps);
    const evaluations = Math.ceil(plan.steps / plan.evaluation.every) + 1;
    const seconds =
      START_SECONDS +
      speeds.start +
      plan.steps * speeds.actStep +
      learning * updatesPerStep * speeds.update +
      evaluations * speeds.episodeLength * speeds.evaluationStep;
    for (let i = 0; i < plan.tasks.length * plan.seeds.length; i++) runs.push(seconds);
  }
  return schedule(runs, workers);
}

/** Length of the schedule that hands every next run to the first free worker. */
export function schedule(seconds: readonly number[], workers: number): number {
  const free = new Array<number>(workers).fill(0);
  for (const duration of seconds) {
    const first = free.indexOf(Math.min(...free));
    free[first] += duration;
  }
  return Math.max(...free);
}

async function measure(job: ReturnType<typeof jobsOf>[number]): Promise<Speeds> {
  const begun = performance.now();
  const parts = await assemble(job);
  const { agent, environment, training } = parts;
  const sizes = { observation: environment.observationSpec.size, action: environment.actionSpec.size };
  const streams = new RunStreams(job.identity);
  const replay = new ReplayBuffer(1000, sizes);
  const episodes = job.evaluation.episodes;
  const one = new Float32Array(sizes.observation);
  const many = new Float32Array(sizes.observation * episodes);
  try {
    one.set(environment.reset(0).observation);
    const batch = allocateBatch(training.batchSize, sizes);
    const step = async () => {
      const action = await agent.act(one, 1, 'explore');
      const next = environment.step(action);
      replay.add(one, action, next.reward, 1, next.observation);
      if (next.terminated || next.truncated) environment.reset();
    };
    const update = async () => {
      await agent.update(replay.sample(streams.replay, batch));
    };
    const evaluationStep = async () => {
      await agent.act(many, episodes, 'exploit');
      for (let i = 0; i < episodes; i++) await physicsStep();
    };
    const action = new Float32Array(sizes.action);
    const physicsStep = async () => {
      const next = environment.step(action);
      if (next.terminated || next.truncated) environment.reset();
    };
    await step();
    if (training.updatesPerStep > 0) await update();
    await evaluationStep();
    const start = (performance.now() - begun) / 1000;
    return {
      actStep: await secondsPerCall(step),
      update: training.updatesPerStep > 0 ? await secondsPerCall(update) : 0,
      evaluationStep: await secondsPerCall(evaluationStep),
      episodeLength: environment.episodeLength,
      start,
    };
  } finally {
    await agent.dispose();
    for (const each of [environment, ...parts.evaluationEnvironments]) each.dispose();
  }
}

async function secondsPerCall(call: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  let calls = 0;
  while (performance.now() - begun < MEASURE_SECONDS * 1000) {
    await call();
    calls++;
  }
  return (performance.now() - begun) / 1000 / calls;
}
