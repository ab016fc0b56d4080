/** Agents of checkpoints, for scripts: evaluated, or asked for actions. */
import { mean, standardDeviation } from '../statistics/index.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { refuseUnknownKeys } from '../text/known-keys.ts';
import { parseCount, parseSeconds } from '../text/quantity.ts';
import { limits } from './job.ts';
import { evaluatePlay } from './play-evaluation.ts';
import { disposePlayer, openPlayer, type PlayOptions, playOfCheckpoint } from './player.ts';

/** How an agent is evaluated. */
export interface EvaluateOptions extends PlayOptions {
  /** Episodes to play; 10 by default. */
  readonly episodes?: number;
  /** Seed of the episodes' start states; 0 by default. */
  readonly seed?: number;
  /** How long a user's agent or task may give no sign of life, in seconds. */
  readonly stallSeconds?: number;
}

const playKeys = { agent: true, task: true, backend: true } as const;

/** How good the agent of a checkpoint is. */
export interface EvaluationResult {
  readonly task: string;
  readonly agent: string;
  /** Control steps that it was trained for. */
  readonly trainedSteps: number;
  readonly episodes: number;
  /** Of the returns. */
  readonly mean: number;
  /** Standard deviation of the returns with n - 1; null for one episode. */
  readonly sd: number | null;
  /** Sum of rewards of each episode, [episodes]. */
  readonly returns: number[];
  /** Control steps of each episode, [episodes]. */
  readonly lengths: number[];
}

/**
 * Plays episodes with the evaluation policy of a checkpoint, as `harness eval` does.
 * @param path a run, its checkpoint, or results with a single run
 * @throws UserError where there is no checkpoint, or it needs a user's file that may not be loaded (docs/checkpoints.md)
 */
export async function evaluate(path: string, options: EvaluateOptions = {}): Promise<EvaluationResult> {
  const known = { episodes: true, seed: true, stallSeconds: true, ...playKeys } as const;
  refuseUnknownKeys<EvaluateOptions>('evaluate', options, known);
  const { agent, task, backend } = options;
  const stallSeconds = parseSeconds(options.stallSeconds ?? 30, 'stallSeconds', limits.seconds);
  const episodes = parseCount(options.episodes ?? 10, 'episodes', 1, limits.episodes);
  const seed = parseCount(options.seed ?? 0, 'seed', 0, Number.MAX_SAFE_INTEGER);
  const play = playOfCheckpoint(path, { agent, task, backend });
  const { trainedSteps, ...scores } = await evaluatePlay({ play, seed, episodes }, stallSeconds);
  const { identity } = play.job;
  const returns = [...scores.returns];
  return {
    task: identity.task,
    agent: identity.agent,
    trainedSteps,
    episodes,
    mean: mean(returns),
    sd: standardDeviation(returns) ?? null,
    returns,
    lengths: [...scores.lengths],
  };
}

const actModes = ['explore', 'exploit'] as const;
type ActMode = (typeof actModes)[number];

/** An agent that acts. */
export interface Policy {
  readonly task: string;
  readonly agent: string;
  /** Control steps that it was trained for. */
  readonly trainedSteps: number;
  /**
   * Calls may overlap: each is answered after the one before it.
   * @param observations [count, obs], row major. Each `count` is compiled for at its first call, and kept.
   * @param options `mode`: `exploit` (the default) is the evaluation policy, `explore` the one that trains
   * @returns [count, act] in [-1, 1], a copy
   * @throws UserError for another number of values than `count` observations have, and for values that are no finite
   *   float32 numbers
   */
  act(
    observations: ArrayLike<number>,
    options?: { readonly count?: number | undefined; readonly mode?: ActMode | undefined },
  ): Promise<Float32Array>;
  /** Frees what it holds; it must not act any more. */
  dispose(): Promise<void>;
}

/**
 * The agent of a checkpoint, in this process. A user's agent or task runs here with all your rights.
 * @param path a run, its checkpoint, or results with a single run
 * @throws UserError as `evaluate`
 */
export async function loadPolicy(path: string, options: PlayOptions = {}): Promise<Policy> {
  refuseUnknownKeys<PlayOptions>('loadPolicy', options, playKeys);
  const player = await openPlayer(playOfCheckpoint(path, options));
  const { agent, job, environment } = player.parts;
  const { size } = environment.observationSpec;
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(call: () => Promise<T>): Promise<T> => {
    const answer = before.then(call);
    before = answer.catch(() => {});
    return answer;
  };
  return {
    task: job.identity.task,
    agent: job.identity.agent,
    trainedSteps: player.trainedSteps,
    async act(observations, options = {}) {
      refuseUnknownKeys<typeof options>('act', options, { count: true, mode: true });
      const { mode = 'exploit' } = options;
      if (!actModes.includes(mode)) throw unknownName('mode', String(mode), actModes);
      const count = parseCount(options.count ?? 1, 'count', 1);
      const values = float32(observations, count, size, job.identity.task);
      return inTurn(async () => (await agent.act(values, count, mode)).slice());
    },
    dispose: () => inTurn(() => disposePlayer(player)),
  };
}

/** A copy of observations [count, size]. @throws UserError for what is none */
function float32(observations: ArrayLike<number>, count: number, size: number, task: string): Float32Array {
  const expected = `${count} observation(s) of ${task} are ${count * size} numbers`;
  if (typeof observations !== 'object' || observations === null)
    throw new UserError(`${expected}, found ${JSON.stringify(observations)}`);
  if (observations.length !== count * size) throw new UserError(`${expected}, found ${observations.length}`);
  return Float32Array.from(observations, (value: unknown, i) => {
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value;
    throw new UserError(`${expected}: expected finite float32 numbers, found ${String(value)} at ${i}`);
  });
}
