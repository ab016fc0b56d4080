/** What `harness tasks` tells about each task. */
import { ControlEnvironment, type Environment, findTask, suite, suiteNames } from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { loadTask, resolveTasks } from '../plugins/load-task.ts';
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
  for (const source of await resolveTasks(names)) {
    const environment = await (await loadTask(source))();
    try {
      rows.push({
        domain: source.name.slice(0, source.name.indexOf('-')),
        task: source.name,
        observationSize: environment.observationSpec.size,
        actionSize: environment.actionSpec.size,
        episodeLength: environment.episodeLength,
        controlStep: environment.controlStep,
        ...(environment instanceof ControlEnvironment && { physicsSteps: environment.physicsSteps }),
        reward: findTask(source.name)?.rewardKind ?? 'dense',
        suites: suiteNames.filter((name) => name !== 'all' && suite(name)?.includes(source.name)),
        ...(speed && { stepsPerSecond: measure(environment) }),
      });
    } finally {
      environment.dispose();
    }
  }
  return rows;
}

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
