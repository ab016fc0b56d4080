/**
 * A film as plain data with all its poses, for a page that has no simulator. Poses are whole numbers of 0.1 mm (and
 * of 1e-4 of a quaternion), kept as differences from frame to frame, number after number: small, and smaller
 * still when it is compressed.
 */
import { decodeFloat64, decodeUint8, encodeArray } from '../../envs/encoding.ts';
import type { Film, FilmFacts, Shot } from './film.ts';
import { poseSize, type Scene } from './scene.ts';

const UNITS_PER_METRE = 1e4;

interface EmbeddedShot {
  readonly scene: Scene;
  readonly frames: number;
  /** Float64 [frames - 1] */
  readonly rewards: string;
  /** Int32 [poseSize, frames], differences along frames. */
  readonly poses: string;
}

export interface EmbeddedData {
  readonly facts: FilmFacts;
  readonly shots: readonly EmbeddedShot[];
}

export function embedFilm(film: Film): EmbeddedData {
  const shots = Array.from({ length: film.episodes }, (_, episode) => embedShot(film.shot(episode)));
  return { facts: film.facts, shots };
}

function embedShot({ scene, frames, rewards, pose }: Shot): EmbeddedShot {
  const size = poseSize(scene);
  const now = new Float64Array(size);
  const before = new Int32Array(size);
  const differences = new Int32Array(size * frames);
  for (let frame = 0; frame < frames; frame++) {
    pose(frame, now);
    for (let i = 0; i < size; i++) {
      const value = Math.round(now[i] * UNITS_PER_METRE);
      differences[i * frames + frame] = value - before[i];
      before[i] = value;
    }
  }
  const bytes = new Uint8Array(differences.buffer);
  return { scene, frames, rewards: encodeArray(rewards), poses: encodeArray(bytes) };
}

export class EmbeddedFilm implements Film {
  constructor(private readonly data: EmbeddedData) {}

  get facts(): FilmFacts {
    return this.data.facts;
  }

  get episodes(): number {
    return this.data.shots.length;
  }

  shot(episode: number): Shot {
    const { scene, frames, rewards, poses } = this.data.shots[episode];
    const values = new Int32Array(decodeUint8(poses).buffer);
    const size = poseSize(scene);
    for (let i = 0; i < size; i++) {
      for (let at = i * frames + 1; at < (i + 1) * frames; at++) values[at] += values[at - 1];
    }
    return {
      scene,
      frames,
      rewards: decodeFloat64(rewards),
      pose(frame, pose) {
        for (let i = 0; i < size; i++) pose[i] = values[i * frames + frame] / UNITS_PER_METRE;
      },
    };
  }

  dispose(): void {}
}
