/** A comparison as data: every agent, task and seed resolved, before anything runs. */
import { z } from 'zod';
import { type Preset, presets } from '../../agents/agent.ts';
import type { BackendName } from '../../engine/backends/records.ts';
import { type AgentSource, type PlannedTask, plannedTaskSchema, sourceSchema } from '../plugins/source.ts';
import { agentLabel, type EvaluationPlan, type RunJob, runName, runSettings } from '../run/job.ts';

export interface AgentPlan {
  /** Its name in every table; unique within the comparison. */
  readonly label: string;
  readonly source: AgentSource;
  readonly preset: Preset;
  /** The complete config: the preset with what was set on top. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface ComparisonPlan {
  readonly agents: readonly AgentPlan[];
  readonly tasks: readonly PlannedTask[];
  readonly seeds: readonly number[];
  /** Control steps per run. */
  readonly steps: number;
  readonly evaluation: EvaluationPlan;
  readonly logEvery: number;
  readonly backend: BackendName;
  readonly threads: number;
  /** The part of the runs that is carried out here; absent for all of them. */
  readonly shard?: Shard;
}

/** Every `count`-th run, beginning with run `index` (from 1). */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A plan as a file holds it. */
export const planSchema: z.ZodType<ComparisonPlan> = z
  .strictObject({
    agents: z
      .array(
        z.strictObject({
          label: agentLabel,
          source: sourceSchema,
          preset: z.enum(presets),
          config: z.record(z.string(), z.unknown()),
        }),
      )
      .min(1),
    tasks: z.array(plannedTaskSchema).min(1),
    seeds: z.array(z.number().int().min(0)).min(1),
    ...runSettings,
    shard: z
      .strictObject({ index: z.number().int().min(1), count: z.number().int().min(1) })
      .refine(({ index, count }) => index <= count, 'its index is above its count')
      .optional(),
  })
  .refine((plan) => {
    const runs = jobsOf(plan).map(({ identity }) => runName(identity));
    return new Set(runs).size === runs.length;
  }, 'it has a run twice');

/** Every run of a plan, or of its shard, in the order of all tables: tasks, then agents, then seeds. */
export function jobsOf(plan: ComparisonPlan): RunJob[] {
  const { steps, evaluation, logEvery, backend, threads, shard } = plan;
  const jobs = plan.tasks.flatMap(({ scoreRange: _, episodeLength: __, ...task }) =>
    plan.agents.flatMap((agent) =>
      plan.seeds.map((seed) => ({
        identity: { task: task.name, agent: agent.label, seed },
        agent: agent.source,
        task,
        config: agent.config,
        steps,
        evaluation,
        logEvery,
        backend,
        threads,
      })),
    ),
  );
  return shard === undefined ? jobs : jobs.filter((_, i) => i % shard.count === shard.index - 1);
}

/**
 * Positions of `jobs` in the order they are begun: every first seed before any second one, so that a comparison that is
 * not finished covers all its agents and tasks.
 */
export function orderOfSeeds(jobs: readonly RunJob[]): number[] {
  const seeds = [...new Set(jobs.map(({ identity }) => identity.seed))];
  return seeds.flatMap((seed) => [...jobs.keys()].filter((index) => jobs[index].identity.seed === seed));
}

/**
 * Threads of each run's engine: one while there are at least as many runs as cores, else the cores shared out.
 * It depends on the plan and the machine, not on --workers, so that the number of workers changes no bit.
 */
export function threadsFor(runs: number, cores: number): number {
  return Math.max(1, Math.floor(cores / runs));
}

/** A round number of steps (1, 2 or 5 × 10^k) that gives between 10 and 25 evaluations. */
export function defaultEvaluationEvery(steps: number): number {
  const wanted = steps / 25;
  let unit = 1;
  for (;;) {
    for (const factor of [1, 2, 5]) if (unit * factor >= wanted) return unit * factor;
    unit *= 10;
  }
}
