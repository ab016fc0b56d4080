/** Carries out the runs of comparisons in the test's own process, where the processes of runs are not what it tests. */
import { afterAll, beforeAll } from 'vitest';
import type { ExecutionOptions, Executor } from '../../../harness/execution/executor.ts';
import { completion, record } from '../../../harness/execution/executor.ts';
import { executors } from '../../../harness/execution/executors.ts';
import { runFolder } from '../../../harness/execution/merge.ts';
import { RunHere } from '../../../harness/execution/run-here.ts';
import { orderOfSeeds } from '../../../harness/plan/plan.ts';
import { keepFilesOut } from '../../../harness/plugins/load-module.ts';
import type { RunRecord } from '../../../harness/results/manifest.ts';
import type { RunJob } from '../../../harness/run/job.ts';
import { ForeignRun } from '../../../harness/run/record.ts';
import { messageOf, printableLine } from '../../../harness/text/printable.ts';

/** One run after the other; one that throws has failed. */
class ExecutorHere implements Executor {
  #run: RunHere | undefined;
  #stopping = false;

  constructor(
    private readonly jobs: readonly RunJob[],
    private readonly options: ExecutionOptions,
  ) {}

  async execute(): Promise<RunRecord[]> {
    const records = new Array<RunRecord>(this.jobs.length);
    for (const index of orderOfSeeds(this.jobs)) {
      records[index] = await this.#carryOut(this.jobs[index], index);
      this.options.recorded(index, records[index]);
    }
    return records;
  }

  stop(): void {
    this.#stopping = true;
    this.#run?.stop();
  }

  kill(): void {
    this.stop();
  }

  async #carryOut(job: RunJob, index: number): Promise<RunRecord> {
    const { progress, recorded, checkpointSeconds, stallSeconds, mixed } = this.options;
    const folder = runFolder(this.options.folder, job);
    const before = completion(folder, job, mixed);
    if (before instanceof ForeignRun) return record(job, { status: 'failed', reason: before.message }, 0);
    if (before !== undefined) {
      progress.ended(index, 'done');
      return record(job, before, 0);
    }
    if (this.#stopping) return record(job, { status: 'interrupted' }, 0);
    progress.began(index);
    recorded(index, record(job, { status: 'running' }, 1));
    const run = new RunHere({ job, folder, checkpointSeconds, stallSeconds, mixed }, (news) =>
      news.type === 'note' ? progress.note(index, news.line) : progress.moved(index, news),
    );
    this.#run = run;
    keepFilesOut(false);
    const { step, wallSeconds, ...end } = await run
      .toItsEnd()
      .catch((error) => {
        const reason = printableLine(messageOf(error));
        return { status: 'failed' as const, reason, step: run.step, wallSeconds: 0 };
      })
      .finally(() => keepFilesOut());
    progress.ended(index, end.status, 'reason' in end ? end.reason : undefined);
    return record(job, { ...end, step, wallSeconds, checkpointSeconds: run.checkpointSeconds }, 1);
  }
}

/** For the tests of this file: comparisons start no processes of runs. */
export function runsHere(): void {
  const { open } = executors.local;
  beforeAll(() => {
    executors.local.open = async () => ({
      make: (jobs, options) => new ExecutorHere(jobs, options),
      close: async () => {},
    });
  });
  afterAll(() => {
    executors.local.open = open;
  });
}
