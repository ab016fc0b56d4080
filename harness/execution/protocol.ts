/** What a worker process and the executor say to each other. */
import { z } from 'zod';
import type { RunJob } from '../run/job.ts';
import { printableLine } from '../text/printable.ts';

export interface RunOrder {
  readonly job: RunJob;
  /** The run's folder. */
  readonly folder: string;
  /** Least seconds between checkpoints. */
  readonly checkpointSeconds: number;
  /** Seconds after which a method of the agent that has not returned is taken for stuck. */
  readonly stallSeconds: number;
  /** Whether the checkpoint may be of other versions of users' files. */
  readonly mixed: boolean;
}

export interface WorkerOrder extends RunOrder {
  readonly type: 'run';
}

export type ExecutorMessage = WorkerOrder | { readonly type: 'stop' };

/** Checked on arrival: a plugin shares the worker's process and might send anything. */
export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('progress'),
    step: z.number(),
    evaluation: z.number().optional(),
    episodeReturn: z.number().optional(),
  }),
  z.object({ type: z.literal('note'), line: z.string().transform(printableLine) }),
  z.object({
    type: z.literal('ended'),
    status: z.enum(['done', 'interrupted', 'failed']),
    reason: z.string().transform(printableLine).optional(),
    step: z.number(),
    wallSeconds: z.number(),
    checkpointSeconds: z.number(),
  }),
]);

export type WorkerMessage = z.infer<typeof workerMessage>;
export type WorkerEnd = Extract<WorkerMessage, { type: 'ended' }>;
