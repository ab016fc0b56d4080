/** The intervals of rliable: all of a comparison in one pass, from the same stratified resamples of its runs. */
import { type AggregateMetric, aggregate, aggregateMetrics } from './aggregates.ts';
import type {
  AgentEstimates,
  AgentScores,
  ComparisonEstimates,
  ComparisonOptions,
  Estimate,
} from './estimates.ts';
import { probabilityOfImprovement } from './improvement.ts';
import { bothOrders, sharedTasks } from './pairs.ts';
import { defaultThresholds, scoreDistribution } from './profiles.ts';
import { RankedPair } from './ranked-pair.ts';
import { RankedScores, type ResampleOutputs } from './ranked-scores.ts';
import { type IndexSource, type Interval, percentileInterval } from './resampling.ts';

/** Resamples whose indices are drawn at a time: enough to amortise calls, little memory. */
const CHUNK = 256;

/** Percentile intervals for every algorithm and every pair of algorithms. */
export function resampledEstimates(
  agents: readonly AgentScores[],
  options: ComparisonOptions,
): ComparisonEstimates {
  const { resamples, confidence = 0.95, gamma = 1, taus = defaultThresholds } = options;
  if (!Number.isInteger(resamples) || resamples < 1) throw new RangeError(`resamples: ${resamples}`);
  const samplers = agents.map((agent) => new AgentSampler(agent, taus, gamma, options));
  const pairs = pairsOf(agents, samplers, resamples);
  for (let start = 0; start < resamples; start += CHUNK) {
    const size = Math.min(CHUNK, resamples - start);
    for (const sampler of samplers) sampler.draw(start, size);
    for (const { pair, x, y, statistics } of pairs) {
      for (let b = 0; b < size; b++) statistics[start + b] = pair.evaluate(x.counts(b), y.counts(b));
    }
  }
  return {
    taus,
    agents: samplers.map((sampler) => sampler.estimates(confidence)),
    pairs: pairs.flatMap(({ x, y, shared, statistics }) => {
      const tasks = shared.map(([tx]) => x.scores.tasks[tx]);
      const value = probabilityOfImprovement(
        shared.map(([tx]) => x.scores.scores[tx]),
        shared.map(([, ty]) => y.scores.scores[ty]),
      );
      return bothOrders(x.scores, y.scores, tasks, {
        value,
        interval: percentileInterval(statistics, confidence),
      });
    }),
  };
}

/** Draws one algorithm's resamples and keeps their statistics. */
class AgentSampler {
  readonly scores: AgentScores;
  readonly ranked: RankedScores;
  readonly #taus: readonly number[];
  readonly #gamma: number;
  readonly #sources: readonly IndexSource[];
  readonly #indices: readonly Int32Array[];
  readonly #counts: readonly Uint16Array[];
  /** [metric][resample] */
  readonly #aggregates: readonly Float64Array[];
  /** For each threshold, how often k scores were above it. [thresholds, runs + 1] */
  readonly #above: Uint32Array;

  constructor(scores: AgentScores, taus: readonly number[], gamma: number, options: ComparisonOptions) {
    this.scores = scores;
    this.#taus = taus;
    this.#gamma = gamma;
    this.ranked = new RankedScores(scores.scores, taus, gamma);
    this.#sources = scores.tasks.map((task) => options.random(scores.agent, task));
    this.#indices = scores.scores.map((runs) => new Int32Array(runs.length * CHUNK));
    const size = this.ranked.size;
    const counts = new Uint16Array(size * CHUNK);
    this.#counts = Array.from({ length: CHUNK }, (_, b) => counts.subarray(b * size, (b + 1) * size));
    this.#aggregates = aggregateMetrics.map(() => new Float64Array(options.resamples));
    this.#above = new Uint32Array(taus.length * (size + 1));
  }

  counts(b: number): Uint16Array {
    return this.#counts[b];
  }

  draw(start: number, size: number): void {
    this.scores.scores.forEach((runs, task) => {
      this.#sources[task].fillIntegers(this.#indices[task].subarray(0, size * runs.length), runs.length);
    });
    const outputs = {
      aggregates: new Float64Array(aggregateMetrics.length),
      above: new Int32Array(this.#taus.length),
    };
    const stride = this.ranked.size + 1;
    for (let b = 0; b < size; b++) {
      const out: ResampleOutputs = { ...outputs, taskCounts: this.#counts[b] };
      this.ranked.evaluate(this.#indices, b, out);
      for (let m = 0; m < this.#aggregates.length; m++)
        this.#aggregates[m][start + b] = outputs.aggregates[m];
      for (let i = 0; i < outputs.above.length; i++) this.#above[i * stride + outputs.above[i]]++;
    }
  }

  estimates(confidence: number): AgentEstimates {
    const { agent, scores } = this.scores;
    const points = aggregate(scores, this.#gamma);
    const estimates = aggregateMetrics.map((metric, m) => {
      const interval = percentileInterval(this.#aggregates[m], confidence);
      return [metric, { value: points[metric], interval }] as const;
    });
    const stride = this.ranked.size + 1;
    return {
      agent,
      aggregates: Object.fromEntries(estimates) as Record<AggregateMetric, Estimate>,
      profile: scoreDistribution(scores, this.#taus).map((value, i) => {
        const histogram = this.#above.subarray(i * stride, (i + 1) * stride);
        return { value, interval: shareInterval(histogram, confidence) };
      }),
    };
  }
}

/** The percentile interval of k / n, given how often each k = 0 … n came up. */
function shareInterval(histogram: Uint32Array, confidence: number): Interval {
  const runs = histogram.length - 1;
  let total = 0;
  for (const count of histogram) total += count;
  const orderStatistic = (place: number): number => {
    let seen = 0;
    for (let k = 0; k <= runs; k++) {
      seen += histogram[k];
      if (seen > place) return k / runs;
    }
    return 1;
  };
  const at = (probability: number): number => {
    const position = (total - 1) * probability;
    const below = Math.floor(position);
    const low = orderStatistic(below);
    return low + (orderStatistic(Math.min(below + 1, total - 1)) - low) * (position - below);
  };
  const tail = (1 - confidence) / 2;
  return [at(tail), at(1 - tail)];
}

function pairsOf(agents: readonly AgentScores[], samplers: readonly AgentSampler[], resamples: number) {
  return agents.flatMap((first, i) =>
    agents.slice(i + 1).flatMap((second, k) => {
      const shared = sharedTasks(first, second);
      if (shared.length === 0) return [];
      const [x, y] = [samplers[i], samplers[i + 1 + k]];
      const pair = new RankedPair(x.ranked, y.ranked, shared);
      return [{ pair, x, y, shared, statistics: new Float64Array(resamples) }];
    }),
  );
}
