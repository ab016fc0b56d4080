/** How much faster several runs end with several worker processes than with one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runComparison } from '../comparison.ts';
import type { ComparisonPlan } from '../plan.ts';
import { jobsOf } from '../plan.ts';
import { makeProgress } from '../progress.ts';
import { resolvePlan } from '../resolve.ts';
import { textTable } from '../text-table.ts';

export interface WorkerScaling {
  readonly workers: number;
  readonly runs: number;
  readonly seconds: number;
  /** Seconds ÷ seconds with one worker. */
  readonly ratio: number;
}

/** The same runs of sac on cartpole-balance with each number of workers, one after the other. */
export async function benchWorkers(
  counts: readonly number[],
  runs: number,
  steps: number,
): Promise<WorkerScaling[]> {
  const plan = await resolvePlan({
    agents: 'sac',
    tasks: 'cartpole-balance',
    seeds: runs,
    steps,
    preset: 'smoke',
    evaluateEvery: steps,
    evaluationEpisodes: 1,
    threads: 1,
  });
  const results: WorkerScaling[] = [];
  for (const workers of counts) {
    const seconds = await secondsWith(plan, workers);
    results.push({ workers, runs, seconds, ratio: seconds / (results[0]?.seconds ?? seconds) });
  }
  return results;
}

async function secondsWith(plan: ComparisonPlan, workers: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rfm-harness-bench-'));
  const begun = performance.now();
  try {
    await runComparison(plan, {
      folder,
      force: false,
      resume: false,
      workers,
      checkpointSeconds: 20,
      stallSeconds: 300,
      command: ['harness', 'bench', 'workers'],
      makeProgress: () => makeProgress(jobsOf(plan), { quiet: true, stream: process.stderr }),
      note: () => {},
      onStart: () => {},
    });
    return (performance.now() - begun) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function scalingTable(results: readonly WorkerScaling[]): string {
  return textTable(
    ['workers', 'runs', 'seconds', 'of one worker'],
    results.map(({ workers, runs, seconds, ratio }) => [workers, runs, seconds.toFixed(1), ratio.toFixed(2)]),
  );
}
