/** What a page keeps for its script. */
import type { Chart } from './chart.ts';
import type { Series } from './series.ts';

export interface PageData {
  /** All agents, to whose places lines refer. */
  readonly series: readonly Series[];
  /** What stands below every plot in a file of its own. */
  readonly caution?: string;
  /** Of the figures with these names. */
  readonly charts: readonly Chart[];
  /** Metrics of training, which are drawn when one is chosen. */
  readonly metrics: readonly Chart[];
}
