/** An environment whose episodes can be watched afterwards: where everything was at each step. */
import type { ControlEnvironment } from '../envs/control-environment.ts';
import type { Environment, EnvironmentState, TimeStep } from '../envs/environment.ts';
import type { Film, FilmFacts, Shot } from '../harness/replay/film.ts';
import { poseSize, type Scene, SceneReader } from '../harness/replay/scene.ts';

/** One episode. */
export interface Footage {
  readonly scene: Scene;
  /** [frames - 1] */
  readonly rewards: Float64Array;
  /** [frames, poseSize] */
  readonly poses: Float32Array;
}

export class FilmedEnvironment implements Environment {
  readonly task: string;
  readonly observationSpec;
  readonly actionSpec;
  readonly episodeLength: number;
  readonly controlStep: number;
  readonly endsUnstable: boolean;
  #reader: SceneReader | undefined;
  #rewards: number[] = [];
  #poses: Float32Array[] = [];
  #ended = false;

  constructor(private readonly inner: ControlEnvironment) {
    this.task = inner.task;
    this.observationSpec = inner.observationSpec;
    this.actionSpec = inner.actionSpec;
    this.episodeLength = inner.episodeLength;
    this.controlStep = inner.controlStep;
    this.endsUnstable = inner.endsUnstable;
  }

  reset(seed?: number): TimeStep {
    [this.#reader, this.#rewards, this.#poses, this.#ended] = [undefined, [], [], false];
    return this.inner.reset(seed);
  }

  step(action: ArrayLike<number>): TimeStep {
    if (this.#reader === undefined) this.#film(); // not after each of several resets
    const step = this.inner.step(action);
    this.#rewards.push(step.reward);
    this.#film();
    this.#ended = step.terminated || step.truncated;
    return step;
  }

  state(): EnvironmentState {
    return this.inner.state();
  }

  setState(state: EnvironmentState): void {
    this.inner.setState(state);
  }

  dispose(): void {
    this.inner.dispose();
  }

  /** The last episode, once; undefined unless it has ended. */
  take(): Footage | undefined {
    if (!this.#ended || this.#reader === undefined) return undefined;
    const { scene } = this.#reader;
    const size = poseSize(scene);
    const poses = new Float32Array(this.#poses.length * size);
    this.#poses.forEach((pose, frame) => {
      poses.set(pose, frame * size);
    });
    this.#poses = [];
    this.#ended = false;
    return { scene, rewards: Float64Array.from(this.#rewards), poses };
  }

  #film(): void {
    this.#reader ??= new SceneReader(this.inner.physics);
    const pose = new Float64Array(poseSize(this.#reader.scene));
    this.#reader.read(pose);
    this.#poses.push(Float32Array.from(pose));
  }
}

/** Footage as a film of one episode. */
export class FootageFilm implements Film {
  readonly episodes = 1;

  constructor(
    readonly facts: FilmFacts,
    private readonly footage: Footage,
  ) {}

  shot(): Shot {
    const { scene, rewards, poses } = this.footage;
    const size = poseSize(scene);
    return {
      scene,
      rewards,
      frames: rewards.length + 1,
      pose: (frame, pose) => pose.set(poses.subarray(frame * size, (frame + 1) * size)),
    };
  }

  dispose(): void {}
}
