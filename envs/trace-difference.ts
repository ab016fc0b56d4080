/** How far two traces of a task lie apart. */
import type { ModelOverride } from './model-overrides.ts';
import type { TracedSeed, TraceNumber } from './trace.ts';

/** Largest absolute differences; infinity where lengths, names or non-finite numbers disagree. */
export interface TraceDifference {
  /** State, warm start, observation and changed model rows of the first and second reset. */
  reset: number;
  qpos: number;
  qvel: number;
  observation: number;
  reward: number;
}

type Numbers = readonly TraceNumber[];

/** Largest absolute difference of two lists. */
export function distance(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    const d = Math.abs(Number(a[i]) - Number(b[i]));
    largest = Math.max(largest, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return largest;
}

function observationDistance(a: Record<string, Numbers>, b: Record<string, Numbers>): number {
  if (Object.keys(a).join() !== Object.keys(b).join()) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...Object.keys(a).map((name) => distance(a[name], b[name])));
}

const flat = (value: number | number[]) => (typeof value === 'number' ? [value] : value);

/** A height field by its samples and sum, the rest row by row. */
export function overrideDistance(a: ModelOverride[], b: ModelOverride[]): number {
  const key = (o: ModelOverride) => ('index' in o ? `${o.field}[${o.index}] ${o.name}` : o.field);
  const sorted = (list: ModelOverride[]) => [...list].sort((x, y) => (key(x) < key(y) ? -1 : 1));
  const [left, right] = [sorted(a), sorted(b)];
  if (left.map(key).join() !== right.map(key).join()) return Number.POSITIVE_INFINITY;
  return Math.max(
    0,
    ...left.map((one, i) => {
      const other = right[i];
      if ('index' in one && 'index' in other) {
        return Math.max(
          distance(flat(one.value), flat(other.value)),
          distance(flat(one.compiled), flat(other.compiled)),
        );
      }
      if ('samples' in one && 'samples' in other) return distance(one.samples, other.samples);
      return Number.POSITIVE_INFINITY;
    }),
  );
}

/** Of two traces of one seed, over the steps that both have. */
export function traceDifference(a: TracedSeed, b: TracedSeed): TraceDifference {
  const steps = Math.min(a.steps.length, b.steps.length);
  const over = (of: (seed: TracedSeed, other: TracedSeed, i: number) => number) =>
    Math.max(0, ...Array.from({ length: steps }, (_, i) => of(a, b, i)));
  return {
    reset: Math.max(
      distance(a.reset.qpos, b.reset.qpos),
      distance(a.reset.qvel, b.reset.qvel),
      distance(a.reset.act, b.reset.act),
      distance(a.reset.ctrl, b.reset.ctrl),
      distance(a.reset.qacc_warmstart, b.reset.qacc_warmstart),
      distance([a.reset.time], [b.reset.time]),
      observationDistance(a.reset.observation, b.reset.observation),
      overrideDistance(a.reset.modelOverrides, b.reset.modelOverrides),
      distance(a.secondReset.qpos, b.secondReset.qpos),
      distance(a.secondReset.qvel, b.secondReset.qvel),
      observationDistance(a.secondReset.observation, b.secondReset.observation),
      overrideDistance(a.secondReset.modelOverrides, b.secondReset.modelOverrides),
    ),
    qpos: over((x, y, i) => distance(x.steps[i].qpos, y.steps[i].qpos)),
    qvel: over((x, y, i) => distance(x.steps[i].qvel, y.steps[i].qvel)),
    observation: over((x, y, i) => observationDistance(x.steps[i].observation, y.steps[i].observation)),
    reward: over((x, y, i) => distance([x.steps[i].reward], [y.steps[i].reward])),
  };
}
