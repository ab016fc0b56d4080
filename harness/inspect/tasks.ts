/** What `harness tasks` tells about each task. */
import { z } from 'zod';
import { ControlEnvironment, type Environment, findTask, suite, suiteNames } from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { askWithFiles } from '../plugins/apart.ts';
import { loadTask, resolveTasks } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { ApartFunction } from '../process/apart.ts';
import { textTable } from '../text/text-table.ts';

export interface TaskRow {
  readonly domain: string;
  readonly task: string;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Control steps. */
  readonly episodeLength: number;
  /** Seconds. */
  readonly controlStep: number;
  /** Physics steps per control step; absent without MuJoCo. */
  readonly physicsSteps?: number;
  readonly reward: 'dense' | 'sparse';
  readonly suites: readonly string[];
  readonly stepsPerSecond?: number;
}

const MEASURED_MILLISECONDS = 200;

export async function describeTasks(names: readonly string[], speed: boolean): Promise<TaskRow[]> {
  const rows: TaskRow[] = [];
  const module = new URL('./tasks.ts', import.meta.url);
  for (const task of await resolveTasks(names)) {
    const call = { module, name: 'tellTask', order: { task, speed }, news: environmentFacts };
    const facts = await askWithFiles({ task }, tellTask, call);
    rows.push({
      domain: task.name.slice(0, task.name.indexOf('-')),
      task: task.name,
      ...facts,
      reward: findTask(task.name)?.rewardKind ?? 'dense',
      suites: suiteNames.filter((name) => name !== 'all' && suite(name)?.includes(task.name)),
    });
  }
  return rows;
}

/** What an environment itself tells. */
type EnvironmentFacts = Omit<TaskRow, 'domain' | 'task' | 'reward' | 'suites'>;

const environmentFacts: z.ZodType<EnvironmentFacts> = z.object({
  observationSize: z.number(),
  actionSize: z.number(),
  episodeLength: z.number(),
  controlStep: z.number(),
  physicsSteps: z.number().optional(),
  stepsPerSecond: z.number().optional(),
});

/** Runs apart where the task is a user's. */
export const tellTask: ApartFunction<
  { readonly task: TaskSource; readonly speed: boolean },
  EnvironmentFacts
> = async ({ task, speed }, tell) => {
  const environment = await (await loadTask(task))();
  try {
    tell({
      observationSize: environment.observationSpec.size,
      actionSize: environment.actionSpec.size,
      episodeLength: environment.episodeLength,
      controlStep: environment.controlStep,
      ...(environment instanceof ControlEnvironment && { physicsSteps: environment.physicsSteps }),
      ...(speed && { stepsPerSecond: measure(environment) }),
    });
  } finally {
    environment.dispose();
  }
};

/** Control steps per second with random actions, resets included. */
function measure(environment: Environment): number {
  const draw = actionStream(environment, 0);
  const actions = Array.from({ length: 64 }, draw);
  environment.reset(0);
  let steps = 0;
  const start = performance.now();
  while (performance.now() - start < MEASURED_MILLISECONDS) {
    for (let i = 0; i < 16; i++) {
      const { terminated, truncated } = environment.step(actions[steps++ % actions.length]);
      if (terminated || truncated) environment.reset();
    }
  }
  return Math.round(steps / ((performance.now() - start) / 1000));
}

export function taskTable(rows: readonly TaskRow[]): string {
  const speed = rows.some((row) => row.stepsPerSecond !== undefined);
  const header = ['task', 'observation', 'action', 'episode', 'control step', 'reward', 'suites'];
  return textTable(
    speed ? [...header, 'steps/s'] : header,
    rows.map((row) => [
      row.task,
      row.observationSize,
      row.actionSize,
      row.episodeLength,
      `${row.controlStep} s`,
      row.reward,
      row.suites.join(', '),
      ...(speed ? [row.stepsPerSecond ?? ''] : []),
    ]),
  );
}
