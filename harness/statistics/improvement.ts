/** How likely a run of one algorithm beats a run of another (Agarwal et al. 2021, section 4.3). */
import type { ScoresByTask } from './aggregates.ts';
import { mean } from './moments.ts';

/** P(X > Y) on one task: (#(x > y) + ½ #(x = y)) / (runs of X · runs of Y), the Mann-Whitney statistic. */
export function taskImprovement(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let won = 0;
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++) {
      if (x[i] > y[j]) won += 1;
      else if (x[i] === y[j]) won += 0.5;
    }
  }
  return won / (x.length * y.length);
}

/** P(X > Y) averaged over tasks; `x[t]` and `y[t]` are the runs of both on task t. */
export function probabilityOfImprovement(x: ScoresByTask, y: ScoresByTask): number {
  if (x.length !== y.length) throw new RangeError(`X has ${x.length} tasks, Y has ${y.length}`);
  return mean(x.map((runs, task) => taskImprovement(runs, y[task])));
}
