/** How much faster several runs end with several worker processes than with one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runComparison } from '../comparison/comparison.ts';
import { LocalExecutor } from '../execution/executor.ts';
import { makeProgress } from '../execution/progress.ts';
import type { ComparisonPlan } from '../plan/plan.ts';
import { jobsOf } from '../plan/plan.ts';
import { resolvePlan } from '../plan/resolve.ts';
import { median } from '../statistics/index.ts';
import { UserError } from '../text/errors.ts';
import { textTable } from '../text/text-table.ts';

export interface WorkerScaling {
  readonly workers: number;
  readonly runs: number;
  /** Median over the rounds. */
  readonly seconds: number;
  /** Seconds ÷ seconds with the first number of workers in the same round: median, least and most. */
  readonly ratio: number;
  readonly ratios: readonly [least: number, most: number];
}

/**
 * The same runs of an agent on cartpole-balance with each number of workers, round after round, every other round
 * in the opposite order, so that a machine that warms up or is shared favours none of them.
 */
export async function benchWorkers(
  counts: readonly number[],
  runs: number,
  steps: number,
  rounds: number,
  agent = 'rfm-flow',
): Promise<WorkerScaling[]> {
  const plan = await resolvePlan({
    agents: agent,
    tasks: 'cartpole-balance',
    seeds: runs,
    steps,
    preset: 'smoke',
    evaluateEvery: steps,
    evaluationEpisodes: 1,
    threads: 1,
  });
  const seconds = counts.map(() => new Array<number>(rounds).fill(0));
  for (let round = 0; round < rounds; round++) {
    const order = [...counts.keys()];
    if (round % 2 === 1) order.reverse();
    for (const i of order) seconds[i][round] = await secondsWith(plan, counts[i]);
  }
  return scaling(counts, runs, seconds);
}

/** @param seconds [number of workers, round] */
export function scaling(
  counts: readonly number[],
  runs: number,
  seconds: readonly (readonly number[])[],
): WorkerScaling[] {
  return counts.map((workers, i) => {
    const ratios = seconds[i].map((value, round) => value / seconds[0][round]);
    return {
      workers,
      runs,
      seconds: median(seconds[i]),
      ratio: median(ratios),
      ratios: [Math.min(...ratios), Math.max(...ratios)],
    };
  });
}

async function secondsWith(plan: ComparisonPlan, workers: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rfm-harness-bench-'));
  const begun = performance.now();
  try {
    const { runs } = await runComparison(plan, {
      folder,
      force: false,
      resume: false,
      checkpointSeconds: 20,
      stallSeconds: 300,
      command: ['harness', 'bench', 'workers'],
      makeProgress: () => makeProgress(jobsOf(plan), { quiet: true, stream: process.stderr }),
      executor: 'local',
      makeExecutor: (jobs, options) => new LocalExecutor(jobs, options, workers),
      acceptChanges: false,
      conclude: () => {},
      note: () => {},
      onStart: () => {},
    });
    const seconds = (performance.now() - begun) / 1000;
    const failed = runs.find((run) => run.status !== 'done');
    if (failed !== undefined)
      throw new UserError(`a run did not end well: ${failed.reason ?? failed.status}`);
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function scalingTable(results: readonly WorkerScaling[]): string {
  return textTable(
    ['workers', 'runs', 'seconds', `of ${results[0]?.workers ?? 1} worker(s)`, 'least to most'],
    results.map(({ workers, runs, seconds, ratio, ratios }) => [
      workers,
      runs,
      seconds.toFixed(1),
      ratio.toFixed(2),
      ratios.map((value) => value.toFixed(2)).join(' to '),
    ]),
  );
}
