/** The bowl of bumps that the quadruped escapes from. */

import { cos } from '../../math/elementary.ts';
import type { RandomState } from '../random-state.ts';
import { splineZoom } from '../spline-zoom.ts';

/** Half the side of the terrain, m. */
export const TERRAIN_RADIUS = 30;
/** Samples per side of the height field. */
const RESOLUTION = 201;
/** Side of one bump, m, and its lowest height as a part of the highest. */
const BUMP = 2;
const LOWEST_BUMP = 0.15;
const BUMPS = (2 * TERRAIN_RADIUS) / BUMP;
/** Flat around the middle, within this part of the radius. */
const FLAT = 0.04;

/** Heights [201 × 201], row major, in parts of the height field's vertical size: smooth random bumps in a bowl. */
export function terrain(random: RandomState): Float32Array {
  const bumps = splineZoom(random.uniforms(LOWEST_BUMP, 1, BUMPS * BUMPS), BUMPS, RESOLUTION);
  bowl ??= makeBowl();
  return Float32Array.from(bowl, (height, i) => height * bumps[i]);
}

/** Made for the first terrain: other tasks need not wait for it. */
let bowl: Float64Array | undefined;

/** 0 in the middle and beyond the rim, 1 halfway: one wave of a cosine over the radius. */
function makeBowl(): Float64Array {
  return Float64Array.from({ length: RESOLUTION * RESOLUTION }, (_, i) => {
    const x = coordinate(i % RESOLUTION);
    const y = coordinate(Math.floor(i / RESOLUTION));
    const radius = Math.min(1, Math.max(FLAT, Math.sqrt(x * x + y * y)));
    return 0.5 - cos(2 * Math.PI * radius) / 2;
  });
}

/** From -1 to 1 over the height field. */
function coordinate(index: number): number {
  return -1 + index * (2 / (RESOLUTION - 1));
}
