/** What a comparison and its workers tell each other by way of the queue; checked on arrival, as anyone may write there. */
import { z } from 'zod';
import { backendNames } from '../../../engine/types.ts';
import { isSafeName } from '../../plugins/load-agent.ts';
import { evaluationStarts, runName } from '../../run/job.ts';
import type { RunIdentity } from '../../run/streams.ts';

/** It names a folder below the one that it is meant for. */
const folderName = z.string().regex(/^(?!\.{1,2}$)[^/\\\0]{1,128}$/);
const source = z.strictObject({
  name: z.string(),
  file: z.string().optional(),
  /** SHA-256 of the file's text. */
  sha256: z.string().optional(),
});
const count = z.number().int().min(1);

const runJob = z.strictObject({
  identity: z.strictObject({
    task: folderName,
    agent: z.string().refine(isSafeName),
    seed: z.number().int().min(0),
  }),
  agent: source,
  task: source,
  config: z.record(z.string(), z.unknown()),
  steps: count,
  evaluation: z.strictObject({ every: count, episodes: count, starts: z.enum(evaluationStarts) }),
  logEvery: count,
  backend: z.enum(backendNames),
  threads: count.max(256),
});

/** One run as a job of the queue. */
export const runOrder = z.strictObject({
  /** The comparison's id. */
  comparison: z.uuid(),
  /** Its name, for people. */
  name: z.string(),
  /** Its folder on the machine of the comparison. */
  folder: z.string(),
  /** What the worker must have alike: versions of packages, and `code` of this one. */
  versions: z.record(z.string(), z.string()),
  job: runJob,
  checkpointSeconds: z.number().positive(),
  stallSeconds: z.number().positive(),
});

export type QueuedRun = z.infer<typeof runOrder>;

/** How a run goes on. */
export const runNews = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    step: z.number(),
    evaluation: z.number().optional(),
    episodeReturn: z.number().optional(),
  }),
  z.object({ type: z.literal('note'), line: z.string() }),
]);

export type RunNews = z.infer<typeof runNews>;

/** What is left of a run that ended. */
export const runResult = z.strictObject({
  status: z.enum(['done', 'failed', 'interrupted']),
  reason: z.string().optional(),
  step: z.number(),
  wallSeconds: z.number(),
  checkpointSeconds: z.number(),
  attempts: z.number(),
  host: z.string(),
  /** The run's tables and its mark, by file name; those that were not written miss. */
  files: z.partialRecord(z.enum(['evaluations.csv', 'training.csv', 'run.json']), z.string()),
});

export type RunResult = z.infer<typeof runResult>;

/** The job's id: the run's identity within its comparison. BullMQ allows no colon in it. */
export function jobId(comparison: string, identity: RunIdentity): string {
  return `${comparison}/${runName(identity)}`.replaceAll(':', '%3A');
}
