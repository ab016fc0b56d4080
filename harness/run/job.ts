/** One run as data: what a worker process is told, and what a checkpoint remembers of it. */
import type { BackendName } from '../../engine/types.ts';
import type { AgentSource, TaskSource } from '../plugins/source.ts';
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
