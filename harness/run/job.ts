/** One run as data: sent to its worker process, stored in its checkpoints. */

import { z } from 'zod';
import { AGENT_NAME } from '../../agents/returned.ts';
import { type BackendName, backendNames, isBackend } from '../../engine/backends/records.ts';
import { type AgentSource, sourceSchema, TASK_NAME, type TaskSource } from '../plugins/source.ts';
import { describeDifference } from '../text/difference.ts';
import type { RunIdentity } from './streams.ts';

/**
 * Where the episodes of an evaluation start. `fixed`: episode k always where the official RFM program's k-th
 * evaluation environment starts, the second reset of RandomState(k), whatever the run's seed and step. `fresh`:
 * start states of their own for each seed and each evaluation.
 */
export const evaluationStarts = ['fixed', 'fresh'] as const;
export type EvaluationStarts = (typeof evaluationStarts)[number];

export interface EvaluationPlan {
  /** Control steps between evaluations. */
  readonly every: number;
  /** Episodes of one evaluation. */
  readonly episodes: number;
  readonly starts: EvaluationStarts;
}

export interface RunJob {
  readonly identity: RunIdentity;
  readonly agent: AgentSource;
  readonly task: TaskSource;
  /** The agent's complete config, plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Control steps of training. */
  readonly steps: number;
  readonly evaluation: EvaluationPlan;
  /** Control steps between rows of training.csv. */
  readonly logEvery: number;
  readonly backend: BackendName;
  /** Threads of the compute engine; part of what decides the last bits of a result. */
  readonly threads: number;
}

/** `task/agent/seed`: the run's folder under runs/ and its name in messages. */
export function runName(identity: RunIdentity): string {
  return `${identity.task}/${identity.agent}/${identity.seed}`;
}

/** A plan or a job without what users' files were like: the names and settings alone. */
export function withoutChecksums(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part) => (key === 'sha256' ? undefined : part)));
}

/**
 * How the job of a run that exists differs from the one that is asked for; undefined if it does not.
 * @param mixed whether users' files may have been changed meanwhile
 */
export function jobDifference(there: RunJob, asked: RunJob, mixed: boolean): string | undefined {
  return mixed
    ? describeDifference(withoutChecksums(there), withoutChecksums(asked))
    : describeDifference(
        { ...there, agent: placedAs(there.agent, asked.agent), task: placedAs(there.task, asked.task) },
        asked,
      );
}

/** A file of the same text counts as the same wherever it lies: another machine has other folders. */
const placedAs = <S extends AgentSource | TaskSource>(there: S, asked: S): S =>
  there.sha256 === undefined || there.sha256 !== asked.sha256 ? there : { ...there, file: asked.file };

/** Whether a run that exists is the one that is asked for, but of fewer steps. */
export function isShorter(there: RunJob, asked: RunJob, mixed: boolean): boolean {
  return (
    there.steps < asked.steps && jobDifference({ ...there, steps: asked.steps }, asked, mixed) === undefined
  );
}

/**
 * Why the end of a run is none of the steps that a longer run goes through: the last evaluation and the last row of
 * training.csv come when the run ends. Undefined if both would come there anyway.
 */
export function endOffSchedule({ steps, evaluation, logEvery }: RunJob): string | undefined {
  if (steps % evaluation.every !== 0)
    return `its last evaluation is at step ${steps}, no multiple of --evaluate-every ${evaluation.every}`;
  if (steps % logEvery !== 0)
    return `its last row of training.csv is of step ${steps}, no multiple of --log-every ${logEvery}`;
  return undefined;
}

/** Largest values, wherever they come from. */
export const limits = { steps: 1e10, episodes: 1000, threads: 256, seconds: 1e6 } as const;

const count = (maximum: number) => z.number().int().min(1).max(maximum);
export const agentLabel = z.string().regex(AGENT_NAME);

export const backendName = z.custom<BackendName>(isBackend, {
  error: () => `expected one of ${backendNames().join(', ')}`,
});

/** What a comparison's plan and each of its jobs have alike. */
export const runSettings = {
  steps: count(limits.steps),
  evaluation: z.strictObject({
    every: count(limits.steps),
    episodes: count(limits.episodes),
    /** Files of before there was a choice have start states of their own for each evaluation. */
    starts: z.enum(evaluationStarts).default('fresh'),
  }),
  logEvery: count(limits.steps),
  backend: backendName,
  threads: count(limits.threads),
};

/** A job as a file or a message holds it. */
export const jobSchema = z.strictObject({
  identity: z.strictObject({
    task: z.string().regex(TASK_NAME),
    agent: agentLabel,
    seed: z.number().int().min(0),
  }),
  agent: sourceSchema,
  task: sourceSchema,
  config: z.record(z.string(), z.unknown()),
  ...runSettings,
}) satisfies z.ZodType<RunJob>;
