/** Agents of checkpoints, for scripts: evaluated, or asked for actions. */
import { mean, standardDeviation } from '../statistics/index.ts';
import { refuseUnknownKeys } from '../text/known-keys.ts';
import { parseCount } from '../text/quantity.ts';
import { limits } from './job.ts';
import { evaluatePlay } from './play-evaluation.ts';
import { disposePlayer, type NamedFiles, openPlayer, playOfCheckpoint } from './player.ts';

/** How an agent is evaluated. */
export interface EvaluateOptions extends NamedFiles {
  /** Episodes to play; 10 by default. */
  readonly episodes?: number;
  /** Seed of the episodes' start states; 0 by default. */
  readonly seed?: number;
  /** How long a user's agent or task may give no sign of life, in seconds. */
  readonly stallSeconds?: number;
}

const namedFileKeys = { agent: true, task: true } as const;

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
  const known = { episodes: true, seed: true, stallSeconds: true, ...namedFileKeys } as const;
  refuseUnknownKeys<EvaluateOptions>('evaluate', options, known);
  const { stallSeconds = 30, agent, task } = options;
  const episodes = parseCount(options.episodes ?? 10, 'episodes', 1, limits.episodes);
  const seed = parseCount(options.seed ?? 0, 'seed', 0, Number.MAX_SAFE_INTEGER);
  const play = playOfCheckpoint(path, { agent, task });
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

/** An agent that acts. */
export interface Policy {
  readonly task: string;
  readonly agent: string;
  /** Control steps that it was trained for. */
  readonly trainedSteps: number;
  /**
   * @param observations [count, obs], row major
   * @param options `mode`: `exploit` (the default) is the evaluation policy, `explore` the one that trains
   * @returns [count, act] in [-1, 1], a copy
   * @throws Error for another number of values than `count` observations have
   */
  act(
    observations: ArrayLike<number>,
    options?: { readonly count?: number; readonly mode?: 'explore' | 'exploit' },
  ): Promise<Float32Array>;
  /** Frees what it holds; it must not act any more. */
  dispose(): Promise<void>;
}

/**
 * The agent of a checkpoint, in this process. A user's agent or task runs here with all your rights.
 * @param path a run, its checkpoint, or results with a single run
 * @param named the files of a user's agent and task, where no comparison of yours recorded them
 * @throws UserError as `evaluate`
 */
export async function loadPolicy(path: string, named: NamedFiles = {}): Promise<Policy> {
  refuseUnknownKeys<NamedFiles>('loadPolicy', named, namedFileKeys);
  const player = await openPlayer(playOfCheckpoint(path, named));
  const { agent, job, environment } = player.parts;
  const { size } = environment.observationSpec;
  return {
    task: job.identity.task,
    agent: job.identity.agent,
    trainedSteps: player.trainedSteps,
    async act(observations, options = {}) {
      refuseUnknownKeys<typeof options>('act', options, { count: true, mode: true });
      const { count = 1, mode = 'exploit' } = options;
      if (observations.length !== count * size)
        throw new RangeError(
          `${count} observation(s) of ${job.identity.task} are ${count * size} numbers, found ${observations.length}`,
        );
      return (await agent.act(Float32Array.from(observations), count, mode)).slice();
    },
    dispose: () => disposePlayer(player),
  };
}
