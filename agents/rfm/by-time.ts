/** The actor's loss and the effective sample size within bins of t: where the regression target is poor. */
import type { NdArray } from '../../engine/types.ts';
import type { Metrics } from '../agent.ts';

/** Edges of the bins. */
export const timeBins = [0, 0.03, 0.1, 0.3, 0.7, 1];

/**
 * Means within bins of t; a bin without samples has no entry.
 * @param rows [3, batch]: t, loss per sample, ESS
 */
export function reportByTime({ data, shape: [, batch] }: NdArray): Metrics {
  const bins = timeBins.length - 1;
  const counts = new Float64Array(bins);
  const loss = new Float64Array(bins);
  const ess = new Float64Array(bins);
  for (let i = 0; i < batch; i++) {
    let bin = 0;
    while (bin + 1 < bins && data[i] >= timeBins[bin + 1]) bin++;
    counts[bin]++;
    loss[bin] += data[batch + i];
    ess[bin] += data[2 * batch + i];
  }
  const metrics: Metrics = {};
  for (let bin = 0; bin < bins; bin++) {
    if (counts[bin] === 0) continue;
    metrics[`actor_loss_t${timeBins[bin]}`] = loss[bin] / counts[bin];
    metrics[`ess_t${timeBins[bin]}`] = ess[bin] / counts[bin];
  }
  return metrics;
}
