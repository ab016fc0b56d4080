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

/** The return until each frame [frames]. @param rewards of each control step [frames - 1] */
export function returnsUntil(rewards: Float64Array): Float64Array<ArrayBuffer> {
  const returns = new Float64Array(rewards.length + 1);
  rewards.forEach((reward, i) => {
    returns[i + 1] = returns[i] + reward;
  });
  return returns;
}

/** The range in which rewards are drawn: theirs, and [0, 1] at least. */
export const rewardRange = (rewards: Float64Array): [low: number, high: number] => [
  rewards.reduce((least, reward) => Math.min(least, reward), 0),
  rewards.reduce((most, reward) => Math.max(most, reward), 1),
];
