/** Trains a run once more, without files: to see whether its rows come out the same. */
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { callWithFiles } from '../plugins/apart.ts';
import type { ApartFunction } from '../process/apart.ts';
import { assemble } from './assemble.ts';
import type { RunJob } from './job.ts';
import { type RunProgress, run } from './loop.ts';
import type { EvaluationRow, TrainingRow } from './rows.ts';

export interface Again {
  /** Called with all rows so far after each evaluation and at the end. @returns whether to go on */
  rows(evaluations: readonly EvaluationRow[], training: readonly TrainingRow[]): boolean;
  progress?(progress: RunProgress): void;
}

interface Rows {
  readonly evaluations: readonly EvaluationRow[];
  readonly training: readonly TrainingRow[];
}

const counts = { step: z.number(), episode: z.number(), length: z.number() };
const rowsSchema: z.ZodType<Rows> = z.object({
  evaluations: z
    .array(
      z.object({
        ...counts,
        return: z.number(),
        wallSeconds: z.number(),
        unstable: z.boolean().optional(),
      }),
    )
    .min(1),
  training: z.array(z.object({ step: z.number(), metrics: z.record(z.string(), z.number()) })),
});

/** In a process of its own where the agent or the task is a user's. */
export async function runAgainWithFiles(job: RunJob, again: Again): Promise<void> {
  if (job.agent.file === undefined && job.task.file === undefined) return await runAgain(job, again);
  const call = {
    module: new URL('./again.ts', import.meta.url),
    name: 'tellRows',
    order: job,
    news: rowsSchema,
  };
  for await (const { evaluations, training } of callWithFiles(job, tellRows, call))
    if (!again.rows(evaluations, training)) return; // which ends the process
}

/** Runs apart where the agent or the task is a user's. */
export const tellRows: ApartFunction<RunJob, Rows> = (job, tell) =>
  runAgain(job, {
    rows(evaluations, training) {
      tell({ evaluations, training });
      return true;
    },
  });

/** Between two turns of the event loop. */
const TURN_MILLISECONDS = 500;

export async function runAgain(job: RunJob, { rows, progress }: Again): Promise<void> {
  const assembled = await assemble(job);
  const { agent, environment, evaluationEnvironments } = assembled;
  let goOn = true;
  let turnedAt = performance.now();
  const checkpoints = { read: () => undefined, write: () => {} };
  try {
    await run(
      { ...assembled, checkpoints },
      {
        yieldToEventLoop() {
          if (performance.now() - turnedAt < TURN_MILLISECONDS) return undefined;
          turnedAt = performance.now();
          return turn();
        },
        stopRequested: () => !goOn,
        checkpointDue: () => false,
        checkpointWritten: () => {},
        progress: (now) => progress?.(now),
        rows: (evaluations, training) => {
          goOn = goOn && rows(evaluations, training);
        },
        note: () => {},
      },
    );
  } finally {
    await agent.dispose();
    for (const each of [environment, ...evaluationEnvironments]) each.dispose();
  }
}
