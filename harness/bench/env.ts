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
import { textTable } from '../text/text-table.ts';

export interface EnvironmentSpeed {
  readonly task: string;
  /** Control steps per second over a whole episode with random actions, its reset included. */
  readonly controlStepsPerSecond: number;
  /** Physics steps per second of the same. */
  readonly physicsStepsPerSecond: number;
  readonly resetMilliseconds: number;
  /** Control steps per second of MuJoCo's calls alone, from the same states with the same actions. */
  readonly bareStepsPerSecond: number;
  /** Time of a control step beyond MuJoCo's calls alone, as a fraction of theirs; below 0 where we make fewer. */
  readonly overhead: number;
}

/** Least control steps between two changes from one loop to the other. */
const SHORTEST_CHUNK = 25;
/** A change restores a state, which empties the processor's caches: of quick tasks, as many steps as fill this. */
const CHUNK_MILLISECONDS = 0.5;
/** So that an episode has several chunks. */
const LONGEST_CHUNK = 250;

/**
 * Alternates chunks of environment steps with the bare calls that dm_control makes for them: mj_step2,
 * mj_step..., mj_step1, restored to the same state, so that both see the same contacts and the same machine.
 */
export async function measureEnvironment(
  environment: ControlEnvironment,
  milliseconds: number,
): Promise<EnvironmentSpeed> {
  const { module } = await loadMuJoCo();
  const { physics, physicsSteps, episodeLength } = environment;
  const isRungeKutta = physics.mjModel.opt.integrator === module.mjtIntegrator.mjINT_RK4.value;
  const size = chunkSize(environment);
  const actions = Array.from({ length: size }, actionStream(environment, 0));

  const steps = () => {
    for (const action of actions) environment.step(action);
  };
  const bare = () => {
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

  environment.reset(0);
  const chunks = Math.max(1, Math.floor(episodeLength / size));
  const ours: number[] = [];
  const theirs: number[] = [];
  const resets: number[] = [];
  const end = performance.now() + milliseconds;
  for (let chunk = 0; performance.now() < end || ours.length < 8; chunk++) {
    if (chunk % chunks === 0) resets.push(timed(() => environment.reset()));
    const before = environment.state();
    const oursFirst = chunk % 2 === 0;
    if (oursFirst) ours.push(timed(steps));
    else theirs.push(timed(bare));
    environment.setState(before);
    if (oursFirst) theirs.push(timed(bare));
    else ours.push(timed(steps));
    if (oursFirst) {
      environment.setState(before);
      steps();
    }
  }
  while (resets.length < 5) resets.push(timed(() => environment.reset()));

  const [step, bareStep] = [lowerQuartile(ours) / size, lowerQuartile(theirs) / size];
  const reset = resets.reduce((a, b) => a + b, 0) / resets.length;
  const perSecond = (1000 * episodeLength) / (reset + episodeLength * step);
  return {
    task: environment.task,
    controlStepsPerSecond: Math.round(perSecond),
    physicsStepsPerSecond: Math.round(perSecond * physicsSteps),
    resetMilliseconds: Number(reset.toFixed(3)),
    bareStepsPerSecond: Math.round(1000 / bareStep),
    overhead: Number((step / bareStep - 1).toFixed(4)),
  };
}

/** Steps of a chunk. */
function chunkSize(environment: ControlEnvironment): number {
  const draw = actionStream(environment, 0);
  environment.reset(0);
  const times = Array.from({ length: 10 * SHORTEST_CHUNK }, () => {
    let over = false;
    const time = timed(() => {
      const { terminated, truncated } = environment.step(draw());
      over = terminated || truncated;
    });
    if (over) environment.reset();
    return time;
  });
  const wanted = Math.round(CHUNK_MILLISECONDS / lowerQuartile(times));
  return Math.max(SHORTEST_CHUNK, Math.min(LONGEST_CHUNK, wanted));
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** What a chunk takes when nothing else on the machine interrupts it. */
function lowerQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)];
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
