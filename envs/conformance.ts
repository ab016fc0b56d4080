/**
 * What every task, ours or a user's, must do so that comparisons on it are fair and repeatable: one verdict per
 * promise, found by running it.
 */
import { ControlEnvironment } from './control-environment.ts';
import type { Environment } from './environment.ts';
import { actionStream } from './trace.ts';
import { whyNotTrainable } from './trainable.ts';

export interface Verdict {
  /** The promise, as a sentence. */
  readonly promise: string;
  readonly passed: boolean;
  /** What was found; empty when passed. */
  readonly detail: string;
}

/** Makes a new environment of the task under test. */
type Make = () => Promise<Environment>;

const SEED = 7;
/** Steps of the checks that compare two runs. */
const COMPARED_STEPS = 25;
/** Longest episode that is run as a whole; of a longer one, its first steps. */
const LONGEST_EPISODE = 5000;
const REMADE = 10;
const REMEDY = '; a task with other rewards says by scoreRange which returns count as 0 and 1';

/**
 * Yields a verdict per promise, in order; stops after the first if the environment cannot be made at all.
 * The promise about the simulator's memory is left out for environments without one.
 * @param begins called before a promise is tried
 */
export async function* checkTask(
  make: Make,
  begins: (promise: string) => void = () => {},
): AsyncGenerator<Verdict> {
  for (const [promise, check] of promises) {
    if (check === freesMemory && !(await isSimulated(make))) continue;
    begins(promise);
    let detail = '';
    try {
      await check(make);
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error);
    }
    yield { promise, passed: detail === '', detail };
    if (detail !== '' && check === compiles) return;
  }
}

const promises: readonly (readonly [string, (make: Make) => Promise<void>])[] = [
  ['an environment can be made of it (its model compiles) and begins an episode', compiles],
  ['every action has finite bounds', finiteBounds],
  [
    'a whole episode of random actions gives finite observations and rewards in [0, 1] (finite with a scoreRange), and ends',
    wholeEpisode,
  ],
  ['the strongest actions do not make the simulation diverge', strongestActions],
  ['actions change what is observed', actionsMatter],
  ['the same seed gives the same episode, in a new environment too', sameSeed],
  ['a state saved in the middle of an episode continues bit for bit in a new environment', continues],
  ['environments that are disposed of leave no memory behind', freesMemory],
];

async function withEnvironment<T>(make: Make, use: (environment: Environment) => T): Promise<T> {
  const environment = await make();
  try {
    return use(environment);
  } finally {
    environment.dispose();
  }
}

const isSimulated = (make: Make) =>
  withEnvironment(make, (environment) => environment instanceof ControlEnvironment);

async function compiles(make: Make): Promise<void> {
  await withEnvironment(make, (environment) => environment.reset(SEED));
}

async function finiteBounds(make: Make): Promise<void> {
  const fault = await withEnvironment(make, whyNotTrainable);
  if (fault !== undefined) throw new Error(fault);
}

async function wholeEpisode(make: Make): Promise<void> {
  await withEnvironment(make, (environment) => {
    const draw = boundedActions(environment);
    environment.reset(SEED);
    for (let step = 1; step <= Math.min(environment.episodeLength, LONGEST_EPISODE); step++) {
      const { reward, terminated, truncated } = environment.step(draw());
      const fits =
        environment.scoreRange === undefined ? reward >= 0 && reward <= 1 : Number.isFinite(reward);
      if (!fits)
        throw new Error(`the reward is ${reward} at step ${step}${Number.isFinite(reward) ? REMEDY : ''}`);
      if (terminated || truncated) return;
    }
    if (environment.episodeLength > LONGEST_EPISODE) return;
    throw new Error(`the episode did not end after its ${environment.episodeLength} steps`);
  });
}

