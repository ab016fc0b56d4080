/** How fast the tasks run, and how much of the time is not MuJoCo's. */
import { z } from 'zod';
import type { ControlEnvironment } from '../../envs/index.ts';
import { loadMuJoCo } from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { makeTraceable } from '../inspect/trace.ts';
import { askWithFiles } from '../plugins/apart.ts';
import { resolveTasks } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { ApartFunction } from '../process/apart.ts';
import { median } from '../statistics/moments.ts';
import { textTable } from '../text/text-table.ts';
import { timed } from './timed.ts';

export interface EnvironmentSpeed {
  readonly task: string;
  /** Control steps per second over whole episodes with random actions, their resets included. */
  readonly controlStepsPerSecond: number;
  /** Physics steps per second of the same. */
  readonly physicsStepsPerSecond: number;
  readonly resetMilliseconds: number;
  /** Control steps per second of MuJoCo's calls alone, from the same states with the same actions, without resets. */
  readonly bareStepsPerSecond: number;
  /**
   * Time of a control step beyond MuJoCo's calls alone, as a fraction of theirs, without resets: the median over the episodes'
   * chunks. Below 0 where we make fewer calls.
   */
  readonly overhead: number;
}

/** Least control steps between two changes from one loop to the other. */
const SHORTEST_CHUNK = 25;
/** A change restores a state, which empties the processor's caches: of quick tasks, as many steps as fill this. */
const CHUNK_MILLISECONDS = 0.5;
/** So that an episode has several chunks. */
const LONGEST_CHUNK = 250;
/** Control steps after which an episode that has not ended is left. */
const LONGEST_EPISODE = 10_000;

/**
 * Alternates chunks of environment steps with the bare calls that dm_control makes for them: mj_step2,
 * mj_step..., mj_step1, restored to the same state, so that both see the same contacts and the same machine. Goes through
 * whole episodes, since the time of a step may change in their course: at least one, then until `milliseconds` are over.
 */
export async function measureEnvironment(
  environment: ControlEnvironment,
  milliseconds: number,
): Promise<EnvironmentSpeed> {
  const { module } = await loadMuJoCo();
  const { physics, physicsSteps } = environment;
  const isRungeKutta = physics.mjModel.opt.integrator === module.mjtIntegrator.mjINT_RK4.value;
  const size = chunkSize(environment);
  const draw = actionStream(environment, 0);

  const go = (actions: readonly Float64Array[]): { taken: number; over: boolean } => {
    let taken = 0;
    for (const action of actions) {
      taken++;
      const { terminated, truncated } = environment.step(action);
      if (terminated || truncated) return { taken, over: true };
    }
    return { taken, over: false };
  };
  const bare = (actions: readonly Float64Array[]) => {
    const { mjModel, mjData, ctrl } = physics;
    for (const action of actions) {
      for (let i = 0; i < action.length; i++) ctrl[i] = action[i];
      if (isRungeKutta) {
        for (let n = 0; n < physicsSteps; n++) module.mj_step(mjModel, mjData);
      } else {
        module.mj_step2(mjModel, mjData);
        for (let n = 1; n < physicsSteps; n++) module.mj_step(mjModel, mjData);
      }
      module.mj_step1(mjModel, mjData);
    }
  };

  /** A chunk of each from the present state, with the same actions. The environment goes on where its own chunk ended. */
  const chunk = (oursFirst: boolean) => {
    const actions = Array.from({ length: size }, draw);
    const before = environment.state();
    const ours = () => timed(() => go(actions));
    const theirs = () => timed(() => bare(actions)).milliseconds;
    if (!oursFirst) {
      const bareMilliseconds = theirs();
      environment.setState(before);
      return { ...ours(), bareMilliseconds };
    }
    const timedOurs = ours();
    environment.setState(before);
    const bareMilliseconds = theirs();
    environment.setState(before);
    go(actions);
    return { ...timedOurs, bareMilliseconds };
  };

  let [steps, episodes] = [0, 0];
  const times = { resets: 0, ours: 0, bare: 0 };
  const overheads: number[] = [];
  const end = performance.now() + milliseconds;
  while (episodes === 0 || performance.now() < end) {
    times.resets += timed(() => environment.reset(episodes === 0 ? 0 : undefined)).milliseconds;
    episodes++;
    let isOver = false;
    for (let inEpisode = 0; !isOver && inEpisode < LONGEST_EPISODE; ) {
      const { value, milliseconds: ours, bareMilliseconds } = chunk(overheads.length % 2 === 0);
      const bareOurs = (bareMilliseconds / size) * value.taken; // MuJoCo's calls alone know no end of an episode
      isOver = value.over;
      inEpisode += value.taken;
      steps += value.taken;
      times.ours += ours;
      times.bare += bareOurs;
      overheads.push(ours / bareOurs - 1);
    }
  }

  const perSecond = (1000 * steps) / (times.ours + times.resets);
  return {
    task: environment.task,
    controlStepsPerSecond: Math.round(perSecond),
    physicsStepsPerSecond: Math.round(perSecond * physicsSteps),
    resetMilliseconds: Number((times.resets / episodes).toFixed(3)),
    bareStepsPerSecond: Math.round((1000 * steps) / times.bare),
    overhead: Number(median(overheads).toFixed(4)),
  };
}

