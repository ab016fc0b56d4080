/** How many Control Suite tasks begin: joints at random within their range. */

import { cos, sin } from '../math/elementary.ts';
import type { Physics } from './physics.ts';
import type { RandomState } from './random-state.ts';

const FREE = 0;
const BALL = 1;
const HINGE = 3;

/**
 * Draws a position for every joint that has a limit or turns: uniform within the limits, uniform over the circle
 * for a hinge without limits, a random orientation for balls and free joints (whose place stays as it is), in the
 * order of the joints. Unlimited slides stay.
 */
export function randomizeLimitedAndRotationalJoints(physics: Physics, random: RandomState): void {
  const { njnt, jnt_type: type, jnt_range: range, jnt_qposadr: address } = physics.mjModel;
  const { qpos, jointLimited: limited } = physics;
  for (let joint = 0; joint < njnt; joint++) {
    const [low, high] = [range[2 * joint], range[2 * joint + 1]];
    const start = address[joint];
    if (type[joint] === FREE) qpos.set(normalized(random.rand(4)), start + 3);
    else if (type[joint] === BALL) {
      qpos.set(limited[joint] ? quaternionWithin(random, high) : normalized(random.normals(4)), start);
    } else if (limited[joint]) qpos[start] = random.uniform(low, high);
    else if (type[joint] === HINGE) qpos[start] = random.uniform(-Math.PI, Math.PI);
  }
}

/** Draws every joint that has limits, slides and hinges, uniformly within them, in one draw; the others stay. */
export function randomizeLimitedJoints(physics: Physics, random: RandomState): void {
  const { qpos, jointLimited } = physics;
  const { jnt_range: range, jnt_qposadr: address } = physics.mjModel;
  const joints = [...jointLimited.keys()].filter((joint) => jointLimited[joint]);
  const low = joints.map((joint) => range[2 * joint]);
  const high = joints.map((joint) => range[2 * joint + 1]);
  random.uniforms(low, high).forEach((position, i) => {
    qpos[address[joints[i]]] = position;
  });
}

/** The vector scaled to length 1, in place. */
export function normalized(vector: Float64Array): Float64Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
  return vector;
}

/** A rotation about a random axis by a uniform angle in [0, limit). */
function quaternionWithin(random: RandomState, limit: number): Float64Array {
  const axis = normalized(random.normals(3));
  const half = (random.random() * limit) / 2;
  const sine = sin(half);
  return Float64Array.of(cos(half), axis[0] * sine, axis[1] * sine, axis[2] * sine);
}
