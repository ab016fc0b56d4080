/** How fast a task and an agent are on this machine, each measured by itself for a moment. */
import { z } from 'zod';
import { allocateBatch, ReplayBuffer } from '../../agents/replay.ts';
import type { Environment } from '../../envs/environment.ts';
import { actionStream } from '../../envs/trace.ts';
import { askWithFiles } from '../plugins/apart.ts';
import { loadTask } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { ApartFunction } from '../process/apart.ts';
import { assemble } from '../run/assemble.ts';
import type { RunJob } from '../run/job.ts';
import { RunStreams } from '../run/streams.ts';

/** Time spent on each measurement: so long, and longer for too few calls, but not beyond the last. */
const LEAST_SECONDS = 0.08;
const ENOUGH_CALLS = 15;
const MOST_SECONDS = 0.25;

export interface TaskSpeed {
  /** Numbers that an agent sees and gives: observation plus action. */
  readonly size: number;
  readonly episodeLength: number;
  /** Seconds to make one environment. */
  readonly start: number;
  /** Seconds per control step with random actions. */
  readonly step: number;
  /** Seconds per reset. */
  readonly reset: number;
}

export interface AgentSpeed {
  /** Seconds to build the agent and its graphs. */
  readonly start: number;
  /** Seconds per action of training. */
  readonly act: number;
  /** Seconds per update. */
  readonly update: number;
  /** Seconds per call for the actions of all episodes of an evaluation. */
  readonly evaluationAct: number;
}

const taskSpeed: z.ZodType<TaskSpeed> = z.object({
  ...{ size: z.number(), episodeLength: z.number(), start: z.number(), step: z.number(), reset: z.number() },
});
const agentSpeed: z.ZodType<AgentSpeed> = z.object({
  ...{ start: z.number(), act: z.number(), update: z.number(), evaluationAct: z.number() },
});
const module = new URL('./measure-speeds.ts', import.meta.url);

export function measureTask(task: TaskSource): Promise<TaskSpeed> {
  const call = { module, name: 'tellTaskSpeed', order: task, news: taskSpeed };
  return askWithFiles({ task }, tellTaskSpeed, call);
}

/** The agent of a job at the sizes of its task; the task itself is not stepped. */
export function measureAgent(job: RunJob): Promise<AgentSpeed> {
  return askWithFiles(job, tellAgentSpeed, { module, name: 'tellAgentSpeed', order: job, news: agentSpeed });
}

/** Runs apart where the task is a user's. */
export const tellTaskSpeed: ApartFunction<TaskSource, TaskSpeed> = async (source, tell) =>
  tell(await taskSpeedHere(source));

/** Runs apart where the agent or the task is a user's. */
export const tellAgentSpeed: ApartFunction<RunJob, AgentSpeed> = async (job, tell) =>
  tell(await agentSpeedHere(job));

async function taskSpeedHere(source: TaskSource): Promise<TaskSpeed> {
  const make = await loadTask(source);
  const begun = performance.now();
  const environment = await make();
  const start = (performance.now() - begun) / 1000;
  try {
    const { actionSpec, observationSpec, episodeLength } = environment;
    const resetBegun = performance.now();
    environment.reset(0);
    const reset = (performance.now() - resetBegun) / 1000;
    const step = await secondsPerCall(randomStep(environment));
    return { size: observationSpec.size + actionSpec.size, episodeLength, start, step, reset };
  } finally {
    environment.dispose();
  }
}

/** One control step with a random action; the resets between episodes are part of it. */
function randomStep(environment: Environment): () => void {
  const draw = actionStream(environment, 0);
  return () => {
    const { terminated, truncated } = environment.step(draw());
    if (terminated || truncated) environment.reset();
  };
}

async function agentSpeedHere(job: RunJob): Promise<AgentSpeed> {
  const begun = performance.now();
  const episodes = job.evaluation.episodes;
  const parts = await assemble({ ...job, evaluation: { ...job.evaluation, episodes: 1 } });
  const { agent, environment, training } = parts;
  try {
    const sizes = { observation: environment.observationSpec.size, action: environment.actionSpec.size };
    const random = new RunStreams(job.identity).replay;
    const replay = new ReplayBuffer(1000, sizes);
    const one = Float32Array.from(environment.reset(0).observation);
    const many = new Float32Array(sizes.observation * episodes);
    for (let i = 0; i < episodes; i++) many.set(one, i * sizes.observation);
    for (let i = 0; i < 1000; i++) {
      const action = random.fillUniform(new Float32Array(sizes.action), -1, 1);
      replay.add(one, action, random.uniform(), 1, one);
    }
    const batch = allocateBatch(training.batchSize, sizes);
    const act = () => agent.act(one, 1, 'explore');
    const evaluationAct = () => agent.act(many, episodes, 'exploit');
    const update = () => agent.update(replay.sample(random, batch));
    const learns = training.updatesPerStep > 0;
    await act(); // the first call of each builds its graph
    await evaluationAct();
    if (learns) await update();
    const start = (performance.now() - begun) / 1000;
    return {
      start,
      act: await secondsPerCall(act),
      update: learns ? await secondsPerCall(update) : 0,
      evaluationAct: await secondsPerCall(evaluationAct),
    };
  } finally {
    await agent.dispose();
    for (const each of [environment, ...parts.evaluationEnvironments]) each.dispose();
  }
}

/** The median: a call that other programs interrupted says nothing about the work. */
async function secondsPerCall(call: () => unknown): Promise<number> {
  const seconds: number[] = [];
  const begun = performance.now();
  let before = begun;
  const spent = () => (before - begun) / 1000;
  while (spent() < (seconds.length < ENOUGH_CALLS ? MOST_SECONDS : LEAST_SECONDS)) {
    await call();
    const now = performance.now();
    seconds.push((now - before) / 1000);
    before = now;
  }
  return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)];
}