/** Steps of a chunk. */
function chunkSize(environment: ControlEnvironment): number {
  const draw = actionStream(environment, 0);
  environment.reset(0);
  const times = Array.from({ length: 10 * SHORTEST_CHUNK }, () => {
    const { value, milliseconds } = timed(() => environment.step(draw()));
    if (value.terminated || value.truncated) environment.reset();
    return milliseconds;
  });
  const wanted = Math.round(CHUNK_MILLISECONDS / median(times));
  return Math.max(SHORTEST_CHUNK, Math.min(LONGEST_CHUNK, wanted));
}

/** Measures tasks one after the other; `onTask` hears of each when it is done. */
export async function benchEnvironments(
  names: readonly string[],
  seconds: number,
  onTask: (speed: EnvironmentSpeed) => void = () => {},
): Promise<EnvironmentSpeed[]> {
  const speeds: EnvironmentSpeed[] = [];
  const module = new URL('./env.ts', import.meta.url);
  for (const task of await resolveTasks(names)) {
    const call = { module, name: 'tellSpeed', order: { task, seconds }, news: environmentSpeed };
    const speed = await askWithFiles({ task }, tellSpeed, call);
    speeds.push(speed);
    onTask(speed);
  }
  return speeds;
}

const environmentSpeed: z.ZodType<EnvironmentSpeed> = z.object({
  task: z.string(),
  controlStepsPerSecond: z.number(),
  physicsStepsPerSecond: z.number(),
  resetMilliseconds: z.number(),
  bareStepsPerSecond: z.number(),
  overhead: z.number(),
});

interface SpeedOrder {
  readonly task: TaskSource;
  readonly seconds: number;
}

/** Runs apart where the task is a user's. */
export const tellSpeed: ApartFunction<SpeedOrder, EnvironmentSpeed> = async ({ task, seconds }, tell) => {
  const environment = await makeTraceable(task);
  try {
    tell(await measureEnvironment(environment, 1000 * seconds));
  } finally {
    environment.dispose();
  }
};

export function speedTable(speeds: readonly EnvironmentSpeed[]): string {
  return textTable(
    ['task', 'control steps/s', 'mj_step/s', 'reset ms', 'bare MuJoCo steps/s', 'overhead'],
    speeds.map((speed) => [
      speed.task,
      speed.controlStepsPerSecond,
      speed.physicsStepsPerSecond,
      speed.resetMilliseconds.toFixed(2),
      speed.bareStepsPerSecond,
      `${(100 * speed.overhead).toFixed(1)} %`,
    ]),
  );
}
