/** One run in a worker: the agents, tasks, engine and run loop of the command, without files. */
import { findAgent } from '../agents/registry.ts';
import { makeEnvironment } from '../envs/index.ts';
import { CallWatch } from '../harness/plugins/guard.ts';
import type { RunJob } from '../harness/run/job.ts';
import { type RunHooks, type RunOutcome, type RunProgress, run } from '../harness/run/loop.ts';
import { makeParts } from '../harness/run/parts.ts';
import { type EvaluationRow, runTexts } from '../harness/run/rows.ts';
import { UserError } from '../harness/text/errors.ts';
import type { CurvePoint, Models, Report } from './messages.ts';

/** How long a run computes before it looks for orders, and between two reports of progress, in ms. */
const YIELD_EVERY = 20;
const PROGRESS = 250;

/** Trains as `harness train` does. Its checkpoints are none: a run in a tab begins anew. */
export class BrowserRun implements RunHooks {
  #yieldedAt = performance.now();
  #reportedAt = Number.NEGATIVE_INFINITY;
  #step = 0;
  #stopped = false;
  /** Settled once the run may go on. */
  #pause: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(
    private readonly job: RunJob,
    private readonly models: Models,
    private readonly report: (report: Report) => void,
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
    const parts = await makeParts(this.job, {
      factory,
      makeEnvironment: () => makeEnvironment(task.name, { models }),
      who: `agent '${agent.name}'`,
      watch: new CallWatch(),
    });
    return run({ ...parts, checkpoints: { read: () => undefined, write() {} } }, this);
  }

  pause(): void {
    if (this.#pause !== undefined) return;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#pause = { over, end };
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
    if (this.#pause !== undefined) await this.#pause.over;
    this.#yieldedAt = performance.now();
  }

  stopRequested(): boolean {
    return this.#stopped;
  }

  checkpointDue(): boolean {
    return false;
  }

  checkpointWritten(): void {}

  progress({ step }: RunProgress): void {
    const now = performance.now();
    const passed = now - this.#reportedAt;
    if (passed < PROGRESS && step < this.job.steps) return;
    const stepsPerSecond = Number.isFinite(passed) ? (1000 * (step - this.#step)) / passed : 0;
    this.#reportedAt = now;
    this.#step = step;
    this.report({ type: 'progress', step, stepsPerSecond });
  }

  rows: RunHooks['rows'] = (evaluations, training) => {
    const tables = runTexts(this.job.identity, evaluations, training);
    this.report({ type: 'rows', tables, curve: curveOf(evaluations) });
  };

  note(): void {}
}

/** The mean return of each evaluation, in the order of steps. */
export function curveOf(evaluations: readonly EvaluationRow[]): CurvePoint[] {
  const returns = new Map<number, number[]>();
  for (const row of evaluations) returns.set(row.step, [...(returns.get(row.step) ?? []), row.return]);
  return [...returns].map(([step, values]) => ({
    step,
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
