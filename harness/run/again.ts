/** Trains a run once more, without files: to see whether its rows come out the same. */
import { assemble } from './assemble.ts';
import type { RunJob } from './job.ts';
import { type RunProgress, run } from './loop.ts';
import type { EvaluationRow, TrainingRow } from './rows.ts';

export interface Again {
  /** Called with all rows so far after each evaluation and at the end. @returns whether to go on */
  rows(evaluations: readonly EvaluationRow[], training: readonly TrainingRow[]): boolean;
  progress?(progress: RunProgress): void;
}

export async function runAgain(job: RunJob, { rows, progress }: Again): Promise<void> {
  const assembled = await assemble(job);
  const { agent, environment, evaluationEnvironments } = assembled;
  let goOn = true;
  const checkpoints = { read: () => undefined, write: () => {} };
  try {
    await run(
      { ...assembled, checkpoints },
      {
        yieldToEventLoop: () => undefined,
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
