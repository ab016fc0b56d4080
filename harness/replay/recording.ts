/**
 * A rollout as a file from which it can be replayed: the model's text, what each reset wrote into the model, and
 * the positions at every control step. Plain JSON; arrays are base64 of little-endian float64.
 */
import { decodeFloat64, encodeArray } from '../../envs/encoding.ts';
import type { ModelChanges } from '../../envs/model-memory.ts';
import type { ModelText } from '../../envs/model-source.ts';
import type { Physics } from '../../envs/physics.ts';
import type { FilmFacts } from './film.ts';

export const RECORDING_FORMAT = 'rfm-harness-rollout/1';

export interface RecordedModel extends Partial<ModelText> {
  readonly xml: string;
  /** Text files that the model uses, by the names that MuJoCo asks for. */
  readonly files: Readonly<Record<string, string>>;
  /** The others; base64. */
  readonly binary?: Readonly<Record<string, string>>;
  /** The folder of the task, where a file outside it is used. */
  readonly folder?: string;
}

export interface RecordedEpisode {
  /** Seed of the environment's reset. */
  readonly seed: number;
  readonly return: number;
  readonly steps: number;
  readonly model: ModelChanges;
  /** [steps + 1, nq] */
  readonly qpos: string;
  /** Places and quaternions of mocap bodies [steps + 1, nmocap × 7]; absent without such bodies. */
  readonly mocap?: string;
  /** [steps] */
  readonly rewards: string;
  /** [steps, action size] */
  readonly actions: string;
}

export interface Recording extends FilmFacts {
  readonly format: typeof RECORDING_FORMAT;
  readonly model: RecordedModel;
  readonly episodes: readonly RecordedEpisode[];
}

/** Writes down one episode after another while they are played. */
export class Recorder {
  readonly episodes: RecordedEpisode[] = [];
  private seed = 0;
  private model: ModelChanges = { arrays: [], options: [] };
  private qpos: number[] = [];
  private mocap: number[] = [];
  private rewards: number[] = [];
  private actions: number[] = [];

  constructor(private readonly physics: Physics) {}

  /** Right after the reset. */
  begin(seed: number): void {
    this.seed = seed;
    this.model = this.physics.modelMemory.changes();
    [this.qpos, this.mocap, this.rewards, this.actions] = [[], [], [], []];
    this.frame();
  }

  /** After each step. */
  step(action: ArrayLike<number>, reward: number): void {
    for (let i = 0; i < action.length; i++) this.actions.push(action[i]);
    this.rewards.push(reward);
    this.frame();
  }

  end(): void {
    const { seed, model, rewards } = this;
    const text = (values: readonly number[]) => encodeArray(Float64Array.from(values));
    this.episodes.push({
      seed,
      return: rewards.reduce((sum, reward) => sum + reward, 0),
      steps: rewards.length,
      model,
      qpos: text(this.qpos),
      ...(this.mocap.length > 0 && { mocap: text(this.mocap) }),
      rewards: text(rewards),
      actions: text(this.actions),
    });
  }

  private frame(): void {
    const { qpos, mjModel, mjData } = this.physics;
    for (let i = 0; i < qpos.length; i++) this.qpos.push(qpos[i]);
    if (mjModel.nmocap > 0) this.mocap.push(...mjData.mocap_pos, ...mjData.mocap_quat);
  }
}

/** What is wrong with a value that should be a recording; undefined if nothing is. */
export function recordingFault(value: unknown): string | undefined {
  const recording = value as Partial<Recording> | null;
  if (typeof recording !== 'object' || recording === null) return 'it is not an object';
  if (recording.format !== RECORDING_FORMAT) return `its format is not '${RECORDING_FORMAT}'`;
  const { task, agent, controlStep, model, episodes } = recording;
  if (typeof task !== 'string' || typeof agent !== 'string') return 'it names no task or agent';
  if (typeof controlStep !== 'number' || !(controlStep > 0)) return 'its control step is not a time';
  if (typeof model?.xml !== 'string' || typeof model.files !== 'object') return 'it has no model';
  if (!Array.isArray(episodes) || episodes.length === 0) return 'it has no episodes';
  const bad = episodes.findIndex((episode) => !isEpisode(episode));
  return bad < 0 ? undefined : `its episode ${bad} is damaged`;
}

function isEpisode(value: unknown): value is RecordedEpisode {
  try {
    const { steps, qpos, rewards, actions, model, ...rest } = value as RecordedEpisode;
    const numbers = [qpos, actions, rewards].map((text) => decodeFloat64(text));
    const whole = numbers.every((array) => array.every(Number.isFinite));
    const fits = numbers[0].length % (steps + 1) === 0 && numbers[2].length === steps;
    return whole && fits && Array.isArray(model.arrays) && typeof rest.return === 'number';
  } catch {
    return false;
  }
}
