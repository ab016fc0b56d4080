/** Carries out the runs of comparisons in the test's own process, where the processes of runs are not what it tests. */
import { afterAll, beforeAll } from 'vitest';
import { LocalExecutor } from '../../../harness/execution/executor.ts';
import { executors } from '../../../harness/execution/executors.ts';
import type { CarriedRun, RunEnd, RunListener } from '../../../harness/execution/isolated-run.ts';
import type { RunOrder } from '../../../harness/execution/protocol.ts';
import { RunHere } from '../../../harness/execution/run-here.ts';
import { keepFilesOut } from '../../../harness/plugins/load-module.ts';
import { messageOf, printableLine } from '../../../harness/text/printable.ts';

/** One that throws has failed. */
class ListenedRun implements CarriedRun {
  readonly #run: RunHere;
  readonly #listener: RunListener;

  constructor(order: RunOrder, listener: RunListener) {
    this.#listener = listener;
    this.#run = new RunHere(order, (news) =>
      news.type === 'note' ? listener.note(news.line) : listener.moved(news),
    );
  }

  async toItsEnd(): Promise<RunEnd> {
    this.#listener.began(1);
    keepFilesOut(false);
    const end = await this.#run
      .toItsEnd()
      .catch((error) => {
        const reason = printableLine(messageOf(error));
        return { status: 'failed' as const, reason, step: this.#run.step, wallSeconds: 0 };
      })
      .finally(() => keepFilesOut());
    return { ...end, checkpointSeconds: this.#run.checkpointSeconds, attempts: 1 };
  }

  stop(): void {
    this.#run.stop();
  }

  kill(): void {
    this.stop();
  }
}

class ExecutorHere extends LocalExecutor {
  protected override begin(order: RunOrder, listener: RunListener): CarriedRun {
    return new ListenedRun(order, listener);
  }
}

/** For the tests of this file: comparisons start no processes of runs, and carry out one after the other. */
export function runsHere(): void {
  const { open } = executors.local;
  beforeAll(() => {
    executors.local.open = async () => ({
      make: (jobs, options) => new ExecutorHere(jobs, options, 1),
      close: async () => {},
    });
  });
  afterAll(() => {
    executors.local.open = open;
    keepFilesOut(false);
  });
}
