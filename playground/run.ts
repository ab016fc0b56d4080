/** One run in a worker: the agents, tasks, engine and run loop of the command, without files. */
import { findAgent } from '../agents/registry.ts';
import { makeEnvironment } from '../envs/index.ts';
import { CallWatch } from '../harness/plugins/guard.ts';
import type { RunJob } from '../harness/run/job.ts';
import {
  type Checkpoints,
  type RunHooks,
  type RunOutcome,
  type RunProgress,
  run,
} from '../harness/run/loop.ts';
import { makeParts } from '../harness/run/parts.ts';
import { type EvaluationRow, runTexts } from '../harness/run/rows.ts';
import { UserError } from '../harness/text/errors.ts';
import { FilmedEnvironment } from './filmed-environment.ts';
import type { CurvePoint, Models, Report } from './messages.ts';
import type { Ordered } from './orders.ts';

/** How long a run computes before it looks for orders, and between two reports of progress, in ms. */
const YIELD_EVERY = 20;
const PROGRESS = 250;
/** Between two checkpoints, in ms; and how much longer than a checkpoint takes a run computes at least. */
const CHECKPOINT = 5000;
const CHECKPOINT_SHARE = 20;

const none: Checkpoints = { read: () => undefined, write() {} };

/** Trains as `harness train` does. */
export class BrowserRun implements RunHooks, Ordered {
  #yieldedAt = performance.now();
  #reportedAt = Number.NEGATIVE_INFINITY;
  #checkpointAt = performance.now() + CHECKPOINT;
  #step = 0;
  #stopped = false;
  /** Whether a pause waits for a checkpoint, where one can be made: not within an evaluation. */
  #mayWrite = false;
  #filmed: FilmedEnvironment | undefined;
  /** Settled once the run may go on. */
  #pause: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  /** Spent on checkpoints. */
  checkpointSeconds = 0;

  /** @param checkpoints where it goes on from; none by default */
  constructor(
    private readonly job: RunJob,
    private readonly models: Models,
    private readonly report: (report: Report) => void,
    private readonly checkpoints: Checkpoints = none,
  ) {}

  /** @throws what makes the run fail */
  async train(): Promise<RunOutcome> {
    const { agent, task } = this.job;
    const factory = findAgent(agent.name);
    if (factory === undefined) throw new UserError(`there is no agent '${agent.name}'`);
    const models = (file: string): string => {
      if (Object.hasOwn(this.models, file)) return this.models[file];
      throw new UserError(`there is no model file '${file}'`);
    };
    let made = 0;
    const parts = await makeParts(this.job, {
      factory,
      makeEnvironment: async () => {
        const number = made++;
        const environment = await makeEnvironment(task.name, { models });
        if (number !== 1) return environment;
        this.#filmed = new FilmedEnvironment(environment); // of the first evaluation episode
        return this.#filmed;
      },
      who: `agent '${agent.name}'`,
      watch: new CallWatch(),
      note: (line) => this.note(line),
    });
    return run({ ...parts, checkpoints: this.checkpoints }, this);
  }

  pause(): void {
    if (this.#pause !== undefined || this.#stopped) return;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#pause = { over, end };
    this.#mayWrite = this.checkpoints !== none;
  }

  goOn(): void {
    this.#pause?.end();
    this.#pause = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.goOn();
  }

  yieldToEventLoop(): Promise<void> | undefined {
    if (this.#pause === undefined && performance.now() - this.#yieldedAt < YIELD_EVERY) return undefined;
    return this.#yieldOnce();
  }

  async #yieldOnce(): Promise<void> {
    await nextMessage();
    if (this.#pause !== undefined && this.#mayWrite) {
      this.#mayWrite = false;
      this.#checkpointAt = Number.NEGATIVE_INFINITY;
    } else if (this.#pause !== undefined) await this.#pause.over;
    this.#yieldedAt = performance.now();
  }

  stopRequested(): boolean {
    return this.#stopped;
  }

  checkpointDue(): boolean {
    return this.checkpoints !== none && performance.now() > this.#checkpointAt;
  }

  checkpointWritten(seconds: number): void {
    this.checkpointSeconds += seconds;
    this.#checkpointAt = performance.now() + Math.max(CHECKPOINT, 1000 * CHECKPOINT_SHARE * seconds);
  }

  progress({ step, episodeReturn }: RunProgress): void {
    const now = performance.now();
    const passed = now - this.#reportedAt;
    if (passed < PROGRESS && step < this.job.steps) return;
    const measured = Number.isFinite(passed) && step >= this.#step;
    const stepsPerSecond = measured ? (1000 * (step - this.#step)) / passed : 0;
    this.#reportedAt = now;
    this.#step = step;
    this.report({
      type: 'progress',
      step,
      stepsPerSecond,
      ...(episodeReturn !== undefined && { episodeReturn }),
    });
  }

  rows: RunHooks['rows'] = (evaluations, training) => {
    const tables = runTexts(this.job.identity, evaluations, training);
    const footage = this.#filmed?.take();
    this.report({
      type: 'rows',
      step: evaluations.at(-1)?.step ?? 0,
      tables,
      curve: curveOf(evaluations),
      training,
      controlStep: this.#filmed?.controlStep ?? 1,
      ...(footage && { footage }),
    });
  };

  note(line: string): void {
    this.report({ type: 'note', line });
  }
}

/** The mean return of each evaluation, in the order of steps. */
export function curveOf(evaluations: readonly EvaluationRow[]): CurvePoint[] {
  const returns = new Map<number, number[]>();
  for (const row of evaluations) returns.set(row.step, [...(returns.get(row.step) ?? []), row.return]);
  return [...returns].map(([step, values]) => ({
    step,
    episodes: values.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  }));
}

const channel = new MessageChannel();

/** Lets messages to this worker be handled; timers would wait at least 4 ms. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}
