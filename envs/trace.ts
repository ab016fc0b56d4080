/**
 * A seeded run of a task as numbers, in the layout of the recorded dm_control runs: anyone can compare a seed.
 *
 * The action of each control step is one vector uniform(low, high) from RandomState(seed + 7919).
 */
import type { ControlEnvironment } from './control-environment.ts';
import type { Environment, TimeStep } from './environment.ts';
import { type ModelOverride, modelOverrides } from './model-overrides.ts';
import { RandomState } from './random-state.ts';

/** The stream of actions is seeded apart from the resets. */
const ACTION_SEED_OFFSET = 7919;

/** Numbers as JSON has them; Infinity and NaN are written as text. */
export type TraceNumber = number | 'Infinity' | '-Infinity' | 'NaN';
type Observation = Record<string, TraceNumber[]>;

export interface TracedStep {
  action: TraceNumber[];
  reward: TraceNumber;
  discount: TraceNumber;
  qpos: TraceNumber[];
  qvel: TraceNumber[];
  act: TraceNumber[];
  qacc_warmstart: TraceNumber[];
  time: TraceNumber;
  observation: Observation;
}

export interface TracedSeed {
  seed: number;
  reset: {
    qpos: TraceNumber[];
    qvel: TraceNumber[];
    act: TraceNumber[];
    ctrl: TraceNumber[];
    qacc_warmstart: TraceNumber[];
    time: TraceNumber;
    observation: Observation;
    modelOverrides: ModelOverride[];
  };
  steps: TracedStep[];
  secondReset: {
    qpos: TraceNumber[];
    qvel: TraceNumber[];
    observation: Observation;
    modelOverrides: ModelOverride[];
  };
  /** The same stream of actions to the end of the episode. */
  openLoop?: { return_total: TraceNumber; last_time: TraceNumber; steps: number; discount: TraceNumber };
}

export interface Trace {
  task: string;
  mujoco: string;
  /** The version of dm_control whose tasks these are. */
  dm_control: string;
  seeds: TracedSeed[];
}

const number = (value: number): TraceNumber =>
  Number.isFinite(value) ? value : (String(value) as 'Infinity' | '-Infinity' | 'NaN');
const list = (values: ArrayLike<number>): TraceNumber[] => Array.from(values, number);

/** The stream of actions of a seed. */
export function actionStream(environment: Pick<Environment, 'actionSpec'>, seed: number): () => Float64Array {
  const random = new RandomState(seed + ACTION_SEED_OFFSET);
  const { low, high } = environment.actionSpec;
  return () => random.uniforms(low, high);
}

export function observationParts(
  { observationSpec }: ControlEnvironment,
  { observation }: TimeStep,
): Observation {
  return Object.fromEntries(
    observationSpec.parts.map(({ name, offset, size }) => [
      name,
      list(observation.subarray(offset, offset + size)),
    ]),
  );
}

/** State and observation after a control step. */
export function tracedStep(
  environment: ControlEnvironment,
  action: ArrayLike<number>,
  after: TimeStep,
): TracedStep {
  const { qpos, qvel, act, mjData, time } = environment.physics;
  return {
    action: list(action),
    reward: number(after.reward),
    discount: number(after.discount),
    qpos: list(qpos),
    qvel: list(qvel),
    act: list(act),
    qacc_warmstart: list(mjData.qacc_warmstart),
    time,
    observation: observationParts(environment, after),
  };
}

/**
 * Reset with the seed, `steps` control steps, a second reset; with `wholeEpisode` also the return of the same
 * actions over a whole episode.
 */
export async function traceSeed(
  environment: ControlEnvironment,
  seed: number,
  steps: number,
  wholeEpisode = false,
): Promise<TracedSeed> {
  const { physics } = environment;
  const first = environment.reset(seed);
  const reset = {
    qpos: list(physics.qpos),
    qvel: list(physics.qvel),
    act: list(physics.act),
    ctrl: list(physics.ctrl),
    qacc_warmstart: list(physics.mjData.qacc_warmstart),
    time: physics.time,
    observation: observationParts(environment, first),
    modelOverrides: await modelOverrides(physics),
  };
  const draw = actionStream(environment, seed);
  const traced: TracedStep[] = [];
  for (let i = 0; i < steps; i++) {
    const action = draw();
    const after = environment.step(action);
    traced.push(tracedStep(environment, action, after));
    if (after.terminated || after.truncated) break;
  }
  const second = environment.reset();
  const secondReset = {
    qpos: list(physics.qpos),
    qvel: list(physics.qvel),
    observation: observationParts(environment, second),
    modelOverrides: await modelOverrides(physics),
  };
  const openLoop = wholeEpisode ? traceEpisode(environment, seed) : undefined;
  return { seed, reset, steps: traced, secondReset, ...(openLoop && { openLoop }) };
}

/** One whole episode with a seed's stream of actions. */
export function traceEpisode(
  environment: ControlEnvironment,
  seed: number,
): NonNullable<TracedSeed['openLoop']> {
  environment.reset(seed);
  const draw = actionStream(environment, seed);
  let total = 0;
  for (let steps = 1; ; steps++) {
    const { reward, discount, terminated, truncated } = environment.step(draw());
    total += reward;
    if (terminated || truncated) {
      return { return_total: total, last_time: environment.physics.time, steps, discount };
    }
  }
}
