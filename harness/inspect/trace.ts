/** What `harness trace` prints. */

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { inWords } from '../../agents/schema-words.ts';
import { ControlEnvironment } from '../../envs/index.ts';
import { type ForcedStep, teacherForced } from '../../envs/teacher-forced.ts';
import { type Trace, type TracedSeed, traceSeed } from '../../envs/trace.ts';
import { callWithFiles } from '../plugins/apart.ts';
import { isFile } from '../plugins/load-module.ts';
import { loadTask, resolveTasks } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { ApartFunction } from '../process/apart.ts';
import { UserError } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { textTable } from '../text/text-table.ts';

/** What a step from a recorded state needs. */
const numbers = z.array(z.union([z.number(), z.enum(['Infinity', '-Infinity', 'NaN'])]));
const recordedState = {
  qpos: numbers,
  qvel: numbers,
  act: numbers,
  qacc_warmstart: numbers,
  time: z.number(),
};
const cell = z.union([z.number(), z.array(z.number())]);
const override = z.union([
  z.looseObject({ field: z.string(), index: z.number().int().min(0), name: z.string(), value: cell }),
  // A height field is told by its digest.
  z.looseObject({ field: z.literal('hfield_data'), sha256: z.string() }),
]);
const observation = z.record(z.string(), numbers);
const recording = z.object({
  task: z.string(),
  seeds: z.array(
    z.object({
      seed: z.number(),
      reset: z.object({ ...recordedState, modelOverrides: z.array(override) }),
      steps: z.array(z.object({ ...recordedState, action: numbers, observation })),
    }),
  ),
});

export interface TraceRequest {
  readonly task?: string;
  readonly seed: readonly number[];
  readonly steps: number;
  /** Also openLoop; by default where the layout of the recordings is printed. */
  readonly wholeEpisode?: boolean;
  readonly teacherForced?: string;
  readonly format: 'json' | 'text';
}

export async function printTrace(request: TraceRequest): Promise<void> {
  const recorded = request.teacherForced === undefined ? undefined : readTrace(request.teacherForced);
  const task = request.task ?? recorded?.task;
  if (task === undefined) throw new UserError("a trace needs a task: '--task cheetah-run'");
  if (request.task === undefined && isFile(task))
    throw new UserError(
      `${request.teacherForced} names the file ${task}; to load it, name it too: --task ${task}`,
    );
  const sources = await resolveTasks([task]);
  if (sources.length !== 1) {
    const names = sources.map(({ name }) => name).join(', ');
    const remedy = isFile(task) ? 'let a file of its own export it' : 'name one of them';
    throw new UserError(`'${task}' is ${sources.length} tasks (${names}), a trace is of one: ${remedy}`);
  }
  const [source] = sources;
  if (recorded !== undefined && recorded.task !== source.name)
    throw new UserError(`${request.teacherForced} is a trace of ${recorded.task}, not of ${source.name}`);
  const module = new URL('./trace.ts', import.meta.url);
  const call = { module, name: 'tellTrace', order: { source, request, recorded }, news: z.string() };
  for await (const text of callWithFiles({ task: source }, tellTrace, call)) console.log(text);
}

interface TraceOrder {
  readonly source: TaskSource;
  readonly request: TraceRequest;
  readonly recorded?: Trace;
}

/** Runs apart where the task is a user's: what is to be printed. */
export const tellTrace: ApartFunction<TraceOrder, string> = async ({ source, request, recorded }, tell) => {
  const environment = await makeTraceable(source);
  try {
    if (recorded !== undefined) tellForced(environment, recorded, request.format, tell);
    else await tellRun(environment, request, tell);
  } finally {
    environment.dispose();
  }
};

/** One task's environment, with its physics in reach. */
export async function makeTraceable(source: TaskSource): Promise<ControlEnvironment> {
  const environment = await (await loadTask(source))();
  if (environment instanceof ControlEnvironment) return environment;
  environment.dispose();
  throw new UserError(`${source.name} has no MuJoCo simulation to look into`);
}

async function tellRun(
  environment: ControlEnvironment,
  request: TraceRequest,
  tell: (text: string) => void,
): Promise<void> {
  const { module } = await (await import('../../envs/mujoco.ts')).loadMuJoCo();
  const wholeEpisode = request.wholeEpisode ?? request.format === 'json';
  const seeds: TracedSeed[] = [];
  for (const seed of request.seed) {
    seeds.push(await traceSeed(environment, seed, request.steps, wholeEpisode));
  }
  const trace: Trace = {
    task: environment.task,
    mujoco: module.mj_versionString(),
    dm_control: '1.0.47',
    seeds,
  };
  if (request.format === 'json') tell(JSON.stringify(trace));
  else for (const seed of seeds) tell(describeSeed(environment.task, seed));
}

function describeSeed(task: string, traced: TracedSeed): string {
  const rows = traced.steps.map((step, i) => [
    i + 1,
    Number(step.time).toFixed(4),
    Number(step.reward).toFixed(9),
    short(step.qpos),
    short(step.qvel),
  ]);
  const table = textTable(
    ['step', 'time', 'reward', 'qpos', 'qvel'],
    [
      [0, Number(traced.reset.time).toFixed(4), '', short(traced.reset.qpos), short(traced.reset.qvel)],
      ...rows,
    ],
  );
  const whole = traced.openLoop;
  const episode = whole && `\nwhole episode: return ${whole.return_total} in ${whole.steps} steps`;
  return `${task}, seed ${traced.seed}\n${table}${episode ?? ''}\n`;
}

/** The first numbers of a state. */
const short = (values: readonly unknown[]) =>
  values
    .slice(0, 4)
    .map((value) => Number(value).toFixed(6))
    .join(' ') + (values.length > 4 ? ' …' : '');

function tellForced(
  environment: ControlEnvironment,
  recorded: Trace,
  format: 'json' | 'text',
  tell: (text: string) => void,
): void {
  const forced = recorded.seeds.map((seed) => ({ seed: seed.seed, steps: teacherForced(environment, seed) }));
  if (format === 'json') {
    tell(JSON.stringify({ task: environment.task, seeds: forced }));
    return;
  }
  for (const { seed, steps } of forced) {
    const row = (step: ForcedStep) =>
      [step.step, step.qpos, step.qvel, step.observation, step.reward].map((value, i) =>
        i === 0 ? value : Number(value).toExponential(1),
      );
    const header = ['step', 'qpos', 'qvel', 'observation', 'reward'];
    tell(`${environment.task}, seed ${seed}: largest difference after one step from the recorded state`);
    tell(`${textTable(header, steps.map(row))}\n`);
  }
}

function readTrace(file: string): Trace {
  if (!existsSync(file)) throw new UserError(`cannot find the trace ${file}`);
  let content: unknown;
  try {
    const bytes = readFileSync(file);
    content = JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw new UserError(`cannot read the trace ${file}: ${messageOf(error)}`);
  }
  const { error } = recording.safeParse(content, { error: inWords });
  if (error === undefined) return content as Trace;
  const [{ path, message }] = error.issues;
  throw new UserError(
    `${file} is no trace: ${path.length === 0 ? message : `${path.join('.')}: ${message}`}`,
  );
}
