/**
 * Every way to carry out the runs of a comparison. A record here is all that one needs: `--executor`, its help and
 * errors, the manifest and the command that resumes find it.
 */
import type { RunJob } from '../run/job.ts';
import type { ExecutionOptions, Executor } from './executor.ts';
import { connectToRedis, defaultRedis, QUEUE_EXECUTOR } from './queue/connection.ts';

export interface ExecutorRecord {
  /** Where runs go, for --help. */
  readonly where: string;
  /** Whether runs are processes of this machine, as many at a time as --workers says. */
  readonly hasWorkers?: boolean;
  /** Whether it meets its workers at a Redis, which --redis names. */
  readonly usesRedis?: boolean;
  /** @throws UserError where it cannot work, before anything is written */
  open(request: ExecutorRequest): Promise<OpenExecutor>;
}

export interface ExecutorRequest {
  /** Processes at a time, of an executor that has them. */
  readonly workers: number;
  /** As --redis gives it. */
  readonly redis?: string;
  /** The comparison, as --out names it. */
  readonly name: string;
  /** Shows the user one line. */
  note(line: string): void;
}

export interface OpenExecutor {
  /** @param id the comparison's in its manifest */
  make(jobs: readonly RunJob[], options: ExecutionOptions, id: string): Executor;
  close(): Promise<void>;
}

/** Where none is named. */
export const DEFAULT_EXECUTOR = 'local';

/** By name; what each needs is loaded when it is opened. */
export const executors: Record<string, ExecutorRecord> = {
  [DEFAULT_EXECUTOR]: {
    where: 'processes here',
    hasWorkers: true,
    async open({ workers }) {
      const { LocalExecutor } = await import('./executor.ts');
      return {
        make: (jobs, options) => new LocalExecutor(jobs, options, workers),
        close: async () => {},
      };
    },
  },
  [QUEUE_EXECUTOR]: {
    where: 'harness worker of any machine',
    usesRedis: true,
    async open({ redis, name, note }) {
      const { QueueExecutor } = await import('./queue/executor.ts');
      const link = await connectToRedis(redis ?? defaultRedis(), note);
      return {
        make: (jobs, options, id) => new QueueExecutor(jobs, { ...options, id, name, note }, link),
        close: link.close,
      };
    },
  },
};
