/** Episodes that can be shown frame by frame, wherever their poses come from. */
import type { Scene } from './scene.ts';

export interface FilmFacts {
  readonly task: string;
  readonly agent: string;
  /** Training steps of the checkpoint; absent for an untrained agent. */
  readonly trainedSteps?: number;
  readonly seed: number;
  readonly mode: 'explore' | 'exploit';
  /** Seconds of simulated time between two frames. */
  readonly controlStep: number;
}

/** One episode, ready to be shown. */
export interface Shot {
  readonly scene: Scene;
  /** Control steps + 1: the state before each step, and the last one. */
  readonly frames: number;
  /** Reward of each control step [frames - 1]. */
  readonly rewards: Float64Array;
  /** Where everything is at a frame. @param pose [poseSize(scene)], overwritten */
  pose(frame: number, pose: Float64Array): void;
}

export interface Film {
  readonly facts: FilmFacts;
  readonly episodes: number;
  /** An episode by its number; the one before can no longer be shown. */
  shot(episode: number): Shot;
  dispose(): void;
}
