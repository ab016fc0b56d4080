/** How far two traces of a task lie apart. */
import type { ModelOverride } from './model-overrides.ts';
import type { TracedSeed, TracedStep, TraceNumber } from './trace.ts';

/** Largest absolute differences after a step; infinity where lengths, names or non-finite numbers disagree. */
export interface StepDifference {
  readonly qpos: number;
  readonly qvel: number;
  readonly observation: number;
  readonly reward: number;
}

/** Those of all steps, and of both resets. */
export interface TraceDifference extends StepDifference {
  /** State, warm start, observation and changed model rows of the first and second reset. */
  readonly reset: number;
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

export const stepDifference = (a: TracedStep, b: TracedStep): StepDifference => ({
  qpos: distance(a.qpos, b.qpos),
  qvel: distance(a.qvel, b.qvel),
  observation: observationDistance(a.observation, b.observation),
  reward: distance([a.reward], [b.reward]),
});

/** Of two traces of one seed, over the steps that both have. */
export function traceDifference(a: TracedSeed, b: TracedSeed): TraceDifference {
  const steps = a.steps.slice(0, b.steps.length).map((step, i) => stepDifference(step, b.steps[i]));
  const largest = (key: keyof StepDifference) => Math.max(0, ...steps.map((step) => step[key]));
  return {
    reset: resetDifference(a, b),
    qpos: largest('qpos'),
    qvel: largest('qvel'),
    observation: largest('observation'),
    reward: largest('reward'),
  };
}

function resetDifference(a: TracedSeed, b: TracedSeed): number {
  const [first, second] = [a.reset, b.reset];
  return Math.max(
    distance(first.qpos, second.qpos),
    distance(first.qvel, second.qvel),
    distance(first.act, second.act),
    distance(first.ctrl, second.ctrl),
    distance(first.qacc_warmstart, second.qacc_warmstart),
    distance([first.time], [second.time]),
    observationDistance(first.observation, second.observation),
    overrideDistance(first.modelOverrides, second.modelOverrides),
    distance(a.secondReset.qpos, b.secondReset.qpos),
    distance(a.secondReset.qvel, b.secondReset.qvel),
    observationDistance(a.secondReset.observation, b.secondReset.observation),
    overrideDistance(a.secondReset.modelOverrides, b.secondReset.modelOverrides),
  );
}
