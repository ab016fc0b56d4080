/** What a comparison and its workers tell each other by way of the queue; checked on arrival, as anyone may write there. */
import { z } from 'zod';
import { findAgent } from '../../../agents/registry.ts';
import { findTask } from '../../../envs/index.ts';
import { rowsFault } from '../../run/check-rows.ts';
import { jobSchema, limits, type RunJob, runName } from '../../run/job.ts';
import { completionFault, RUN_FILES } from '../../run/record.ts';
import type { RunIdentity } from '../../run/streams.ts';
import { printableLine } from '../../text/printable.ts';

/** As it may be shown on a terminal. */
const line = z.string().transform((text) => printableLine(text));
const seconds = z.number().positive().max(limits.seconds);

/** Without a file, names are those of the registry: nothing else may decide what code runs. */
const isKnown = ({ agent, task, identity }: RunJob): boolean =>
  (agent.file !== undefined || findAgent(agent.name) !== undefined) &&
  (task.file !== undefined || findTask(task.name) !== undefined) &&
  identity.task === task.name;

/** What every version of the harness says of a run; enough to hand it back. */
export const runEnvelope = z.object({
  /** The comparison's id. */
  comparison: z.uuid(),
  /** Its name, for people. */
  name: line,
  /** What the worker must have alike: versions of packages, and `code` of this one. */
  versions: z.record(z.string(), z.string()),
});

/** One run as a job of the queue. */
export const runOrder = z.strictObject({
  ...runEnvelope.shape,
  /** Its folder on the machine of the comparison. */
  folder: z.string(),
  job: jobSchema.refine(isKnown, 'an agent or a task that is not in the registry'),
  checkpointSeconds: seconds,
  stallSeconds: seconds,
  /** Whether its checkpoint may be of other versions of users' files. */
  mixed: z.boolean(),
});

export type QueuedRun = z.infer<typeof runOrder>;

/** How a run goes on. */
export const runNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('began') }),
  z.object({
    type: z.literal('progress'),
    step: z.number(),
    evaluation: z.number().optional(),
    episodeReturn: z.number().optional(),
  }),
  z.object({ type: z.literal('note'), line }),
]);

export type RunNews = z.infer<typeof runNews>;

/** What is left of a run that ended. */
export const runResult = z.strictObject({
  status: z.enum(['done', 'failed', 'interrupted']),
  reason: line.optional(),
  step: z.number().int().min(0).max(limits.steps),
  wallSeconds: z.number().min(0),
  checkpointSeconds: z.number().min(0),
  attempts: z.number().int().min(0),
  host: line,
  /** The run's tables and its mark, by file name; those that were not written miss. */
  files: z.partialRecord(z.enum(RUN_FILES), z.string()),
});

export type RunResult = z.infer<typeof runResult>;

/** Why a result is not one of the job; undefined if it is. A worker may be anybody's. */
export function resultFault(job: RunJob, { status, step, files }: RunResult): string | undefined {
  if (status !== 'done') return rowsFault(job, files, false);
  if (step !== job.steps) return `it says that it ended at step ${step} of ${job.steps}`;
  return completionFault(files, job);
}

/** The job's id: the run's identity within its comparison. BullMQ allows no colon in it. */
export function jobId(comparison: string, identity: RunIdentity): string {
  return `${comparison}/${runName(identity)}`.replaceAll(':', '%3A');
}