async function strongestActions(make: Make): Promise<void> {
  await withEnvironment(make, (environment) => {
    const [low, high] = strongest(environment);
    const flip = Float64Array.from(low);
    for (const period of [Number.POSITIVE_INFINITY, 20, 1]) {
      environment.reset(SEED);
      for (let step = 0; step < Math.min(environment.episodeLength, 300); step++) {
        flip.set(Math.floor(step / period) % 2 === 0 ? high : low);
        const { terminated, truncated } = environment.step(flip);
        if (terminated || truncated) break;
      }
    }
  });
}

async function actionsMatter(make: Make): Promise<void> {
  await withEnvironment(make, (environment) => {
    const [low, high] = strongest(environment);
    const after = (action: Float64Array) => {
      environment.reset(SEED);
      return roll(environment, () => action, 5).join();
    };
    if (after(low) === after(high))
      throw new Error('the lowest and the highest action lead to the same observations');
  });
}

async function sameSeed(make: Make): Promise<void> {
  const episode = (environment: Environment) => {
    const start = [...environment.reset(SEED).observation];
    return [start, ...roll(environment, boundedActions(environment), COMPARED_STEPS)].map((row) =>
      row.join(),
    );
  };
  const [first, again] = await withEnvironment(make, (environment) => {
    const once = episode(environment);
    environment.reset();
    return [once, episode(environment)];
  });
  const fresh = await withEnvironment(make, episode);
  sameRows(first, again, 'after another episode');
  sameRows(first, fresh, 'in a new environment');
}

async function continues(make: Make): Promise<void> {
  const { state, rest } = await withEnvironment(make, (environment) => {
    environment.reset(SEED);
    roll(environment, boundedActions(environment), COMPARED_STEPS);
    const saved = JSON.parse(JSON.stringify(environment.state()));
    return { state: saved, rest: afterState(environment) };
  });
  const continued = await withEnvironment(make, (environment) => {
    environment.setState(state);
    return afterState(environment);
  });
  sameRows(rest, continued, 'after restoring the state');
}

/** Further steps, and the start of the next episode. */
function afterState(environment: Environment): string[] {
  const rows = roll(environment, boundedActions(environment), COMPARED_STEPS);
  return [...rows, [...environment.reset().observation]].map((row) => row.join());
}

async function freesMemory(make: Make): Promise<void> {
  const bytes = () =>
    withEnvironment(make, (environment) => {
      environment.reset(SEED);
      return (environment as ControlEnvironment).physics.qpos.buffer.byteLength;
    });
  const before = await bytes();
  for (let i = 0; i < REMADE; i++) await bytes();
  const growth = (await bytes()) - before;
  if (growth > 0) throw new Error(`${growth} bytes more after ${REMADE} environments`);
}

/** The lowest and the highest action; -1 and 1 where bounds are infinite. */
function strongest({ actionSpec: { low, high } }: Environment): [Float64Array, Float64Array] {
  const finite = (bounds: Float64Array, instead: number) =>
    bounds.map((bound) => (Number.isFinite(bound) ? bound : instead));
  return [finite(low, -1), finite(high, 1)];
}

/** Random actions; where bounds are infinite, within [-1, 1]. */
function boundedActions(environment: Environment): () => Float64Array {
  const { low, high } = environment.actionSpec;
  const finite = [...low, ...high].every(Number.isFinite);
  return finite ? actionStream(environment, SEED) : () => new Float64Array(low.length);
}

/** Observation and reward of each step; an episode that ends is followed by the next. */
function roll(environment: Environment, draw: () => Float64Array, steps: number): number[][] {
  return Array.from({ length: steps }, () => {
    const { observation, reward, terminated, truncated } = environment.step(draw());
    const row = [...observation, reward];
    if (terminated || truncated) environment.reset();
    return row;
  });
}

function sameRows(expected: readonly string[], found: readonly string[], when: string): void {
  const step = expected.findIndex((row, i) => row !== found[i]);
  if (step >= 0) throw new Error(`the runs differ from step ${step} on, ${when}`);
}
